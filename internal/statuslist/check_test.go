package statuslist

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const listURL = "https://badges.example.org/status-lists/7/revocation"

var (
	begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later = begin.Add(time.Hour)
)

func built(t interface{ Fatal(...any) }, set ...int) []byte {
	bits, err := New(MinLength, set...)
	if err != nil {
		t.Fatal(err)
	}
	document, err := Build(List{ID: listURL, Issuer: "did:web:badges.example.org", Purpose: Revocation, ValidFrom: begin, Bits: bits})
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func parsed(t interface{ Fatal(...any) }, document []byte) *Published {
	list, err := Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// holding is a credential with that credentialStatus.
func holding(t interface{ Fatal(...any) }, status any) []byte {
	credential, err := json.Marshal(map[string]any{"id": "urn:example:1", "credentialStatus": status})
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

func TestBuild(t *testing.T) {
	want := `{"@context":["https://www.w3.org/ns/credentials/v2"],` +
		`"credentialSubject":{"encodedList":"` + Bits(make([]byte, MinLength/8)).Encode() + `",` +
		`"id":"` + listURL + `#list","statusPurpose":"revocation","type":"BitstringStatusList"},` +
		`"id":"` + listURL + `","issuer":"did:web:badges.example.org",` +
		`"type":["VerifiableCredential","BitstringStatusListCredential"],"validFrom":"2026-03-01T12:00:00Z"}`
	if document := string(built(t)); document != want {
		t.Errorf("%s\nwant\n%s", document, want)
	}
}

func TestBuildRefuses(t *testing.T) {
	bits, err := New(MinLength)
	if err != nil {
		t.Fatal(err)
	}
	whole := List{ID: listURL, Issuer: "did:web:badges.example.org", Purpose: Revocation, ValidFrom: begin, Bits: bits}
	for name, c := range map[string]struct {
		change func(*List)
		want   error
	}{
		"no id":      {func(l *List) { l.ID = "" }, ErrMalformed},
		"no issuer":  {func(l *List) { l.Issuer = "" }, ErrMalformed},
		"no purpose": {func(l *List) { l.Purpose = "" }, ErrMalformed},
		"no time":    {func(l *List) { l.ValidFrom = time.Time{} }, ErrMalformed},
		"too short":  {func(l *List) { l.Bits = l.Bits[1:] }, ErrLength},
		"too long":   {func(l *List) { l.Bits = make(Bits, MaxLength/8+1) }, ErrLength},
	} {
		list := whole
		c.change(&list)
		if _, err := Build(list); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// What an issuer publishes and what its credentials point to is what a verifier finds.
func TestRevokedIsWhatWasSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.SliceOfN(rapid.IntRange(0, MinLength-1), 1, 20).Draw(t, "set")
		list := parsed(t, built(t, set...))
		revoked := map[int]bool{}
		for _, index := range set {
			revoked[index] = true
		}
		asked := rapid.OneOf(rapid.SampledFrom(set), rapid.IntRange(0, MinLength-1)).Draw(t, "asked")
		statuses, err := Of(holding(t, EntryObject(listURL, Revocation, asked)))
		if err != nil || len(statuses.Bitstring) != 1 {
			t.Fatalf("%v, %v", statuses, err)
		}
		result, err := list.Check(statuses.Bitstring[0], later)
		if err != nil || result.Set() != revoked[asked] || result.Purpose != Revocation {
			t.Fatalf("%d: %v, want %v, %v", asked, result, revoked[asked], err)
		}
	})
}

func TestCheckRefuses(t *testing.T) {
	good := Entry{Purpose: Revocation, List: listURL, Index: 5, Size: 1}
	list := parsed(t, built(t, 5))
	list.ValidUntil = later
	for name, c := range map[string]struct {
		change func(*Entry)
		now    time.Time
		want   error
	}{
		"as it should be":       {func(*Entry) {}, begin, nil},
		"a clock a little late": {func(*Entry) {}, begin.Add(-skew), nil},
		"its last moment":       {func(*Entry) {}, later, nil},
		"not valid yet":         {func(*Entry) {}, begin.Add(-skew - time.Second), ErrVerification},
		"no longer valid":       {func(*Entry) {}, later.Add(time.Second), ErrVerification},
		"another purpose":       {func(e *Entry) { e.Purpose = Suspension }, begin, ErrVerification},
		"the last index":        {func(e *Entry) { e.Index = MinLength - 1 }, begin, nil},
		"one further":           {func(e *Entry) { e.Index = MinLength }, begin, ErrRange},
		"far out":               {func(e *Entry) { e.Index = 1<<64 - 1 }, begin, ErrRange},
		"too few of two bits":   {func(e *Entry) { e.Size = 2 }, begin, ErrLength},
		"no bits":               {func(e *Entry) { e.Size = 0 }, begin, ErrMalformed},
	} {
		entry := good
		c.change(&entry)
		if _, err := list.Check(entry, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// The problems carry the URLs that the specifications give them.
func TestProblems(t *testing.T) {
	for problem, want := range map[*Problem]string{
		ErrRetrieval:    "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR",
		ErrVerification: "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR",
		ErrLength:       "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR",
		ErrRange:        "https://www.w3.org/TR/vc-data-model#RANGE_ERROR",
		ErrMalformed:    "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR",
	} {
		found := new(Problem)
		if err := because(problem, "in a test"); !errors.As(err, &found) || found.Type() != want {
			t.Errorf("%v: %s, want %s", err, found.Type(), want)
		}
	}
}

// Entries of two bits: four values, each with its message (example of statusPurpose "message").
func TestEntriesOfSeveralBits(t *testing.T) {
	bits, err := New(2*MinLength, 2*MinLength-2, 1)
	if err != nil {
		t.Fatal(err)
	}
	document, err := Build(List{ID: listURL, Issuer: "did:web:badges.example.org", Purpose: Message, ValidFrom: begin, Bits: bits})
	if err != nil {
		t.Fatal(err)
	}
	list := parsed(t, document)
	messages := []any{}
	for value, message := range []string{"pending", "accepted", "rejected", "undefined"} {
		messages = append(messages, map[string]any{"status": fmt.Sprintf("0x%x", value), "message": message})
	}
	for index, want := range map[int]Result{
		0:             {Message, 1, "accepted"},
		1:             {Message, 0, "pending"},
		MinLength - 1: {Message, 2, "rejected"},
	} {
		object := EntryObject(listURL, Message, index)
		object["statusSize"], object["statusMessage"] = 2, messages
		statuses, err := Of(holding(t, object))
		if err != nil {
			t.Fatal(err)
		}
		if result, err := list.Check(statuses.Bitstring[0], later); err != nil || result != want {
			t.Errorf("%d: %v, %v, want %v", index, result, err, want)
		}
	}
}

func TestStatusesOfACredential(t *testing.T) {
	none, err := Of([]byte(`{"id":"urn:example:1"}`))
	if err != nil || len(none.Bitstring)+len(none.RevocationLists)+len(none.Unknown) != 0 {
		t.Errorf("no status: %v, %v", none, err)
	}
	statuses, err := Of(holding(t, []any{
		EntryObject(listURL, Revocation, 3), EntryObject(listURL+"2", Suspension, 4),
		RevocationListObject("https://badges.example.org/revocations"),
		map[string]any{"id": "https://badges.example.org/1", "type": []any{"SomethingElse"}},
	}))
	want := Statuses{
		Bitstring: []Entry{
			{Purpose: Revocation, List: listURL, Index: 3, Size: 1}, {Purpose: Suspension, List: listURL + "2", Index: 4, Size: 1},
		},
		RevocationLists: []string{"https://badges.example.org/revocations"},
		Unknown:         []string{"SomethingElse"},
	}
	if err != nil || fmt.Sprint(statuses) != fmt.Sprint(want) {
		t.Errorf("%v, want %v, %v", statuses, want, err)
	}
}

func TestEntriesThatAreRefused(t *testing.T) {
	pair := []any{map[string]any{"status": "0x0", "message": "no"}, map[string]any{"status": "0x1", "message": "yes"}}
	for name, change := range map[string]map[string]any{
		"no purpose":             {"statusPurpose": nil},
		"an empty purpose":       {"statusPurpose": ""},
		"two purposes":           {"statusPurpose": []any{"revocation", "suspension"}},
		"no list":                {"statusListCredential": nil},
		"an index as a number":   {"statusListIndex": 5},
		"a negative index":       {"statusListIndex": "-5"},
		"an index in words":      {"statusListIndex": "five"},
		"an index in base 16":    {"statusListIndex": "0x5"},
		"no bits":                {"statusSize": 0},
		"half a bit":             {"statusSize": 0.5},
		"bits in words":          {"statusSize": "1"},
		"two bits, no messages":  {"statusSize": 2},
		"two bits, two messages": {"statusSize": 2, "statusMessage": pair},
		"very many bits":         {"statusSize": 1 << 40, "statusMessage": pair},
		"a message alone":        {"statusMessage": pair[:1]},
		"the same value twice":   {"statusMessage": []any{pair[0], pair[0]}},
		"a value out of range":   {"statusMessage": []any{pair[0], map[string]any{"status": "0x2", "message": "yes"}}},
		"a value in base 10":     {"statusMessage": []any{pair[0], map[string]any{"status": "1", "message": "yes"}}},
		"a message of nothing":   {"statusMessage": []any{pair[0], map[string]any{"status": "0x1"}}},
		"messages as text":       {"statusMessage": "yes"},
		"no type":                {"type": nil},
		"a number as type":       {"type": 5},
	} {
		object := EntryObject(listURL, Revocation, 5)
		maps.Copy(object, change)
		if statuses, err := Of(holding(t, object)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, %v", name, statuses, err)
		}
	}
	for name, credential := range map[string]string{
		"no JSON":            `<html>`,
		"no object":          `["credentialStatus"]`,
		"null":               `null`,
		"two objects":        `{}{}`,
		"a status as a text": `{"credentialStatus":"https://badges.example.org/1"}`,
	} {
		if _, err := Of([]byte(credential)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseReadsWhatOthersWrite(t *testing.T) {
	list := parsed(t, []byte(`{"type":["VerifiableCredential","BitstringStatusListCredential"],"issuer":{"id":"did:example:1","name":"One"},
		"validFrom":"2026-03-01T12:00:00+01:00","validUntil":"2026-03-02T12:00:00.5Z",
		"credentialSubject":{"type":["BitstringStatusList"],"statusPurpose":["revocation","suspension"],"encodedList":"`+zeros+`"}}`))
	if list.Issuer != "did:example:1" || fmt.Sprint(list.Purposes) != "[revocation suspension]" ||
		!list.ValidFrom.Equal(begin.Add(-time.Hour)) || !list.ValidUntil.Equal(begin.Add(24*time.Hour+time.Second/2)) {
		t.Errorf("%+v", list)
	}
}

func TestListsThatAreRefused(t *testing.T) {
	good := string(built(t))
	for name, c := range map[string]struct{ from, to string }{
		"no JSON":                {good, "<html>"},
		"another credential":     {`"BitstringStatusListCredential"`, `"OpenBadgeCredential"`},
		"another subject":        {`"type":"BitstringStatusList"`, `"type":"Person"`},
		"no subject":             {`"credentialSubject"`, `"subject"`},
		"no purpose":             {`"statusPurpose"`, `"purpose"`},
		"a purpose as a number":  {`"statusPurpose":"revocation"`, `"statusPurpose":5`},
		"a purpose of nothing":   {`"statusPurpose":"revocation"`, `"statusPurpose":[""]`},
		"no list":                {`"encodedList"`, `"list"`},
		"no issuer":              {`"issuer"`, `"signer"`},
		"an issuer without id":   {`"issuer":"did:web:badges.example.org"`, `"issuer":{"name":"One"}`},
		"a day for a time":       {`2026-03-01T12:00:00Z`, `2026-03-01`},
		"a number for a time":    {`"validFrom":"2026-03-01T12:00:00Z"`, `"validUntil":5`},
		"bits that are not GZIP": {`"encodedList":"uH4sI`, `"encodedList":"uAAAA`},
	} {
		document := strings.Replace(good, c.from, c.to, 1)
		if document == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := Parse([]byte(document)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
