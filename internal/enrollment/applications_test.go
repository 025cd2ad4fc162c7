package enrollment

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
)

func TestApplicationLife(t *testing.T) {
	states := []string{"FORMING", "SUBMITTED", "PLACED", "WITHDRAWN"}
	walk(t, applicationLife, "FORMING", states, map[string]string{
		"FORMING acceptInvitation": "FORMING", "FORMING declineInvitation": "FORMING", "FORMING submit": "SUBMITTED", "SUBMITTED place": "PLACED",
		"FORMING withdraw": "WITHDRAWN", "SUBMITTED withdraw": "WITHDRAWN",
	})
	walk(t, memberLife, "INVITED", []string{"INVITED", "ACCEPTED", "DECLINED"}, map[string]string{
		"INVITED accept": "ACCEPTED", "INVITED decline": "DECLINED", "ACCEPTED decline": "DECLINED",
	})
	walk(t, proposalLife, "DRAFT", []string{"DRAFT", "APPLIED"}, map[string]string{"DRAFT editPlacement": "DRAFT", "DRAFT apply": "APPLIED", "APPLIED apply": "APPLIED"})
	for _, state := range states {
		if api.EnumOf[pb.Application_State](state) == pb.Application_STATE_UNSPECIFIED {
			t.Errorf("the contract has no %s", state)
		}
	}
}

func TestWishes(t *testing.T) {
	a, b := uuid.UUID{1}, uuid.UUID{2}
	alone := []invitee{{a, a}}
	for name, c := range map[string]struct {
		wish wish
		want []string
	}{
		"alone":                      {wish{invitees: alone}, nil},
		"with a partner":             {wish{invitees: []invitee{{a, a}, {b, uuid.Nil}}, evenings: []int{2, 4}, sites: []string{"Downtown"}}, nil},
		"nothing of oneself":         {wish{invitees: []invitee{{a, uuid.Nil}}}, []string{"application.members[0].registration"}},
		"another's of oneself":       {wish{invitees: []invitee{{a, b}}}, []string{"application.members[0].registration.educator"}},
		"a partner's":                {wish{invitees: []invitee{{a, a}, {b, b}}}, []string{"application.members[1].registration"}},
		"a partner's, by staff":      {wish{invitees: []invitee{{a, a}, {b, b}}, staff: true}, nil},
		"a wrong partner's":          {wish{invitees: []invitee{{a, a}, {b, a}}, staff: true}, []string{"application.members[1].registration.educator"}},
		"oneself as partner":         {wish{invitees: []invitee{{a, a}, {a, uuid.Nil}}}, []string{"application.members[1].educator"}},
		"days that are none":         {wish{invitees: alone, evenings: []int{0, 8}}, []string{"application.evenings[0]", "application.evenings[1]"}},
		"days and sites, twice":      {wish{invitees: alone, evenings: []int{2, 2}, sites: []string{"A", "A"}}, []string{"application.evenings[1]", "application.sites[1]"}},
		"a site without a name":      {wish{invitees: alone, sites: []string{""}}, []string{"application.sites[0]"}},
		"all that is wrong, at once": {wish{invitees: []invitee{{a, uuid.Nil}}, evenings: []int{9}}, []string{"application.members[0].registration", "application.evenings[0]"}},
	} {
		var got []string
		for _, v := range c.wish.check() {
			got = append(got, v.Field)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestWhoTakesPartFromTheBeginning(t *testing.T) {
	a, b, c := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	w := wish{invitees: []invitee{{a, a}, {b, uuid.Nil}, {c, c}}, staff: true}
	if got := w.accepted(); !slices.Equal(got, []uuid.UUID{a, c}) {
		t.Errorf("got %v", got)
	}
	if got := w.member(c).field("registration.educator"); got != "application.members[2].educator" {
		t.Errorf("the third is %s", got)
	}
}
