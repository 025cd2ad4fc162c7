package access

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/apiclient"
	"github.com/btlc/btlc/ent/apikey"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/rolebinding"
	pb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

type store struct{ db *database.DB }

func (s store) callerOfKey(ctx context.Context, hash []byte, now time.Time) (*Caller, error) {
	key, err := s.db.Ent().APIKey.Query().Where(apikey.Hash(hash), apikey.ExpireTimeGT(now), apikey.RevokeTimeIsNil()).WithAPIClient().Only(ctx)
	if ent.IsNotFound(err) || err == nil && key.Edges.APIClient.State != "ACTIVE" {
		return nil, errUnknown
	} else if err != nil {
		return nil, err
	}
	client := key.Edges.APIClient
	grants, err := s.grants(ctx, rolebinding.APIClientID(client.ID))
	if err != nil {
		return nil, err
	}
	return &Caller{Principal: api.Name("btlc/ApiClient", client.ID), DisplayName: client.DisplayName, Grants: grants}, nil
}

func (s store) callerOfSubject(ctx context.Context, issuer, subject string) (*Caller, error) {
	grants, err := s.grants(ctx, rolebinding.Issuer(issuer), rolebinding.Subject(subject))
	if err != nil {
		return nil, err
	}
	return &Caller{Principal: fmt.Sprintf("people/%s#%s", issuer, subject), Grants: grants}, nil
}

func (s store) grants(ctx context.Context, whose ...predicate.RoleBinding) ([]Grant, error) {
	bindings, err := s.db.Ent().RoleBinding.Query().Where(whose...).Order(rolebinding.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	grants := make([]Grant, len(bindings))
	for i, b := range bindings {
		grants[i] = Grant{Role: api.EnumOf[pb.Role](b.Role), Scope: b.Scope}
	}
	return grants, nil
}

var clientList = &api.ListSpec{Default: "display_name", Columns: map[string]api.Column{
	"display_name": {Name: apiclient.FieldDisplayName}, "state": api.EnumColumn[pb.ApiClientState](apiclient.FieldState), "create_time": {Name: apiclient.FieldCreateTime, Kind: api.InstantColumn},
}}

func clientProto(row *ent.APIClient) *pb.ApiClient {
	return &pb.ApiClient{
		Name: api.Name("btlc/ApiClient", row.ID), DisplayName: row.DisplayName, State: api.EnumOf[pb.ApiClientState](row.State),
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func (s store) client(ctx context.Context, db *ent.Client, name string) (*ent.APIClient, error) {
	row, err := db.APIClient.Get(ctx, api.LastUUID(name))
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	}
	return row, err
}

// lockedClient is the client, held against others until the transaction ends.
func (s store) lockedClient(ctx context.Context, tx *database.Tx, name string) (*ent.APIClient, error) {
	row, err := tx.APIClient.Query().Where(apiclient.ID(api.LastUUID(name))).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	}
	return row, err
}

func (s store) listClients(ctx context.Context, req *pb.ListApiClientsRequest) ([]*pb.ApiClient, string, error) {
	q, err := api.ParseList(req, clientList)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.db.Ent().APIClient.Query().Where(predicate.APIClient(q.Apply)).All(ctx)
	if err != nil {
		return nil, "", err
	}
	items, next := api.Page(q, rows, clientProto)
	return items, next, nil
}

var keyList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{"create_time": {Name: apikey.FieldCreateTime, Kind: api.InstantColumn}}}

func keyProto(row *ent.APIKey) *pb.ApiKey {
	return &pb.ApiKey{
		Name: api.Name("btlc/ApiKey", row.APIClientID, row.ID), Prefix: row.Prefix, ExpireTime: api.Timestamp(row.ExpireTime),
		RevokeTime: api.OptionalTimestamp(row.RevokeTime), CreateTime: api.Timestamp(row.CreateTime), Etag: keyEtag(row),
	}
}

// keyEtag changes when the key is revoked: nothing else ever changes of it.
func keyEtag(row *ent.APIKey) string {
	if row.RevokeTime != nil {
		return api.Etag(2)
	}
	return api.Etag(1)
}

func (s store) key(ctx context.Context, db *ent.Client, name string) (*ent.APIKey, error) {
	row, err := db.APIKey.Query().Where(apikey.ID(api.LastUUID(name)), apikey.APIClientID(api.PartUUID(name, 0))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	}
	return row, err
}

func (s store) listKeys(ctx context.Context, req *pb.ListApiKeysRequest) ([]*pb.ApiKey, string, error) {
	q, err := api.ParseList(req, keyList)
	if err != nil {
		return nil, "", err
	}
	if _, err := s.client(ctx, s.db.Ent(), req.GetParent()); err != nil {
		return nil, "", err
	}
	rows, err := s.db.Ent().APIKey.Query().Where(apikey.APIClientID(api.LastUUID(req.GetParent())), predicate.APIKey(q.Apply)).All(ctx)
	if err != nil {
		return nil, "", err
	}
	items, next := api.Page(q, rows, keyProto)
	return items, next, nil
}

func (s store) liveKeys(ctx context.Context, tx *database.Tx, client uuid.UUID) (int, error) {
	return tx.APIKey.Query().Where(apikey.APIClientID(client), apikey.RevokeTimeIsNil(), apikey.ExpireTimeGT(tx.Now)).Count(ctx)
}

var bindingList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"role": api.EnumColumn[pb.Role](rolebinding.FieldRole), "scope": {Name: rolebinding.FieldScope}, "api_client": {Name: rolebinding.FieldAPIClientID, Kind: api.UUIDNameColumn, FilterOnly: true},
	"create_time": {Name: rolebinding.FieldCreateTime, Kind: api.InstantColumn},
}}

func bindingProto(row *ent.RoleBinding) *pb.RoleBinding {
	binding := &pb.RoleBinding{
		Name: api.Name("btlc/RoleBinding", row.ID), Role: api.EnumOf[pb.Role](row.Role), Scope: row.Scope,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	if row.APIClientID != nil {
		binding.ApiClient = api.Name("btlc/ApiClient", *row.APIClientID)
	} else {
		binding.OidcSubject = &pb.OidcSubject{Issuer: row.Issuer, Subject: row.Subject}
	}
	return binding
}

func (s store) binding(ctx context.Context, db *ent.Client, name string) (*ent.RoleBinding, error) {
	row, err := db.RoleBinding.Get(ctx, api.LastUUID(name))
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	}
	return row, err
}

func (s store) listBindings(ctx context.Context, req *pb.ListRoleBindingsRequest) ([]*pb.RoleBinding, string, error) {
	q, err := api.ParseList(req, bindingList)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.db.Ent().RoleBinding.Query().Where(predicate.RoleBinding(q.Apply)).All(ctx)
	if err != nil {
		return nil, "", err
	}
	items, next := api.Page(q, rows, bindingProto)
	return items, next, nil
}

var bindingConflicts = api.Conflicts{"role_binding_once": func() *api.Error { return api.Errorf(api.AlreadyExists, "The caller has this role already.") }}

func (s store) createBinding(ctx context.Context, tx *database.Tx, b *pb.RoleBinding) (*ent.RoleBinding, error) {
	if b.ApiClient != "" {
		if _, err := s.client(ctx, tx.Client, b.ApiClient); err != nil {
			return nil, api.Errorf(api.ReferenceNotFound, "There is no API client %q.", b.ApiClient)
		}
	}
	create := tx.RoleBinding.Create().SetRole(api.EnumWord(b.Role)).SetScope(b.Scope).SetNillableAPIClientID(api.OptionalUUID(b.ApiClient)).
		SetIssuer(b.GetOidcSubject().GetIssuer()).SetSubject(b.GetOidcSubject().GetSubject()).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
	row, err := create.Save(ctx)
	return row, bindingConflicts.Translate(err)
}
