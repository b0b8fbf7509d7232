package members

import (
	"net/http"

	"orac/appliance/house"
	"orac/runbook"
	"orac/web/trust"
)

// Transport returns the way to each member over the network, to that one alone: as its block says, or else by its certificate of the
// house that the issuer of own has signed.
func Transport(own *house.Holder) func(runbook.Member) (http.RoundTripper, error) {
	return func(m runbook.Member) (http.RoundTripper, error) {
		if m.CA == "" && m.Fingerprint == "" {
			return trust.ToMember(own, m.Name), nil
		}
		return trust.Transport(m.CA, m.Fingerprint, nil)
	}
}
