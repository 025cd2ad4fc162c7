package program

// RoleFamily is a group of like leadership roles.
type RoleFamily struct {
	ID          string `yaml:"id"`
	Title       string `yaml:"title"`
	Description string `yaml:"description"`
	Trace       `yaml:",inline"`
}

// Role is a formal leadership role in a school or district.
type Role struct {
	ID     string `yaml:"id"`
	Title  string `yaml:"title"`
	Family string `yaml:"family"` // empty: the sources place it in none
	Trace  `yaml:",inline"`
}

// InformalWay is a way in which teachers lead without a role.
type InformalWay struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	Trace `yaml:",inline"`
}

// AnyRoleFamily stands for every family in policies' expressions, so no family may be called so.
const AnyRoleFamily = "any"

func (c *checker) checkRoles() {
	for i, family := range c.RoleFamilies {
		path := at("roleFamilies", i, family.ID)
		c.check(family.ID != AnyRoleFamily, path+".id", "%q means every family", AnyRoleFamily)
		c.check(family.Description != "", path+".description", "empty")
	}
	for i, role := range c.Roles {
		if role.Family != "" {
			refer(c, at("roles", i, role.ID)+".family", "role family", c.RoleFamilies, role.Family)
		}
	}
}
