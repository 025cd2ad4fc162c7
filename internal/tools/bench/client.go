package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
)

// client calls one server: each caller has a connection of its own.
type client struct {
	key, rest   string
	http        *http.Client
	credentials []credentialpb.CredentialServiceClient
	enrollment  []enrollmentpb.EnrollmentServiceClient
}

func newClient(rest, rpc, key string, callers int) (*client, error) {
	c := &client{key: key, rest: "http://" + rest, http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: callers, DisableCompression: true}}}
	for range callers {
		conn, err := grpc.NewClient(rpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, err
		}
		c.credentials = append(c.credentials, credentialpb.NewCredentialServiceClient(conn))
		c.enrollment = append(c.enrollment, enrollmentpb.NewEnrollmentServiceClient(conn))
	}
	return c, nil
}

func (c *client) authorized(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.key)
}

func (c *client) send(ctx context.Context, method, path string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, c.rest+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s %s: %s %s", method, path, res.Status, text)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
