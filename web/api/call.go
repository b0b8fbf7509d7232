package api

import (
	"orac/web/auth"
	"orac/web/gate"
)

// Call is one request on its way through the handlers.
type Call struct {
	gate.Call
	Server *Server
	Route  *Route // nil for a page

	proof auth.Verified // what a change is made from: the caller's proof, unless the route needs another
}
