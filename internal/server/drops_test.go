package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/drop"
	"github.com/btlc/btlc/internal/drops"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/server"
)

// dropLog tells which drops were made, and which failed.
type dropLog struct {
	slog.Handler
	told chan string
}

func (l dropLog) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "drop" {
			l.told <- record.Message + ": " + a.Value.String()
		}
		return true
	})
	return nil
}

// dropping starts another server on a world's database, which makes these drops.
func (w *world) dropping(t *testing.T, root string, made ...drops.Drop) (*server.Server, <-chan string) {
	t.Helper()
	told := make(chan string, 8)
	s, err := server.New(server.Options{
		Pool: w.pool, Migrations: migrations.FS, Zone: time.UTC, Clock: w.now, Log: slog.New(dropLog{slog.NewTextHandler(io.Discard, nil), told}), BatchWorkers: -1, WebhookWorkers: -1,
		Issuer: credential.Issuer{BaseURL: w.rest.base, Name: "Boston Teacher Leadership Certificate", DID: "did:web:example.org", Keys: &openbadge.Keyring{}},
		Drops:  made, DropReach: drops.Reach{Root: root},
	})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	rest, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	rpc, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- s.Serve(ctx, rest, rpc, 5*time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("stopping the server that makes drops: %v", err)
		}
	})
	return s, told
}

// latest reads a drop's file as the reader of a district does, and checks it with its checksum.
func latest(t *testing.T, folder, name string) ([]byte, drop.Receipt) {
	t.Helper()
	var receipt drop.Receipt
	manifest, err := os.ReadFile(filepath.Join(folder, name+drop.ManifestSuffix))
	must(t, err)
	must(t, json.Unmarshal(manifest, &receipt))
	content, err := os.ReadFile(filepath.Join(folder, receipt.File))
	must(t, err)
	checksum, err := os.ReadFile(filepath.Join(folder, receipt.File+drop.ChecksumSuffix))
	must(t, err)
	sum := sha256.Sum256(content)
	if hex.EncodeToString(sum[:]) != receipt.SHA256 || string(checksum) != receipt.SHA256+"  "+receipt.File+"\n" {
		t.Errorf("%s is not what its checksum says", receipt.File)
	}
	return content, receipt
}

// exported is what a caller gets by REST.
func (w *world) exported(t *testing.T, district, media string) (body []byte, cursor string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.rest.base+"/v1/"+district+"/credentialStatuses:export", http.NoBody)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+w.keys["districtHr"])
	req.Header.Set("Accept", media)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	must(t, err)
	return body, res.Header.Get("Btlc-Cursor")
}

// TestFileDrops has a server leave files by itself, and another when it is told to: each holds what a caller would get, the
// change feed goes on where it ends, and it is on record whose data left.
func TestFileDrops(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	v, root := w.variables, t.TempDir()
	folder := filepath.Join(root, "bps")
	must(t, os.Mkdir(folder, 0o750))
	table := drops.Drop{Name: "statuses", District: v["district"], At: 120, Form: drops.CSV, Target: "file://" + folder}
	lines := drops.Drop{Name: "lines", District: v["district"], At: 120, Form: drops.NDJSON, Target: "file://" + folder}
	s, told := w.dropping(t, root, table, lines)
	said := []string{<-told, <-told}
	if slices.Sort(said); !slices.Equal(said, []string{"file dropped: lines", "file dropped: statuses"}) {
		t.Fatalf("the log says %q", said)
	}

	content, receipt := latest(t, folder, "statuses.csv")
	want, cursor := w.exported(t, v["district"], "text/csv")
	if string(content) != string(want) || receipt.Cursor != cursor {
		t.Errorf("the file has %q at %s, a caller gets %q at %s", content, receipt.Cursor, want, cursor)
	}
	rows, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
	must(t, err)
	cell := func(row []string, column string) string { return row[slices.Index(rows[0], column)] }
	i := slices.IndexFunc(rows, func(row []string) bool { return cell(row, "credential") == v["credential"] })
	if i < 0 || cell(rows[i], "educator") != v["educator"] || cell(rows[i], "employeeId") != "E1" || cell(rows[i], "status") != "CREDENTIAL_STATUS_ACTIVE" {
		t.Errorf("the file has %q", rows)
	}
	body, _ := latest(t, folder, "lines.ndjson")
	if want, _ := w.exported(t, v["district"], "application/x-ndjson"); string(body) != string(want) {
		t.Errorf("the file has %q, a caller gets %q", body, want)
	}

	var count int
	must(t, w.owner.QueryRowContext(t.Context(), `SELECT count(*) FROM audit_entries WHERE principal = 'drops/statuses' AND action = 'READ'
		AND method = '/btlc.credential.v1.CredentialService/ExportCredentialStatuses' AND subjects @> ARRAY[$1::uuid]`, strings.TrimPrefix(v["educator"], "educators/")).Scan(&count))
	if count != 1 {
		t.Errorf("%d entries are on record of whom the drop is about", count)
	}
	must(t, w.owner.QueryRowContext(t.Context(), `SELECT row_count FROM drop_runs WHERE name = 'statuses'`).Scan(&count))
	if count != len(rows)-1 {
		t.Errorf("%d rows are recorded of %d", count, len(rows)-1)
	}

	// Nothing has changed since; then something does, and it is the next that the feed tells.
	changes := func() []any {
		answer := w.do(t, "districtHr", "ListChanges", map[string]any{"parent": v["district"], "cursor": receipt.Cursor})
		found, _ := at(answer, "changes")
		list, _ := found.([]any)
		return list
	}
	if list := changes(); len(list) != 0 {
		t.Errorf("after the file there are %v", list)
	}
	w.do(t, "staff", "SuspendCredential", map[string]any{"name": v["credential"], "reasonCode": "UNDER_REVIEW", "authority": "Program director"})
	if list := changes(); len(list) != 1 || text(list[0], "resource") != v["credential"] {
		t.Errorf("after a change there are %v", list)
	}
	again, err := s.Drop(t.Context(), "statuses")
	must(t, err)
	content, receipt = latest(t, folder, "statuses.csv")
	if receipt.File != again.File || !strings.Contains(string(content), "CREDENTIAL_STATUS_SUSPENDED") || len(changes()) != 0 {
		t.Errorf("the file made now is %s with %q", receipt.File, content)
	}
}
