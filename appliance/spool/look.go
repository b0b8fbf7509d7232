package spool

import "orac/appliance/utterance"

// Next is the oldest utterance that the service has not answered and whose number is at least from; nil if there is
// none.
func (s *Spool) Next(stt string, from utterance.Seq) *Entry {
	for _, e := range s.entries {
		if e.Seq >= from && e.Awaits(stt) {
			return e
		}
	}
	return nil
}

// Entry is the utterance with a number; nil if it has left.
func (s *Spool) Entry(seq utterance.Seq) *Entry {
	for _, e := range s.entries {
		if e.Seq == seq {
			return e
		}
	}
	return nil
}

// Recording is the utterance with an ID, if it is being recorded; else nil.
func (s *Spool) Recording(id string) *Entry {
	for _, e := range s.entries {
		if e.recording && e.Meta.ID == id {
			return e
		}
	}
	return nil
}

// RecordingOf are the utterances of a listener that are being recorded.
func (s *Spool) RecordingOf(listener string) (list []*Entry) {
	for _, e := range s.entries {
		if e.recording && e.Meta.Listener == listener {
			list = append(list, e)
		}
	}
	return list
}

// PCM is what has been recorded so far of an utterance whose recording continues. The caller must not change
// it.
func (s *Spool) PCM(e *Entry) []int16 { return e.pcm }

// Reports returns, once each, what has happened since it was last called.
func (s *Spool) Reports() []Report {
	r := s.reports
	s.reports = nil
	return r
}

func (s *Spool) report(r Report) { s.reports = append(s.reports, r) }

// DiskErr is why the disk refuses utterances; nil while it accepts them.
func (s *Spool) DiskErr() error { return s.diskErr }

// Stats is how full a spool is.
type Stats struct {
	Waiting     int   // utterances
	DiskBytes   int64 // of sound on disk
	MemoryBytes int64 // of complete utterances in memory
	Dropped     int   // since the start
	Refused     int   // utterances that were set aside, for people
}

// Stats returns the state of the spool.
func (s *Spool) Stats() Stats {
	st := Stats{Waiting: len(s.entries), Dropped: s.dropped, Refused: s.aside}
	for _, e := range s.entries {
		switch {
		case e.onDisk:
			st.DiskBytes += e.bytes
		case !e.recording:
			st.MemoryBytes += e.bytes
		}
	}
	return st
}
