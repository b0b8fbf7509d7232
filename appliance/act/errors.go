package act

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoBackend is returned for a backend that the runbook does not declare.
var ErrNoBackend = errors.New("the runbook declares no such backend")

// BusyError refuses work: a queue is full.
type BusyError struct {
	What       string // "topic.general", "language_model.qwen"
	RetryAfter time.Duration
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s is busy; try again in %v", e.What, e.RetryAfter)
}

// TopicError refuses a topic that does not exist, or that is switched off.
type TopicError struct {
	Topic string
	Off   bool
}

func (e *TopicError) Error() string {
	if e.Off {
		return fmt.Sprintf("topic %q is switched off", e.Topic)
	}
	return fmt.Sprintf("topic %q does not exist; declare it with a topic block", e.Topic)
}

// ExpiredError refuses a command that is carried out too late to be meant any more, or of which nobody knows how old it is.
type ExpiredError struct {
	Age, Most time.Duration
	Undated   bool
}

func (e *ExpiredError) Error() string {
	if e.Undated {
		return fmt.Sprintf("the clock was set back after the command was spoken: nobody knows how old it is, and it expires after %v", e.Most)
	}
	return fmt.Sprintf("the command is %v old, and expires after %v", e.Age.Round(time.Second), e.Most)
}

// TimeoutError tells that a backend or a language model did not answer in time.
type TimeoutError struct {
	What  string
	Limit time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s did not answer within %v", e.What, e.Limit)
}
