package program

// Institution is a college or university that gives graduate credit.
type Institution struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	Trace `yaml:",inline"`
}

// Agreement is what an institution and the program agreed on graduate credit.
type Agreement struct {
	ID             string      `yaml:"id"`
	Institution    string      `yaml:"institution"`
	Courses        []string    `yaml:"courses"`
	Credits        *int        `yaml:"credits"`        // per course; nil: unknown
	StartYear      Traced[int] `yaml:"startYear"`      // dates are not in the sources
	EndYear        *int        `yaml:"endYear"`        // nil: unknown
	DegreeEligible *bool       `yaml:"degreeEligible"` // do the credits count towards a degree; nil: unknown
	Trace          `yaml:",inline"`
}

func (c *checker) checkInstitutions() {
	for i, agreement := range c.Agreements {
		path := at("agreements", i, agreement.ID)
		refer(c, path+".institution", "institution", c.Institutions, agreement.Institution)
		c.check(len(agreement.Courses) > 0, path+".courses", "empty")
		refer(c, path+".courses", "course", c.Courses, agreement.Courses...)
		c.check(agreement.Credits == nil || *agreement.Credits > 0, path+".credits", "must be above 0, or null when unknown")
		c.check(agreement.StartYear.Value > 0, path+".startYear", "empty")
		c.check(agreement.EndYear == nil || *agreement.EndYear >= agreement.StartYear.Value, path+".endYear", "is before the start")
	}
}
