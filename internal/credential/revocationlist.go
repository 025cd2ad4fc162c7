package credential

import "github.com/btlc/btlc/internal/statuslist"

// revocationListURL is where the revocation list of 1EdTech is published that goes with a status list: of the credentials that
// have a bit there.
func (i Issuer) revocationListURL(list string) string {
	return i.BaseURL + "/status-lists/" + list + "/1edtech"
}

// revocationList names what is revoked of a status list by the ids that documents have; paths are those below /credentials.
func (i Issuer) revocationList(list string, paths []string) ([]byte, error) {
	published := statuslist.RevocationList{ID: i.revocationListURL(list), Issuer: i.DID}
	for _, path := range paths {
		published.Revoked = append(published.Revoked, i.BaseURL+"/credentials/"+path)
	}
	return statuslist.BuildRevocationList(published)
}
