package program

import "time"

// PDPRule says what minutes of contact are worth in the state's professional development points.
type PDPRule struct {
	ID       string `yaml:"id"`
	Kind     string `yaml:"kind"`     // what is valued: of one kind, the latest rule in force counts
	Title    string `yaml:"title"`    // the rule in words
	Citation string `yaml:"citation"` // where it is from
	// Effective is its first day; zero for one that holds since ever.
	Effective time.Time `yaml:"effective"`
	// MinutesPerPoint is how many minutes one point takes. MinimumMinutes is how many on one topic count at all.
	MinutesPerPoint int `yaml:"minutesPerPoint"`
	MinimumMinutes  int `yaml:"minimumMinutes"`
	Trace           `yaml:",inline"`
}

func (c *checker) checkPDPs() {
	for i, rule := range c.PDPRules {
		path := at("pdpRules", i, rule.ID)
		c.check(rule.Kind != "", path+".kind", "empty")
		c.check(rule.Citation != "", path+".citation", "empty")
		c.check(rule.MinutesPerPoint > 0, path+".minutesPerPoint", "must be positive")
		c.check(rule.MinimumMinutes >= 0, path+".minimumMinutes", "must not be negative")
	}
}
