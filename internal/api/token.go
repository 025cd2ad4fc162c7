package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// tokenVersion goes up when tokens of an older server cannot be read any more.
const tokenVersion = 1

// pageToken is where a page ended. It is opaque to callers, but no secret: it says nothing that the page did not say.
type pageToken struct {
	Version int      `json:"v"`
	Query   string   `json:"q"`
	After   []string `json:"a"`
}

// queryHash tells queries apart: everything of the request but the page's size and place.
func queryHash(req proto.Message) string {
	bare := proto.Clone(req).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_size", "page_token"} {
		if fd := bare.Descriptor().Fields().ByName(name); fd != nil {
			bare.Clear(fd)
		}
	}
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare.Interface())
	if err != nil {
		return "" // a request that cannot be marshalled has not been read from the wire
	}
	sum := sha256.Sum256(append([]byte(bare.Descriptor().FullName()), wire...))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func sealToken(query string, after []string) string {
	body, err := json.Marshal(pageToken{Version: tokenVersion, Query: query, After: after})
	if err != nil {
		panic(err) // strings and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(body)
}

func openToken(token, query string, columns int) ([]string, error) {
	body, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, tokenError()
	}
	var t pageToken
	if err := json.Unmarshal(body, &t); err != nil || t.Version != tokenVersion || t.Query != query || len(t.After) != columns {
		return nil, tokenError()
	}
	return t.After, nil
}

func tokenError() *Error {
	e := Errorf(PageTokenInvalid, "A page token goes with the same parameters as the page that it came from. Begin again without one.")
	e.Violations = []Violation{{Field: "pageToken", Description: "does not belong to this query"}}
	return e
}

// SealPlace and OpenPlace are page tokens for lists that are not made by Query.
func SealPlace(req proto.Message, after ...string) string { return sealToken(queryHash(req), after) }

// OpenPlace reads what SealPlace was given.
func OpenPlace(req proto.Message, token string, parts int) ([]string, error) {
	return openToken(token, queryHash(req), parts)
}

// PageSize is how many items a page has when so many were asked for.
func PageSize(asked int32) int { return pageSize(asked) }
