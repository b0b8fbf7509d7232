package peers

import (
	"net/http"
	"net/netip"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/edge"
)

// Legacy are the peers that are known by their address alone.
type Legacy []legacy

type legacy struct {
	name string
	from netip.Prefix
}

// LegacyOf returns the peers that a block names.
func LegacyOf(rb *runbook.Runbook, names []runbook.Address) (list Legacy) {
	for _, address := range names {
		if p, ok := rb.Peer(address); ok {
			if from, err := runbook.ParseNetwork(p.From); err == nil { // the runbook's rules refuse anything else
				list = append(list, legacy{p.Name, from})
			}
		}
	}
	return list
}

// At returns the name of the peer at the address of a request; "" for none. A browser is never one: a page of anybody that is open at
// that address could send what it likes. Nor is what comes from a trusted proxy that does not say for whom: it may be anybody.
func (l Legacy) At(r *http.Request, via auth.Via, rules *edge.Rules) string {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || rules.IsProxy(via.From) {
		return ""
	}
	for _, p := range l {
		if p.from.Contains(via.From) {
			return p.name
		}
	}
	return ""
}
