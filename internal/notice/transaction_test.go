package notice

import (
	"errors"
	"net"
	"net/textproto"
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/notice/noticetest"
)

// strict is a server by the letter: a transaction that was begun is ended before the next one (RFC 5321, section 4.1.4). It
// refuses the first DATA before there is any, which go-smtp cannot, and takes the next. It tells how often it took one.
func strict(conn net.Conn) (taken int, err error) {
	text := textproto.NewConn(conn)
	defer text.Close()
	begun, refused := false, false
	if err := text.PrintfLine("220 mail.example.org"); err != nil {
		return 0, err
	}
	for {
		command, err := text.ReadLine()
		if err != nil {
			return taken, err
		}
		verb, _, _ := strings.Cut(command, " ")
		answer := "250 fine"
		switch {
		case verb == "QUIT":
			return taken, text.PrintfLine("221 goodbye")
		case verb == "RSET":
			begun = false
		case verb == "MAIL" && begun:
			answer = "503 one is begun"
		case verb == "MAIL":
			begun = true
		case verb == "DATA" && !refused:
			answer, refused = "451 not now", true
		case verb == "DATA":
			if err := text.PrintfLine("354 go on"); err != nil {
				return taken, err
			}
			if _, err := text.ReadDotLines(); err != nil {
				return taken, err
			}
			begun = false
			taken++
		}
		if err := text.PrintfLine("%s", answer); err != nil {
			return taken, err
		}
	}
}

// A message that is refused midway leaves nothing behind for the next one. There is no TLS, which the URL says.
func TestNextTransaction(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	type end struct {
		taken int
		err   error
	}
	ended := make(chan end, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			ended <- end{0, err}
			return
		}
		taken, err := strict(conn)
		ended <- end{taken, err}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	sender := senderTo(t, &noticetest.Server{Address: listener.Addr().String()}, nil, tlsNone)
	errs := sender.SendAll(t.Context(), []Envelope{envelope(t, "ana@example.org"), envelope(t, "bo@example.org")})
	if !errors.Is(errs[0], ErrDeferred) || errs[1] != nil {
		t.Errorf("%v", errs)
	}
	if got := <-ended; got.err != nil || got.taken != 1 {
		t.Errorf("the server took %d, %v", got.taken, got.err)
	}
}
