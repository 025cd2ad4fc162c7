// Package droptest serves what tests drop files on: an SFTP server over the folders of this machine.
package droptest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Password logs in to every server, as the user district.
const Password = "correct horse + battery/staple"

// SFTP is an SFTP server on a loopback address, over the folders of this machine.
type SFTP struct {
	// Address is host and port.
	Address string
	// Keys are the server's own: of Ed25519, and of ECDSA.
	Keys []ssh.PublicKey
	// UserKey logs in as well as the password.
	UserKey string
	// Posix is whether it replaces files when it renames.
	Posix bool
	// Asked is how often somebody tried to log in.
	Asked atomic.Int32
	// Left is how many more files are renamed or removed before a server that is not posix dies, when not negative.
	Left atomic.Int32

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// URL is that of a folder, with pinned host keys.
func (s *SFTP) URL(directory string, keys ...ssh.PublicKey) string {
	u := url.URL{Scheme: "sftp", User: url.User("district"), Host: s.Address, Path: directory}
	text, separator := u.String(), "?"
	for _, key := range keys {
		text += separator + "host-key=" + ssh.FingerprintSHA256(key)
		separator = "&"
	}
	return text
}

// KnownHosts is the server's line in known_hosts.
func (s *SFTP) KnownHosts() string {
	return knownhosts.Line([]string{knownhosts.Normalize(s.Address)}, s.Keys[0]) + "\n"
}

// NewKey is a key pair, the private key as PEM.
func NewKey(t *testing.T) (ssh.PublicKey, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(block))
}

// StartSFTP starts one, which ends with the test. One that is not posix makes all servers of the process so until then.
func StartSFTP(t *testing.T, posix bool) *SFTP {
	t.Helper()
	s := &SFTP{Posix: posix, conns: map[net.Conn]bool{}}
	s.Left.Store(-1)
	userKey, private := NewKey(t)
	s.UserKey = private
	config := &ssh.ServerConfig{
		PasswordCallback: func(_ ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
			s.Asked.Add(1)
			if string(given) != Password {
				// A server that tells what it was told.
				return nil, &ssh.BannerError{Err: errors.New("no"), Message: "the password is not " + string(given)}
			}
			return nil, nil
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, given ssh.PublicKey) (*ssh.Permissions, error) {
			s.Asked.Add(1)
			if !bytes.Equal(given.Marshal(), userKey.Marshal()) {
				return nil, errors.New("no")
			}
			return nil, nil
		},
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []any{edwards, curve} {
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			t.Fatal(err)
		}
		config.AddHostKey(signer)
		s.Keys = append(s.Keys, signer.PublicKey())
	}
	if !posix {
		if err := sftp.SetSFTPExtensions(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := sftp.SetSFTPExtensions("hardlink@openssh.com", "posix-rename@openssh.com", "statvfs@openssh.com"); err != nil {
				t.Error(err)
			}
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Address = listener.Addr().String()
	var running sync.WaitGroup
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		s.Sever()
		running.Wait()
	})
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			running.Go(func() { s.serve(conn, config) })
		}
	})
	return s
}

// Sever closes every connection.
func (s *SFTP) Sever() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	clear(s.conns)
}

func (s *SFTP) serve(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	var sessions sync.WaitGroup
	defer sessions.Wait()
	sessions.Go(func() { ssh.DiscardRequests(requests) })
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		sessions.Go(func() {
			for request := range requests {
				_ = request.Reply(request.Type == "subsystem", nil)
			}
		})
		sessions.Go(func() {
			defer channel.Close()
			s.session(channel)
		})
	}
}

func (s *SFTP) session(channel io.ReadWriteCloser) {
	if s.Posix {
		server, err := sftp.NewServer(channel)
		if err == nil {
			_ = server.Serve() // until the client goes
		}
		return
	}
	h := strictFiles{s}
	_ = sftp.NewRequestServer(channel, sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h}).Serve()
}

// strictFiles renames only to names that are free, as the protocol has it.
type strictFiles struct{ server *SFTP }

func (strictFiles) Fileread(r *sftp.Request) (io.ReaderAt, error) { return os.Open(r.Filepath) }

func (strictFiles) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	return os.OpenFile(r.Filepath, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
}

func (f strictFiles) Filecmd(r *sftp.Request) error {
	if left := &f.server.Left; left.Load() == 0 {
		f.server.Sever()
		return sftp.ErrSSHFxConnectionLost
	} else if left.Load() > 0 {
		left.Add(-1)
	}
	switch r.Method {
	case "Rename":
		if err := os.Link(r.Filepath, r.Target); err != nil {
			return err
		}
		return os.Remove(r.Filepath)
	case "Remove":
		return os.Remove(r.Filepath)
	}
	return sftp.ErrSSHFxOpUnsupported
}

func (strictFiles) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	if r.Method != "List" {
		info, err := os.Lstat(r.Filepath)
		return infos{info}, err
	}
	entries, err := os.ReadDir(r.Filepath)
	var list infos
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		list = append(list, info)
	}
	return list, err
}

type infos []os.FileInfo

func (l infos) ListAt(into []os.FileInfo, offset int64) (int, error) {
	if offset >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(into, l[offset:])
	if n < len(into) {
		return n, io.EOF
	}
	return n, nil
}
