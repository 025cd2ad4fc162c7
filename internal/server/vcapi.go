package server

import (
	"net/http"

	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/vcapi"
)

// vcAPIPath is where the VC-API stands. Its issuer is the did:web of that address.
const vcAPIPath = "/vc-api"

// serveVCAPI has a test issuer, whose key lives as long as the server, answer the VC-API.
func (s *Server) serveVCAPI(mux *http.ServeMux) error {
	base := s.options.Issuer.BaseURL + vcAPIPath
	did, err := openbadge.DIDWeb(base)
	if err != nil {
		return err
	}
	key, err := vcapi.NewKey()
	if err != nil {
		return err
	}
	fetch, err := credential.FetchFrom(s.options.VerifyHosts...)
	if err != nil {
		return err
	}
	keys := []openbadge.PublicKey{key.Public()}
	mux.HandleFunc("GET "+vcAPIPath+"/did.json", public("application/json", openbadge.DIDDocument(did, keys)))
	mux.Handle(vcAPIPath+"/", http.StripPrefix(vcAPIPath, vcapi.Handler(vcapi.Options{
		Signer: key, Issuer: did, Now: s.db.Now, BaseURL: base, Keys: openbadge.ResolveAmong(did, keys), Fetch: fetch,
	})))
	return nil
}
