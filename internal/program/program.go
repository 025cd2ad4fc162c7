// Package program holds the data of the Boston Teacher Leadership Certificate program: its framework, courses,
// policies, rules of enrollment, roles and resources, as YAML files in the binary. Each value says which public source it comes from, or
// that it is an assumption; where the sources are silent, it is empty.
//
// Reading and checking the files is pure. A new fact is a line in data/, not in code.
package program

import (
	"embed"
	"io/fs"
	"time"
)

//go:embed data/*.yaml
var data embed.FS

// Program is everything that the data files say.
type Program struct {
	Sources         []Source          `yaml:"sources"`
	Framework       Framework         `yaml:"framework"`
	Courses         []Course          `yaml:"courses"`
	CredentialTypes []CredentialType  `yaml:"credentialTypes"`
	Policies        []Policy          `yaml:"policies"`
	RoleFamilies    []RoleFamily      `yaml:"roleFamilies"`
	Roles           []Role            `yaml:"roles"`
	InformalWays    []InformalWay     `yaml:"informalWays"`
	Institutions    []Institution     `yaml:"institutions"`
	Agreements      []Agreement       `yaml:"agreements"`
	Resources       []Resource        `yaml:"resources"`
	PDPRules        []PDPRule         `yaml:"pdpRules"`
	EnrollmentRules []EnrollmentRules `yaml:"enrollmentRules"`
}

// Source is a public document.
type Source struct {
	ID          string    `yaml:"id"`
	Title       string    `yaml:"title"`
	Publisher   string    `yaml:"publisher"`
	Published   time.Time `yaml:"published"` // a date; zero when the document bears none
	Description string    `yaml:"description"`
}

// Trace says where an item comes from. It has sources, or it is an assumption of ours and its text says so, or both:
// then the sources are what the assumption starts from.
type Trace struct {
	Sources    []string `yaml:"sources"`
	Assumption bool     `yaml:"assumption"`
	Note       string   `yaml:"note"`
}

// Traced is a single value with a trace of its own, apart from that of the item it belongs to.
type Traced[T any] struct {
	Value T `yaml:"value"`
	Trace `yaml:",inline"`
}

// Load reads and checks the files in the binary.
func Load() (*Program, error) {
	files, err := fs.Sub(data, "data")
	if err != nil {
		return nil, err
	}
	return Parse(files)
}
