package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// client calls one server. It shares the machine with what is measured, so it is as lean as pgbench is: on REST a
// connection of each caller's own, without net/http's client; on gRPC one channel for all, as its users have. What comes is
// thrown away unread, as pgbench and psql do with their rows.
type client struct {
	key     string
	rest    []*restConn
	channel *grpc.ClientConn
}

// restConn is a caller's connection, dialled at its first call.
type restConn struct {
	address string
	net.Conn
	in  *bufio.Reader
	out []byte
}

func newClient(rest, rpc, key string, callers int) (*client, error) {
	channel, err := grpc.NewClient(rpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	c := &client{key: key, channel: channel}
	for range callers {
		c.rest = append(c.rest, &restConn{address: rest})
	}
	return c, nil
}

func (c *client) authorized(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.key)
}

// invoke calls by gRPC.
func (c *client) invoke(ctx context.Context, method string, request proto.Message) error {
	var answer []byte
	return c.channel.Invoke(c.authorized(ctx), method, request, &answer, grpc.ForceCodecV2(unread{}))
}

// unread is a codec that sends messages, and takes what comes as the bytes that it is.
type unread struct{}

// Marshal implements encoding.CodecV2.
func (unread) Marshal(v any) (mem.BufferSlice, error) {
	message, err := proto.Marshal(v.(proto.Message))
	return mem.BufferSlice{mem.SliceBuffer(message)}, err
}

// Unmarshal implements encoding.CodecV2.
func (unread) Unmarshal(data mem.BufferSlice, v any) error {
	into := v.(*[]byte)
	*into = nil
	if data.Len() < 64 { // what is not thrown away: the last part of an export, which says how many there were
		*into = data.Materialize()
	}
	return nil
}

// Name implements encoding.CodecV2.
func (unread) Name() string { return "proto" }

func (c *client) send(caller int, method, path, body string) error {
	return c.call(caller, method, path, "Content-Type: application/json", body)
}

// download reads an answer in a form to its end, as it comes and not compressed.
func (c *client) download(path, media string) error {
	return c.call(0, http.MethodGet, path, "Accept: "+media, "")
}

func (c *client) call(caller int, method, path, header, body string) error {
	conn := c.rest[caller]
	if conn.Conn == nil {
		var err error
		if conn.Conn, err = net.Dial("tcp", conn.address); err != nil {
			return err
		}
		conn.in = bufio.NewReaderSize(conn, 64<<10)
	}
	conn.out = fmt.Appendf(conn.out[:0], "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", method, path, c.key, header, len(body), body)
	if _, err := conn.Write(conn.out); err != nil {
		return err
	}
	res, err := http.ReadResponse(conn.in, nil)
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
