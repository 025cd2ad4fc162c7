package credential

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/fetch"
	"github.com/btlc/btlc/internal/openbadge"
	verification "github.com/btlc/btlc/internal/verify"
)

// AskHosts has the hosts asked for the keys and status lists of other issuers, and the keys of holders, each named as
// fetch.Config has it. It is for before the service serves.
func (s *Service) AskHosts(hosts ...string) (err error) {
	s.fetch, err = FetchFrom(hosts...)
	return err
}

// VerifyCredential says whether a document is a credential, whose, and whether it counts now. Nothing of the document is
// kept, and nothing of it is logged.
func (s *Service) VerifyCredential(ctx context.Context, req *pb.VerifyCredentialRequest) (*pb.VerifyCredentialResponse, error) {
	return s.verify(ctx, req, s.fetch)
}

// verify verifies with what others publish, as far as fetch gets it.
func (s *Service) verify(ctx context.Context, req *pb.VerifyCredentialRequest, fetch openbadge.Fetch) (*pb.VerifyCredentialResponse, error) {
	input := req.GetImage()
	switch {
	case req.GetCredential() == "" && len(input) == 0:
		return nil, api.InvalidField("credential", "give the credential, or an image with the credential inside")
	case req.GetCredential() != "" && len(input) > 0:
		return nil, api.InvalidField("image", "give either the credential or an image, not both")
	case len(input) == 0:
		input = []byte(req.GetCredential())
	}
	issuer := s.store.issuer
	result, err := verification.Document(ctx, input, verification.Options{
		Now: s.store.db.Now(), Issuer: issuer.DID, Keys: openbadge.ResolveAmong(issuer.DID, issuer.Keys.Public()), Own: s.store.own, Fetch: fetch,
	})
	if err != nil {
		return nil, err
	}
	return verified(result), nil
}

func verified(result verification.Result) *pb.VerifyCredentialResponse {
	answer := &pb.VerifyCredentialResponse{
		Valid: result.Valid, CredentialId: result.ID, Title: result.Title, IssuerId: result.IssuerID, IssuerName: result.IssuerName, Ours: result.Ours,
		Achievements: result.Achievements,
	}
	for _, check := range result.Checks {
		answer.Checks = append(answer.Checks, &pb.VerificationCheck{
			Check: string(check.Name), Outcome: api.EnumOf[pb.VerificationCheck_Outcome](string(check.Outcome)), Detail: check.Detail,
		})
	}
	if !result.ValidFrom.IsZero() {
		answer.ValidFrom = api.Timestamp(result.ValidFrom)
	}
	if !result.ValidUntil.IsZero() {
		answer.ValidUntil = api.Timestamp(result.ValidUntil)
	}
	return answer
}

// mediaTypes are those of what others publish for verifiers: documents that identify them, keys, and lists.
var mediaTypes = []string{
	"application/did+json", "application/did", "application/did+ld+json", "application/cid", "application/jwk+json", "application/jwk-set+json", "application/vc",
	"application/vc+jwt", "application/jwt", "application/vc+ld+json", "application/ld+json", "application/json",
}

// FetchFrom gets what the hosts publish for verifiers, each as fetch.Config names it, and nothing from any other. Without
// hosts it is nil.
func FetchFrom(hosts ...string) (openbadge.Fetch, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	client, err := fetch.New(fetch.Config{Hosts: hosts})
	if err != nil {
		return nil, err
	}
	return fetchBy(client), nil
}

func fetchBy(client *fetch.Client) openbadge.Fetch {
	return func(ctx context.Context, address string) ([]byte, error) {
		document, err := client.Get(ctx, address, mediaTypes...)
		if err != nil {
			return nil, err
		}
		return document.Body, nil
	}
}
