package oneroster

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
)

// entry is a file as a hostile ZIP may have it.
type entry struct {
	name   string
	flags  uint16
	method uint16
	body   string
	size   uint64 // as the directory tells it; zero for the true one
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		body := []byte(e.body)
		if e.method == zip.Deflate {
			var packed bytes.Buffer
			deflate, err := flate.NewWriter(&packed, flate.BestCompression)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := deflate.Write(body); err != nil {
				t.Fatal(err)
			}
			if err := deflate.Close(); err != nil {
				t.Fatal(err)
			}
			body = packed.Bytes()
		}
		f, err := w.CreateRaw(&zip.FileHeader{
			Name: e.name, Flags: e.flags, Method: e.method, CRC32: crc32.ChecksumIEEE([]byte(e.body)),
			CompressedSize64: uint64(len(body)), UncompressedSize64: either(e.size, uint64(len(e.body))),
		})
		if err == nil {
			_, err = f.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestArchiveFaults(t *testing.T) {
	manifest := entry{name: "manifest.csv", body: example12()["manifest.csv"]}
	whole := example12().zip(t)
	damaged := bytes.Replace(archive(t, manifest), []byte("bulk"), []byte("hulk"), 1)
	many := make([]entry, 20000)
	for i := range many {
		many[i].name = fmt.Sprintf("%060d.csv", i)
	}
	zeros := strings.Repeat("0", 1<<20)
	for name, c := range map[string]struct {
		archive []byte
		opts    ReadOptions
		want    string
	}{
		"nothing":               {nil, ReadOptions{}, "the ZIP: got no ZIP, or one that is cut off"},
		"no ZIP":                {[]byte(manifest.body), ReadOptions{}, "the ZIP: got no ZIP"},
		"half a ZIP":            {whole[:len(whole)/2], ReadOptions{}, "the ZIP: got no ZIP, or one that is cut off"},
		"without the beginning": {whole[40:], ReadOptions{}, "manifest.csv: got a damaged or cut off file"},
		"a changed byte":        {damaged, ReadOptions{}, "manifest.csv, line 8: got a damaged or cut off file"},
		"upwards":               {archive(t, entry{name: "../users.csv"}), ReadOptions{}, "../users.csv: got a path that leads out"},
		"upwards and down":      {archive(t, entry{name: "a/../../users.csv"}), ReadOptions{}, "a/../../users.csv: got a path that leads out"},
		"from the root":         {archive(t, entry{name: "/etc/users.csv"}), ReadOptions{}, "/etc/users.csv: got a path that leads out"},
		"of Windows":            {archive(t, entry{name: `..\users.csv`}), ReadOptions{}, `"..\\users.csv": got a path that leads out`},
		"twice":                 {archive(t, manifest, manifest), ReadOptions{}, "manifest.csv: got two files"},
		"with a password":       {archive(t, entry{name: "users.csv", flags: 1}), ReadOptions{}, "users.csv: got a file with a password"},
		"packed otherwise":      {archive(t, entry{name: "users.csv", method: 12}), ReadOptions{}, "users.csv: got compression method 12"},
		"very many files":       {archive(t, many...), ReadOptions{}, "the ZIP: got a directory of very many files"},
		"too long, as it says":  {archive(t, entry{name: "manifest.csv", method: zip.Deflate, body: zeros}), ReadOptions{Limits: Limits{UnpackedBytes: 1000}}, "manifest.csv: got 1048576 bytes unpacked"},
		"too long together":     {archive(t, entry{name: "users.csv", body: zeros[:600]}, entry{name: "roles.csv", body: zeros[:600]}), ReadOptions{Limits: Limits{UnpackedBytes: 1000}}, "roles.csv: got 600 bytes unpacked"},
		"too long, and it lies": {archive(t, entry{name: "manifest.csv", method: zip.Deflate, body: strings.Repeat("\n", 1<<20), size: 10}), ReadOptions{Limits: Limits{UnpackedBytes: 1000}}, "manifest.csv, line 1: got a damaged or cut off file"},
		"in a folder":           {archive(t, entry{name: "roster/manifest.csv", body: manifest.body}), ReadOptions{}, "manifest.csv: got no such file, want manifest.csv at the top of the ZIP"},
	} {
		t.Run(name, func(t *testing.T) {
			roster, err := readBytes(c.archive, c.opts)
			if faults := faultsOf(t, roster, err); !strings.Contains(faults.List[0].String(), c.want) {
				t.Errorf("got  %s\nwant %s", faults.List[0], c.want)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	text := example12()["orgs.csv"]
	wide := func(mark string, before, after int) string {
		out := mark
		for _, c := range []byte(text) {
			out += strings.Repeat("\x00", before) + string(rune(c)) + strings.Repeat("\x00", after)
		}
		return out
	}
	for name, c := range map[string]struct{ text, want string }{
		"UTF-16LE":                {wide("\xff\xfe", 0, 1), "UTF-16, little-endian"},
		"UTF-16BE":                {wide("\xfe\xff", 1, 0), "UTF-16, big-endian"},
		"UTF-16LE without a mark": {wide("", 0, 1), "UTF-16, little-endian"},
		"UTF-16BE without a mark": {wide("", 1, 0), "UTF-16, big-endian"},
		"UTF-32LE":                {wide("\xff\xfe\x00\x00", 0, 3), "UTF-32"},
		"UTF-32BE":                {wide("\x00\x00\xfe\xff", 3, 0), "UTF-32"},
	} {
		t.Run(name, func(t *testing.T) {
			roster, err := readBytes(example12().with(t, "orgs.csv", text, c.text).zip(t), ReadOptions{})
			want := Fault{Reason: BadEncoding, Source: Source{"orgs.csv", 1}, Got: c.want, Want: "UTF-8"}
			if faults := faultsOf(t, roster, err); faults.Total != 1 || faults.List[0] != want {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}

func TestOtherFilesAreToldAndNotRead(t *testing.T) {
	e := example12()
	e["demographics.csv"], e["__MACOSX/._users.csv"], e["old/users.csv"] = "\x00", "\x00", "\x00"
	roster := mustRead(t, e, ReadOptions{})
	var got []string
	for _, remark := range roster.Remarks {
		got = append(got, remark.File+": "+remark.Text)
	}
	want := "__MACOSX/._users.csv: not needed, not read\ndemographics.csv: not needed, not read\n" +
		"old/users.csv: in a folder, not read: a roster's files stand at the top of the ZIP"
	if strings.Join(got, "\n") != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

var errDisk = errors.New("the disk fails")

// failing is a file on a disk that fails where a read is of so many bytes at most: of all, or only of a ZIP entry's own header.
type failing struct {
	io.ReaderAt
	most int
}

func (f failing) ReadAt(b []byte, offset int64) (int, error) {
	if len(b) <= f.most {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(b, offset)
}

// A disk that fails is no fault of the roster.
func TestReadingFails(t *testing.T) {
	whole := example12().zip(t)
	for _, most := range []int{1 << 20, 100} {
		if roster, err := Read(failing{bytes.NewReader(whole), most}, int64(len(whole)), ReadOptions{}); roster != nil || !errors.Is(err, errDisk) {
			t.Errorf("reads of %d bytes: got %v, %v", most, roster, err)
		}
	}
}
