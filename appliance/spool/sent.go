package spool

import (
	"slices"

	"orac/appliance/rt"
)

// Sent notes, in advance, that a service may have all of an utterance; with has false, that it does not. Until the service has
// answered, every further delivery must know: a kill may come in between. Retry tries again if the disk refuses.
func (s *Spool) Sent(t *rt.Task, e *Entry, stt string, has bool) {
	if slices.Contains(e.Meta.Sent, stt) == has {
		return
	}
	if has {
		e.Meta.Sent = append(slices.Clone(e.Meta.Sent), stt)
	} else {
		e.Meta.Sent = slices.DeleteFunc(slices.Clone(e.Meta.Sent), func(x string) bool { return x == stt })
	}
	e.unsaid = true
	if err := s.writeSent(t, e); err != nil {
		s.diskErr = err
	}
}

// writeSent writes what Sent has changed. For an utterance that is not on disk yet, it is written with the
// whole.
func (s *Spool) writeSent(t *rt.Task, e *Entry) error {
	if !e.unsaid || !e.onDisk {
		return nil
	}
	return s.writeMeta(t, e)
}
