package appliance

import (
	"orac/appliance/sttrole"
	"orac/runbook"
)

// STTServer is the STT server of a block that runs; false if there is none. It stays usable while the graph changes, and answers
// with a refusal once the block is gone.
func (d *Daemon) STTServer(address runbook.Address) (sttrole.Server, bool) {
	return nil, false
}
