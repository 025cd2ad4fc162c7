package oneroster

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var largeBytes = flag.Int64("large", 32<<20, "how many bytes large rosters have; limits are in proportion")

const (
	twoGigabytes = 2 << 30 // with which limits are those by default

	// What an id and a role take at most while they are held: a digest and a line in a map that is not half full, with its bits of the
	// filter; a roleRow in a slice that has grown by a quarter, and the role's name and days.
	idBytes   = 25*16/7 + 4
	roleBytes = 112*5/4 + 48
	// otherBytes are buffers, and what a test has.
	otherBytes = 3 << 20
)

// rows are a CSV file that is made as it is read: a header, and rows of one width with their number, from 0, for %010d.
type rows struct {
	name, header, row string
	count             int64
	instead           map[int64]string // rows in place of others
	cut               int64            // how many bytes are missing at the end
}

func largeFile(name, row string) rows {
	header, _, _ := strings.Cut(example12()[name], "\n")
	r := rows{name: name, header: header + ",metadata.note\n", row: row, instead: map[int64]string{}}
	r.count = *largeBytes/r.width() + 1
	return r
}

// width is how many bytes a row has.
func (r rows) width() int64 { return int64(len(fmt.Sprintf(r.row, 0))) }

// put puts a row in place of one, with spaces at its end for what it is shorter.
func (r rows) put(i int64, row string) {
	r.instead[i] = row + strings.Repeat(" ", int(r.width())-len(row)-1) + "\n"
}

// passes is the row in which the file becomes longer than so many bytes.
func (r rows) passes(bytes int64) int64 { return (bytes - int64(len(r.header))) / r.width() }

func (r rows) file() *io.SectionReader {
	m := made{r, fmt.Appendf(nil, r.row, 0), strings.Index(r.row, "%010d")}
	return io.NewSectionReader(m, 0, int64(len(r.header))+r.count*r.width()-r.cut)
}

// readLarge reads the file in an export with so much on the heap at most, and compares where its faults are.
func (r rows) readLarge(t *testing.T, method uint16, limits Limits, held int64, want ...string) {
	t.Helper()
	z := &watched{zipped: example12().around(t, method, r.name, r.file())}
	begin := time.Now()
	roster, err := Read(z, z.Size(), ReadOptions{Limits: limits})
	faults := faultsOf(t, roster, err)
	if got := places(faults.List); faults.Total != len(want) || !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q\n%v", got, want, err)
	}
	if method == zip.Deflate {
		held += z.Size()
	}
	if held += otherBytes; z.most > uint64(held) || z.most == 0 {
		t.Errorf("%d bytes were held, want at most %d", z.most, held)
	}
	t.Logf("%d bytes in a ZIP of %d, %d of them held at most, in %v", r.file().Size(), z.Size(), z.most, time.Since(begin))
}

type made struct {
	rows
	row    []byte
	number int // where in a row
}

func (m made) ReadAt(b []byte, offset int64) (n int, err error) {
	for n < len(b) {
		if offset < int64(len(m.header)) {
			n += copy(b[n:], m.header[offset:])
			offset = int64(len(m.header))
			continue
		}
		i, within := (offset-int64(len(m.header)))/int64(len(m.row)), (offset-int64(len(m.header)))%int64(len(m.row))
		row := m.row
		if text, there := m.instead[i]; there {
			row = []byte(text)
		} else {
			for digits, place := i, m.number+9; place >= m.number; place-- {
				row[place] = byte('0' + digits%10)
				digits /= 10
			}
		}
		more := copy(b[n:], row[within:])
		n, offset = n+more, offset+int64(more)
	}
	return n, nil
}

// hollow is a ZIP of which one file is not held, but made again as it is read.
type hollow struct {
	before, after bytes.Buffer
	within        *io.SectionReader
	left          int64 // of that file, while the ZIP is written
	begun         bool  // that file
}

// Write keeps what is not of the file.
func (h *hollow) Write(b []byte) (int, error) {
	of := min(h.left, int64(len(b)))
	h.left -= of
	if h.begun = h.begun || of > 0; h.begun {
		h.after.Write(b[of:])
	} else {
		h.before.Write(b)
	}
	return len(b), nil
}

func (h *hollow) Size() int64 { return int64(h.before.Len()) + h.within.Size() + int64(h.after.Len()) }

func (h *hollow) ReadAt(b []byte, offset int64) (int, error) {
	var parts []io.Reader
	for _, part := range []zipped{bytes.NewReader(h.before.Bytes()), h.within, bytes.NewReader(h.after.Bytes())} {
		if from := max(0, offset); from < part.Size() {
			parts = append(parts, io.NewSectionReader(part, from, part.Size()-from))
		}
		offset -= part.Size()
	}
	n, err := io.ReadFull(io.MultiReader(parts...), b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// zipped are the bytes of a ZIP.
type zipped interface {
	io.ReaderAt
	Size() int64
}

// around is the ZIP of an export with a large file in place of one: stored, and not held, or packed.
func (e export) around(t testing.TB, method uint16, name string, file *io.SectionReader) zipped {
	t.Helper()
	h := &hollow{within: file}
	w := zip.NewWriter(h)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	for other := range e {
		f, err := w.CreateHeader(&zip.FileHeader{Name: other, Method: method})
		check(t, err)
		from := io.Reader(strings.NewReader(e[other]))
		if other == name {
			from = file
			check(t, w.Flush())
			if method == zip.Store {
				h.left = file.Size()
			}
		}
		_, err = io.Copy(f, from)
		check(t, err)
	}
	check(t, w.Close())
	if method == zip.Deflate {
		return bytes.NewReader(h.before.Bytes())
	}
	return h
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watched looks eight times, as a ZIP is read, how much is in use on the heap.
type watched struct {
	zipped
	next int64
	most uint64
}

func (w *watched) ReadAt(b []byte, offset int64) (int, error) {
	if offset >= w.next && offset < w.Size()*9/10 { // the directory at the end is read first
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		w.next, w.most = offset+w.Size()/8, max(w.most, now.HeapAlloc)
	}
	return w.zipped.ReadAt(b, offset)
}

// places are where faults are, in their order: REASON file:line column.
func places(faults []Fault) (told []string) {
	for _, f := range faults {
		told = append(told, strings.TrimSpace(fmt.Sprintf("%s %s:%d %s", f.Reason, f.Source.File, f.Source.Line, f.Column)))
	}
	return told
}

// A roster far past every limit is read to its end: each fault is told by its line, and what is held does not grow after the limit.
func TestLargeRosters(t *testing.T) {
	limits := DefaultLimits
	limits.FileBytes = limits.FileBytes * *largeBytes / twoGigabytes
	for _, limit := range []*int{&limits.Rows, &limits.StaffRoles} {
		*limit = int(int64(*limit) * *largeBytes / twoGigabytes)
	}
	few := int64(limits.StaffRoles)
	past := int64(limits.Rows) // the first row that is too many
	const note = ",note note note note note note note note note note note note note note note note note note note note note note note note note note note note note note note\n"

	t.Run("users, stored", func(t *testing.T) {
		users := largeFile("users.csv", "s%010d,,,true,pupil,,Pupil,Some,,,pupil@example.org"+note)
		end := users.count - 1
		users.put(0, "u1,,,true,one,,Person,One,,E1,one at example,")
		users.put(past-1, "s0000000001,,,true,,,Twice,Some,,,,")
		users.put(past, "s0000000002,,,true,,,Twice,Some,,,,")
		users.put(past+1, "new,,,true,,,Pupil,Some,,,,")
		users.put(past+2, "new,,,true,,,Pupil,Some,,,,") // which nobody can know any more
		users.put(end-3, "u2,,,true,two,,Person,Two,,E1,,")
		users.put(end-2, "u3,,,false,three,,Person,Three,,E3,,")
		users.put(end-1, "short,,,true")
		users.put(end, "last,,,true,,,Pupil,\x00,,,,")
		users.readLarge(t, zip.Store, limits, past*idBytes,
			fmt.Sprintf("BAD_VALUE users.csv:%d email", 2),
			fmt.Sprintf("DUPLICATE users.csv:%d sourcedId", past+1),
			fmt.Sprintf("TOO_LARGE users.csv:%d", past+2),
			fmt.Sprintf("DUPLICATE users.csv:%d sourcedId", past+2),
			fmt.Sprintf("TOO_LARGE users.csv:%d", users.passes(limits.FileBytes)+2),
			fmt.Sprintf("DUPLICATE users.csv:%d identifier", end-1),
			fmt.Sprintf("BAD_SYNTAX users.csv:%d", end+1),
			fmt.Sprintf("BAD_ENCODING users.csv:%d familyName", end+2))
	})
	t.Run("roles, deflated, the last one cut off", func(t *testing.T) {
		roles := largeFile("roles.csv", "r%010d,,,u1,primary,teacher,2020-08-25,2030-06-30,n,"+note)
		end := roles.count - 1
		roles.cut = roles.width() - 30
		roles.put(0, "first,,,u1,primary,teacher,,,nowhere,,")
		roles.put(few-1, "before,,,u1,primary,teacher,2020-13-01,,n,,")
		roles.put(few, "the last that is kept,,,nobody,primary,teacher,,,n,,") // since the one before it is not
		roles.put(few+1, "after,,,nobody,primary,teacher,,,nowhere,,")
		roles.put(end-1, "near,,,u1,tertiary,teacher,,,n,,")
		roles.readLarge(t, zip.Deflate, limits, few*(idBytes+roleBytes),
			fmt.Sprintf("BAD_REFERENCE roles.csv:%d orgSourcedId", 2),
			fmt.Sprintf("BAD_VALUE roles.csv:%d beginDate", few+1),
			fmt.Sprintf("BAD_REFERENCE roles.csv:%d orgSourcedId", few+3),
			fmt.Sprintf("TOO_LARGE roles.csv:%d", few+3),
			fmt.Sprintf("TOO_LARGE roles.csv:%d", past+2),
			fmt.Sprintf("TOO_LARGE roles.csv:%d", roles.passes(limits.FileBytes)+2),
			fmt.Sprintf("BAD_VALUE roles.csv:%d roleType", end+1),
			fmt.Sprintf("BAD_SYNTAX roles.csv:%d", end+2),
			fmt.Sprintf("BAD_REFERENCE roles.csv:%d userSourcedId", few+2))
	})
}
