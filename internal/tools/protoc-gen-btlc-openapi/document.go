package main

import "fmt"

// The parts of an OpenAPI 3.1 document that this program writes, in the order in which they are written.
type (
	document struct {
		OpenAPI    string                      `json:"openapi"`
		Info       info                        `json:"info"`
		Servers    []server                    `json:"servers"`
		Tags       []tag                       `json:"tags"`
		Paths      object[*object[*operation]] `json:"paths"`
		Components components                  `json:"components"`
	}
	info struct {
		Title       string  `json:"title"`
		Summary     string  `json:"summary"`
		Description string  `json:"description"`
		License     license `json:"license"`
		Version     string  `json:"version"`
	}
	license struct {
		Name       string `json:"name"`
		Identifier string `json:"identifier"`
	}
	server struct {
		URL         string `json:"url"`
		Description string `json:"description"`
	}
	tag struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	components struct {
		Schemas         object[*schema]        `json:"schemas"`
		Responses       object[*response]      `json:"responses"`
		Parameters      object[*parameter]     `json:"parameters"`
		Headers         object[*header]        `json:"headers"`
		SecuritySchemes object[securityScheme] `json:"securitySchemes"`
	}
	operation struct {
		verb, path string

		Tags        []string            `json:"tags"`
		Summary     string              `json:"summary"`
		Description string              `json:"description,omitempty"`
		OperationID string              `json:"operationId"`
		Deprecated  bool                `json:"deprecated,omitempty"`
		Parameters  []*parameter        `json:"parameters,omitempty"`
		RequestBody *requestBody        `json:"requestBody,omitempty"`
		Responses   object[*response]   `json:"responses"`
		Security    []securityCondition `json:"security"`
		Permission  string              `json:"x-btlc-permission,omitempty"`
	}
	parameter struct {
		Ref         string  `json:"$ref,omitempty"`
		Name        string  `json:"name,omitempty"`
		In          string  `json:"in,omitempty"`
		Required    bool    `json:"required,omitempty"`
		Deprecated  bool    `json:"deprecated,omitempty"`
		Description string  `json:"description,omitempty"`
		Schema      *schema `json:"schema,omitempty"`
		Example     any     `json:"example,omitempty"`
	}
	requestBody struct {
		Description string             `json:"description,omitempty"`
		Required    bool               `json:"required,omitempty"`
		Content     object[*mediaType] `json:"content"`
	}
	response struct {
		Ref         string             `json:"$ref,omitempty"`
		Description string             `json:"description,omitempty"`
		Headers     object[*header]    `json:"headers,omitzero"`
		Content     object[*mediaType] `json:"content,omitzero"`
	}
	header struct {
		Ref         string  `json:"$ref,omitempty"`
		Description string  `json:"description,omitempty"`
		Schema      *schema `json:"schema,omitempty"`
		Example     any     `json:"example,omitempty"`
	}
	mediaType struct {
		Schema  *schema `json:"schema"`
		Example any     `json:"example"`
	}
	securityScheme struct {
		Type         string `json:"type"`
		Scheme       string `json:"scheme"`
		BearerFormat string `json:"bearerFormat,omitempty"`
		Description  string `json:"description"`
	}
	securityCondition map[string][]string

	schema struct {
		Ref                  string          `json:"$ref,omitempty"`
		Description          string          `json:"description,omitempty"`
		Type                 string          `json:"type,omitempty"`
		Format               string          `json:"format,omitempty"`
		Enum                 []string        `json:"enum,omitempty"`
		Not                  *schema         `json:"not,omitempty"`
		Pattern              string          `json:"pattern,omitempty"`
		MinLength            *uint64         `json:"minLength,omitempty"`
		MaxLength            *uint64         `json:"maxLength,omitempty"`
		Minimum              *float64        `json:"minimum,omitempty"`
		Maximum              *float64        `json:"maximum,omitempty"`
		ExclusiveMinimum     *float64        `json:"exclusiveMinimum,omitempty"`
		ExclusiveMaximum     *float64        `json:"exclusiveMaximum,omitempty"`
		MinItems             *uint64         `json:"minItems,omitempty"`
		MaxItems             *uint64         `json:"maxItems,omitempty"`
		UniqueItems          bool            `json:"uniqueItems,omitempty"`
		MinProperties        *uint64         `json:"minProperties,omitempty"`
		MaxProperties        *uint64         `json:"maxProperties,omitempty"`
		Items                *schema         `json:"items,omitempty"`
		Required             []string        `json:"required,omitempty"`
		Properties           object[*schema] `json:"properties,omitzero"`
		AdditionalProperties any             `json:"additionalProperties,omitempty"`
		ReadOnly             bool            `json:"readOnly,omitempty"`
		Deprecated           bool            `json:"deprecated,omitempty"`
		Examples             []any           `json:"examples,omitempty"`
	}
)

// newDocument returns a document with all that does not depend on the contract.
func newDocument(version string) *document {
	return &document{
		OpenAPI: "3.1.0",
		Info: info{
			Title:       "BTLC",
			Summary:     "The registry of the Boston Teacher Leadership Certificate.",
			Description: introduction,
			License:     license{Name: "Apache License 2.0", Identifier: "Apache-2.0"},
			Version:     version,
		},
		Servers: []server{{URL: "http://127.0.0.1:8080", Description: "A server on this machine."}},
		Components: components{
			Responses:       problemResponses(),
			Parameters:      headerParameters(),
			Headers:         responseHeaders(),
			SecuritySchemes: securitySchemes(),
		},
	}
}

// add files an operation under its path.
func (d *document) add(o *operation) error {
	item, known := d.Paths.values[o.path]
	if !known {
		item = new(object[*operation])
		d.Paths.set(o.path, item)
	}
	if other, taken := item.values[o.verb]; taken {
		return fmt.Errorf("%s %s belongs to %s and to %s", o.verb, o.path, other.OperationID, o.OperationID)
	}
	item.set(o.verb, o)
	return nil
}

// content is a body of the given media type.
func content(media string, s *schema, example any) object[*mediaType] {
	var o object[*mediaType]
	o.set(media, &mediaType{Schema: s, Example: example})
	return o
}

// introduction is what a reader of the document should know before the first call.
const introduction = `Courses, competencies, certificates and leadership roles of Boston's teacher leaders, over REST. The same
contract is served over gRPC.

**Names.** A resource is known by its name, such as ` + "`districts/bps`" + `; the path of its REST resource is ` + "`/v1/`" + ` and the name.

**JSON.** Fields are in lowerCamelCase, enums are their names, times are RFC 3339. Zero values are present in answers,
unset messages are not. Unknown fields in a request are refused.

**Lists** come in pages: send ` + "`nextPageToken`" + ` back as ` + "`pageToken`" + ` until it is empty.

**Writes** may be repeated safely with an ` + "`Idempotency-Key`" + ` header, and guarded with ` + "`If-Match`" + `.

**Faults** are ` + "`application/problem+json`" + ` (RFC 9457) with a stable ` + "`reason`" + ` for programs. What a caller may not see
is answered as if it were not there.`
