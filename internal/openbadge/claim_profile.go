package openbadge

import "strings"

// Profile is who issues a credential, or who created an achievement.
type Profile struct {
	ID   string // DID or URL
	Name string
	URL  string // home page
	// May be empty: an address to write to, what they do, their logo.
	Email, Description string
	Image              Image
}

func (p Profile) object() map[string]any {
	object := map[string]any{"id": p.ID, "type": []any{"Profile"}, "name": p.Name, "url": p.URL}
	set(object, "email", p.Email)
	set(object, "description", p.Description)
	p.Image.setIn(object)
	return object
}

// Image is a picture: its address, or the picture itself as a data URL. None when ID is empty.
type Image struct{ ID, Caption string }

func (i Image) setIn(object map[string]any) {
	if i.ID == "" {
		return
	}
	image := map[string]any{"id": i.ID, "type": "Image"}
	set(image, "caption", i.Caption)
	object["image"] = image
}

func (p Profile) check(f *faults, at string) {
	f.member(isURI(p.ID), at, ".id", notURI)
	f.member(p.Name != "", at, ".name", empty)
	f.member(isURL(p.URL), at, ".url", notURL)
	f.member(p.Email == "" || isEmail(p.Email), at, ".email", "must be an e-mail address")
	p.Image.check(f, at+".image")
}

func (i Image) check(f *faults, at string) {
	f.require(i.ID == "" || isURL(i.ID) || strings.HasPrefix(i.ID, "data:image/") && isURI(i.ID), at+".id", "must be an http, https or data URL of an image")
	f.member(i.ID != "" || i.Caption == "", at, ".id", empty)
}
