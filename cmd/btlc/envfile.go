package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// variable is a line of a file that a shell can read.
type variable struct{ name, value string }

// writeEnv writes such a file for its owner alone, whole or not at all.
func writeEnv(path, comment string, variables ...variable) error {
	var content bytes.Buffer
	fmt.Fprintf(&content, "# %s\n", comment)
	for _, v := range variables {
		fmt.Fprintf(&content, "%s=%s\n", v.name, v.value)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*.env") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content.Bytes())
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// readEnv reads such a file; one that does not exist has no variables.
func readEnv(path string) (map[string]string, error) {
	content, err := os.ReadFile(path) // #nosec G304 -- a file of our own in the data directory
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	variables := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok && !strings.HasPrefix(name, "#") {
			variables[name] = value
		}
	}
	return variables, nil
}
