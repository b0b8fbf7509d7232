package edge

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"

	"orac/runbook"
)

// hostNames are the names that requests may be for. If another site makes its name lead here (DNS rebinding), its page sends that
// name, and is refused before anything else is examined. Addresses are allowed: a browser that uses an address got its page from
// that address.
type hostNames map[string]bool

// certificateKey is the key of the host's certificate in the context of each request under TLS.
type certificateKey struct{}

// hostNamesOf returns the names of the machine and of the runbook.
func hostNamesOf(w runbook.Web) hostNames {
	names := hostNames{"localhost": true}
	if own, err := os.Hostname(); err == nil && own != "" {
		own = strings.ToLower(own)
		names[own], names[own+".local"] = true, true
	}
	if host, _, err := net.SplitHostPort(w.Listen); err == nil && host != "" {
		names[strings.ToLower(host)] = true
	}
	for _, h := range w.Hosts {
		names[h] = true
	}
	return names
}

// known tells whether a request is for this server. A request without a Host (HTTP/1.0) does not come
// from a browser.
func (n hostNames) known(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "" && r.Host == "" || n[host] || strings.HasSuffix(host, ".localhost") { // RFC 6761: it never leaves the machine
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	own, ok := r.Context().Value(certificateKey{}).(*certificate)
	if r.TLS == nil || !ok {
		return false
	}
	pair, err := own.get()
	return err == nil && pair.Leaf.VerifyHostname(host) == nil
}
