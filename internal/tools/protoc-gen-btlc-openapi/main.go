// Command protoc-gen-btlc-openapi is a protoc plugin that writes the OpenAPI 3.1 document of the REST interface. What
// it knows, it reads from the contract: HTTP rules, resource names, field behaviour, constraints, access rules and
// comments. What no proto can say (headers, problems, pages that are no RPC) stands in this folder, once.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/pluginpb"
)

func main() {
	var flags flag.FlagSet
	version := flags.String("version", "0.0.0", "the version that the document states")
	protogen.Options{ParamFunc: flags.Set}.Run(func(plugin *protogen.Plugin) error {
		plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
		text, err := generate(plugin, *version)
		if err != nil {
			return err
		}
		_, err = plugin.NewGeneratedFile("btlc.openapi.json", "").Write(text)
		return err
	})
}

// generate returns the document, indented.
func generate(plugin *protogen.Plugin, version string) ([]byte, error) {
	contract, err := readContract(plugin)
	if err != nil {
		return nil, err
	}
	doc := newDocument(version)
	schemas := newSchemas(contract)
	for _, service := range contract.services {
		doc.Tags = append(doc.Tags, tag{Name: contextName(service), Description: parseComment(service.Comments.Leading).text})
		for _, method := range service.Methods {
			operations, err := describe(method, contract, schemas)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", method.Desc.FullName(), err)
			}
			for _, o := range operations {
				if err := doc.add(o); err != nil {
					return nil, err
				}
			}
		}
	}
	if err := addSurfaces(doc, schemas); err != nil {
		return nil, err
	}
	doc.Components.Schemas = schemas.sorted()

	text, err := encode(doc)
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}
