package record_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/employment"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// The districts of today are told, each by the number that it knows the person by, and nobody else.
func TestAudiences(t *testing.T) {
	w := recordtest.New(t)
	ctx, db := t.Context(), w.Ent()
	one, two, gone, nobody := w.Educator("bps", "B1"), w.Educator("bps", "B2"), w.Educator("bps", "B3"), uuid.New()
	number := func(of uuid.UUID, district, value string) {
		t.Helper()
		recordtest.Must(t, db.ExternalID.Create().SetEducatorID(of).SetKind("EMPLOYEE_ID").SetDistrictID(district).SetValue(value).Exec(ctx))
	}
	number(two, "bps", "given later")
	recordtest.Must(t, db.Employment.Create().SetEducatorID(two).SetDistrictID("ncs").SetStartDate(recordtest.Day("2026-11-20")).Exec(ctx))
	recordtest.Must(t, db.Employment.Update().Where(employment.EducatorID(gone)).SetEndDate(recordtest.Day("2026-11-19")).Exec(ctx))
	number(gone, "ncs", "of no employment")

	all, err := record.Audiences(ctx, db, []uuid.UUID{one, two, gone, nobody}, w.Now())
	recordtest.Must(t, err)
	for id, districts := range map[uuid.UUID]map[string]map[string]string{
		one: {"districts/bps": {"employeeId": "B1"}}, two: {"districts/bps": {"employeeId": "B2"}, "districts/ncs": {}}, gone: {}, nobody: {},
	} {
		want := record.Listeners{Streams: []string{"program"}, Keys: map[string]map[string]string{"program": {"educator": api.Name("btlc/Educator", id)}}}
		for stream, key := range districts {
			want.Streams, want.Keys[stream] = append(want.Streams, stream), key
		}
		streams, keys, err := record.Audience(ctx, db, id, w.Now())
		recordtest.Must(t, err)
		for name, got := range map[string]record.Listeners{"among others": all[id], "alone": {Streams: streams, Keys: keys}} {
			slices.Sort(got.Streams)
			slices.Sort(want.Streams)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	}
}

func TestAudiencesOfManyTakeNoMoreQueries(t *testing.T) {
	w := recordtest.New(t)
	var queries atomic.Int32
	w.Ent().Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			queries.Add(1)
			return next.Query(ctx, q)
		})
	}))
	asked := func(educators ...uuid.UUID) int32 {
		t.Helper()
		queries.Store(0)
		all, err := record.Audiences(t.Context(), w.Ent(), educators, w.Now())
		recordtest.Must(t, err)
		for _, id := range educators {
			if len(all[id].Streams) != 2 {
				t.Errorf("got %v", all[id])
			}
		}
		return queries.Load()
	}
	var many []uuid.UUID
	for i := range 20 {
		many = append(many, w.Educator([]string{"bps", "ncs"}[i%2], fmt.Sprint("N", i)))
	}
	if one, all := asked(many[0]), asked(many...); one == 0 || all != one {
		t.Errorf("%d queries for one, %d for %d", one, all, len(many))
	}
}
