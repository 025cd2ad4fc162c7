package credential

import (
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// Who goes on with an export that is of what is lost, since the database was put back, begins it anew; and by its cursor all who
// follow the stream are told, too.
func TestExportOfWhatIsLost(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	r, err := export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps"})
	recordtest.Must(t, err)
	digest := digestOf(t, s, "").Cursor
	early := must[database.FeedPage](t)(w.ReadFeed(t.Context(), "districts/bps", 0, 1))
	for _, statement := range []string{
		`ALTER TABLE feed_rows DISABLE TRIGGER USER`, `DELETE FROM feed_rows r USING feed_streams s WHERE s.stream = r.stream AND r.number = s.newest`,
		`ALTER TABLE feed_rows ENABLE TRIGGER USER`, `UPDATE feed_streams SET newest = newest - 1`,
	} {
		_, err := w.SQL().ExecContext(t.Context(), statement)
		recordtest.Must(t, err)
	}
	_, err = export(t, s, &pb.ExportCredentialStatusesRequest{Parent: "districts/bps", FromEducator: c.Educator, Cursor: r.parts[0].Cursor})
	refused(t, err, api.CursorExpired)
	if now := must[database.FeedPage](t)(w.ReadFeed(t.Context(), "districts/bps", 0, 1)); now.Epoch == early.Epoch {
		t.Errorf("the epoch is still %s", now.Epoch)
	}
	if digest != r.parts[0].Cursor {
		t.Errorf("the digest's cursor is %s, the export's %s", digest, r.parts[0].Cursor)
	}
}
