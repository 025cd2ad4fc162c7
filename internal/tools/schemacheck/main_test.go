package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	token := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln\n"
	}
	schema := file("schema.json", `{"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uri"}}}`)
	fits := []string{file("badge.json", `{"id": "https://a.example/1"}`), file("badge.jwt", token(`{"id": "https://a.example/1"}`))}
	if err := check(schema, fits); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{"no.json": `{}`, "format.json": `{"id": "not a URL"}`, "no.jwt": token(`{}`), "broken.json": `{`} {
		if err := check(schema, append(fits[:2:2], file(name, text))); err == nil {
			t.Errorf("%s fits", name)
		}
	}
	if err := check(filepath.Join(dir, "none.json"), fits); err == nil {
		t.Error("a schema that is not there is none to fit")
	}
}
