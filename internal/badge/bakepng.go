package badge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	// pngKeyword is Open Badges 3.0's, pngKeyword2 that of the versions before.
	pngKeyword  = "openbadgecredential"
	pngKeyword2 = "openbadges"
	// An IHDR chunk's data is this long, and it comes first.
	headerLength = 13
	// Around a chunk's data are its length, its type and its checksum, of four bytes each.
	chunkFrame = 12
)

func isPNG(picture []byte) bool { return bytes.HasPrefix(picture, []byte(pngSignature)) }

// chunk is a part of a PNG datastream: four letters, and data.
type chunk struct {
	kind string
	data []byte
}

// nextChunk takes a chunk off a datastream, its checksum checked.
func nextChunk(stream []byte) (c chunk, rest []byte, err error) {
	if len(stream) < chunkFrame {
		return chunk{}, nil, fmt.Errorf("%w: it ends within a chunk", ErrPNG)
	}
	length := binary.BigEndian.Uint32(stream)
	if int64(length) > int64(len(stream)-chunkFrame) {
		return chunk{}, nil, fmt.Errorf("%w: a chunk of %d bytes is longer than the rest of the image", ErrPNG, length)
	}
	body, rest := stream[4:8+length], stream[8+length:]
	c = chunk{string(body[:4]), body[4:]}
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(rest) {
		return chunk{}, nil, fmt.Errorf("%w: the checksum of a chunk of type %q is wrong", ErrPNG, c.kind)
	}
	return c, rest[4:], nil
}

// text is what stands in a text chunk under a keyword.
func (c chunk) text(keyword string) (rest []byte, found bool) {
	return bytes.CutPrefix(c.data, []byte(keyword+"\x00"))
}

// extractPNG reads all chunks, for a second credential may come after the first.
func extractPNG(picture []byte) (string, error) {
	stream := picture[len(pngSignature):]
	var credential string
	var count int
	var old bool
	for first := true; ; first = false {
		c, rest, err := nextChunk(stream)
		if err != nil {
			return "", err
		}
		if isHeader := c.kind == "IHDR" && len(c.data) == headerLength; first != isHeader {
			return "", fmt.Errorf("%w: it begins with one header, and has no other", ErrPNG)
		}
		switch c.kind {
		case "iTXt", "tEXt", "zTXt":
			if _, found := c.text(pngKeyword2); found {
				old = true
			}
		}
		if text, found := c.text(pngKeyword); found && c.kind == "iTXt" {
			if credential, err = internationalText(text); err != nil {
				return "", err
			}
			count++
		}
		stream = rest
		if c.kind == "IEND" {
			break
		}
	}
	switch {
	case len(stream) > 0:
		return "", fmt.Errorf("%w: %d bytes after its end", ErrPNG, len(stream))
	case count > 1:
		return "", fmt.Errorf("%w: %d", ErrSeveral, count)
	case count == 0 && old:
		return "", ErrOpenBadges2
	case count == 0:
		return "", ErrNoCredential
	}
	return credential, nil
}

// internationalText is the text of an iTXt chunk, given what follows its keyword: whether it is compressed and how,
// then its language and the keyword in that language, which say nothing about a badge.
func internationalText(data []byte) (string, error) {
	if len(data) < 2 {
		return "", fmt.Errorf("%w: an iTXt chunk ends early", ErrPNG)
	}
	if data[0] != 0 {
		return "", ErrCompressed
	}
	_, data, hasLanguage := bytes.Cut(data[2:], []byte{0})
	_, text, hasKeyword := bytes.Cut(data, []byte{0})
	if !hasLanguage || !hasKeyword {
		return "", fmt.Errorf("%w: an iTXt chunk ends early", ErrPNG)
	}
	if len(text) > MaxCredential {
		return "", fmt.Errorf("%w: a credential of %d bytes; %d are read", ErrTooLarge, len(text), MaxCredential)
	}
	return string(text), nil
}

// bakePNG puts the credential's chunk after the header of a picture that extractPNG has read.
func bakePNG(picture []byte, credential string) ([]byte, error) {
	body := "iTXt" + pngKeyword + "\x00\x00\x00\x00\x00" + credential
	header := len(pngSignature) + chunkFrame + headerLength
	baked := make([]byte, 0, len(picture)+len(body)+chunkFrame)
	baked = append(baked, picture[:header]...)
	baked = binary.BigEndian.AppendUint32(baked, uint32(len(body)-4))
	baked = append(baked, body...)
	baked = binary.BigEndian.AppendUint32(baked, crc32.ChecksumIEEE([]byte(body)))
	return append(baked, picture[header:]...), nil
}
