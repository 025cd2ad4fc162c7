package program

import "slices"

// Resource is a tool for principals and teacher leaders. The program's staff fill it.
type Resource struct {
	ID         string   `yaml:"id"`
	Kind       string   `yaml:"kind"`
	Title      string   `yaml:"title"`
	CoreSkills []string `yaml:"coreSkills"` // those it is aligned with
	Trace      `yaml:",inline"`
}

// ResourceKinds are the kinds of resources.
var ResourceKinds = []string{"template", "list", "chart", "discussion_guide"}

func (c *checker) checkResources() {
	for i, resource := range c.Resources {
		path := at("resources", i, resource.ID)
		c.check(slices.Contains(ResourceKinds, resource.Kind), path+".kind", "unknown kind of resource %q", resource.Kind)
		refer(c, path+".coreSkills", "core skill", c.Framework.CoreSkills, resource.CoreSkills...)
	}
}
