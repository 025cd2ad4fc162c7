package jsonld

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestContextsAreThoseOfTheirPackages(t *testing.T) {
	table, err := os.ReadFile("contexts/README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := contextFiles.ReadDir("contexts")
	if err != nil || len(files) != len(Contexts()) {
		t.Errorf("%d files for %d contexts, %v", len(files), len(Contexts()), err)
	}
	for _, url := range Contexts() {
		content, err := Context(url)
		if err != nil {
			t.Fatal(err)
		}
		row := fmt.Sprintf("| `%s.jsonld` | %s |", contextNames[url], url)
		_, rest, found := strings.Cut(string(table), row)
		rest, _, _ = strings.Cut(rest, "\n")
		if sum := fmt.Sprintf("`%x`", sha256.Sum256(content)); !found || !strings.Contains(rest, sum) {
			t.Errorf("README.md does not have %s with %s", row, sum)
		}
		if _, err := emptyContext().withURL(url, false); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := Context("https://example.org/c"); !errors.Is(err, ErrUnknownContext) {
		t.Error(err)
	}
}
