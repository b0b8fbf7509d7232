package api

import (
	"errors"
	"fmt"
	"net/http"

	"orac/runbook"
)

// rules are the parts of a runbook that decide whom a request is from and whether this server answers it. They never change: a
// new runbook makes new ones.
type rules struct {
	web runbook.Web
	proxies
	names hostNames
	cross *http.CrossOriginProtection
}

// rulesOf returns the rules of a runbook. An origin that cannot be used is left out and named in the error.
func rulesOf(w runbook.Web) (*rules, error) {
	r := &rules{w, proxiesOf(w), hostNamesOf(w), http.NewCrossOriginProtection()}
	var wrong error
	for _, origin := range w.Origins {
		if err := r.cross.AddTrustedOrigin(origin); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("the origin %s in the runbook is invalid: %w", origin, err))
		}
	}
	return r, wrong
}

// mine tells whether a request is for this server.
func (r *rules) mine(req *http.Request) bool { return r.names.known(req) }

// crossOrigin returns an error if a browser sent the request from a page of another origin that the runbook does not name.
func (r *rules) crossOrigin(req *http.Request) error { return r.cross.Check(req) }
