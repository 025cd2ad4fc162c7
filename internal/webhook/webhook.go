// Package webhook sends what happened to subscribers: a CloudEvents 1.0 event as the body of a POST, signed by Standard
// Webhooks 1.0.
//
// The event is in structured mode, application/cloudevents+json. Its id is the webhook-id, the same in every attempt, so
// subscribers keep the ids that they have seen and pass over repetitions. The signature is HMAC-SHA256 over
// "{webhook-id}.{webhook-timestamp}.{body}", the timestamp being that of the attempt in seconds since 1970; while a
// secret is exchanged for a new one, there are two signatures, and a subscriber accepts a message by either.
//
// A message counts as delivered with an answer of status 2xx within 15 seconds. Redirects are not followed: the
// subscription is to have the right address. 410 (Gone) ends the subscription. Anything else is tried again, 15 attempts
// in all, after 5 seconds first, then after three times as long each time, up to every 12 hours: 73 hours and 40 minutes,
// by chance a tenth less or more. Retry-After with 429 (Too Many Requests) or 503 (Service Unavailable) makes an attempt
// later, by 12 hours at most.
package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ContentType is the media type of messages.
const ContentType = "application/cloudevents+json"

// ErrMessage is for a message that is no event of CloudEvents, or one whose id cannot be signed.
var ErrMessage = errors.New("webhook: not a message")

// Message is one event (CloudEvents 1.0, section 3). Its id and source together are of this event alone.
type Message struct {
	// ID has letters, digits, hyphens and underscores, 128 at most. Standard Webhooks parts what it signs by full stops,
	// so there is none in it.
	ID string
	// Source is a URI reference to where it happened: "/v1/districts/bps".
	Source string
	// Type is what happened: "btlc.credential.issued".
	Type string
	// Subject is the resource that it happened to: "educators/…"; empty for none.
	Subject string
	// Time is when it happened, not when it is sent.
	Time time.Time
	// Schema is the URI of a description of the data; empty for none.
	Schema string
	// Sequence is the event's place in its source, as text that sorts or counts (CloudEvents extension "sequence"); empty
	// for none.
	Sequence string
	// Data is JSON, with what a subscriber needs to know; nil for none.
	Data json.RawMessage
}

// envelope is the JSON format of an event (CloudEvents JSON Event Format 1.0).
type envelope struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	Subject     string          `json:"subject,omitempty"`
	Time        string          `json:"time"`
	ContentType string          `json:"datacontenttype,omitempty"`
	Schema      string          `json:"dataschema,omitempty"`
	Sequence    string          `json:"sequence,omitempty"`
	Data        json.RawMessage `json:"data,omitempty"`
}

var (
	messageID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	eventType = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)
)

// Check finds every fault of a message. Errors: ErrMessage.
func (m Message) Check() error {
	var faults []error
	fault := func(wrong bool, what string) {
		if wrong {
			faults = append(faults, fmt.Errorf("%w: %s", ErrMessage, what))
		}
	}
	fault(!messageID.MatchString(m.ID), "the id is not 1 to 128 letters, digits, hyphens and underscores")
	source, err := url.Parse(m.Source)
	fault(err != nil || m.Source == "" || source.String() != m.Source, "the source is not a URI reference")
	fault(!eventType.MatchString(m.Type), "the type is not words of letters, digits and underscores, parted by full stops")
	fault(!text(m.Subject) || !text(m.Sequence), "the subject or the sequence has control characters or is not UTF-8")
	fault(m.Time.IsZero() || m.Time.UTC().Year() > 9999, "it has no time")
	schema, err := url.Parse(m.Schema)
	fault(m.Schema != "" && (err != nil || !schema.IsAbs() || schema.String() != m.Schema), "the schema is not a URI")
	fault(m.Data != nil && !json.Valid(m.Data), "the data is not JSON")
	return errors.Join(faults...)
}

// text tells whether a text is one of CloudEvents, section 3.1: Unicode without control characters.
func text(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }

// Body is the event as it is sent. The same message gives the same bytes. Errors: ErrMessage.
func (m Message) Body() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	e := envelope{
		SpecVersion: "1.0", ID: m.ID, Source: m.Source, Type: m.Type, Subject: m.Subject,
		Time: m.Time.UTC().Format(time.RFC3339Nano), Schema: m.Schema, Sequence: m.Sequence, Data: m.Data,
	}
	if m.Data != nil {
		e.ContentType = "application/json"
	}
	return json.Marshal(e)
}
