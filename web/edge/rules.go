package edge

import (
	"errors"
	"fmt"
	"net/http"

	"orac/runbook"
)

// Rules are the parts of a runbook that decide whom a request is from and whether this server answers it. They never change: a
// new runbook makes new ones.
type Rules struct {
	Web runbook.Web
	proxies
	names hostNames
	cross *http.CrossOriginProtection
}

// RulesOf returns the rules of a runbook. An origin that cannot be used is left out and named in the error.
func RulesOf(w runbook.Web) (*Rules, error) {
	r := &Rules{w, proxiesOf(w), hostNamesOf(w), http.NewCrossOriginProtection()}
	var wrong error
	for _, origin := range w.Origins {
		if err := r.cross.AddTrustedOrigin(origin); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("the origin %s in the runbook is invalid: %w", origin, err))
		}
	}
	return r, wrong
}

// Mine tells whether a request is for this server.
func (r *Rules) Mine(req *http.Request) bool { return r.names.known(req) }

// CrossOrigin returns an error if a browser sent the request from a page of another origin that the runbook does not name.
func (r *Rules) CrossOrigin(req *http.Request) error { return r.cross.Check(req) }
