package drop

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"time"
)

// maxManifestBytes bounds what is read as a manifest: one of MaxKeep files with long cursors is smaller.
const maxManifestBytes = 1 << 20

// Receipt is one file that was dropped whole. Manifests hold it in this form.
type Receipt struct {
	// File is its dated name within the target: "roster-20260901T040000Z-6f1c02ab.csv".
	File string `json:"file"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// SHA256 is in lower-case hexadecimal.
	SHA256 string `json:"sha256"`
	// Cursor is where the next file continues, in the words of who wrote this one; empty when it does not continue.
	Cursor string `json:"cursor,omitempty"`
	// CreateTime is when its writing began, in UTC, to the second.
	CreateTime time.Time `json:"createTime"`
}

// checksum is the receipt's line as sha256sum writes and checks it.
func (r Receipt) checksum() []byte { return []byte(r.SHA256 + "  " + r.File + "\n") }

// manifest names the latest file and those that are kept from before, the later first.
type manifest struct {
	Receipt
	Previous []Receipt `json:"previous"`
}

// parseManifest reads one of this series. What names anything else is refused with ErrManifest: the names are deleted one
// day, and the target is a place where others write too.
func parseManifest(s series, text []byte) (manifest, error) {
	var m manifest
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&m); err != nil {
		return manifest{}, ErrManifest
	}
	for _, receipt := range m.all() {
		if sum, err := hex.DecodeString(receipt.SHA256); err != nil || len(sum) != 32 || receipt.Size < 0 || !s.isFile(receipt.File) {
			return manifest{}, ErrManifest
		}
	}
	return m, nil
}

// all are the files that the manifest names.
func (m manifest) all() []Receipt { return append([]Receipt{m.Receipt}, m.Previous...) }

// next is the manifest after another file, which names as many as are kept, and the files that it does not name any more.
// m is nil for the first one.
func (m *manifest) next(latest Receipt, keep int) (manifest, []string) {
	after := manifest{Receipt: latest, Previous: []Receipt{}}
	if m == nil {
		return after, nil
	}
	var gone []string
	for _, receipt := range m.all() {
		if len(after.Previous) < keep-1 {
			after.Previous = append(after.Previous, receipt)
		} else {
			gone = append(gone, receipt.File)
		}
	}
	return after, gone
}

func (m manifest) text() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}
