package api

import (
	"crypto/rand"
	"regexp"
)

// requestHeader carries the ID of a request: X-Request-ID as a map of headers has it.
const requestHeader = "X-Request-Id"

// requestID is what a request may call itself.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_.-]{8,64}$`)

// idOf is the ID that a request comes with if it is well-formed, else a new one.
func idOf(given string) string {
	if given != "" && requestID.MatchString(given) {
		return given
	}
	return rand.Text()
}
