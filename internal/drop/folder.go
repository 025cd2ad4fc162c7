package drop

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folder is a local one. A file of it is for its owner and group: who fetches the files belongs to that group.
type folder struct{ root *os.Root }

// openFolder opens a folder below the root, however its path gets there: one that symbolic links or dots lead out of it is
// refused.
func openFolder(p place, root string) (*folder, error) {
	within, err := filepath.Rel(root, filepath.FromSlash(p.path))
	if err != nil || within == "." || !filepath.IsLocal(within) {
		return nil, ErrNotAllowed
	}
	outer, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer outer.Close()
	inner, err := outer.OpenRoot(within)
	switch {
	case err == nil:
		return &folder{inner}, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil, err
	}
	return nil, ErrNotAllowed
}

func (f *folder) close() error { return f.root.Close() }

func (f *folder) create(_ context.Context, temporary, name string) (entry, error) {
	file, err := f.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	return &folderEntry{File: file, folder: f, temporary: temporary, name: name}, nil
}

func (f *folder) read(_ context.Context, name string, limit int64) ([]byte, error) {
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readSmall(file, limit)
}

func (f *folder) list(_ context.Context, prefix string) ([]string, error) {
	directory, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer directory.Close()
	names, err := directory.Readdirnames(-1)
	return matching(names, prefix), err
}

func (f *folder) remove(_ context.Context, name string) error {
	if err := f.root.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sync makes the names in the folder durable.
func (f *folder) sync() error {
	directory, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer directory.Close()
	return directory.Sync()
}

type folderEntry struct {
	*os.File
	folder          *folder
	temporary, name string
	committed       bool
}

func (e *folderEntry) commit() error {
	if err := errors.Join(e.Sync(), e.Close()); err != nil {
		return err
	}
	if err := e.folder.root.Rename(e.temporary, e.name); err != nil {
		return err
	}
	e.committed = true
	return e.folder.sync()
}

func (e *folderEntry) abort() {
	if !e.committed {
		_ = e.Close()                         // which it may be already
		_ = e.folder.root.Remove(e.temporary) // or prune does, a day later
	}
}

// readSmall is all that there is to read; ErrManifest when it is more than the limit.
func readSmall(from io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, ErrManifest
	}
	return content, nil
}

// matching are the names that begin with the prefix, or with a dot before it.
func matching(names []string, prefix string) []string {
	var found []string
	for _, name := range names {
		if strings.HasPrefix(strings.TrimPrefix(name, "."), prefix) {
			found = append(found, name)
		}
	}
	return found
}
