package edge

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"orac/runbook"
)

// behind are a proxy, a network of proxies, and one of IPv6.
var behind = proxiesOf(runbook.Web{TrustedProxies: []string{"192.0.2.7", "198.51.100.0/28", "2001:db8:ffff::/48"}})

// TestWhomARequestIsFrom: the headers of proxies count from trusted peers, from the right, up to the first that is not trusted.
func TestWhomARequestIsFrom(t *testing.T) {
	for name, c := range map[string]struct {
		peer              string
		forwarded, common []string
		want              string
	}{
		"nothing":                          {"192.0.2.7:1", nil, nil, "192.0.2.7"},
		"from a stranger":                  {"203.0.113.9:1", []string{"for=10.0.0.1"}, []string{"10.0.0.1"}, "203.0.113.9"},
		"from a neighbour of the proxy":    {"192.0.2.8:1", nil, []string{"10.0.0.1"}, "192.0.2.8"},
		"one":                              {"192.0.2.7:1", nil, []string{"10.0.0.1"}, "10.0.0.1"},
		"as IPv4 in IPv6":                  {"[::ffff:192.0.2.7]:1", nil, []string{"::ffff:10.0.0.1"}, "10.0.0.1"},
		"a client that writes one itself":  {"192.0.2.7:1", nil, []string{"1.1.1.1, 10.0.0.1"}, "10.0.0.1"},
		"a client that names a proxy":      {"192.0.2.7:1", nil, []string{"198.51.100.3, 10.0.0.1"}, "10.0.0.1"},
		"two proxies":                      {"192.0.2.7:1", nil, []string{"1.1.1.1, 10.0.0.1, 198.51.100.3"}, "10.0.0.1"},
		"in several lines":                 {"192.0.2.7:1", nil, []string{"1.1.1.1", "10.0.0.1", "198.51.100.3"}, "10.0.0.1"},
		"proxies alone":                    {"192.0.2.7:1", nil, []string{"198.51.100.2, 198.51.100.3"}, "198.51.100.2"},
		"IPv6":                             {"[2001:db8:ffff::1]:1", nil, []string{"2001:db8::5"}, "2001:db8::5"},
		"IPv6 with a port":                 {"192.0.2.7:1", nil, []string{"[2001:db8::5]:4711"}, "2001:db8::5"},
		"IPv4 with a port":                 {"192.0.2.7:1", nil, []string{"10.0.0.1:4711"}, "10.0.0.1"},
		"malformed before the client":      {"192.0.2.7:1", nil, []string{"<script>, 10.0.0.1"}, "10.0.0.1"},
		"malformed":                        {"192.0.2.7:1", nil, []string{"10.0.0.1, <script>"}, "192.0.2.7"},
		"empty":                            {"192.0.2.7:1", nil, []string{""}, "192.0.2.7"},
		"an empty end":                     {"192.0.2.7:1", nil, []string{"10.0.0.1,"}, "192.0.2.7"},
		"a zone":                           {"192.0.2.7:1", nil, []string{"fe80::1%eth0"}, "192.0.2.7"},
		"no address at all":                {"192.0.2.7:1", nil, []string{"0.0.0.0"}, "192.0.2.7"},
		"octal":                            {"192.0.2.7:1", nil, []string{"010.0.0.1"}, "192.0.2.7"},
		"brackets around IPv4":             {"192.0.2.7:1", nil, []string{"[10.0.0.1]"}, "192.0.2.7"},
		"hidden":                           {"192.0.2.7:1", nil, []string{"unknown"}, "192.0.2.7"},
		"too many proxies":                 {"192.0.2.7:1", nil, []string{"10.0.0.1" + strings.Repeat(", 198.51.100.3", maxHops)}, "192.0.2.7"},
		"too long":                         {"192.0.2.7:1", nil, []string{strings.Repeat("1.1.1.1,", maxForwarded/8) + "10.0.0.1"}, "192.0.2.7"},
		"Forwarded":                        {"192.0.2.7:1", []string{`for=10.0.0.1;proto=http;by=203.0.113.43`}, nil, "10.0.0.1"},
		"Forwarded, the standard's words":  {"192.0.2.7:1", []string{`for=192.0.2.43, for="[2001:db8:cafe::17]:4711"`}, nil, "2001:db8:cafe::17"},
		"Forwarded, capitals and spaces":   {"192.0.2.7:1", []string{`For="10.0.0.1:80" ; Proto=HTTPS , FOR=198.51.100.3`}, nil, "10.0.0.1"},
		"Forwarded, in several lines":      {"192.0.2.7:1", []string{`for=1.1.1.1`, `for=10.0.0.1`}, nil, "10.0.0.1"},
		"Forwarded, escaped":               {"192.0.2.7:1", []string{`for="10.0.0\.1"`}, nil, "10.0.0.1"},
		"Forwarded, a comma in quotes":     {"192.0.2.7:1", []string{`for="1.1.1.1, for=2.2.2.2";by=x, for=10.0.0.1`}, nil, "10.0.0.1"},
		"Forwarded, an open quote":         {"192.0.2.7:1", []string{`for="1.1.1.1, for=10.0.0.1`}, nil, "192.0.2.7"},
		"Forwarded, without for":           {"192.0.2.7:1", []string{`proto=https`}, nil, "192.0.2.7"},
		"Forwarded, twice for":             {"192.0.2.7:1", []string{`for=1.1.1.1;for=10.0.0.1`}, nil, "192.0.2.7"},
		"Forwarded, unknown":               {"192.0.2.7:1", []string{`for=unknown`}, nil, "192.0.2.7"},
		"Forwarded, obfuscated":            {"192.0.2.7:1", []string{`for=_gazonk`}, nil, "192.0.2.7"},
		"Forwarded, IPv6 without quotes":   {"192.0.2.7:1", []string{`for=[2001:db8::5]`}, nil, "192.0.2.7"},
		"Forwarded, a semicolon too many":  {"192.0.2.7:1", []string{`for=10.0.0.1;`}, nil, "192.0.2.7"},
		"Forwarded, a control character":   {"192.0.2.7:1", []string{"for=\"10.0.0.1\x01\""}, nil, "192.0.2.7"},
		"both say the same":                {"192.0.2.7:1", []string{`for=10.0.0.1`}, []string{"10.0.0.1"}, "10.0.0.1"},
		"a client that writes the other":   {"192.0.2.7:1", []string{`for=1.1.1.1`}, []string{"10.0.0.1"}, "192.0.2.7"},
		"a client that writes nonsense":    {"192.0.2.7:1", []string{`;;;`}, []string{"10.0.0.1"}, "192.0.2.7"},
		"a peer that cannot be known":      {"@", nil, []string{"10.0.0.1"}, "invalid IP"},
		"a proxy that claims to be itself": {"192.0.2.7:1", nil, []string{"192.0.2.7"}, "192.0.2.7"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header["Forwarded"], r.Header["X-Forwarded-For"] = c.forwarded, c.common
		if got := behind.Via(r); got.From.String() != c.want {
			t.Errorf("%s: from %s, want %s", name, got.From, c.want)
		}
	}
}

// TestWhetherARequestIsEncrypted: a trusted proxy's word counts, and nobody else's; the name of the host is never taken from it.
func TestWhetherARequestIsEncrypted(t *testing.T) {
	for name, c := range map[string]struct {
		peer   string
		header http.Header
		tls    bool
		want   bool
	}{
		"plain":                         {"192.0.2.7:1", http.Header{}, false, false},
		"TLS to us":                     {"203.0.113.9:1", http.Header{}, true, true},
		"said by a proxy":               {"192.0.2.7:1", http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-For": {"10.0.0.1"}}, false, true},
		"said by a stranger":            {"203.0.113.9:1", http.Header{"X-Forwarded-Proto": {"https"}, "Forwarded": {"for=10.0.0.1;proto=https"}}, false, false},
		"said by a proxy, in Forwarded": {"192.0.2.7:1", http.Header{"Forwarded": {"for=10.0.0.1;proto=https"}}, false, true},
		"said by the client":            {"192.0.2.7:1", http.Header{"Forwarded": {"for=1.1.1.1;proto=https, for=10.0.0.1;proto=http"}}, false, false},
		"said twice":                    {"192.0.2.7:1", http.Header{"X-Forwarded-Proto": {"https", "http"}}, false, false},
		"another scheme":                {"192.0.2.7:1", http.Header{"X-Forwarded-Proto": {"https, http"}}, false, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header = c.peer, c.header
		if r.TLS = nil; c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := behind.Via(r); got.Secure != c.want {
			t.Errorf("%s: encrypted %v", name, got.Secure)
		}
	}
}

// FuzzForwarded: no header makes an address of what is none, or one that its writer could not have had from the proxy.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"for=192.0.2.43", `for="[2001:db8::17]:4711";proto=https;by=_x, for=1.2.3.4`, `for="a\"b"`, ",;=", `for=`, "10.0.0.1, 10.0.0.2", "[::1]:80"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, forwarded, common string) {
		r := &http.Request{Header: http.Header{"Forwarded": {forwarded}, "X-Forwarded-For": {common}}, RemoteAddr: "192.0.2.7:1"}
		if via := behind.Via(r); !via.From.IsValid() || via.From.Zone() != "" || via.From.Is4In6() {
			t.Errorf("%q, %q: %v", forwarded, common, via.From)
		}
		// The proxy appends whom it was asked by: nothing before that counts.
		real := netip.MustParseAddr("203.0.113.5")
		r.Header = http.Header{"X-Forwarded-For": {common + ", " + real.String()}}
		if via := behind.Via(r); via.From != real && len(common) < maxForwarded-20 {
			t.Errorf("%q makes %v of it", common, via.From)
		}
		r.Header = http.Header{"Forwarded": {forwarded, "for=" + real.String()}}
		if via := behind.Via(r); via.From != real && via.From != peerOf(r) {
			t.Errorf("%q makes %v of it", forwarded, via.From)
		}
	})
}
