package badge

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	signed = `{"type":["VerifiableCredential","OpenBadgeCredential"],"proof":{"proofValue":"z3"}}`
	token  = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln"
)

// credentials are signed documents as far as an image is concerned, with what images are sensitive to.
func credentials() *rapid.Generator[string] {
	text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("]>&<\"'\r\n\t é\u2028\x7f"))))
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "jws") {
			part := rapid.Custom(func(t *rapid.T) string {
				return base64.RawURLEncoding.EncodeToString(rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "part"))
			})
			return part.Draw(t, "header") + "." + part.Draw(t, "payload") + "." + part.Draw(t, "signature")
		}
		value := map[string]string{"]]>": text.Draw(t, "a"), text.Draw(t, "key"): text.Draw(t, "b")}
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			t.Fatal(err)
		}
		space := rapid.StringOf(rapid.SampledFrom([]rune(whiteSpace))).Draw(t, "space")
		document := strings.TrimSpace(b.String())
		document = "{" + space + document[1:len(document)-1] + space + "}"
		return strings.NewReplacer("\ufffe", "", "\uffff", "").Replace(document)
	})
}

func TestPNGComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		picture := mustPNG(t, mustDraw(t, designs(t)), rapid.IntRange(16, 80).Draw(t, "pixels"))
		credential := credentials().Draw(t, "credential")
		baked, err := Bake(picture, credential)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Extract(baked); err != nil || back != credential {
			t.Fatalf("%q came back as %q, %v", credential, back, err)
		}
		if !reflect.DeepEqual(decode(t, picture), decode(t, baked)) {
			t.Fatal("the picture changed")
		}
		if _, err := Bake(baked, credential); !errors.Is(err, ErrBaked) {
			t.Fatalf("baked twice: %v", err)
		}
	})
}

func TestSVGComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		title := rapid.StringOf(rapid.SampledFrom([]rune("aé<>&\"]"))).Draw(t, "title")
		picture := mustDraw(t, designs(t)).SVG(title, "")
		credential := credentials().Draw(t, "credential")
		baked, err := Bake(picture, credential)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Extract(baked); err != nil || back != credential {
			t.Fatalf("%q came back as %q, %v", credential, back, err)
		}
		if !reflect.DeepEqual(tokens(t, picture, bakeSpace), tokens(t, baked, bakeSpace)) {
			t.Fatal("the picture changed")
		}
		if _, err := Bake(baked, credential); !errors.Is(err, ErrBaked) {
			t.Fatalf("baked twice: %v", err)
		}
	})
}

// TestAsTheStandardWritesIt: the forms of Open Badges 3.0, sections 5.3.1 and 5.3.2.
func TestAsTheStandardWritesIt(t *testing.T) {
	picture := mustPNG(t, mustDraw(t, Design{"circle", "blue", "bars"}), 64)
	for _, credential := range []string{signed, token} {
		baked, err := Bake(picture, credential)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(baked, []byte("iTXtopenbadgecredential\x00\x00\x00\x00\x00"+credential)); n != 1 {
			t.Errorf("the chunk is there %d times", n)
		}
	}
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`)
	for credential, want := range map[string]string{
		signed: `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">` +
			`<openbadges:credential><![CDATA[` + signed + `]]></openbadges:credential><path d="M0 0"/></svg>`,
		token: `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">` +
			`<openbadges:credential verify="` + token + `"></openbadges:credential><path d="M0 0"/></svg>`,
	} {
		if baked, err := Bake(svg, credential); err != nil || string(baked) != want {
			t.Errorf("%s, %v", baked, err)
		}
	}
}

func TestNotACredential(t *testing.T) {
	picture := mustPNG(t, mustDraw(t, Design{"circle", "blue", "bars"}), 64)
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>`)
	for _, credential := range []string{
		"", " ", "null", "[]", `"{}"`, "{", "{}{}", "{} ", " {}", "{\"a\":\"\xff\"}", "a.b", "a.b.c.d", "YQ..YQ", "YQ.YQ.Y=", "YQ.YQ.Y Q", "YQ.YQ\n.YQ",
	} {
		for _, image := range [][]byte{picture, svg} {
			if _, err := Bake(image, credential); !errors.Is(err, ErrCredential) {
				t.Errorf("%q: %v", credential, err)
			}
		}
	}
	if _, err := Bake(svg, "{\"a\":\"\uffff\"}"); !errors.Is(err, ErrCredential) {
		t.Errorf("a character that XML has not: %v", err)
	}
	if _, err := Bake(picture, `{"a":"`+strings.Repeat("a", MaxCredential)+`"}`); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a long one: %v", err)
	}
	large := `<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat(" ", MaxImage-60) + `</svg>`
	if _, err := Bake([]byte(large), signed); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a large image: %v", err)
	}
}

// chunked is a PNG datastream of chunks: each of a type, four letters, and data.
func chunked(bodies ...string) string {
	b := []byte(pngSignature)
	for _, body := range bodies {
		b = binary.BigEndian.AppendUint32(b, uint32(len(body)-4))
		b = append(b, body...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(body)))
	}
	return string(b)
}

const (
	header = "IHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
	baking = "iTXtopenbadgecredential\x00\x00\x00\x00\x00" + signed
)

func TestExtractPNG(t *testing.T) {
	good := chunked(header, baking, "IEND")
	for name, c := range map[string]struct {
		picture string
		want    error
	}{
		"good":            {good, nil},
		"language":        {chunked(header, "iTXtopenbadgecredential\x00\x00\x00en\x00Ausweis\x00 "+signed+"\n", "IEND"), nil},
		"plain":           {chunked(header, "IEND"), ErrNoCredential},
		"another keyword": {chunked(header, "iTXtopenbadgecredentials\x00\x00\x00\x00\x00"+signed, "IEND"), ErrNoCredential},
		"another chunk":   {chunked(header, "tEXtopenbadgecredential\x00"+signed, "IEND"), ErrNoCredential},
		"ten":             {chunked(append(append([]string{header}, strings.Split(strings.Repeat(baking+"\n", 10), "\n")[:10]...), "IEND")...), ErrSeveral},
		"compressed":      {chunked(header, "iTXtopenbadgecredential\x00\x01\x00\x00\x00x\x9c\x01", "IEND"), ErrCompressed},
		"version 2":       {chunked(header, "iTXtopenbadges\x00\x00\x00\x00\x00{}", "IEND"), ErrOpenBadges2},
		"version 1":       {chunked(header, "tEXtopenbadges\x00http://example.com", "IEND"), ErrOpenBadges2},
		"both versions":   {chunked(header, "iTXtopenbadges\x00\x00\x00\x00\x00{}", baking, "IEND"), nil},
		"bad checksum":    {strings.Replace(good, "z3", "z4", 1), ErrPNG},
		"bad checksum of others": {strings.Replace(good, "IHDR\x00\x00\x00\x01", "IHDR\x00\x00\x00\x02", 1),
			ErrPNG},
		"no end":           {chunked(header, baking), ErrPNG},
		"cut":              {good[:len(good)-1], ErrPNG},
		"signature alone":  {pngSignature, ErrPNG},
		"bytes after":      {good + "x", ErrPNG},
		"no header":        {chunked(baking, "IEND"), ErrPNG},
		"two headers":      {chunked(header, header, baking, "IEND"), ErrPNG},
		"a huge length":    {pngSignature + "\xff\xff\xff\xffIHDR" + strings.Repeat("\x00", 64), ErrPNG},
		"ends early":       {chunked(header, "iTXtopenbadgecredential\x00\x00", "IEND"), ErrPNG},
		"ends in language": {chunked(header, "iTXtopenbadgecredential\x00\x00\x00en", "IEND"), ErrPNG},
		"ends in keyword":  {chunked(header, "iTXtopenbadgecredential\x00\x00\x00en\x00x", "IEND"), ErrPNG},
		"not a credential": {chunked(header, "iTXtopenbadgecredential\x00\x00\x00\x00\x00hello", "IEND"), ErrCredential},
		"not UTF-8":        {chunked(header, "iTXtopenbadgecredential\x00\x00\x00\x00\x00{\"a\":\"\xff\"}", "IEND"), ErrCredential},
		"long":             {chunked(header, baking+strings.Repeat(" ", MaxCredential), "IEND"), ErrTooLarge},
		"large":            {good + strings.Repeat("x", MaxImage), ErrTooLarge},
		"JPEG":             {"\xff\xd8\xff\xe0", ErrImage},
		"nothing":          {"", ErrImage},
	} {
		t.Run(name, func(t *testing.T) { extracts(t, c.picture, c.want) })
	}
}

func extracts(t *testing.T, picture string, want error) {
	t.Helper()
	credential, err := Extract([]byte(picture))
	if !errors.Is(err, want) {
		t.Fatalf("%v, not %v", err, want)
	}
	if want == nil && credential != signed && credential != token {
		t.Fatalf("%q", credential)
	}
}

func TestExtractSVG(t *testing.T) {
	const open = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">`
	const baked = `<openbadges:credential><![CDATA[` + signed + `]]></openbadges:credential>`
	for name, c := range map[string]struct {
		picture string
		want    error
	}{
		"body":               {open + baked + `</svg>`, nil},
		"attribute":          {open + `<openbadges:credential verify="` + token + `"/></svg>`, nil},
		"as in the standard": {`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + open + "\n <openbadges:credential>\n  <![CDATA[\n" + signed + "\n]]>\n </openbadges:credential>\n</svg>\n", nil},
		"another prefix":     {`<s:svg xmlns:s="http://www.w3.org/2000/svg"><c:credential xmlns:c="https://purl.imsglobal.org/ob/v3p0" verify="` + token + `"/></s:svg>`, nil},
		"byte order mark":    {"\ufeff" + open + baked + `</svg>`, nil},
		"public type":        {`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">` + open + baked + `</svg>`, nil},
		"escaped":            {open + `<openbadges:credential>` + strings.ReplaceAll(signed, `"`, "&quot;") + `</openbadges:credential></svg>`, nil},

		"plain":              {open + `</svg>`, ErrNoCredential},
		"another namespace":  {`<svg xmlns="http://www.w3.org/2000/svg"><credential verify="` + token + `"/></svg>`, ErrNoCredential},
		"ten":                {open + strings.Repeat(baked, 10) + `</svg>`, ErrSeveral},
		"version 2":          {`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org"><openbadges:assertion verify="a.b.c"/></svg>`, ErrOpenBadges2},
		"deeper":             {open + `<g>` + baked + `</g></svg>`, ErrMisplaced},
		"one in another":     {open + `<openbadges:credential>` + baked + `</openbadges:credential></svg>`, ErrMisplaced},
		"an element within":  {open + `<openbadges:credential><b/></openbadges:credential></svg>`, ErrMisplaced},
		"attribute and body": {open + `<openbadges:credential verify="` + token + `">` + token + `</openbadges:credential></svg>`, ErrMisplaced},
		"two attributes":     {open + `<openbadges:credential verify="` + token + `" verify="` + token + `"/></svg>`, ErrMisplaced},
		"not a credential":   {open + `<openbadges:credential>hello</openbadges:credential></svg>`, ErrCredential},
		"empty":              {open + `<openbadges:credential verify=""/></svg>`, ErrCredential},
		"long":               {open + `<openbadges:credential>` + strings.Repeat("x", MaxCredential+1) + `</openbadges:credential></svg>`, ErrTooLarge},
		"very long":          {open + `<openbadges:credential>` + strings.Repeat("<![CDATA["+strings.Repeat(" ", 10)+"]]>", MaxCredential/4) + `</openbadges:credential></svg>`, ErrTooLarge},
		"large":              {open + strings.Repeat(" ", MaxImage) + `</svg>`, ErrTooLarge},

		"entities": {`<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>` + open + `<openbadges:credential>&c;</openbadges:credential></svg>`, ErrSVG},
		"a file's entity": {`<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/hostname">]>` + open + `<openbadges:credential>&a;</openbadges:credential></svg>`,
			ErrSVG},
		"unknown entity":   {open + `<openbadges:credential>&a;</openbadges:credential></svg>`, ErrSVG},
		"deep":             {open + strings.Repeat("<g>", 200_000), ErrSVG},
		"deep and closed":  {open + strings.Repeat("<g>", maxDepth) + strings.Repeat("</g>", maxDepth) + `</svg>`, ErrSVG},
		"not closed":       {open + baked, ErrSVG},
		"two roots":        {open + baked + `</svg><svg/>`, ErrSVG},
		"text after":       {open + baked + `</svg>text`, ErrSVG},
		"HTML":             {`<html><body/></html>`, ErrSVG},
		"no namespace":     {`<svg></svg>`, ErrSVG},
		"undeclared":       {`<svg xmlns="http://www.w3.org/2000/svg"><openbadges:credential verify="` + token + `"/></svg>`, ErrSVG},
		"declared empty":   {`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges=""><openbadges:credential/></svg>`, ErrSVG},
		"another encoding": {`<?xml version="1.0" encoding="UTF-7"?>` + open + baked + `</svg>`, ErrSVG},
		"UTF-16":           {"\xff\xfe<\x00s\x00", ErrImage},
		"a comment":        {`<!-- nothing else -->`, ErrSVG},
	} {
		t.Run(name, func(t *testing.T) { extracts(t, c.picture, c.want) })
	}
}

func TestBakeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		picture string
		want    error
	}{
		"not an image":   {"GIF89a", ErrImage},
		"nothing drawn":  {`<svg xmlns="http://www.w3.org/2000/svg"/>`, ErrSVG},
		"a taken prefix": {`<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://example.com/"><g/></svg>`, ErrSVG},
		"version 2":      {chunked(header, "iTXtopenbadges\x00\x00\x00\x00\x00{}", "IEND"), ErrOpenBadges2},
		"cut":            {chunked(header), ErrPNG},
	} {
		if _, err := Bake([]byte(c.picture), signed); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
	declared := `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><g/></svg>`
	baked, err := Bake([]byte(declared), token)
	if err != nil {
		t.Fatal(err)
	}
	extracts(t, string(baked), nil)
}
