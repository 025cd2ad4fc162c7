package drop

import (
	"testing"

	"github.com/btlc/btlc/internal/drop/droptest"
)

const password = droptest.Password

func newSFTP(t *testing.T, posix bool) *fixture {
	return sftpFixture(t, droptest.StartSFTP(t, posix))
}

func sftpFixture(t *testing.T, s *droptest.SFTP) *fixture {
	directory := t.TempDir()
	_, stranger := droptest.NewKey(t)
	return &fixture{
		url:     s.URL(directory, s.Keys[0]),
		secrets: Secrets{Password: password},
		options: Options{Dial: dial},
		wrong:   []Secrets{{Password: "wrong password " + password}, {PrivateKey: stranger}, {PrivateKey: "no key"}, {}},
		read:    readIn(directory),
		names:   namesIn(directory),
		sever:   s.Sever,
		mend:    func() {},

		much:      sftpBuffer + 1,
		oneWriter: !s.Posix,
	}
}
