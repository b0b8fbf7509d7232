package spool

import (
	"slices"

	"orac/appliance/rt"
)

// Answered notes that a service has answered and no longer needs the utterance. When no service needs it any more, the
// utterance leaves the spool.
func (s *Spool) Answered(t *rt.Task, e *Entry, stt string) {
	if !e.Awaits(stt) {
		return
	}
	e.answered = append(e.answered, stt)
	e.unwritten = append(e.unwritten, stt)
	if e.recording { // a service that answers before the end: the entry leaves when its recording ends
		return
	}
	if len(e.pending()) == 0 {
		_ = s.leave(t, e) // if it cannot be set aside now, Retry does that
		return
	}
	if e.onDisk {
		s.noteAnswers(t, e)
	}
}

// noteAnswers writes answers, or leaves that to Retry: a kill before they are on disk leads to one more delivery.
func (s *Spool) noteAnswers(t *rt.Task, e *Entry) {
	if err := s.writeAnswers(t, e); err != nil {
		s.diskErr = err
	}
}

// Refused notes that a service will not accept the utterance, and why. It counts as answered, but when the utterance leaves
// the spool its sound stays, as a WAV file in spool/refused, for a person to look at, to retry or to drop.
func (s *Spool) Refused(t *rt.Task, e *Entry, stt, cause string) {
	if e.Awaits(stt) {
		e.refused = append(e.refused, Refusal{STT: stt, Cause: cause})
		s.Answered(t, e, stt)
	}
}

// Serve tells which services exist. An utterance for a service that no longer exists is treated as
// refused by it.
func (s *Spool) Serve(t *rt.Task, services []string) {
	for _, e := range slices.Clone(s.entries) {
		for _, stt := range e.pending() {
			if !slices.Contains(services, stt) {
				s.Refused(t, e, stt, "the runbook no longer names this service")
			}
		}
	}
}

// writeAnswers writes the answers of an entry that are not on disk yet.
func (s *Spool) writeAnswers(t *rt.Task, e *Entry) error {
	for len(e.unwritten) > 0 {
		if err := s.writeDone(t, e, e.unwritten[0]); err != nil {
			return err
		}
		e.unwritten = e.unwritten[1:]
	}
	return nil
}
