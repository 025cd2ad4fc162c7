// Command schemacheck checks credentials against a JSON schema that is at hand, such as 1EdTech's for Open Badges 3.0 and CLR
// 2.0, whose licence keeps them out of this project:
//
//	go run ./internal/tools/schemacheck -schema ob_v3p0_achievementcredential_schema.json badge.json badge.jwt
//
// A JWT is checked by its payload, whatever its signature. It prints what does not fit, and ends with 1 if something does not.
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func main() {
	schema := flag.String("schema", "", "the file of the JSON schema")
	flag.Parse()
	if *schema == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := check(*schema, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d documents fit.\n", flag.NArg())
}

// check is nil when all the files fit the schema; it opens no network connection, so a schema is whole in its file.
func check(schema string, files []string) error {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiled, err := compiler.Compile(schema)
	if err != nil {
		return err
	}
	var faults []error
	for _, file := range files {
		if err := fits(compiled, file); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", file, err))
		}
	}
	return errors.Join(faults...)
}

func fits(schema *jsonschema.Schema, file string) error {
	document, err := os.ReadFile(file) // #nosec G304 -- the caller's own file
	if err != nil {
		return err
	}
	if parts := strings.Split(strings.TrimSpace(string(document)), "."); len(parts) == 3 && !bytes.Contains(document, []byte("{")) {
		if document, err = base64.RawURLEncoding.DecodeString(parts[1]); err != nil {
			return err
		}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
