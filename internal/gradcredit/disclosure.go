package gradcredit

import "github.com/btlc/btlc/internal/policy"

// disclosed are the kinds of facts that an institution may see of those who consent: status and credit facts. What a
// person showed in which assessment, and which roles they hold, is not the institution's, whatever a policy asks for.
var disclosed = map[string]bool{
	"agreement": true, "attendance": true, "completion": true, "consent": true, "credential": true, "creditRequest": true, "enrollment": true, "registration": true,
}

// disclose says whether an institution may see a fact.
func disclose(fact policy.Fact) bool { return disclosed[fact.Kind] }
