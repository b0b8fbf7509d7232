package capture

import "orac/appliance/rt"

// Check implements audio.Checker: it enumerates, and opens nothing.
func (s *Source) Check(t *rt.Task) error {
	l, err := List(t, s.spec)
	if err != nil {
		return err
	}
	_, err = s.spec.pick(l.Devices)
	return err
}
