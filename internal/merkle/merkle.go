// Package merkle is a digest over rows, by which two systems that hold the same million rows find the few in which they
// differ without sending them. What follows is all that a partner needs to compute the same in any language; it takes
// SHA-256 and strings.
//
// # Specification
//
// All text is UTF-8. A line feed (LF) is the one byte 0A. Digests and keys are written as 64 digits of lower-case
// hexadecimal; "hex SHA-256 of" a text means the SHA-256 of its bytes in that form.
//
// A row says what an educator holds: the resource names of the credential ("credentials/{credential}"), of the educator
// ("educators/{educator}") and of the credential type ("credentialTypes/{credential_type}"), the status and the version
// (a positive decimal number without leading zeros), all as the API writes them. No two rows have the same credential.
//
//	key  = hex SHA-256 of   credential
//	leaf = hex SHA-256 of   credential LF educator LF credentialType LF status LF version
//
// Nothing follows the last field. The tree stands on the keys. A node is named by a prefix: an even number of digits,
// from none (the root) to 64. It stands for the rows whose keys begin with the prefix. Its children are named by prefixes
// two digits longer, so it has at most 256.
//
//	A node of at most 256 rows:   digest = hex SHA-256 of the lines of its rows in the order of their keys,
//	                              each line being   leaf LF
//	A node of more than 256 rows: digest = hex SHA-256 of the lines of its children in the order of their prefixes,
//	                              without children that have no rows, each line being
//	                              the last two digits of the child's prefix, a space, the number of its rows in
//	                              decimal, a space, its digest, LF
//
// So a node without rows has the SHA-256 of the empty text,
// e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, and whether it is compared by rows or by children
// depends on the number of its rows alone.
//
// For example, educators/01990000-0000-7000-8000-000000000001 holds credentials/01990000-0000-7000-8000-0000000000c1 of
// credentialTypes/using-data-certificate, and the status is CREDENTIAL_STATUS_ACTIVE in version 3:
//
//	key                    7b241d2585542de7854cd4e1969f055e7112997a28f4ae04474df8ab029b271d
//	leaf                   13f724b052ceeae028f9632b0ff0edfdd9d603d363a2d7ded6b166a5c569dd7a
//	root of that one row   b4fa7e06ee3c65f78497a3062bb199fdd72824e85398e8cf353accf04735191a
//
// The 257 rows credentials/00000000 to credentials/00000256, all of educators/1, with that type, the status ACTIVE and
// version 1, have the root b5bd6d7738480a411e1bf29b49ce7248a822d833b5f2646fb31431beaf0e344e.
//
// # Finding what differs
//
// Ask for the root. A node that has your digest has your rows; leave it. A node of more than 256 rows comes with prefix,
// number of rows and digest of its children: ask for each child whose digest is not yours. A child that the answer does
// not name has no rows: what you have there, only you have. A node of at most 256 rows comes with key and leaf of each
// row: a key that only one side has is a row missing at the other, a key with two leaves is a row that has changed. If
// one side's node is of more than 256 rows and the other's is not, make children of the smaller one's rows.
//
// A million rows make a root, 256 children of about 3,900 rows, and theirs of about 15: three rows that differ are found
// with seven calls, the first shared by all and two for each. Calls that are made while rows change see different
// states: what differs is settled by reading that row, not by the digest.
//
// # In PostgreSQL
//
// A table of your own copy needs nothing else than the functions of PostgreSQL 11 or later to give the rows of a node
// with key and leaf:
//
//	SELECT key, leaf FROM (
//	  SELECT encode(sha256(convert_to(credential, 'UTF8')), 'hex') AS key,
//	    encode(sha256(convert_to(concat_ws(E'\n', credential, educator, credential_type, status, version), 'UTF8')), 'hex') AS leaf
//	  FROM holdings) rows
//	WHERE starts_with(key, $1)
//	ORDER BY key COLLATE "C"
//
// and the digest of one that has at most 256 rows is
//
//	encode(sha256(convert_to(coalesce(string_agg(leaf || E'\n', '' ORDER BY key COLLATE "C"), ''), 'UTF8')), 'hex')
//
// convert_to is not immutable for PostgreSQL, so an index or a generated column of keys is made of a cast, which in a
// database in UTF-8 gives the same bytes for names, since these have no backslash:
//
//	encode(sha256(credential::bytea), 'hex')
package merkle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxRows is how many rows a node has at most to be digested over them, and to give them.
const MaxRows = 256

// What is wrong with the input of Fold.
var (
	// ErrRow: a field is empty or has a line feed in it, or the version is not positive.
	ErrRow = errors.New("merkle: not a row")
	// ErrOrder: rows do not come in the order of their keys, or one comes twice.
	ErrOrder = errors.New("merkle: rows are not in the order of their keys")
	// ErrPrefix: not an even number of digits of lower-case hexadecimal, 64 at most, or a row's key begins otherwise.
	ErrPrefix = errors.New("merkle: not the prefix of a node")
)

// Row says what an educator holds.
type Row struct {
	// Credential, Educator and CredentialType are resource names: "credentials/{credential}", "educators/{educator}",
	// "credentialTypes/{credential_type}".
	Credential, Educator, CredentialType string
	// Status is in the words of the API.
	Status string
	// Version goes up with each change of the row.
	Version int64
}

// Key is where the row stands in the tree; it does not change with the row.
func (r Row) Key() Digest { return sha256.Sum256([]byte(r.Credential)) }

// Leaf is the digest of the whole row.
func (r Row) Leaf() Digest {
	var space [256]byte
	text := space[:0]
	for _, field := range [...]string{r.Credential, r.Educator, r.CredentialType, r.Status} {
		text = append(append(text, field...), '\n')
	}
	return sha256.Sum256(strconv.AppendInt(text, r.Version, 10))
}

// check is ErrRow for a row whose fields could be taken for those of another one.
func (r Row) check() error {
	for _, field := range [...]string{r.Credential, r.Educator, r.CredentialType, r.Status} {
		if field == "" || strings.Contains(field, "\n") {
			return fmt.Errorf("%w: a field is %q", ErrRow, field)
		}
	}
	if r.Version < 1 {
		return fmt.Errorf("%w: its version is %d", ErrRow, r.Version)
	}
	return nil
}

// Digest is a SHA-256: of a row, of a node, or a row's key.
type Digest [sha256.Size]byte

// String is the digest in lower-case hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText is String, for JSON.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText reads what MarshalText wrote, and nothing else.
func (d *Digest) UnmarshalText(text []byte) error {
	read, err := ParsePrefix(string(text))
	if err != nil || len(read) != len(d) {
		return fmt.Errorf("merkle: %.80q is not a digest", text)
	}
	copy(d[:], read)
	return nil
}

// ParsePrefix is the bytes that a node's prefix stands for, which keys in bytes begin with too. Errors: ErrPrefix.
func ParsePrefix(prefix string) ([]byte, error) {
	read, err := hex.DecodeString(prefix)
	if err != nil || len(read) > sha256.Size || prefix != strings.ToLower(prefix) {
		return nil, fmt.Errorf("%w: %.80q", ErrPrefix, prefix)
	}
	return read, nil
}

// Node is one node of the tree: the answer to one call.
type Node struct {
	// Prefix is what the keys of its rows begin with.
	Prefix string `json:"prefix"`
	// Count is how many rows it has.
	Count int `json:"count"`
	// Digest is over its rows, if there are at most MaxRows, else over its children.
	Digest Digest `json:"digest"`
	// Children are those that have rows, in the order of their prefixes; none if the node has at most MaxRows rows.
	Children []Child `json:"children,omitempty"`
	// Rows are in the order of their keys; none if the node has more than MaxRows.
	Rows []Leaf `json:"rows,omitempty"`
}

// Child is a node as its parent tells of it.
type Child struct {
	Prefix string `json:"prefix"`
	Count  int    `json:"count"`
	Digest Digest `json:"digest"`
}

// Leaf is a row as a node tells of it.
type Leaf struct {
	Key  Digest `json:"key"`
	Leaf Digest `json:"leaf"`
}
