package edge

import (
	"cmp"
	"crypto/rand"

	"orac/appliance/thread"
	"orac/runbook/pattern"
)

// RequestHeader carries the ID of a request: X-Request-ID in the form of a header map's keys.
const RequestHeader = "X-Request-Id"

// requestID is the pattern of an ID that a request may bring.
var requestID = pattern.Lazy(`^[A-Za-z0-9_.-]{8,64}$`)

// IDOf returns the ID that a request brings if it is well-formed, or that of the trace that it belongs to, otherwise a new one. parent is its
// traceparent; "" if it brings none.
func IDOf(given, parent string) string {
	if given != "" && requestID().MatchString(given) {
		return given
	}
	return cmp.Or(thread.RequestID(parent), rand.Text())
}
