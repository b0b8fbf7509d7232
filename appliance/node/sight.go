package node

import (
	"errors"

	"orac/appliance/stt/wire"
)

// Sight is what a node that talks to a service has seen of it. The probe uses it as evidence, so it sees even an outage
// that ends before the next health check.
type Sight struct {
	STT   string // the service, if its observer talks to several
	Well  bool   // it has answered
	Away  bool   // no connection was made: it was away at that moment, whatever its health says a moment later
	Cause string // why it is not well
}

// sight is what an exchange shows about a service, if it shows anything.
func sight(err error) (s Sight, shows bool) {
	if err == nil {
		return Sight{Well: true}, true
	}
	e, ok := errors.AsType[*wire.Error](err)
	if !ok || !e.Doubtful() {
		return Sight{}, false
	}
	return Sight{Away: e.Away(), Cause: err.Error()}, true
}
