package edge

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// csp allows only what the console consists of: its own files, no inline code, no frame around it.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self' blob:; " +
	"connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; form-action 'self'"

// FormsTo lets the forms of a page lead to another site too, by a redirect: browsers hold redirects against form-action. address is
// scheme, host and port, and of this appliance's runbook.
func FormsTo(h http.Header, address string) {
	h["Content-Security-Policy"] = []string{csp + " " + address}
}

// SecureHeaders sets the headers of every answer.
func SecureHeaders(h http.Header, tls bool) {
	maps.Copy(h, always)
	if tls {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// always holds these headers, made once: an answer that wants another value replaces the list and never changes
// it.
var always = http.Header{
	"Content-Security-Policy":      {csp},
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"}, // for browsers that do not know frame-ancestors
	"Referrer-Policy":              {"no-referrer"},
	"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Cache-Control":                {"no-store"},
}

// CORS lets pages of the origins in the runbook call the API with a token; cookies are never accepted from other origins. It
// tells whether the request was a preflight, which it answers.
func (s *Rules) CORS(w http.ResponseWriter, r *http.Request) (answered bool) {
	origin := r.Header.Get("Origin")
	if origin == "" || !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/v1/") {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	allowed := slices.Contains(s.Web.Origins, origin)
	if allowed {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "X-Request-ID, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, Retry-After")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if allowed {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, X-Request-ID")
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// SameOrigin tells whether a request comes from a page of this host, or from no page at all. If the request arrived encrypted, a
// page that did not is treated as another origin: anybody on the path may have written it.
func SameOrigin(r *http.Request, secure bool) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host && (!secure || u.Scheme == "https")
}
