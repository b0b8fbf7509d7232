package wire

import (
	"fmt"
	"strings"
	"time"
)

// Kind is what went wrong, as far as it matters for what to do next.
type Kind int

const (
	// Unreachable: no connection, or something other than the service answers at the address (404, 405, a
	// redirect).
	Unreachable Kind = iota + 1
	// Timeout: connected or not, the answer did not come in time.
	Timeout
	// Late is the Timeout of a request whose server waits for others before it answers: no sign of an outage.
	Late
	// Unauthorised: 401, 403 or 407; the credentials are at fault, not what was sent.
	Unauthorised
	// Refused: what was sent will never be accepted (400, 413, 415, 422, too long).
	Refused
	// Busy: 408, 425, 429 or any 5xx.
	Busy
	// Engine: the service answered properly that it failed.
	Engine
	// Protocol: this service does not answer like that: garbage, too large, cut off.
	Protocol
	// NoToken: nothing was sent, because who gives us tokens has given none. It says nothing about the service.
	NoToken
)

var kindNames = [...]string{"", "unreachable", "timed out", "answer late", "not authorised", "refused", "busy", "engine failed", "bad answer", "no token"}

func (k Kind) String() string {
	if k < Unreachable || k > NoToken {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// Retry is what to do with the same data after an error.
type Retry int

const (
	// RetryForever: nothing is wrong with the data, and the other side will come back or be repaired.
	RetryForever Retry = iota
	// RetryBounded: the data itself may be the cause, so try a few times and then give up.
	RetryBounded
	// GiveUp: the same data fails the same way every time.
	GiveUp
)

func (r Retry) String() string {
	switch r {
	case RetryForever:
		return "retry for ever"
	case RetryBounded:
		return "retry a few times"
	case GiveUp:
		return "give up"
	}
	return fmt.Sprintf("Retry(%d)", int(r))
}

// Doubt is what is unknown, after a failed exchange, about what the other side does with what it was
// sent.
type Doubt int

const (
	// NoDoubt: it does not have all of it, or has answered that it failed.
	NoDoubt Doubt = iota
	// Acted: it had all of it and has answered, illegibly: it may have acted on it.
	Acted
	// UnderWay: it had all of it and has not answered: it may still be working on it, and act on it.
	UnderWay
)

// maxCause bounds the text of a cause, in characters: libraries quote what a peer has sent.
const maxCause = 600

// Error is a failed exchange. It never holds a secret: Address has no user information and no query. Its text is short and one
// line of plain characters, whatever the cause says.
type Error struct {
	Op         string // what was attempted: "transcribe", "stream", "heartbeat", …
	Address    string // the peer: a URL or a command
	Kind       Kind
	Status     int           // HTTP status or exit status; 0 if there was none
	RetryAfter time.Duration // the least wait that the other side asked for; 0 if it did not
	Doubt      Doubt         // for a request that reported when it was sent (Request.Ready), and for a stream
	Hint       string        // the way out; may be empty
	Cause      error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s", e.Op, e.Address, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %s", brief(CleanText(e.Cause.Error()), maxCause))
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, " (%s)", e.Hint)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// Retry returns what to do with the same data now.
func (e *Error) Retry() Retry {
	switch e.Kind {
	case Refused:
		return GiveUp
	case Engine, Protocol:
		return RetryBounded
	}
	return RetryForever
}
