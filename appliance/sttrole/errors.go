package sttrole

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoSound tells that the sound of a transcript is not kept, or that there is no such transcript.
var ErrNoSound = errors.New("there is no such recording")

// BusyError tells a peer to come back: the queue is full, or this peer has its share of it.
type BusyError struct {
	RetryAfter time.Duration
	Cause      string
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s; try again in %v", e.Cause, e.RetryAfter)
}

// TooLongError refuses a sound that is longer than the server transcribes.
type TooLongError struct{ Is, Most time.Duration }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("the sound lasts %v; at most %v are transcribed", e.Is.Round(time.Millisecond), e.Most)
}

// ReusedError refuses an ID under which the same peer has sent another sound.
type ReusedError struct{ ID string }

func (e *ReusedError) Error() string {
	return fmt.Sprintf("another utterance was sent as %q: give each its own ID", e.ID)
}

// EngineError tells that the engine could not transcribe. The utterance was not acted on, and may be sent again.
type EngineError struct {
	Cause      error
	RetryAfter time.Duration // 0: unknown
	Away       bool          // the engine is not there, as opposed to failing on this sound
}

func (e *EngineError) Error() string { return "the speech-to-text engine failed: " + e.Cause.Error() }
func (e *EngineError) Unwrap() error { return e.Cause }
