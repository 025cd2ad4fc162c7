package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// maxLiveKeys lets a client replace its key without a break, and no more than that.
const maxLiveKeys = 2

// maxKeyLife is how long a key works at the longest.
const maxKeyLife = 366 * 24 * time.Hour

// Service answers for callers, keys, role bindings and the audit record.
type Service struct {
	pb.UnimplementedAccessServiceServer
	store         store
	Authenticator *Authenticator
}

// New makes the service. issuers are the identity providers whose tokens are taken.
func New(db *database.DB, issuers []Issuer) *Service {
	s := store{db}
	return &Service{store: s, Authenticator: newAuthenticator(s, issuers, db.Now)}
}

// WhoAmI says who the caller is.
func (s *Service) WhoAmI(ctx context.Context, _ *pb.WhoAmIRequest) (*pb.WhoAmIResponse, error) {
	caller := CallerOf(ctx)
	answer := &pb.WhoAmIResponse{Principal: caller.Principal, DisplayName: caller.DisplayName}
	for _, g := range caller.Grants {
		answer.Roles = append(answer.Roles, &pb.GrantedRole{Role: g.Role, Scope: g.Scope, Permissions: Permissions(g.Role)})
	}
	return answer, nil
}

// GetApiClient gets a client.
func (s *Service) GetApiClient(ctx context.Context, req *pb.GetApiClientRequest) (*pb.GetApiClientResponse, error) {
	row, err := s.store.client(ctx, s.store.db.Ent(), req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetApiClientResponse{ApiClient: clientProto(row)}, nil
}

// ListApiClients lists clients.
func (s *Service) ListApiClients(ctx context.Context, req *pb.ListApiClientsRequest) (*pb.ListApiClientsResponse, error) {
	clients, next, err := s.store.listClients(ctx, req)
	if err != nil {
		return nil, err
	}
	return &pb.ListApiClientsResponse{ApiClients: clients, NextPageToken: next}, nil
}

// CreateApiClient makes a client, without keys and roles yet.
func (s *Service) CreateApiClient(ctx context.Context, req *pb.CreateApiClientRequest) (*pb.CreateApiClientResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateApiClientResponse, error) {
		row, err := tx.APIClient.Create().SetDisplayName(req.GetApiClient().GetDisplayName()).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
		if err != nil {
			return nil, err
		}
		tx.Wrote(api.Name("btlc/ApiClient", row.ID))
		return &pb.CreateApiClientResponse{ApiClient: clientProto(row)}, nil
	})
}

// UpdateApiClient renames a client.
func (s *Service) UpdateApiClient(ctx context.Context, req *pb.UpdateApiClientRequest) (*pb.UpdateApiClientResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateApiClientResponse, error) {
		row, err := s.store.lockedClient(ctx, tx, req.GetApiClient().GetName())
		if err != nil {
			return nil, err
		}
		next, err := api.ApplyMask(ctx, req, clientProto(row))
		if err != nil {
			return nil, err
		}
		row, err = row.Update().SetDisplayName(next.DisplayName).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
		if err != nil {
			return nil, err
		}
		tx.Wrote(next.Name)
		return &pb.UpdateApiClientResponse{ApiClient: clientProto(row)}, nil
	})
}

// DisableApiClient stops a client.
func (s *Service) DisableApiClient(ctx context.Context, req *pb.DisableApiClientRequest) (*pb.DisableApiClientResponse, error) {
	defer s.Authenticator.forget()
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.DisableApiClientResponse, error) {
		row, err := s.store.lockedClient(ctx, tx, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), clientProto(row)); err != nil {
			return nil, err
		}
		if row.State != "DISABLED" {
			if row, err = row.Update().SetState("DISABLED").SetUpdateTime(tx.Now).AddVersion(1).Save(ctx); err != nil {
				return nil, err
			}
		}
		tx.Wrote(req.GetName())
		return &pb.DisableApiClientResponse{ApiClient: clientProto(row)}, nil
	})
}

// GetApiKey gets a key, without its secret.
func (s *Service) GetApiKey(ctx context.Context, req *pb.GetApiKeyRequest) (*pb.GetApiKeyResponse, error) {
	row, err := s.store.key(ctx, s.store.db.Ent(), req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetApiKeyResponse{ApiKey: keyProto(row)}, nil
}

// ListApiKeys lists the keys of a client.
func (s *Service) ListApiKeys(ctx context.Context, req *pb.ListApiKeysRequest) (*pb.ListApiKeysResponse, error) {
	keys, next, err := s.store.listKeys(ctx, req)
	if err != nil {
		return nil, err
	}
	return &pb.ListApiKeysResponse{ApiKeys: keys, NextPageToken: next}, nil
}

// CreateApiKey makes a key and shows its secret, once.
func (s *Service) CreateApiKey(ctx context.Context, req *pb.CreateApiKeyRequest) (*pb.CreateApiKeyResponse, error) {
	return api.WriteSecret(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateApiKeyResponse, error) {
		client, err := s.store.lockedClient(ctx, tx, req.GetParent())
		if err != nil {
			return nil, err
		}
		live, err := s.store.liveKeys(ctx, tx, client.ID)
		if err != nil {
			return nil, err
		} else if live >= maxLiveKeys {
			return nil, api.Errorf(api.KeyLimit, "The client has %d live keys: revoke one first.", live)
		}
		expire := tx.Now.Add(365 * 24 * time.Hour)
		if asked := req.GetApiKey().GetExpireTime(); asked != nil {
			if expire = asked.AsTime(); !expire.After(tx.Now) || expire.After(tx.Now.Add(maxKeyLife)) {
				return nil, api.InvalidField("apiKey.expireTime", "lies in the future, a year away at most")
			}
		}
		secret, prefix, hash := newKey()
		row, err := tx.APIKey.Create().SetAPIClientID(client.ID).SetPrefix(prefix).SetHash(hash).SetExpireTime(expire).SetCreateTime(tx.Now).Save(ctx)
		if err != nil {
			return nil, err
		}
		key := keyProto(row)
		tx.Wrote(key.Name)
		return &pb.CreateApiKeyResponse{ApiKey: key, Secret: secret}, nil
	})
}

// RevokeApiKey stops a key.
func (s *Service) RevokeApiKey(ctx context.Context, req *pb.RevokeApiKeyRequest) (*pb.RevokeApiKeyResponse, error) {
	defer s.Authenticator.forget()
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.RevokeApiKeyResponse, error) {
		row, err := s.store.key(ctx, tx.Client, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), keyProto(row)); err != nil {
			return nil, err
		}
		if row.RevokeTime == nil {
			if row, err = row.Update().SetRevokeTime(tx.Now).Save(ctx); err != nil {
				return nil, err
			}
		}
		tx.Wrote(req.GetName())
		return &pb.RevokeApiKeyResponse{ApiKey: keyProto(row)}, nil
	})
}

// GetRoleBinding gets a role binding.
func (s *Service) GetRoleBinding(ctx context.Context, req *pb.GetRoleBindingRequest) (*pb.GetRoleBindingResponse, error) {
	row, err := s.store.binding(ctx, s.store.db.Ent(), req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetRoleBindingResponse{RoleBinding: bindingProto(row)}, nil
}

// ListRoleBindings lists role bindings.
func (s *Service) ListRoleBindings(ctx context.Context, req *pb.ListRoleBindingsRequest) (*pb.ListRoleBindingsResponse, error) {
	bindings, next, err := s.store.listBindings(ctx, req)
	if err != nil {
		return nil, err
	}
	return &pb.ListRoleBindingsResponse{RoleBindings: bindings, NextPageToken: next}, nil
}

// CreateRoleBinding gives a caller a role.
func (s *Service) CreateRoleBinding(ctx context.Context, req *pb.CreateRoleBindingRequest) (*pb.CreateRoleBindingResponse, error) {
	if err := checkBinding(req.GetRoleBinding()); err != nil {
		return nil, err
	}
	defer s.Authenticator.forget()
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateRoleBindingResponse, error) {
		row, err := s.store.createBinding(ctx, tx, req.GetRoleBinding())
		if err != nil {
			return nil, err
		}
		binding := bindingProto(row)
		tx.Wrote(binding.Name)
		return &pb.CreateRoleBindingResponse{RoleBinding: binding}, nil
	})
}

// checkBinding says what is wrong with a binding: one principal, and a scope of the kind that the role takes.
func checkBinding(b *pb.RoleBinding) error {
	var wrong []api.Violation
	if (b.GetApiClient() == "") == (b.GetOidcSubject() == nil) {
		wrong = append(wrong, api.Violation{Field: "roleBinding.apiClient", Description: "is required unless there is an oidcSubject, and then it is not allowed"})
	}
	kinds := scopeKinds[b.GetRole()]
	if !slices.ContainsFunc(kinds, func(kind string) bool { return fits(kind, b.GetScope()) }) {
		wrong = append(wrong, api.Violation{Field: "roleBinding.scope", Description: "must be " + strings.ReplaceAll(strings.Join(kinds, " or "), "program", "empty, for the whole program,")})
	}
	if wrong != nil {
		return api.Invalid(wrong...)
	}
	return nil
}

func fits(kind, scope string) bool {
	if kind == "program" {
		return scope == ""
	}
	types := map[string]string{"educators/{educator}": "btlc/Educator", "districts/{district}": "btlc/District", "districts/{district}/schools/{school}": "btlc/School", "institutions/{institution}": "btlc/Institution"}
	_, ok := api.IDs(types[kind], scope)
	return ok
}

// DeleteRoleBinding takes a role away.
func (s *Service) DeleteRoleBinding(ctx context.Context, req *pb.DeleteRoleBindingRequest) (*pb.DeleteRoleBindingResponse, error) {
	defer s.Authenticator.forget()
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.DeleteRoleBindingResponse, error) {
		row, err := s.store.binding(ctx, tx.Client, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), bindingProto(row)); err != nil {
			return nil, err
		}
		tx.Wrote(req.GetName())
		return &pb.DeleteRoleBindingResponse{}, tx.RoleBinding.DeleteOne(row).Exec(ctx)
	})
}

// ListAuditEntries lists the audit record.
func (s *Service) ListAuditEntries(ctx context.Context, req *pb.ListAuditEntriesRequest) (*pb.ListAuditEntriesResponse, error) {
	q := database.AuditQuery{Limit: api.PageSize(req.GetPageSize()) + 1}
	if req.GetSubject() != "" {
		q.Subject = api.LastUUID(req.GetSubject())
	}
	if req.GetStartTime() != nil {
		q.Start = req.GetStartTime().AsTime()
	}
	if req.GetEndTime() != nil {
		q.End = req.GetEndTime().AsTime()
	}
	if token := req.GetPageToken(); token != "" {
		place, err := api.OpenPlace(req, token, 2)
		if err != nil {
			return nil, err
		}
		at, timeErr := time.Parse(time.RFC3339Nano, place[0])
		id, idErr := uuid.Parse(place[1])
		if timeErr != nil || idErr != nil {
			return nil, api.InvalidField("pageToken", "is not one of this list")
		}
		q.Before = &database.AuditEntry{Time: at, ID: id}
	}
	entries, err := s.store.db.ReadAudit(ctx, q)
	if err != nil {
		return nil, err
	}
	answer := &pb.ListAuditEntriesResponse{}
	for i, e := range entries {
		if i == q.Limit-1 {
			last := entries[i-1]
			answer.NextPageToken = api.SealPlace(req, last.Time.UTC().Format(time.RFC3339Nano), last.ID.String())
			break
		}
		entry := &pb.AuditEntry{Id: e.ID.String(), Time: api.Timestamp(e.Time), Principal: e.Principal, Method: e.Method, Action: api.EnumOf[pb.AuditAction](e.Action), Resource: e.Resource, RequestUid: e.RequestID}
		for _, subject := range e.Subjects {
			entry.Subjects = append(entry.Subjects, api.Name("btlc/Educator", subject))
		}
		answer.AuditEntries = append(answer.AuditEntries, entry)
	}
	return answer, nil
}
