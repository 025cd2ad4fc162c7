package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// impatience is far below what anybody waits for, and all the same to readers who read.
const impatience = 100 * time.Millisecond

// TestReadersWhoStopReading are left after a while, on the wire and on REST, compressed and not: the handler ends.
func TestReadersWhoStopReading(t *testing.T) {
	w := newPatientWorld(t, impatience)
	s, err := w.wire.ExportCredentialStatuses(t.Context(), &credentialpb.ExportCredentialStatusesRequest{Parent: "districts/flood"})
	if err != nil {
		t.Fatal(err)
	}
	<-w.left
	for err == nil { // what was sent before is there, and then it is said that there is no more
		_, err = s.Recv()
	}
	check(t, "a stream that nobody read", err, api.DeadlineExceeded)

	for _, encoding := range []string{"identity", "gzip"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.rest, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprintf(conn, "GET /v1/districts/flood/credentialStatuses:export HTTP/1.1\r\nHost: test\r\nAccept-Encoding: %s\r\n\r\n", encoding); err != nil {
			t.Fatal(err)
		}
		<-w.left
	}
}

// timedWriter notes what is written by when.
type timedWriter struct {
	http.ResponseWriter
	by    time.Time
	sizes []int
	fault error
}

func (w *timedWriter) SetWriteDeadline(by time.Time) error {
	w.by = by
	return nil
}

func (w *timedWriter) Write(body []byte) (int, error) {
	if w.by.IsZero() {
		return 0, errors.New("there is no time by which this must be written")
	}
	w.sizes = append(w.sizes, len(body))
	return len(body), w.fault
}

// TestPiecesHaveATimeEach, and what comes between them, or after them on the same connection, has none.
func TestPiecesHaveATimeEach(t *testing.T) {
	w := &timedWriter{}
	n, err := writeWithin(w, make([]byte, 2*streamPiece+5), time.Hour)
	if err != nil || n != 2*streamPiece+5 || !slices.Equal(w.sizes, []int{streamPiece, streamPiece, 5}) || !w.by.IsZero() {
		t.Errorf("wrote %d in %v, %v; what comes after it has until %s", n, w.sizes, err, w.by)
	}
	w = &timedWriter{fault: os.ErrDeadlineExceeded}
	if n, err := writeWithin(w, make([]byte, 2*streamPiece), time.Hour); !errors.Is(err, os.ErrDeadlineExceeded) || n != streamPiece || len(w.sizes) != 1 {
		t.Errorf("after a fault: wrote %d in %v, %v", n, w.sizes, err)
	}
}

// TestReadersHaveSmallBuffers: what the system keeps for a reader is no multiple of what they take in the time they have. It
// gives twice what it is asked for, the half for its own.
func TestReadersHaveSmallBuffers(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	reader, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	conn, err := buffering{inner}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var size int
	var fault error
	err = raw.Control(func(fd uintptr) { size, fault = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF) })
	if err = errors.Join(err, fault); err != nil || size > 2*writeBuffer {
		t.Errorf("%d bytes, %v", size, err)
	}
}
