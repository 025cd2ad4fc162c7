package drop

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"

	"github.com/pkg/sftp"
)

const (
	posixRename = "posix-rename@openssh.com"
	fsync       = "fsync@openssh.com"

	// sftpBuffer goes to the server at once, in packets that do not wait for each other.
	sftpBuffer = 256 << 10
)

// server is an SFTP server. Entries are replaced by posix-rename, of which there is no half. A server without it renames
// only to names that are free: there the manifest that is to be replaced is first moved aside, to "….before". Who finds no
// manifest on such a server reads that, or tries again; and one writer at a time is to use a name there.
type server struct {
	*connection
	client    *sftp.Client
	directory string
	posix     bool
}

// asideSuffix is that of a manifest while it is replaced.
const asideSuffix = ".before"

func openSFTP(ctx context.Context, p place, secrets Secrets, options Options) (*server, error) {
	c, err := connect(ctx, p, secrets, options)
	if err != nil {
		return nil, err
	}
	s := &server{connection: c, directory: p.path}
	err = c.bounded(ctx, func() (err error) {
		if s.client, err = sftp.NewClient(c.ssh, sftp.UseConcurrentWrites(true)); err != nil {
			return err
		}
		_, s.posix = s.client.HasExtension(posixRename)
		info, err := s.client.Stat(s.directory)
		if err == nil && !info.IsDir() {
			return ErrMissing
		}
		return err
	})
	if err != nil {
		_ = c.ssh.Close() // the first error says more
		return nil, err
	}
	return s, nil
}

func (s *server) close() error {
	// All that was put is settled by now, so how the server takes its leave does not matter.
	_ = s.bounded(context.Background(), func() error { return errors.Join(s.client.Close(), s.ssh.Close()) })
	return nil
}

func (s *server) path(name string) string { return path.Join(s.directory, name) }

func (s *server) create(ctx context.Context, temporary, name string) (entry, error) {
	e := &serverEntry{ctx: ctx, server: s, temporary: s.path(temporary), name: s.path(name)}
	err := s.bounded(ctx, func() (err error) {
		e.file, err = s.client.OpenFile(e.temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.Writer = bufio.NewWriterSize(writerFunc(e.send), sftpBuffer)
	return e, nil
}

func (s *server) read(ctx context.Context, name string, limit int64) (content []byte, err error) {
	err = s.bounded(ctx, func() (err error) {
		content, err = s.readNow(s.path(name), limit)
		if errors.Is(err, fs.ErrNotExist) && !s.posix {
			content, err = s.readNow(s.path(name)+asideSuffix, limit)
		}
		return err
	})
	return content, err
}

func (s *server) readNow(name string, limit int64) ([]byte, error) {
	file, err := s.client.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readSmall(file, limit)
}

func (s *server) list(ctx context.Context, prefix string) (names []string, err error) {
	err = s.bounded(ctx, func() error {
		entries, err := s.client.ReadDirContext(ctx, s.directory)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return err
	})
	return matching(names, prefix), err
}

func (s *server) remove(ctx context.Context, name string) error {
	return s.bounded(ctx, func() error { return s.removeNow(s.path(name)) })
}

func (s *server) removeNow(name string) error {
	if err := s.client.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// rename gives an entry its name.
func (s *server) rename(from, to string) error {
	if s.posix {
		return s.client.PosixRename(from, to)
	}
	switch _, err := s.client.Lstat(to); {
	case errors.Is(err, fs.ErrNotExist):
		return s.client.Rename(from, to)
	case err != nil:
		return err
	}
	// At each moment one of the two is there.
	if err := s.removeNow(to + asideSuffix); err != nil {
		return err
	}
	if err := s.client.Rename(to, to+asideSuffix); err != nil {
		return err
	}
	return s.client.Rename(from, to)
}

type serverEntry struct {
	*bufio.Writer
	ctx             context.Context
	server          *server
	file            *sftp.File
	temporary, name string
	size            int64
	committed       bool
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(content []byte) (int, error) { return f(content) }

// send hands over what was gathered, within a step's time.
func (e *serverEntry) send(content []byte) (n int, err error) {
	err = e.server.bounded(e.ctx, func() (err error) {
		n, err = e.file.Write(content)
		return err
	})
	e.size += int64(n)
	return n, err
}

func (e *serverEntry) commit() error {
	if err := e.Flush(); err != nil {
		return err
	}
	err := e.server.bounded(e.ctx, func() error {
		if _, ok := e.server.client.HasExtension(fsync); ok {
			if err := e.file.Sync(); err != nil {
				return err
			}
		}
		if err := e.file.Close(); err != nil {
			return err
		}
		// Servers were seen that accept what their disk has no room for.
		switch info, err := e.server.client.Stat(e.temporary); {
		case err != nil:
			return err
		case info.Size() != e.size:
			return ErrRefused
		}
		return e.server.rename(e.temporary, e.name)
	})
	e.committed = err == nil
	return err
}

func (e *serverEntry) abort() {
	if e.committed || e.server.broken() {
		return
	}
	_ = e.server.bounded(context.WithoutCancel(e.ctx), func() error { // or prune removes it, a day later
		return errors.Join(e.file.Close(), e.server.removeNow(e.temporary))
	})
}
