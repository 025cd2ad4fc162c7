package oneroster

import (
	"fmt"
	"slices"
)

// org is a row of orgs.csv.
type org struct {
	id, parentID, kind, name, code string
	parent                         *org
	deleted                        bool
	at                             Source
	placed                         bool
	where                          place
	schoolCode                     string
}

// What kinds of organization there are, beside those of a district's own.
const (
	school   = "school"
	district = "district"
	local    = "local"
	noParent = "NULL" // which some systems write for none

	schoolNameLength = 200
	schoolCodeLength = 32
)

var orgKinds = oneOrOwn("department", school, district, local, "state", "national")

func (r *reader) readOrgs() error {
	var inOrder []*org
	err := r.each(orgsFile, r.limits.Orgs, []string{"sourcedId", "status", "name", "type", "identifier", "parentSourcedId"}, func(t *table) {
		o := &org{
			id: t.id(), deleted: t.deleted(), name: t.must("name", schoolNameLength), kind: t.one("type", orgKinds),
			parentID: t.get("parentSourcedId", idLength), at: t.at,
		}
		if o.kind == school && !o.deleted {
			o.code = t.must(r.opts.SchoolCode, schoolCodeLength)
		}
		if o.parentID == noParent {
			o.parentID = ""
		}
		switch {
		case t.over:
			r.lost = true
		case r.orgs[o.id] == nil:
			r.orgs[o.id] = o
			inOrder = append(inOrder, o)
		}
	})
	if err != nil {
		return err
	}
	r.allOrgs = !r.lost
	for _, o := range inOrder {
		if o.parentID == "" {
			continue
		}
		if o.parent = r.orgs[o.parentID]; o.parent == nil && r.allOrgs {
			r.faults.add(Fault{Reason: BadReference, Source: o.at, Column: "parentSourcedId", Got: quoted(o.parentID), Want: "the sourcedId of an organization of this file"})
		}
	}
	r.cycles(inOrder)
	r.schools(inOrder)
	return nil
}

// cycles tells each circle of parents once, at its first row.
func (r *reader) cycles(inOrder []*org) {
	walked := map[*org]*org{} // by the organization that the walk began at
	for _, first := range inOrder {
		o := first
		for ; o != nil && walked[o] == nil; o = o.parent {
			walked[o] = first
		}
		if o == nil || walked[o] != first {
			continue
		}
		top, count := o, 1
		for next := o.parent; next != o; next = next.parent {
			count++
			if next.at.Line < top.at.Line {
				top = next
			}
		}
		r.faults.add(Fault{
			Reason: Cycle, Source: top.at, Column: "parentSourcedId", Got: fmt.Sprintf("a circle of %d organizations", count),
			Want: "a parent that is not below its own child",
		})
		top.parent = nil // so that whoever climbs gets somewhere
	}
}

// schools takes the district's schools up. While there is a fault it is not known which are the district's, nor what they are.
func (r *reader) schools(inOrder []*org) {
	var districts []*org
	for _, o := range inOrder {
		if o.kind == district && !o.deleted {
			districts = append(districts, o)
		}
	}
	at := Source{File: orgsFile}
	switch {
	case r.opts.District == "" && len(districts) > 1:
		r.faults.add(Fault{Reason: BadReference, Source: at, Got: fmt.Sprintf("%d districts", len(districts)), Want: "the option that says which of them is meant"})
		return
	case r.faults.Total > 0:
		return
	case r.opts.District != "" && !slices.ContainsFunc(districts, func(o *org) bool { return o.id == r.opts.District }):
		r.faults.add(Fault{Reason: BadReference, Source: at, Got: "no district " + quoted(r.opts.District), Want: "the district that the options name"})
		return
	}
	byCode := map[string]int{}
	for _, o := range inOrder {
		if o.kind != school || o.deleted {
			continue
		}
		if where, _ := r.place(o); where != inSchool {
			r.roster.Ignored.Elsewhere++
			continue
		}
		if first, twice := byCode[o.code]; twice {
			r.faults.add(Fault{Reason: Duplicate, Source: o.at, Column: r.opts.SchoolCode, Got: fmt.Sprintf("the code of line %d", first), Want: "a code that no other school has"})
			continue
		}
		byCode[o.code] = o.at.Line
		r.roster.Schools = append(r.roster.Schools, RosterSchool{Code: o.code, Name: o.name, Source: o.at})
	}
	if len(byCode) == 0 {
		r.faults.add(Fault{Reason: MissingValue, Source: at, Got: "no school of the district", Want: "at least one"})
	}
}

// place is where an organization is.
type place int

const (
	elsewhere place = iota
	inSchool
	districtWide
	gone
)

// place finds where a role at an organization is: at the school that it is or belongs to, whose code it gives, or else in the
// district as a whole.
func (r *reader) place(o *org) (place, string) {
	if !o.placed {
		o.where, o.schoolCode = r.climb(o)
		o.placed = true
	}
	return o.where, o.schoolCode
}

func (r *reader) climb(at *org) (place, string) {
	var nearest, over *org
	for o := at; o != nil && over == nil; o = o.parent {
		switch {
		case o.deleted:
			return gone, ""
		case o.kind == school && nearest == nil:
			nearest = o
		case o.kind == district:
			over = o
		}
	}
	switch {
	case r.opts.District != "" && (over == nil || over.id != r.opts.District):
		return elsewhere, ""
	case nearest != nil:
		return inSchool, nearest.code
	case over != nil || at.kind == local:
		return districtWide, ""
	}
	return elsewhere, ""
}
