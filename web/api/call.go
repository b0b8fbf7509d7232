package api

import (
	"orac/runbook"
	"orac/web/auth"
	"orac/web/enrol"
	"orac/web/gate"
)

// Call is one request on its way through the handlers.
type Call struct {
	gate.Call
	Server *Server
	Route  *Route // nil for a page

	proof auth.Verified  // what a change is made from: the caller's proof, unless the route needs another
	enrol *enrol.Ticket  // what an appliance that joins the house has proven to have a code for
	guest runbook.Member // a member of the house that has proven itself by its certificate
}
