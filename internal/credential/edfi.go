package credential

import (
	"fmt"
	"net/url"
	"time"

	"github.com/btlc/btlc/internal/api"
)

// The words of Ed-Fi, as its Data Standard has them in version 6.1.0 (github.com/Ed-Fi-Alliance-OSS/Ed-Fi-Data-Standard,
// Descriptors/*.xml: code values, and the namespace that they are written with). What the resource must have is from the
// same standard's resource `credentials`: credentialIdentifier, stateOfIssueStateAbbreviationDescriptor,
// credentialTypeDescriptor, issuanceDate and namespace.
const (
	// edFiStatuses: CredentialStatusDescriptor.xml has Active, Deprecated, Expired, Renewed, Retired, Revoked, Suspended and
	// Voluntary Surrender. Before version 6 they were an extension's, with the namespace uri://tpdm.ed-fi.org.
	edFiStatuses = "uri://ed-fi.org/CredentialStatusDescriptor#"

	// edFiCredentialType: CredentialTypeDescriptor.xml has Certification, Endorsement, High School Diploma, Licensure, Other
	// and Registration. That a certificate of the program is a certification is ours.
	edFiCredentialType = "uri://ed-fi.org/CredentialTypeDescriptor#Certification"

	// edFiState: StateAbbreviationDescriptor.xml. That the program's state is Massachusetts is from the program; that
	// its state stands where Ed-Fi wants that of a licence is ours.
	edFiState = "uri://ed-fi.org/StateAbbreviationDescriptor#MA"
)

// edFiStatus says each status as an Ed-Fi descriptor. The pairing is ours. Ed-Fi has no word for a credential that another one replaced: of its
// words, Expired is the one that says that it is in force no longer without saying that it was taken away. The
// credential in its place is Active.
var edFiStatus = map[string]string{
	"ACTIVE":     edFiStatuses + "Active",
	"SUSPENDED":  edFiStatuses + "Suspended",
	"REVOKED":    edFiStatuses + "Revoked",
	"SUPERSEDED": edFiStatuses + "Expired",
	"EXPIRED":    edFiStatuses + "Expired",
}

// edFiNamespace is whose identifiers these are, by where the issuer is found: `uri://btlc.example.org`.
func edFiNamespace(baseURL string) (string, error) {
	base, err := url.Parse(baseURL)
	if err != nil || base.Host == "" {
		return "", fmt.Errorf("the issuer's base URL %q has no host", baseURL)
	}
	return "uri://" + base.Hostname(), nil
}

// edFiDates are days as Ed-Fi writes them.
type edFiDates struct{ issuance, status, expiration string }

// edFiDatesOf are the days of a credential in the district's calendar. Ed-Fi advises that dates are inclusive: the last
// one is that of the last moment at which the credential counts. expires is zero for one without end.
func edFiDatesOf(issued, since, expires time.Time, zone *time.Location) edFiDates {
	on := func(t time.Time) string { return api.LocalDay(t, zone).Format(time.DateOnly) }
	dates := edFiDates{issuance: on(issued), status: on(since)}
	if !expires.IsZero() {
		dates.expiration = on(expires.Add(-time.Microsecond))
	}
	return dates
}
