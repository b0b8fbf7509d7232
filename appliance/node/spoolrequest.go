package node

import (
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/utterance"
)

// Request is what a delivery node asks of the spool (a Next, Tail, Sound, Sending or Answered) or what a person asks (a Manage).
type Request interface{ request() }

// Next asks for the oldest utterance that a service has not answered yet. The reply comes as soon as there is one; if
// Live, while it is still being recorded.
type Next struct {
	STT   string
	Live  bool
	After utterance.Seq // only younger ones
	Now   bool          // the reply comes at once, and has no Seq if no complete one is there
	Reply *rt.Mailbox[Job]
}

// Job is an utterance to deliver.
type Job struct {
	Seq       utterance.Seq
	Meta      utterance.Meta
	Recording bool
	Ended     rt.Instant // see spool.Entry.Ended
}

// Tail asks for the sound of an utterance from its beginning, while it is recorded. The mailbox is closed at its end.
type Tail struct {
	Seq   utterance.Seq
	STT   string
	To    *rt.Mailbox[stt.Chunk]
	Ended *rt.Mailbox[Whole] // receives what is known of the utterance, without the sound, before To is closed
}

// Sending notes that a service may have all of an utterance from now on. The reply comes when that is on disk.
type Sending struct {
	Seq   utterance.Seq
	STT   string
	Not   bool // after all, the service does not have it; there is no reply
	Reply *rt.Mailbox[struct{}]
}

// Sound asks for a whole utterance, as soon as it is complete.
type Sound struct {
	Seq   utterance.Seq
	Reply *rt.Mailbox[Whole]
}

// Whole is a complete utterance, or the reason why it cannot be read.
type Whole struct {
	Meta utterance.Meta
	PCM  []int16
	Err  error
	Gone bool // it has left the spool

	Ended rt.Instant // see spool.Entry.Ended
}

// Answered tells that a service no longer needs an utterance. The reply comes when that is on disk, or when the disk has failed at it.
type Answered struct {
	Seq     utterance.Seq
	STT     string
	Refused bool // it is set aside: the service rejects it, or fails on it while it is well
	Cause   string
	Reply   *rt.Mailbox[struct{}] // nil: nobody waits for it
}

func (Next) request()     {}
func (Tail) request()     {}
func (Sound) request()    {}
func (Sending) request()  {}
func (Answered) request() {}
