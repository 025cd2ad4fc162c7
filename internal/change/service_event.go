package change

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/webhook"
)

// epochDigits are how many characters of an epoch stand in the ids of messages.
const epochDigits = 12

// messageID is the id of the message about one change: the same whenever and however often it is sent, and another one for
// another change that has its number, after the database went back.
func messageID(c database.Cursor) string {
	id := fmt.Sprintf("msg_%.*s-%s-%d", epochDigits, strings.ReplaceAll(c.Epoch, "-", ""), strings.ReplaceAll(c.Stream, "/", "-"), c.Number)
	if c.Print != "" {
		id += "-" + c.Print
	}
	return id
}

// source is where the changes of a stream can be read, too.
func source(publicURL, stream string) string { return publicURL + "/v1/" + stream + "/changes" }

// changeEvent is the message about a change: at is the cursor after it, body its JSON on REST, which gets the cursor as one
// more member.
func changeEvent(publicURL string, at database.Cursor, row database.FeedRow, body []byte) (webhook.Message, error) {
	open, ok := strings.CutSuffix(string(body), "}")
	if !ok || open == "{" {
		return webhook.Message{}, fmt.Errorf("the JSON of change %d of %s is no object with members", at.Number, at.Stream)
	}
	cursor, err := json.Marshal(at.String())
	if err != nil {
		return webhook.Message{}, err
	}
	return webhook.Message{
		ID: messageID(at), Source: source(publicURL, at.Stream), Type: eventType(row.Type, row.Kind), Subject: row.Resource, Time: row.CommitTime,
		Sequence: sequence(at.Number), Data: json.RawMessage(open + `,"cursor":` + string(cursor) + "}"),
	}, nil
}

// eventType is btlc.credential.updated for an update of btlc/Credential.
func eventType(resourceType, kind string) string {
	return strings.ToLower(strings.ReplaceAll(resourceType, "/", ".") + "." + kind)
}

// sequence has the digits of every number, so that as texts they sort as numbers do.
func sequence(number int64) string { return fmt.Sprintf("%020d", number) }

// restartEvent tells a subscriber that changes were lost to it, or that the feed began anew: it reads the resources in full,
// and is sent what comes after the cursor. Its id says up to where, since a later one may ask for another reading.
func restartEvent(publicURL, stream string, now time.Time, bounds database.FeedBounds) (webhook.Message, error) {
	at := bounds.End(stream)
	data, err := json.Marshal(map[string]string{
		"startAgain": startAgain + " Changes before the cursor are not sent any more.",
		"cursor":     at.String(), "oldestSequence": strconv.FormatInt(bounds.Oldest, 10), "newestSequence": strconv.FormatInt(bounds.Newest, 10),
	})
	return webhook.Message{ID: messageID(at) + "-restart", Source: source(publicURL, stream), Type: "btlc.feed.restarted", Time: now, Data: data}, err
}

// testEvent says nothing but that it arrives.
func testEvent(publicURL, stream, id string, now time.Time) webhook.Message {
	return webhook.Message{ID: "msg_test-" + id, Source: source(publicURL, stream), Type: "btlc.test", Time: now, Data: json.RawMessage(`{"test":true}`)}
}
