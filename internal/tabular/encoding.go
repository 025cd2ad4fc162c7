package tabular

import "bytes"

// Wide names the encoding of a text that is not UTF-8 but in units of two or four bytes, by its first four bytes, marked or
// not, and the order of the bytes when that is known. Spreadsheets save "Unicode text" so. Both are empty for any other text.
func Wide(head []byte) (encoding, order string) {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}):
		return "UTF-32", ""
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), len(head) > 1 && head[0] != 0 && head[1] == 0:
		return "UTF-16", "little-endian"
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}), len(head) > 1 && head[0] == 0 && head[1] != 0:
		return "UTF-16", "big-endian"
	}
	return "", ""
}
