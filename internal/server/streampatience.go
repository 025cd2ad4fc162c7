package server

import (
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"github.com/btlc/btlc/internal/api"
)

// streamPatience is how long a piece of a stream may take on its way: a reader who takes nothing for that long is gone, as far
// as anybody can tell, and holds one of the places for exports.
const streamPatience = 30 * time.Second

// streamPiece is how many bytes are given to the system at a time on REST, each time with streamPatience for finding room.
const streamPiece = 16 << 10

// writeBuffer is how many bytes of a connection the system is asked to keep until they are taken. It tells that there is room
// again when about a third is free: of the megabytes that it would go to by itself, a slow reader does not take so many in
// streamPatience, and would be cut off while bytes flow.
const writeBuffer = 64 << 10

// buffering accepts connections with such a buffer.
type buffering struct{ net.Listener }

// Accept implements net.Listener.
func (b buffering) Accept() (net.Conn, error) {
	conn, err := b.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(writeBuffer) // a connection that does not let itself be set serves all but slow readers
	}
	return conn, err
}

// impatient sends on the wire, each message within a time. gRPC waits for its reader until the stream ends, and there is no
// other way to make it give up than to end the stream: so a message that nobody takes is left behind, to be dropped with it.
type impatient struct {
	grpc.ServerStream
	patience time.Duration
}

// SendMsg implements grpc.ServerStream.
func (s impatient) SendMsg(m any) error {
	sent := make(chan error, 1)
	go func() { sent <- s.ServerStream.SendMsg(m) }()
	late := time.NewTimer(s.patience)
	defer late.Stop()
	select {
	case err := <-sent:
		return err
	case <-late.C:
		return notTaken(s.patience)
	}
}

func notTaken(patience time.Duration) error {
	return api.Errorf(api.DeadlineExceeded, "Nobody took what was sent for %s. Go on with a new stream after what you have.", patience)
}

// writeWithin writes in pieces, each within a time.
func writeWithin(w http.ResponseWriter, body []byte, patience time.Duration) (written int, err error) {
	for len(body) > 0 && err == nil {
		piece := body[:min(len(body), streamPiece)]
		n := 0
		err = within(w, patience, func() (err error) {
			n, err = w.Write(piece)
			return err
		})
		written, body = written+n, body[len(piece):]
	}
	return written, err
}

// within writes by a time, which counts for nothing else that is written. What cannot be held to a time takes its own.
func within(w http.ResponseWriter, patience time.Duration, write func() error) error {
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(patience))
	err := write()
	_ = control.SetWriteDeadline(time.Time{})
	return err
}
