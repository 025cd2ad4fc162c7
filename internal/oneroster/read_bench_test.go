package oneroster

import (
	"archive/zip"
	"strings"
	"testing"
)

// BenchmarkRead reads what districts send, and what somebody would send to keep a processor busy:
//
//	go test ./internal/oneroster -run '^$' -bench Read -benchtime 1x -large 536870912
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct{ name, file, row string }{
		{"Pupils", "users.csv", "s%010d,,,true,pupil,,Pupil,Some,,,pupil%[1]010d@example.org,note\n"},
		{"PupilsInQuotes", "users.csv", `"s%010d","","","true","pupil","","Pupil","Some","","","pupil%[1]010d@example.org","note"` + "\n"},
		{"Roles", "roles.csv", "r%010d,,,u1,primary,teacher,2020-08-25,2030-06-30,n,,note\n"},
		{"EmptyLines", "users.csv", "%010d" + strings.Repeat("\n", 1<<16)},
		{"Commas", "users.csv", "%010d" + strings.Repeat(",", 1<<16) + "\n"},
		{"Quotes", "users.csv", "%010d" + strings.Repeat(`"`, 1<<16) + "\n"},
		{"Fields", "users.csv", "%010d" + strings.Repeat(`,""`, maxColumns-1) + "\n"},
		{"ShortRows", "users.csv", "%010d\n" + strings.Repeat("a\n", 1<<15)},
		{"OneID", "users.csv", "%010d,,,,,,,,,,,\n" + strings.Repeat("a,,,,,,,,,,,\n", 1<<12)},
		{"WrongWords", "roles.csv", "%010d,,,,,,,,,,\n" + strings.Repeat("a,q,q,q,q,q,q,q,q,q,\n", 1<<12)},
		{"NULs", "users.csv", "%010d" + strings.Repeat(",\x00", maxColumns-1) + "\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			file := largeFile(c.file, c.row).file()
			z := example12().around(b, zip.Store, c.file, file)
			b.SetBytes(file.Size())
			for b.Loop() {
				roster, err := Read(z, z.Size(), ReadOptions{Limits: Limits{Rows: 500_000, FileBytes: 64 << 20, Faults: 1000}})
				if faults := faultsOf(b, roster, err); faults.List[0].Reason == BadArchive {
					b.Fatal(err)
				}
			}
		})
	}
}
