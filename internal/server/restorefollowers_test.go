package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	changepb "github.com/btlc/btlc/gen/go/btlc/change/v1"
)

// follower is a consumer that notes how often it is told to start again, and then does.
type follower struct {
	name   string
	follow func(context.Context, *follower) // until the context ends

	mu  sync.Mutex
	now followed
}

// followed is how far a follower has come.
type followed struct {
	cursor string
	newest int // the number of the last change; 0 when it begins
	told   int
	fault  error
}

func (f *follower) state() followed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// take takes a change as one who pulls or watches does: the next one, or any when it begins.
func (f *follower) take(number int, cursor string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now.newest > 0 && number != f.now.newest+1 {
		f.now.fault = fmt.Errorf("after change %d came %d", f.now.newest, number)
	}
	f.now.newest, f.now.cursor = number, cursor
}

// startAgain is told by CURSOR_EXPIRED.
func (f *follower) startAgain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = followed{told: f.now.told + 1, fault: f.now.fault}
}

func (f *follower) fails(fault error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.fault = fault
}

// begin has followers follow until stop is called.
func (r *restores) begin(followers []*follower) (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	var running sync.WaitGroup
	for _, f := range followers {
		running.Go(func() {
			for ctx.Err() == nil && f.state().fault == nil {
				f.follow(ctx, f)
				select {
				case <-time.After(20 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// pullOn reads a page.
func (r *restores) pullOn(_ context.Context, f *follower) {
	answer, err := r.send(http.MethodGet, "/v1/program/changes?pageSize=100&cursor="+f.state().cursor, "", "")
	switch {
	case errors.Is(err, errTryAgain):
		return
	case err != nil && strings.Contains(err.Error(), "CURSOR_EXPIRED"):
		f.startAgain()
		return
	}
	var page struct {
		Changes    []struct{ Sequence int }
		NextCursor string
	}
	if err == nil {
		err = json.Unmarshal([]byte(answer), &page)
	}
	if err != nil {
		f.fails(err)
	}
	for _, c := range page.Changes {
		f.take(c.Sequence, page.NextCursor)
	}
}

// watchOn watches until the stream ends.
func (r *restores) watchOn(ctx context.Context, f *follower) {
	conn, err := grpc.NewClient(*r.rpc.Load(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		f.fails(err)
		return
	}
	defer conn.Close()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+r.key)
	stream, err := changepb.NewChangeServiceClient(conn).WatchChanges(ctx, &changepb.WatchChangesRequest{Parent: "program", Cursor: f.state().cursor})
	for err == nil {
		var answer *changepb.WatchChangesResponse
		if answer, err = stream.Recv(); err == nil && answer.Change != nil {
			f.take(int(answer.Change.Sequence), answer.Cursor)
		}
	}
	if status.Code(err) == codes.OutOfRange { // else the server or the database is away
		f.startAgain()
	}
}

// postTo subscribes a follower that takes all that is posted, and looks whether what has one id is one thing.
func (r *restores) postTo(f *follower) {
	bodies := map[string]string{}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return // the server was stopped
		}
		var event struct {
			ID, Type string
			Data     struct{ Sequence int }
		}
		if err := json.Unmarshal(body, &event); err != nil {
			f.fails(err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if before, known := bodies[event.ID]; known && event.Type != "btlc.feed.restarted" && before != string(body) {
			f.now.fault = fmt.Errorf("%s was %s and is %s", event.ID, before, body)
		}
		bodies[event.ID] = string(body)
		if event.Type == "btlc.feed.restarted" {
			f.now.told++
		}
		f.now.newest = event.Data.Sequence
	}))
	r.t.Cleanup(receiver.Close)
	_, err := r.send(http.MethodPost, "/v1/webhookSubscriptions", "", `{"stream": "program", "url": "`+receiver.URL+`/feed"}`)
	must(r.t, err)
}
