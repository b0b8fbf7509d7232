package crowd

import (
	"context"
	"errors"
	"net"
	"time"
)

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
