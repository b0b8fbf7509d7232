package capture

import "orac/appliance/incident/evidence"

// Evidence tells how the worker and this process are, for an incident: it is asked before the worker is ended by force.
func (s *stream) Evidence() string { return evidence.Collect(s.cmd.Process.Pid, nil) }
