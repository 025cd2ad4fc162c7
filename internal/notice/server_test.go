package notice

import (
	"net/url"
	"testing"

	"github.com/btlc/btlc/internal/notice/noticetest"
)

const user, password = noticetest.User, noticetest.Password

// senderTo is one to the server, who trusts it.
func senderTo(t *testing.T, s *noticetest.Server, credentials *url.Userinfo, encryption string) *Sender {
	t.Helper()
	query := url.Values{"from": {`"The Program" <notices@example.org>`}, "tls": {encryption}}
	to, err := Open((&url.URL{Scheme: "smtp", User: credentials, Host: s.Address, RawQuery: query.Encode()}).String())
	if err != nil {
		t.Fatal(err)
	}
	to.roots = s.Roots
	return to
}
