package enrollment

import (
	"slices"
	"testing"
)

func TestWhoPays(t *testing.T) {
	const district, school, person = "districts/bps", "districts/bps/schools/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10", "educators/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"
	const sponsor, order = "registration.payer.sponsor", "registration.payer.purchaseOrder"
	for _, c := range []struct {
		payer payer
		want  []string
	}{
		{payer{"SELF", "", ""}, nil},
		{payer{"SELF", district, "7"}, []string{sponsor, order}},
		{payer{"SCHOOL", school, ""}, nil},
		{payer{"SCHOOL", district, ""}, []string{sponsor}},
		{payer{"DISTRICT", district, ""}, nil},
		{payer{"DISTRICT", school, ""}, []string{sponsor}},
		{payer{"DISTRICT", person, ""}, []string{sponsor}},
		{payer{"DISTRICT", "", "7"}, []string{sponsor, order}},
		{payer{"PURCHASE_ORDER", school, "PO-7"}, nil},
		{payer{"PURCHASE_ORDER", district, "4500012345"}, nil},
		{payer{"PURCHASE_ORDER", person, ""}, []string{sponsor, order}},
		{payer{"PURCHASE_ORDER", district, "4111-1111-1111-1111"}, []string{order}},
	} {
		var got []string
		for _, fault := range c.payer.check() {
			got = append(got, fault.Field)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %q, want %q", c.payer, got, c.want)
		}
	}
}

func TestACompetencyIsRatedOnce(t *testing.T) {
	if got := checkRated([]string{"a-1", "a-2", "a-1"}); len(got) != 1 || got[0].Field != "registration.competencyRatings[2].competency" {
		t.Errorf("got %+v", got)
	}
	if got := checkRated([]string{"a-1", "a-2"}); got != nil {
		t.Errorf("got %+v", got)
	}
}
