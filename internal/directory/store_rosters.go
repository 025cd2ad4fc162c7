package directory

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/district"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/rosteraction"
	"github.com/btlc/btlc/ent/rosterimport"
	"github.com/btlc/btlc/ent/schema"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/oneroster"
	"github.com/btlc/btlc/internal/record"
)

const (
	// bulk is how many rows a statement writes: with up to a dozen columns far from the 65,535 values that it may hold.
	bulk = 2000

	// keptFaults is how many faults of a roster are kept.
	keptFaults = 1000
)

var rosterImportList = &api.ListSpec{Default: "create_time desc", Columns: map[string]api.Column{
	"state": api.EnumColumn[pb.RosterImport_State](rosterimport.FieldState), "create_time": {Name: rosterimport.FieldCreateTime, Kind: api.InstantColumn},
}}

var rosterActionList = &api.ListSpec{Default: "ordinal", Key: rosteraction.FieldOrdinal, Columns: map[string]api.Column{
	"kind": api.EnumColumn[pb.RosterAction_Kind](rosteraction.FieldKind), "line": {Name: rosteraction.FieldLine, Kind: api.NumberColumn, FilterOnly: true},
	"key": {Name: rosteraction.FieldKey, FilterOnly: true}, "ordinal": {Name: rosteraction.FieldOrdinal, Kind: api.NumberColumn},
}}

func rosterImportProto(row *ent.RosterImport) *pb.RosterImport {
	c := row.Counts
	out := &pb.RosterImport{
		Name: api.Name("btlc/RosterImport", row.DistrictID, row.ID), FileName: row.FileName, FileDigest: row.FileDigest, State: api.EnumOf[pb.RosterImport_State](row.State),
		Counts: &pb.RosterCounts{
			SchoolsAdded: c.SchoolsAdded, SchoolsRenamed: c.SchoolsRenamed, SchoolsMissing: c.SchoolsMissing, PeopleAdded: c.PeopleAdded, PeopleChanged: c.PeopleChanged,
			EmploymentsAdded: c.EmploymentsAdded, EmploymentsMoved: c.EmploymentsMoved, EmploymentsEnded: c.EmploymentsEnded,
			Unchanged: c.Unchanged, Ignored: c.Ignored, Ambiguous: c.Ambiguous,
		},
		BlockedReason: row.BlockedReason, FaultCount: row.FaultCount, ApplyTime: api.OptionalTimestamp(row.ApplyTime), UndoTime: api.OptionalTimestamp(row.UndoTime),
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	for _, f := range row.Faults {
		out.Faults = append(out.Faults, &pb.RosterFault{File: f.File, Line: f.Line, Column: f.Column, Description: f.Description})
	}
	return out
}

// fill reads a value out of a column of JSON objects.
func fill(value any, from map[string]any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}

// rosterActionProto is an action of an import that has come to a state.
func rosterActionProto(row *ent.RosterAction, of *ent.RosterImport) (*pb.RosterAction, error) {
	out := &pb.RosterAction{Kind: api.EnumOf[pb.RosterAction_Kind](row.Kind), Line: row.Line, Key: row.Key, Resource: row.Resource, Before: row.Before, After: row.After}
	if row.Done["kept"] == true {
		out.After += " (was not taken back: something refers to it)"
	}
	if row.Done == nil && row.Resource == "" {
		var plan planOf
		if err := fill(&plan, row.Plan); err != nil {
			return nil, err
		}
		out.Resource = plan.resource(of.DistrictID, of.ApplyTime != nil, of.UndoTime != nil)
	}
	return out, nil
}

func ofRosterImport(name string) predicate.RosterImport {
	return rosterimport.And(rosterimport.ID(api.LastUUID(name)), rosterimport.DistrictID(api.Part(name, 0)))
}

func (s store) rosterImport(ctx context.Context, name string) (*pb.RosterImport, error) {
	row, err := s.db.Ent().RosterImport.Query().Where(ofRosterImport(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return rosterImportProto(row), nil
}

func (s store) listRosterImports(ctx context.Context, req *pb.ListRosterImportsRequest) (*pb.ListRosterImportsResponse, error) {
	q, err := api.ParseList(req, rosterImportList)
	if err != nil {
		return nil, err
	}
	id := api.LastWord(req.GetParent())
	if found, err := s.db.Ent().District.Query().Where(district.ID(id)).Exist(ctx); err != nil || !found {
		return nil, orMissing(err, req.GetParent())
	}
	rows, err := s.db.Ent().RosterImport.Query().Where(rosterimport.DistrictID(id), predicate.RosterImport(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, func(row *ent.RosterImport) *pb.RosterImport {
		out := rosterImportProto(row)
		out.Faults = nil
		return out
	})
	return &pb.ListRosterImportsResponse{RosterImports: items, NextPageToken: next}, nil
}

// listRosterActions names to callers who may not see everybody those people alone whom they may see today.
func (s store) listRosterActions(ctx context.Context, req *pb.ListRosterActionsRequest, everywhere bool, scopes []string) (*pb.ListRosterActionsResponse, error) {
	q, err := api.ParseList(req, rosterActionList)
	if err != nil {
		return nil, err
	}
	of, err := s.db.Ent().RosterImport.Query().Where(ofRosterImport(req.GetParent())).Only(ctx)
	if err != nil {
		return nil, orMissing(ent.MaskNotFound(err), req.GetParent())
	}
	rows, err := s.db.Ent().RosterAction.Query().Where(rosteraction.RosterImportID(api.LastUUID(req.GetParent())), predicate.RosterAction(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	page, next := api.Page(q, rows, func(row *ent.RosterAction) *ent.RosterAction { return row })
	answer := &pb.ListRosterActionsResponse{NextPageToken: next}
	for _, row := range page {
		action, err := rosterActionProto(row, of)
		if err != nil {
			return nil, err
		}
		answer.RosterActions = append(answer.RosterActions, action)
	}
	if everywhere {
		return answer, nil
	}
	return answer, s.unnameHidden(ctx, answer.RosterActions, scopes)
}

// unnameHidden takes the names of people out of actions who are not within these scopes today.
func (s store) unnameHidden(ctx context.Context, actions []*pb.RosterAction, scopes []string) error {
	ofPerson := func(a *pb.RosterAction) bool { return strings.HasPrefix(a.Resource, "educators/") }
	var ids []uuid.UUID
	for _, a := range actions {
		if ofPerson(a) {
			ids = append(ids, api.LastUUID(a.Resource))
		}
	}
	seen, err := s.db.Ent().Educator.Query().Where(educator.IDIn(ids...), predicate.Educator(record.Within(scopes, educator.FieldID, s.db.Now()))).IDs(ctx)
	if err != nil {
		return err
	}
	visible := map[uuid.UUID]bool{}
	for _, id := range seen {
		visible[id] = true
	}
	for _, a := range actions {
		if ofPerson(a) && !visible[api.LastUUID(a.Resource)] {
			a.Resource = ""
		}
	}
	return nil
}

// rosterFile is a roster as it was read, or what is wrong with it.
type rosterFile struct {
	name, digest string
	roster       *oneroster.Roster
	faults       *oneroster.Faults
}

// createRosterImport plans a roster against what is on record, and keeps the plan; of a faulty one, its faults. It gives all of
// those that were found.
func (s store) createRosterImport(ctx context.Context, tx *database.Tx, parent string, file rosterFile) (*pb.RosterImport, *oneroster.Faults, error) {
	in, err := tx.District.Get(ctx, api.LastWord(parent))
	if ent.IsNotFound(err) {
		return nil, nil, api.Missing(parent)
	} else if err != nil {
		return nil, nil, err
	}
	create := tx.RosterImport.Create().SetDistrictID(in.ID).SetFileName(file.name).SetFileDigest(file.digest).SetFaults([]schema.RosterFault{}).
		SetCounts(schema.RosterCounts{}).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
	var actions []rosterAction
	if file.faults == nil {
		on, err := todayOf(ctx, tx, in.ID)
		if err != nil {
			return nil, nil, err
		}
		now, err := s.districtState(ctx, tx, in.ID, numbersOfRoster(file.roster), false)
		if err != nil {
			return nil, nil, err
		}
		known, _, err := now.known(ctx, tx, in.ID, on)
		if err != nil {
			return nil, nil, err
		}
		plan := oneroster.MakePlan(known, file.roster, oneroster.Options{On: on, MostEndings: oneroster.DefaultMostEndings, MostEndingsPercent: oneroster.DefaultMostEndingsPercent})
		realIDs{}.settle(plan.Changes)
		if file.faults = contractFaults(plan); file.faults == nil {
			actions = rosterActions(plan, file.roster, known, on)
			state := rosterLife.First()
			if plan.Blocked != "" {
				state = "BLOCKED"
			}
			create.SetState(state).SetBlockedReason(plan.Blocked).SetCounts(countsRow(countRoster(actions, file.roster, known)))
		}
	}
	if f := file.faults; f != nil {
		create.SetState("FAULTY").SetFaultCount(count(f.Total)).SetFaults(faultRows(f))
	}
	row, err := create.Save(ctx)
	if err != nil {
		return nil, nil, err
	}
	out := rosterImportProto(row)
	tx.Wrote(out.Name)
	return out, file.faults, s.createRosterActions(ctx, tx, row, actions)
}

// createRosterActions writes the actions of a plan: as arrays, for a statement with a parameter for each value takes the database
// longer to read than the rows to write.
func (s store) createRosterActions(ctx context.Context, tx *database.Tx, of *ent.RosterImport, actions []rosterAction) error {
	ordinal := 0
	for chunk := range slices.Chunk(actions, bulk) {
		n := len(chunk)
		ids, kinds, keys, resources := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		before, after, plans, lines := make([]string, n), make([]string, n), make([]string, n), make([]int64, n)
		for i, a := range chunk {
			plan, err := json.Marshal(planOf{a.changes, a.had})
			if err != nil {
				return err
			}
			ids[i], kinds[i], keys[i], resources[i] = newID(), a.kind, a.key, resourceOf(of.DistrictID, a)
			before[i], after[i], plans[i], lines[i] = a.before, a.after, string(plan), int64(count(a.line))
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO roster_actions (roster_import_id, ordinal, id, kind, line, key, resource, before, after, plan)
			SELECT $1, $2 + r.place, r.id, r.kind, r.line, r.key, r.resource, r.before, r.after, r.plan::jsonb
			FROM unnest($3::uuid[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
				WITH ORDINALITY AS r(id, kind, line, key, resource, before, after, plan, place)`,
			of.ID, ordinal, pq.Array(ids), pq.Array(kinds), pq.Array(lines), pq.Array(keys), pq.Array(resources), pq.Array(before), pq.Array(after), pq.Array(plans))
		if err != nil {
			return err
		}
		ordinal += n
	}
	return nil
}

func resourceOf(district string, a rosterAction) string {
	switch {
	case a.school != "":
		return api.Name("btlc/School", district, a.school)
	case a.person != "":
		return api.Name("btlc/Educator", a.person)
	}
	return ""
}

// count is a number of things of a file, which has less than 2^31 of any.
func count(n int) int32 { return int32(min(n, 1<<31-1)) } // #nosec G115 -- bounded right here

func countsRow(c rosterCounts) schema.RosterCounts {
	return schema.RosterCounts{
		SchoolsAdded: count(c.schoolsAdded), SchoolsRenamed: count(c.schoolsRenamed), SchoolsMissing: count(c.schoolsMissing), PeopleAdded: count(c.peopleAdded),
		PeopleChanged: count(c.peopleChanged), EmploymentsAdded: count(c.employmentsAdded), EmploymentsMoved: count(c.employmentsMoved), EmploymentsEnded: count(c.employmentsEnded),
		Unchanged: count(c.unchanged), Ignored: count(c.ignored), Ambiguous: count(c.ambiguous),
	}
}

func faultRows(f *oneroster.Faults) []schema.RosterFault {
	rows := make([]schema.RosterFault, min(len(f.List), keptFaults))
	for i := range rows {
		fault := f.List[i]
		text := "want " + fault.Want
		if fault.Got != "" {
			text = "got " + fault.Got + ", " + text
		}
		rows[i] = schema.RosterFault{File: fault.Source.File, Line: count(fault.Source.Line), Column: fault.Column, Description: text}
	}
	return rows
}

// contractFaults are what a plan would put on record that the contract does not allow; nil for nothing.
func contractFaults(plan oneroster.Plan) *oneroster.Faults {
	faults := &oneroster.Faults{}
	for _, c := range plan.Changes {
		columns, err := checkChange(c)
		var wrong *api.Error
		if !errors.As(err, &wrong) {
			continue
		}
		for _, v := range wrong.Violations {
			faults.Total++
			if len(faults.List) < keptFaults {
				faults.List = append(faults.List, oneroster.Fault{Reason: oneroster.BadValue, Source: c.Source, Column: columns[v.Field], Want: "what the contract takes: " + v.Description})
			}
		}
	}
	if faults.Total == 0 {
		return nil
	}
	return faults
}

// checkChange holds what a change puts on record against the contract, and says which fields of it are which columns.
func checkChange(c oneroster.Change) (columns map[string]string, err error) {
	switch {
	case c.School != nil && c.School.After != nil:
		return map[string]string{"school.displayName": "name", "school.localCode": "identifier"},
			api.Validate(&pb.CreateSchoolRequest{Parent: "districts/any", School: &pb.School{DisplayName: c.School.After.Name, LocalCode: c.School.After.Code}})
	case c.Person != nil && c.Person.After != nil:
		p := c.Person.After
		e := &pb.Educator{GivenName: p.GivenName, FamilyName: p.FamilyName, ExternalIds: []*pb.ExternalId{{Kind: pb.ExternalIdKind_EXTERNAL_ID_KIND_EMPLOYEE_ID, District: "districts/any", Value: p.EmployeeNumber}}}
		columns := map[string]string{"educator.givenName": "givenName", "educator.familyName": "familyName", "educator.externalIds[0].value": "identifier"}
		if n := len(p.Emails); n > 0 { // the one that may be new
			e.Emails, columns["educator.emails[0].address"] = []*pb.EmailAddress{{Address: p.Emails[n-1]}}, "email"
		}
		return columns, api.Validate(&pb.CreateEducatorRequest{Educator: e})
	case c.Employment != nil && c.Employment.After != nil:
		start, err := time.Parse(time.DateOnly, string(c.Employment.After.Start))
		if err == nil {
			_, err = api.Day("beginDate", api.Date(start))
		}
		return map[string]string{"beginDate": "beginDate"}, err
	}
	return nil, nil
}
