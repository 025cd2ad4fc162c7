package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/btlc/btlc/internal/config"
)

// listeners are where the server is reached.
type listeners struct {
	rest, grpc net.Listener
	metrics    net.Listener // nil: none
}

// listen takes all addresses, or says everything that is in the way.
func listen(ctx context.Context, c *config.Config) (_ *listeners, err error) {
	l := &listeners{}
	for _, each := range []struct {
		listener *net.Listener
		setting  string
		address  string
	}{{&l.rest, "rest-address", c.RESTAddress}, {&l.grpc, "grpc-address", c.GRPCAddress}, {&l.metrics, "metrics-address", c.MetricsAddress}} {
		if each.address == "" {
			continue
		}
		listener, failure := new(net.ListenConfig).Listen(ctx, "tcp", each.address)
		switch {
		case errors.Is(failure, syscall.EADDRINUSE):
			err = errors.Join(err, fmt.Errorf("%s is taken by another program, perhaps another btlc: stop it, or choose another --%s", each.address, each.setting))
		case failure != nil:
			err = errors.Join(err, fmt.Errorf("%s: %w", each.setting, failure))
		default:
			*each.listener = listener
		}
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// close gives the addresses back; those that a server has closed already are no matter.
func (l *listeners) close() {
	for _, listener := range []net.Listener{l.rest, l.grpc, l.metrics} {
		if listener != nil {
			_ = listener.Close()
		}
	}
}

// reachable is an address as a caller on this machine can use it.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
