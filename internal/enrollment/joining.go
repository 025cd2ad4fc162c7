package enrollment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/money"
)

// leadershipRole is the requirement of the policy of registration that is decided here, with better words.
const leadershipRole = "leadership-role"

// payer is who pays for a seat: kind is SELF, SCHOOL, DISTRICT or PURCHASE_ORDER.
type payer struct{ kind, sponsor, order string }

// check says what is wrong with it, short of whether the sponsor is there.
func (p payer) check() []api.Violation {
	var faults []api.Violation
	fault := func(wrong bool, field, text string) {
		if wrong {
			faults = append(faults, api.Violation{Field: "registration.payer." + field, Description: text})
		}
	}
	place := money.ValidPayer(p.sponsor) && strings.HasPrefix(p.sponsor, "districts/")
	school := place && strings.Contains(p.sponsor, "/schools/")
	fault(p.kind == "SELF" && p.sponsor != "", "sponsor", "is empty when the person pays")
	fault(p.kind == "SCHOOL" && !school, "sponsor", "is the school that pays: districts/{district}/schools/{school}")
	fault(p.kind == "DISTRICT" && (!place || school), "sponsor", "is the district that pays: districts/{district}")
	fault(p.kind == "PURCHASE_ORDER" && !place, "sponsor", "is the school or district that the purchase order is of")
	fault(p.kind == "PURCHASE_ORDER" && p.order == "", "purchaseOrder", "is the number of the purchase order")
	fault(p.kind != "PURCHASE_ORDER" && p.order != "", "purchaseOrder", "goes with a payer of kind PURCHASE_ORDER")
	fault(money.ContainsCardNumber(p.order), "purchaseOrder", "looks like the number of a payment card: no card number is ever taken")
	return faults
}

// checkRated says which competencies somebody has rated twice.
func checkRated(competencies []string) []api.Violation {
	var faults []api.Violation
	for i, c := range competencies {
		if slices.Contains(competencies[:i], c) {
			faults = append(faults, api.Violation{Field: fmt.Sprintf("registration.competencyRatings[%d].competency", i), Description: "is rated once"})
		}
	}
	return faults
}
