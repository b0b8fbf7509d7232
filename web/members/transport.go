package members

import (
	"net/http"

	"orac/runbook"
	"orac/web/trust"
)

// Transport is the way to a member over the network, to that one alone.
func Transport(m runbook.Member) (http.RoundTripper, error) {
	return trust.Transport(m.CA, m.Fingerprint, nil)
}
