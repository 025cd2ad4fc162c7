package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"pgregory.net/rapid"
)

// issued is a message with everything that one can have.
func issued() Message {
	return Message{
		ID: "01990000-0000-7000-8000-000000000001", Source: "/v1/districts/bps", Type: "btlc.credential.issued",
		Subject: "credentials/01990000-0000-7000-8000-000000000002", Time: time.Date(2026, 11, 22, 21, 55, 0, 120_000_000, time.UTC),
		Schema: "https://btlc.example.org/schemas/credential", Sequence: "00000000000000000042",
		Data: json.RawMessage(`{"status":"CREDENTIAL_STATUS_ACTIVE","number":9007199254740993}`),
	}
}

func TestBody(t *testing.T) {
	const want = `{"specversion":"1.0","id":"01990000-0000-7000-8000-000000000001","source":"/v1/districts/bps",` +
		`"type":"btlc.credential.issued","subject":"credentials/01990000-0000-7000-8000-000000000002",` +
		`"time":"2026-11-22T21:55:00.12Z","datacontenttype":"application/json","dataschema":"https://btlc.example.org/schemas/credential",` +
		`"sequence":"00000000000000000042","data":{"status":"CREDENTIAL_STATUS_ACTIVE","number":9007199254740993}}`
	got, err := issued().Body()
	if err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// The SDK of the CloudEvents project reads what was meant.
func TestBodyIsACloudEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[A-Za-z0-9_]{1,20}`)
		text := rapid.Custom(func(t *rapid.T) string {
			return rapid.StringOf(rapid.RuneFrom([]rune(`aZ09<>&"'\/é学`))).Draw(t, "text")
		})
		data, err := json.Marshal(map[string]string{"text": text.Draw(t, "data")})
		if err != nil {
			t.Fatal(err)
		}
		m := Message{
			ID: rapid.StringMatching(`[A-Za-z0-9_-]{1,128}`).Draw(t, "id"), Source: "/v1/districts/" + word.Draw(t, "district"),
			Type: "btlc." + word.Draw(t, "type"), Subject: text.Draw(t, "subject"), Sequence: word.Draw(t, "sequence"),
			Time: time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")), Data: data,
		}
		body, err := m.Body()
		if err != nil {
			t.Fatal(err)
		}
		var e event.Event
		if err := json.Unmarshal(body, &e); err != nil {
			t.Fatal(err)
		}
		if err := e.Validate(); err != nil {
			t.Fatal(err)
		}
		if e.SpecVersion() != "1.0" || e.ID() != m.ID || e.Source() != m.Source || e.Type() != m.Type || e.Subject() != m.Subject ||
			!e.Time().Equal(m.Time) || e.DataContentType() != "application/json" || e.Extensions()["sequence"] != m.Sequence {
			t.Fatalf("%s is read as %s", body, e)
		}
		var sent, read map[string]string
		if err := errors.Join(json.Unmarshal(data, &sent), e.DataAs(&read)); err != nil || sent["text"] != read["text"] {
			t.Fatalf("%s is read as %v, %v", data, read, err)
		}
	})
}

func TestOptionalAttributes(t *testing.T) {
	got, err := Message{ID: "1", Source: "/v1", Type: "btlc.ping", Time: time.Unix(0, 0)}.Body()
	if want := `{"specversion":"1.0","id":"1","source":"/v1","type":"btlc.ping","time":"1970-01-01T00:00:00Z"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestRefusedMessages(t *testing.T) {
	for what, change := range map[string]func(*Message){
		"no id":                    func(m *Message) { m.ID = "" },
		"a full stop in the id":    func(m *Message) { m.ID = "a.b" },
		"a line end in the id":     func(m *Message) { m.ID = "a\r\nb: c" },
		"a long id":                func(m *Message) { m.ID = strings.Repeat("a", 129) },
		"no source":                func(m *Message) { m.Source = "" },
		"a space in the source":    func(m *Message) { m.Source = "/a b" },
		"no type":                  func(m *Message) { m.Type = "" },
		"a space in the type":      func(m *Message) { m.Type = "a b" },
		"a type that ends early":   func(m *Message) { m.Type = "btlc." },
		"a control character":      func(m *Message) { m.Subject = "a\x00" },
		"a subject not in UTF-8":   func(m *Message) { m.Subject = "\xff" },
		"a line in the sequence":   func(m *Message) { m.Sequence = "1\n" },
		"no time":                  func(m *Message) { m.Time = time.Time{} },
		"a time RFC 3339 has not":  func(m *Message) { m.Time = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"a relative schema":        func(m *Message) { m.Schema = "/schemas" },
		"data that is not JSON":    func(m *Message) { m.Data = json.RawMessage(`{`) },
		"data that is no document": func(m *Message) { m.Data = json.RawMessage{} },
	} {
		m := issued()
		change(&m)
		if body, err := m.Body(); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: %s, %v", what, body, err)
		}
	}
	var nothing Message
	if err := nothing.Check(); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("not every fault is told: %v", err)
	}
}

func TestSecrets(t *testing.T) {
	made, other := NewSecret(), NewSecret()
	if made.Reveal() == other.Reveal() {
		t.Error("two secrets are the same")
	}
	read, err := ParseSecret(made.Reveal())
	if err != nil || read.Reveal() != made.Reveal() || len(read.key) != newSecret {
		t.Errorf("%v is read otherwise: %v", made.Reveal(), err)
	}
	for length, want := range map[int]bool{23: false, 24: true, 64: true, 65: false} {
		if _, err := ParseSecret(Secret{make([]byte, length)}.Reveal()); (err == nil) != want {
			t.Errorf("%d bytes: %v", length, err)
		}
	}
	revealed := made.Reveal()
	for _, text := range []string{"", "whsec_", revealed[6:], "whsk_" + revealed[6:], revealed + "\n", revealed[:len(revealed)-1], revealed + "A", "whsec_" + strings.Repeat("-", 32)} {
		if _, err := ParseSecret(text); !errors.Is(err, ErrSecret) || strings.Contains(err.Error(), revealed[6:10]) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	secret := NewSecret()
	inJSON, err := json.Marshal(map[string]any{"secret": secret})
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s %q %x %d", secret, secret, secret, secret, secret, secret, secret),
		fmt.Sprintf("%v", []Secret{secret}), fmt.Sprintf("%+v", struct{ S *Secret }{&secret}.S), string(inJSON),
	} {
		if strings.Contains(printed, secret.Reveal()[6:]) || strings.Contains(printed, fmt.Sprintf("%x", secret.key)) || !strings.Contains(printed, "whsec_…") {
			t.Errorf("printed as %s", printed)
		}
	}
}

// The values are those that the tests of the libraries of Standard Webhooks share.
func TestSignatureOfStandardWebhooks(t *testing.T) {
	secret, err := ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	if err := sign(header, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), []Secret{secret}); err != nil {
		t.Fatal(err)
	}
	if got, want := header.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestBothSecretsSign(t *testing.T) {
	older, newer := NewSecret(), NewSecret()
	body := []byte(`{"a":1}`)
	header := http.Header{}
	if err := sign(header, "1", time.Now(), body, []Secret{newer, older}); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []Secret{older, newer} {
		if err := verify(secret, header, body); err != nil {
			t.Error(err)
		}
		if err := verify(secret, header, []byte(`{"a":2}`)); !errors.Is(err, standardwebhooks.ErrNoMatchingSignature) {
			t.Errorf("a changed body: %v", err)
		}
	}
	if err := verify(NewSecret(), header, body); !errors.Is(err, standardwebhooks.ErrNoMatchingSignature) {
		t.Errorf("another secret: %v", err)
	}
	for _, secrets := range [][]Secret{nil, {older, newer, older}} {
		if err := sign(header, "1", time.Now(), body, secrets); !errors.Is(err, ErrSecrets) {
			t.Errorf("%d secrets: %v", len(secrets), err)
		}
	}
	if err := sign(header, "1", time.Now(), body, []Secret{{}}); !errors.Is(err, ErrSecret) {
		t.Errorf("no secret: %v", err)
	}
}

// verify is what a subscriber does.
func verify(secret Secret, header http.Header, body []byte) error {
	verifier, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		return err
	}
	return verifier.Verify(body, header)
}
