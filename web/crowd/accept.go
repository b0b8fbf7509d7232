package crowd

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// Listen opens a port by listen; nil: of the system. Its error does not name the address: the caller does.
func Listen(listen func(address string) (net.Listener, error), address string) (net.Listener, error) {
	if listen == nil {
		listen = func(address string) (net.Listener, error) { return net.Listen("tcp", address) }
	}
	l, err := listen(address)
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return l, err
}

// Peer is the address of who has connected; the zero value if it is none of IP.
func Peer(raw net.Conn) netip.Addr {
	a, err := netip.ParseAddrPort(raw.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// Accept passes the connections of a listener to serve, one after the other, until the listener is closed. Its error is why it ends. A
// system that has no file descriptors left gets time to find some.
func Accept(ctx context.Context, l net.Listener, serve func(net.Conn)) error {
	for pause := time.Millisecond; ; {
		raw, err := l.Accept()
		if err == nil {
			pause = time.Millisecond
			serve(raw)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Second)
	}
}
