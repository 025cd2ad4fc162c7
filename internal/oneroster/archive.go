package oneroster

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

const (
	// directoryBytes bounds what is read before any file is opened: the ZIP's directory is held in memory.
	directoryBytes = 1 << 20
	// encrypted is the bit of a ZIP entry's flags for a file with a password.
	encrypted = 1
)

// errStop ends the reading of a file with which something is wrong, as a fault already says.
var errStop = errors.New("the file is of no use any further")

// source is the export's bytes. It remembers its own errors, for what fails otherwise is the export's fault.
type source struct {
	io.ReaderAt
	left   int64 // until the directory is read
	opened bool
	err    error
}

var errDirectory = errors.New("the directory is too long")

func (s *source) ReadAt(b []byte, offset int64) (int, error) {
	if !s.opened {
		if s.left -= int64(len(b)); s.left < 0 {
			return 0, errDirectory
		}
	}
	if offset < 0 {
		return 0, io.ErrUnexpectedEOF // the ZIP lacks its beginning
	}
	n, err := s.ReaderAt.ReadAt(b, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// open reads the ZIP's directory. Its error is one of reading; what is wrong with the ZIP is a fault.
func (r *reader) open(in io.ReaderAt, size int64) error {
	if size > r.limits.ArchiveBytes {
		r.faults.add(Fault{Reason: TooLarge, Got: fmt.Sprintf("%d bytes", size), Want: fmt.Sprintf("at most %d bytes; nothing was read", r.limits.ArchiveBytes)})
		return nil
	}
	r.source = &source{ReaderAt: in, left: directoryBytes}
	archive, err := zip.NewReader(r.source, size)
	r.source.opened = true
	switch {
	case r.source.err != nil:
		return fmt.Errorf("reading the ZIP's directory: %w", r.source.err)
	case errors.Is(err, errDirectory):
		r.faults.add(Fault{Reason: TooLarge, Got: "a directory of very many files", Want: "the files of a roster and no others"})
		return nil
	case err != nil && !errors.Is(err, zip.ErrInsecurePath):
		r.faults.add(Fault{Reason: BadArchive, Got: "no ZIP, or one that is cut off", Want: "a whole ZIP file"})
		return nil
	}
	for _, entry := range archive.File {
		r.enter(entry)
	}
	return nil
}

// enter takes up a ZIP entry when it is one that a roster is read from.
func (r *reader) enter(entry *zip.File) {
	name := entry.Name
	bad := func(reason Reason, got, want string) {
		r.faults.add(Fault{Reason: reason, Source: Source{File: printable(name)}, Got: got, Want: want})
	}
	switch {
	case strings.ContainsAny(name, "\\\x00") || strings.HasPrefix(name, "/") || slices.Contains(strings.Split(name, "/"), ".."):
		bad(BadArchive, "a path that leads out of the ZIP", "a file name without folders")
	case entry.FileInfo().IsDir():
	case !slices.Contains([]string{manifestFile, orgsFile, usersFile, rolesFile}, name):
		text := "not needed, not read"
		if strings.Contains(name, "/") && !strings.HasPrefix(path.Base(name), ".") {
			text = "in a folder, not read: a roster's files stand at the top of the ZIP"
		}
		r.roster.Remarks = append(r.roster.Remarks, Remark{File: printable(name), Text: text})
	case r.files[name] != nil:
		bad(BadArchive, "two files of this name", "one")
	case entry.Flags&encrypted != 0:
		bad(BadArchive, "a file with a password", "files without passwords")
	case entry.Method != zip.Store && entry.Method != zip.Deflate:
		bad(BadArchive, fmt.Sprintf("compression method %d", entry.Method), "files that are stored or deflated")
	case entry.UncompressedSize64 > r.room:
		bad(TooLarge, fmt.Sprintf("%d bytes unpacked", entry.UncompressedSize64), fmt.Sprintf("at most %d bytes unpacked in all files that are read; nothing was read", r.limits.UnpackedBytes))
	default:
		r.files[name] = entry
		r.room -= entry.UncompressedSize64
	}
}

// printable is a file's name, fit to be shown.
func printable(name string) string {
	if short := quoted(name); short != `"`+name+`"` {
		return short
	}
	return name
}

// broken tells what it means that a file cannot be read on: a fault, and errStop; or that the export could not be read. One
// that is longer than the directory says, whose length was checked, is damaged.
func (r *reader) broken(at Source) error {
	if r.source.err != nil {
		return fmt.Errorf("reading %s: %w", at.File, r.source.err)
	}
	r.faults.add(Fault{Reason: BadArchive, Source: at, Got: "a damaged or cut off file", Want: "a whole one"})
	return errStop
}
