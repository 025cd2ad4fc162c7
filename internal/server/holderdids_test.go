package server_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/openbadge/openbadgetest"
	"github.com/btlc/btlc/internal/server"
)

// holders gives the two educators wallets, with the proof that each of them makes at the world's start.
func (w *world) holders(t testing.TB) {
	t.Helper()
	for i, educator := range []string{"educator", "otherEducator"} {
		h := openbadgetest.NewHolder(t, byte(i+1))
		variable := []string{"holder", "otherHolder"}[i]
		w.variables[variable] = h.DID
		w.variables[variable+"Proof"] = h.Prove(t, w.rest.base, w.variables[educator]+"/holderDid", startOfTime)
	}
}

// TestTheSurvivorsDidStands merges records of a person who gave a DID under both, and under the one that goes alone.
func TestTheSurvivorsDidStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	given := func(name string) string {
		return text(w.do(t, "staff", "GetHolderDid", map[string]any{"name": name + "/holderDid"}), "holderDid.did")
	}
	for _, both := range []bool{true, false} {
		var names, dids []string
		for i := range 2 {
			h, caller := openbadgetest.NewHolder(t, byte(i+1)), fmt.Sprint("record ", i, " of ", both)
			name := text(w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Robin", "familyName": fmt.Sprint("Twice ", i)}}), "educator.name")
			names, dids = append(names, name), append(dids, h.DID)
			if i == 0 && !both {
				continue
			}
			w.bind(t, caller, accesspb.Role_ROLE_EDUCATOR, name)
			w.do(t, caller, "SetHolderDid", map[string]any{"name": name + "/holderDid", "did": h.DID, "proofJwt": h.Prove(t, w.rest.base, name+"/holderDid", w.now())})
		}
		want := dids[1]
		if both {
			want = dids[0]
		}
		w.do(t, "staff", "MergeEducators", map[string]any{"name": names[0], "duplicate": names[1]})
		if did := given(names[0]); did != want {
			t.Errorf("given under both: %v, and merged: %s, want %s", both, did, want)
		}
		w.do(t, "staff", "UnmergeEducator", map[string]any{"name": names[1]})
		before := map[bool]string{true: dids[0], false: ""}[both]
		if first, second := given(names[0]), given(names[1]); first != before || second != dids[1] {
			t.Errorf("given under both: %v, and parted again: %q and %q", both, first, second)
		}
	}
}

// logBook keeps what is logged, by whichever goroutine.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tablesWith are the tables in which a text stands, or its bytes.
func (w *world) tablesWith(t *testing.T, needle string) (tables []string) {
	t.Helper()
	rows, err := w.owner.QueryContext(t.Context(), `SELECT relname FROM pg_class, query_to_xml(format('SELECT count(*) FROM %I r WHERE strpos(r::text, %L) > 0 OR strpos(r::text, %L) > 0',
		relname, $1::text, $2::text), false, true, '') found
		WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND found::text NOT LIKE '%<count>0</count>%' ORDER BY 1`, needle, hex.EncodeToString([]byte(needle)))
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var table string
		must(t, rows.Scan(&table))
		tables = append(tables, table)
	}
	must(t, rows.Err())
	return tables
}

// TestTheProofIsNotKept looks for a proof, one that was taken and one that was not, in all tables and in the log. The DID is
// where it belongs: on record, and in the answer that is kept for the same request.
func TestTheProofIsNotKept(t *testing.T) {
	t.Parallel()
	log := &logBook{} // every call is logged before it is answered
	w := newWorld(t, func(o *server.Options) {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	v := w.variables
	request := map[string]any{"requestId": "once", "name": v["educator"] + "/holderDid", "did": v["holder"], "proofJwt": v["otherHolderProof"]}
	if r := w.rest.call(t, methodNamed(t, "SetHolderDid"), w.keys["educator"], marshal(t, request), nil); r.err == nil {
		t.Error("another's proof was taken")
	}
	request["proofJwt"] = v["holderProof"]
	w.do(t, "educator", "SetHolderDid", request)
	if tables := w.tablesWith(t, v["holder"]); !slices.Equal(tables, []string{"holder_dids", "idempotency_keys"}) {
		t.Errorf("the DID is in %v", tables)
	}
	logged := log.String()
	if !strings.Contains(logged, "SetHolderDid") {
		t.Error("the calls are not in the log")
	}
	for _, proof := range []string{v["holderProof"], v["otherHolderProof"]} {
		for part := range strings.SplitSeq(proof, ".") {
			if tables := w.tablesWith(t, part); tables != nil || strings.Contains(logged, part) {
				t.Errorf("a part of a proof is in %v, or in the log", tables)
			}
		}
	}
}
