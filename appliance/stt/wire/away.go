package wire

import (
	"errors"
	"net"
	"syscall"
)

// Away tells whether no connection was made: the other side, or the way to it, was away at that moment, whatever the request was.
func (e *Error) Away() bool {
	if e.Status != 0 {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](e.Cause); ok && op.Op == "dial" && !errors.Is(op, syscall.EMFILE) && !errors.Is(op, syscall.ENFILE) {
		return true
	}
	for _, no := range []error{syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN} {
		if errors.Is(e.Cause, no) {
			return true
		}
	}
	return false
}

// Doubtful tells whether the service as a whole may have failed, so that its health is worth asking for: no connection, a broken
// one, no answer in time, or a proxy's answer for a service that is away.
func (e *Error) Doubtful() bool {
	switch e.Kind {
	case Unreachable, Timeout, Late:
		return e.Status == 0
	case Busy:
		return e.Status >= 502 && e.Status <= 504
	}
	return false
}
