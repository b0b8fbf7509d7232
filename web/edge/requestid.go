package edge

import (
	"crypto/rand"
	"regexp"
)

// RequestHeader carries the ID of a request: X-Request-ID in the form of a header map's keys.
const RequestHeader = "X-Request-Id"

// requestID is the pattern of an ID that a request may bring.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_.-]{8,64}$`)

// IDOf returns the ID that a request brings if it is well-formed, otherwise a new one.
func IDOf(given string) string {
	if given != "" && requestID.MatchString(given) {
		return given
	}
	return rand.Text()
}
