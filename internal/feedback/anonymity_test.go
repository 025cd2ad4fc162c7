package feedback

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// rows reads a query as texts.
func (c *class) rows(query string, args ...any) [][]string {
	c.t.Helper()
	rows, err := c.SQL().QueryContext(c.t.Context(), query, args...)
	recordtest.Must(c.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	recordtest.Must(c.t, err)
	var all [][]string
	for rows.Next() {
		texts, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range texts {
			into[i] = &texts[i]
		}
		recordtest.Must(c.t, rows.Scan(into...))
		row := make([]string, len(columns))
		for i, text := range texts {
			row[i] = text.String
		}
		all = append(all, row)
	}
	recordtest.Must(c.t, rows.Err())
	return all
}

// column is one column of rows.
func column(rows [][]string, n int) (values []string) {
	for _, row := range rows {
		values = append(values, row[n])
	}
	return values
}

// said is a text that tells who wrote it, long and mixed enough to be kept apart from its row.
func said(who int) string {
	var b strings.Builder
	for b.Len() < 3900 {
		b.WriteString(uuid.NewString())
	}
	return fmt.Sprintf("I am %d %s", who, b.String()[:3900])
}

// shuffledRound is a round in which everybody says who they are, in an order of their own, and then it is closed. While it is
// open, after each answer, check is called.
func (c *class) shuffledRound(check func(round uuid.UUID)) (round uuid.UUID, order []int) {
	c.t.Helper()
	made := c.open(c.section(c.version(1), "IN_SESSION"), mid).Name
	order = rand.Perm(len(c.people))
	for _, i := range order {
		recordtest.Must(c.t, c.submit(made, i, writes("keep", said(i)), rates("role", 3)))
		check(api.LastUUID(made))
	}
	recordtest.Must(c.t, c.close(made))
	return api.LastUUID(made), order
}

const answersOf = `FROM feedback_answers WHERE feedback_round_id = $1`

// Whoever reads the tables, all of them and what PostgreSQL itself notes of each row, finds nothing by which an answer goes
// with somebody who answered.
func TestNoKeyJoinsAnswersToPeople(t *testing.T) {
	c := newClass(t, 8)
	round, _ := c.shuffledRound(func(round uuid.UUID) {
		// While it is open all answers are of the transaction of who answered last, so that it says nothing of the others.
		if n := c.rows(`SELECT count(DISTINCT xmin::text) `+answersOf, round)[0][0]; n != "1" {
			t.Fatalf("answers of %s transactions", n)
		}
	})
	columns := column(c.rows(`SELECT attname FROM pg_attribute WHERE attrelid = 'feedback_answers'::regclass AND NOT attisdropped ORDER BY attnum`), 0)
	if want := []string{"tableoid", "cmax", "xmax", "cmin", "xmin", "ctid", "id", "ratings", "texts", "feedback_round_id"}; !slices.Equal(columns, want) {
		t.Fatalf("an answer has the columns %v, and this looks at %v", columns, want)
	}
	of := c.rows(`SELECT tableoid, cmax, xmax, cmin, xmin, ctid, id `+answersOf+` ORDER BY ctid`, round)
	if len(of) != len(c.people) {
		t.Fatalf("%d answers of %d", len(of), len(c.people))
	}
	for n, name := range columns[:5] {
		if values := column(of, n); len(slices.Compact(slices.Clone(values))) != 1 {
			t.Errorf("%s tells answers apart: %v", name, values)
		}
	}
	// Where they lie follows from their ids, and these are random.
	ids := column(of, 6)
	if !slices.IsSorted(ids) {
		t.Errorf("answers do not lie in the order of their ids: %v", ids)
	}
	for _, id := range ids {
		if uuid.MustParse(id).Version() != 4 {
			t.Errorf("the id %s is not random", id)
		}
	}
	// No transaction in which somebody answered has left anything of an answer.
	transaction := of[0][4]
	for _, query := range []string{
		`SELECT xmin FROM feedback_participations WHERE feedback_round_id = $1`,
		`SELECT xmin FROM audit_entries WHERE resource LIKE '%' || $1 AND method LIKE '%/SubmitFeedback'`,
	} {
		if wrote := column(c.rows(query, round.String()), 0); len(wrote) != len(c.people) || slices.Contains(wrote, transaction) {
			t.Errorf("people wrote in the transactions %v, and answers are of %s", wrote, transaction)
		}
	}
	apart := c.rows(`SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'feedback_answers'::regclass`)[0][0]
	if wrote := column(c.rows(`SELECT DISTINCT xmin::text FROM `+apart), 0); !slices.Equal(wrote, []string{transaction}) {
		t.Errorf("long texts are of the transactions %v, and answers of %s", wrote, transaction)
	}
}

// Nothing of an answer, its id or its text is anywhere but in the table of answers: not on the audit record, not among the
// keys that make retries safe, not on the change feed.
func TestAnswersAreNowhereElse(t *testing.T) {
	c := newClass(t, 5)
	round, _ := c.shuffledRound(func(uuid.UUID) {})
	secrets := append(column(c.rows(`SELECT id `+answersOf, round), 0), "I am ")
	for _, table := range column(c.rows(`SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname <> 'feedback_answers'`), 0) {
		for _, secret := range secrets {
			if n := c.rows(`SELECT count(*) FROM `+table+` r WHERE r::text LIKE '%' || $1 || '%'`, secret)[0][0]; n != "0" {
				t.Errorf("%s holds %q %s times", table, secret, n)
			}
		}
	}
	if n := c.count("idempotency_keys"); n != 0 {
		t.Errorf("%d idempotency keys are kept", n)
	}
	answered := c.rows(`SELECT count(*), count(DISTINCT subjects) FROM audit_entries WHERE method LIKE '%/SubmitFeedback'`)[0]
	if !slices.Equal(answered, []string{"5", "5"}) {
		t.Errorf("that somebody answered is on record %v times", answered)
	}
}

// The order in which answers lie has nothing to do with the order in which people answered: each place of the one comes with
// each place of the other. Of four answers in 60 rounds a pair of places never comes together with probability (3/4)^60, which
// is 3 in 100 million.
func TestPlacesAreRandom(t *testing.T) {
	const people, rounds = 4, 60
	c := newClass(t, people)
	seen := map[[2]int]bool{}
	for range rounds {
		round, order := c.shuffledRound(func(uuid.UUID) {})
		for place, text := range column(c.rows(`SELECT texts->>'keep' `+answersOf+` ORDER BY ctid`, round), 0) {
			var who int
			if _, err := fmt.Sscanf(text, "I am %d", &who); err != nil {
				t.Fatal(err)
			}
			seen[[2]int{slices.Index(order, who), place}] = true
		}
	}
	if len(seen) != people*people {
		t.Errorf("of %d pairs of places only these came: %v", people*people, seen)
	}
}
