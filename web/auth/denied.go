package auth

import (
	"errors"
	"time"
)

// Denied is why somebody is refused. Error is safe for anybody to read; Reason is for the audit and the log.
type Denied struct {
	Reason string
	// RetryAfter is how long to wait before the next try is accepted; 0 means no wait.
	RetryAfter time.Duration
	// Of is the owner of the credential if that is proven, else empty.
	Of string
	// Told is what the caller may know of the reason, as a sentence; usually nothing. It is set if the caller has proven to know the
	// secret, so that it tells nothing to who guesses.
	Told string
}

// Error does not reveal the reason.
func (d *Denied) Error() string {
	if d.RetryAfter > 0 {
		return "too many attempts"
	}
	return "not authenticated"
}

func denied(reason string) error { return &Denied{Reason: reason} }

func deniedOf(subject, reason string) error { return &Denied{Reason: reason, Of: subject} }

// Reason returns the reason of a denial, or "" if err is not one.
func Reason(err error) string {
	if d, ok := errors.AsType[*Denied](err); ok {
		return d.Reason
	}
	return ""
}

// Unfit is an invalid name or password. Its text is for the person who typed it.
type Unfit string

func (u Unfit) Error() string { return string(u) }
