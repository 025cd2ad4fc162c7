package statuslist

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/btlc/btlc/internal/jsonld"
)

// Entry is what a credential says of where its status stands.
type Entry struct {
	Purpose Purpose
	// List is the URL of the status list credential.
	List string
	// Index is the position in the list, in entries of Size bits. A number too large for it is the largest one, which no
	// list holds.
	Index uint64
	// Size is the number of bits of an entry, 1 unless the credential says otherwise.
	Size int
	// Messages are what the values mean; nil, or one for each of the 2^Size values.
	Messages map[uint64]string
}

// Statuses are the ways in which a credential says that its status can be checked. All of them count: a credential is
// good when none says otherwise.
type Statuses struct {
	// Bitstring are entries of W3C Bitstring Status Lists.
	Bitstring []Entry
	// RevocationLists are the URLs of 1EdTech Revocation Lists.
	RevocationLists []string
	// Unknown are types of status that this package does not check.
	Unknown []string
}

// Of reads the credentialStatus of a credential, one object or several. ErrMalformed: not JSON, or a status without
// type, or one of the types that are checked here without what it must have.
func Of(credential []byte) (Statuses, error) {
	document, err := object(credential)
	if err != nil {
		return Statuses{}, err
	}
	var statuses Statuses
	for _, value := range jsonld.Values(document["credentialStatus"]) {
		status, ok := value.(map[string]any)
		if !ok {
			return Statuses{}, because(ErrMalformed, "credentialStatus is not an object")
		}
		switch types := jsonld.Values(status["type"]); {
		case has(types, entryType):
			entry, err := parseEntry(status)
			if err != nil {
				return Statuses{}, err
			}
			statuses.Bitstring = append(statuses.Bitstring, entry)
		case has(types, revocationListType):
			url, err := text(status, "id")
			if err != nil {
				return Statuses{}, err
			}
			statuses.RevocationLists = append(statuses.RevocationLists, url)
		default:
			if len(types) == 0 {
				return Statuses{}, because(ErrMalformed, "credentialStatus has no type")
			}
			for _, name := range types {
				name, ok := name.(string)
				if !ok {
					return Statuses{}, because(ErrMalformed, "a type is not a string")
				}
				statuses.Unknown = append(statuses.Unknown, name)
			}
		}
	}
	return statuses, nil
}

func parseEntry(status map[string]any) (Entry, error) {
	entry := Entry{Size: 1}
	purpose, err1 := text(status, "statusPurpose")
	list, err2 := text(status, "statusListCredential")
	position, err3 := text(status, "statusListIndex")
	if err := errors.Join(err1, err2, err3); err != nil {
		return Entry{}, err
	}
	entry.Purpose, entry.List = Purpose(purpose), list
	index, err := strconv.ParseUint(position, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return Entry{}, because(ErrMalformed, "statusListIndex is not a whole number in base 10")
	}
	entry.Index = index

	if value, present := status["statusSize"]; present {
		size, ok := whole(value)
		if !ok || size < 1 {
			return Entry{}, because(ErrMalformed, "statusSize is not a number greater than zero")
		}
		entry.Size = size
	}
	entry.Messages, err = parseMessages(status["statusMessage"], entry.Size)
	return entry, err
}

// parseMessages reads the message of each value. Entries of more than one bit must have them, so that a document of a
// bounded size bounds the size of an entry too.
func parseMessages(value any, size int) (map[uint64]string, error) {
	if value == nil && size == 1 {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok || size > 32 || uint64(len(list)) != 1<<size {
		return nil, because(ErrMalformed, "statusMessage does not have an element for each value of statusSize bits")
	}
	messages := make(map[uint64]string, len(list))
	for _, element := range list {
		fields, ok := element.(map[string]any)
		if !ok {
			return nil, because(ErrMalformed, "an element of statusMessage is not an object")
		}
		status, err1 := text(fields, "status")
		message, err2 := text(fields, "message")
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		number, err := hexadecimal(status)
		if err != nil {
			return nil, err
		}
		messages[number] = message
	}
	if len(messages) < len(list) || slices.Max(slices.Collect(maps.Keys(messages))) >= 1<<size {
		return nil, because(ErrMalformed, "statusMessage does not have a message for each value")
	}
	return messages, nil
}

func hexadecimal(status string) (uint64, error) {
	if len(status) > 2 && status[:2] == "0x" {
		if number, err := strconv.ParseUint(status[2:], 16, 64); err == nil {
			return number, nil
		}
	}
	return 0, because(ErrMalformed, "the status of a message is not a hexadecimal number after 0x")
}
