package capture

import "orac/appliance/incident/evidence"

// Evidence describes the state of the worker and of this process, for an incident. It is called before the worker is
// ended by force.
func (s *stream) Evidence() string { return evidence.Collect(s.PID(), nil) }
