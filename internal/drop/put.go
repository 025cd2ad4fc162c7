package drop

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"time"
)

const (
	// A file is in the making for longestPut at most, so that what is as old as leftoverAge is nobody's any more, even when
	// the clocks of two writers differ by hours.
	longestPut  = 12 * time.Hour
	leftoverAge = 24 * time.Hour
)

// Put drops a file under a name. write is called once with where its content goes, of any size, and returns the cursor
// at which the next file continues, or "". Its error is returned wrapped, and the last file that was whole stays the latest;
// so it does when the target fails, and then the error is an *Error. ErrPrune alone comes with a receipt: the file is in
// place, and what could not be deleted is tried again with a later one. Put ends after twelve hours at the latest.
func (t *Target) Put(ctx context.Context, name string, write func(io.Writer) (cursor string, err error)) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, longestPut)
	defer cancel()
	receipt, err := t.put(ctx, name, write)
	if failed := new(contentError); errors.As(err, &failed) {
		return Receipt{}, fmt.Errorf("drop %q: the content: %w", t.place, failed.error)
	}
	if err != nil {
		return receipt, explain(ctx, t.place, err)
	}
	return receipt, nil
}

func (t *Target) put(ctx context.Context, name string, write func(io.Writer) (string, error)) (Receipt, error) {
	s, err := newSeries(name)
	if err != nil {
		return Receipt{}, err
	}
	token := make([]byte, tokenBytes)
	if _, err := rand.Read(token); err != nil {
		return Receipt{}, err
	}
	at := t.now().UTC().Truncate(time.Second)
	receipt := Receipt{File: s.file(at, hex.EncodeToString(token)), CreateTime: at}
	content, err := t.store.create(ctx, draft(receipt.File), receipt.File)
	if err != nil {
		return Receipt{}, err
	}
	defer content.abort()
	if err := receipt.fill(ctx, content, write); err != nil {
		return Receipt{}, err
	}
	before, err := t.latest(ctx, s)
	if err != nil {
		return Receipt{}, err
	}
	after, gone := before.next(receipt, t.keep)
	if err := t.publish(ctx, s, content, after); err != nil {
		return Receipt{}, err
	}
	return receipt, t.prune(ctx, s, after, gone)
}

// contentError is the error of who writes the content.
type contentError struct{ error }

// fill has the content written, and notes what it is.
func (r *Receipt) fill(ctx context.Context, to io.Writer, write func(io.Writer) (string, error)) error {
	m := &meter{ctx: ctx, to: to, sum: sha256.New()}
	cursor, err := write(m)
	switch {
	case m.err != nil: // which write repeats, or should have
		return m.err
	case err != nil:
		return &contentError{err}
	case ctx.Err() != nil:
		return ctx.Err()
	}
	r.Cursor, r.Size, r.SHA256 = cursor, m.size, hex.EncodeToString(m.sum.Sum(nil))
	return nil
}

// meter passes on what is written until the context ends or something fails.
type meter struct {
	ctx  context.Context
	to   io.Writer
	sum  hash.Hash
	size int64
	err  error
}

func (m *meter) Write(content []byte) (int, error) {
	if m.err == nil {
		m.err = m.ctx.Err()
	}
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.to.Write(content)
	m.sum.Write(content[:n])
	m.size += int64(n)
	m.err = err
	return n, err
}

// latest is the manifest of a series, nil before the first file.
func (t *Target) latest(ctx context.Context, s series) (*manifest, error) {
	text, err := t.store.read(ctx, s.manifest(), maxManifestBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(s, text)
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// publish gives a file that is written its name, between its checksum before and the manifest after.
func (t *Target) publish(ctx context.Context, s series, content entry, after manifest) error {
	text, err := after.text()
	if err != nil {
		return err
	}
	checksumFile := after.File + ChecksumSuffix
	checksum, err := t.small(ctx, draft(checksumFile), checksumFile, after.checksum())
	if err != nil {
		return err
	}
	defer checksum.abort()
	latest, err := t.small(ctx, draft(after.File+ManifestSuffix), s.manifest(), text)
	if err != nil {
		return err
	}
	defer latest.abort()
	for _, e := range []entry{checksum, content} {
		if err := e.commit(); err != nil {
			// Nothing names them yet. What cannot be removed now is, in a day.
			left := context.WithoutCancel(ctx)
			return errors.Join(err, t.store.remove(left, after.File), t.store.remove(left, checksumFile))
		}
	}
	// Whether a manifest was replaced is not known when the connection breaks meanwhile, so the file stays.
	return latest.commit()
}

// small writes an entry that is in memory.
func (t *Target) small(ctx context.Context, temporary, name string, content []byte) (entry, error) {
	e, err := t.store.create(ctx, temporary, name)
	if err != nil {
		return nil, err
	}
	if _, err := e.Write(content); err != nil {
		e.abort()
		return nil, err
	}
	return e, nil
}

// prune deletes the files that the manifest does not name any more, and what writers that were stopped left behind. A file
// that this manifest never named may be another writer's, about to be named.
func (t *Target) prune(ctx context.Context, s series, after manifest, gone []string) error {
	entries, err := t.store.list(ctx, s.prefix())
	if err == nil {
		kept := map[string]bool{}
		for _, receipt := range after.all() {
			kept[receipt.File] = true
		}
		// In order of names a file comes before its checksum, and is not seen without it.
		slices.Sort(entries)
		var faults []error
		for _, name := range entries {
			file, at, ok := s.owner(name)
			if ok && !kept[file] && (slices.Contains(gone, file) || t.now().Sub(at) > leftoverAge) {
				faults = append(faults, t.store.remove(ctx, name))
			}
		}
		err = errors.Join(faults...)
	}
	if err != nil {
		_, reason := judge(ctx, err)
		return &Error{Reason: ErrPrune, Detail: reason.Error(), cause: err}
	}
	return nil
}
