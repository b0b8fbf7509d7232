package capture

import (
	"orac/appliance/audio/library"
	"orac/appliance/rt"
)

// Check implements audio.Checker: it enumerates, and opens nothing. Whether an ALSA PCM that is not listed exists shows only
// when it is opened.
func (s *Source) Check(t *rt.Task) error {
	l, err := List(t, s.spec)
	if err != nil {
		return err
	}
	backend := s.spec.Backend
	if backend == "" && len(l.Backends) > 0 {
		backend = l.Backends[0] // as the worker chooses
	}
	_, _, err = s.spec.Find(library.Microphones, backend, l.Devices)
	return err
}
