package change

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/database"
)

var (
	streams = rapid.OneOf(rapid.Just("program"), rapid.StringMatching(`(districts|institutions)/[a-z][a-z0-9-]{1,62}`))
	epochs  = rapid.StringMatching(`[0-9a-f]{32}`)
)

// Every change of every stream makes a message that can be sent, whose data is the change with the cursor after it.
func TestChangeEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := database.NewCursor(epochs.Draw(t, "epoch"), streams.Draw(t, "stream"), rapid.Int64Range(1, 1<<31-1).Draw(t, "number"))
		row := database.FeedRow{
			Number: at.Number, Resource: "credentials/1", Type: "btlc/" + rapid.StringMatching(`[A-Z][A-Za-z]{1,20}`).Draw(t, "type"),
			Kind: rapid.SampledFrom([]string{"CREATED", "UPDATED", "DELETED", "MERGED"}).Draw(t, "kind"), CommitTime: time.Unix(1_800_000_000, 0),
		}
		m, err := changeEvent("https://btlc.example.org", at, row, []byte(`{"resource":"credentials/1"}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		var data struct{ Resource, Cursor string }
		if err := json.Unmarshal(m.Data, &data); err != nil || data.Resource != row.Resource || data.Cursor != at.String() {
			t.Fatalf("the data is %s: %v", m.Data, err)
		}
		if m.Type != strings.ToLower(m.Type) || !strings.HasPrefix(m.Type, "btlc.") {
			t.Fatalf("the type is %s", m.Type)
		}
		next := at
		next.Number++
		if messageID(at) == messageID(next) || sequence(at.Number) >= sequence(next.Number) {
			t.Fatalf("%s is followed by %s, sequence %s by %s", messageID(at), messageID(next), sequence(at.Number), sequence(next.Number))
		}
		restart, err := restartEvent("https://btlc.example.org", at.Stream, row.CommitTime, database.FeedBounds{Epoch: at.Epoch, Oldest: 1, Newest: at.Number})
		if err != nil || restart.Check() != nil || restart.ID == m.ID {
			t.Fatalf("told to start again: %+v, %v", restart, err)
		}
	})
}

func TestChangeEventOfWhatIsNoObject(t *testing.T) {
	for _, body := range []string{"", "{}", "[]", "null"} {
		if m, err := changeEvent("", database.NewCursor("e", "program", 1), database.FeedRow{}, []byte(body)); err == nil {
			t.Errorf("%q makes %+v", body, m)
		}
	}
}
