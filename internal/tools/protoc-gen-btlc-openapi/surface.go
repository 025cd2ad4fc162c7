package main

import "strconv"

// surface is what the server answers over HTTP that is no RPC.
type surface struct {
	path, id, summary, description string
	params                         []*parameter
	media                          string
	schema                         *schema
	example                        any
	found                          string // what the answer is
	problems                       []string
}

var anyObject = &schema{Type: "object", AdditionalProperties: true}

func surfaces(credential *parameter) []surface {
	return []surface{
		{
			path: "/livez", id: "GetLiveness", summary: "Says whether the server is running",
			media: "text/plain", schema: &schema{Type: "string"}, example: "ok", found: "It is.",
		},
		{
			path: "/readyz", id: "GetReadiness", summary: "Says whether the server can answer",
			description: "It cannot while its database is away or has an older schema than it needs.",
			media:       "text/plain", schema: &schema{Type: "string"}, example: "ok", found: "It can.",
			problems: []string{"Unavailable"},
		},
		{
			path: "/openapi.json", id: "GetOpenApi", summary: "Gets this document",
			media: "application/json", schema: anyObject, example: members("openapi", "3.1.0"), found: "This document.",
		},
		{
			path: "/docs", id: "GetDocs", summary: "Shows the reference of the interface",
			media: "text/html", schema: &schema{Type: "string"}, example: "<!doctype html>", found: "A page.",
		},
		{
			path: "/.well-known/did.json", id: "GetDid", summary: "Gets the issuer's DID document",
			description: "It holds the public keys by which credentials can be verified (did:web).",
			media:       "application/json", schema: anyObject,
			example: members("@context", []any{"https://www.w3.org/ns/did/v1"}, "id", "did:web:registry.example.org"),
			found:   "The DID document.",
		},
		{
			path: "/credentials/{credential}", id: "GetCredentialDocument", summary: "Gets a credential as it was signed",
			description: "An Open Badges 3.0 credential: a W3C Verifiable Credential with its proof, byte for byte.",
			params:      []*parameter{credential},
			media:       "application/vc", schema: componentRef("VerifiableCredential"),
			example: members(
				"@context", []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
				"id", "https://registry.example.org/credentials/"+exampleID,
				"type", []any{"VerifiableCredential", "OpenBadgeCredential"},
				"issuer", "did:web:registry.example.org",
				"credentialSubject", members("type", []any{"AchievementSubject"}),
			),
			found:    "The credential.",
			problems: []string{"NotFound"},
		},
	}
}

var verifiableCredentialSchema = &schema{
	Type:                 "object",
	Description:          "A W3C Verifiable Credential.",
	Required:             []string{"@context", "id", "type", "issuer", "credentialSubject"},
	AdditionalProperties: true,
	Properties: properties(
		member{"@context", &schema{Type: "array", Description: "The vocabularies, in order.", Items: &schema{Type: "string"}}},
		member{"id", &schema{Type: "string", Format: "uri", Description: "Where the credential is."}},
		member{"type", &schema{Type: "array", Description: "What it is.", Items: &schema{Type: "string"}}},
		member{"issuer", &schema{Description: "Who signed it: a DID, or an object with one."}},
		member{"credentialSubject", &schema{Type: "object", Description: "Whom it is about, and what they achieved.", AdditionalProperties: true}},
	),
}

// addSurfaces adds what is no RPC, and the schemas that no message has.
func addSurfaces(doc *document, s *schemas) error {
	for name, extra := range map[string]*schema{
		"Problem": problemSchema, "Violation": violationSchema, "VerifiableCredential": verifiableCredentialSchema,
	} {
		s.made[name] = extra
	}
	doc.Tags = append(doc.Tags, tag{Name: "Server", Description: "The server itself, and documents that it serves."})
	credential := s.contract.resources.of("btlc/Credential")
	for _, each := range surfaces(idParameter(credential, 1, 2, false)) {
		o := &operation{
			verb: "get", path: each.path,
			Tags: []string{"Server"}, Summary: each.summary, Description: each.description, OperationID: each.id,
			Parameters: each.params, Security: security(access{public: true}),
		}
		o.Responses.set("200", &response{Description: each.found, Content: content(each.media, each.schema, each.example)})
		o.Responses.set("4XX", &response{
			Description: "The request cannot be understood.",
			Content:     content("application/problem+json", componentRef("Problem"), problems[0].example()),
		})
		for _, p := range problems {
			for _, name := range each.problems {
				if p.name == name {
					o.Responses.set(strconv.Itoa(p.status), &response{Ref: "#/components/responses/" + name})
				}
			}
		}
		if err := doc.add(o); err != nil {
			return err
		}
	}
	return nil
}
