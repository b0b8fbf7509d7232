package edge

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"orac/runbook"
	"orac/web/auth"
)

// proxies are the machines that are trusted to say where a request comes from.
type proxies []netip.Prefix

// Limits of what is read of a chain of proxies.
const (
	maxForwarded = 4 << 10 // bytes
	maxHops      = 32
)

func proxiesOf(w runbook.Web) (list proxies) {
	for _, text := range w.TrustedProxies {
		if p, err := runbook.ParseNetwork(text); err == nil { // the runbook's rules refuse anything else
			list = append(list, p)
		}
	}
	return list
}

// IsProxy tells whether an address is that of a trusted proxy. A client of which the proxy says nothing seems to be there.
func (p proxies) IsProxy(a netip.Addr) bool { return p.trust(a) }

func (p proxies) trust(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// Via returns where a request comes from. The peer of the connection is known; beyond it, only the words of trusted proxies
// count. The chain is read from the right, where each proxy has added the address that it was asked from, up to the first address
// that is not a trusted proxy: that is the client. Anybody may have written what is left of it.
//
// A proxy that adds one of Forwarded (RFC 7239) and X-Forwarded-For passes the other on as its client sent it, so if both are
// present and disagree, neither counts. If the chain is malformed, too long, or hidden ("unknown"), the address of the peer
// counts. The host name is never taken from a proxy. Whether the client's connection is encrypted is (X-Forwarded-Proto, or
// proto); if so, cookies are Secure.
func (p proxies) Via(r *http.Request) auth.Via {
	peer := peerOf(r)
	direct := auth.Via{From: peer, Secure: r.TLS != nil}
	if !p.trust(peer) {
		return direct
	}
	via := direct
	standard, common := r.Header["Forwarded"], r.Header["X-Forwarded-For"]
	if len(standard) > 0 {
		from, secure, err := p.forwarded(strings.Join(standard, ","))
		if err != nil {
			return direct
		}
		via.From, via.Secure = from, via.Secure || secure
	}
	if len(common) > 0 {
		from, err := p.client(splitRight(strings.Join(common, ",")))
		if err != nil || len(standard) > 0 && from != via.From {
			return direct
		}
		via.From = from
	}
	if proto := r.Header["X-Forwarded-Proto"]; len(proto) == 1 && strings.EqualFold(strings.TrimSpace(proto[0]), "https") {
		via.Secure = true
	}
	return via
}

// peerOf returns the address of the connection's other end, or the zero address if it is unknown.
func peerOf(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap().WithZone("")
}

var errForwarded = errors.New("malformed")

// client walks a chain from the right. next returns the preceding hop, and false at the beginning of the
// chain.
func (p proxies) client(next func() (string, bool)) (client netip.Addr, err error) {
	for n := 0; ; n++ {
		hop, ok := next()
		if !ok {
			if n == 0 {
				return client, errForwarded
			}
			return client, nil // all are proxies: the most distant one is the client
		}
		if n == maxHops {
			return client, errForwarded
		}
		if client, err = parseHop(hop); err != nil || !p.trust(client) {
			return client, err
		}
	}
}

// splitRight returns the parts of a comma-separated list, last first.
func splitRight(list string) func() (string, bool) {
	rest, done := list, len(list) > maxForwarded
	return func() (string, bool) {
		if done {
			return "", false
		}
		part := rest
		if i := strings.LastIndexByte(rest, ','); i >= 0 {
			rest, part = rest[:i], rest[i+1:]
		} else {
			done = true
		}
		return strings.TrimSpace(part), true
	}
}

// parseHop reads an address with or without a port: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1], [2001:db8::1]:80.
func parseHop(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		bare, ok := strings.CutPrefix(text, "[")
		if bare, closed := strings.CutSuffix(bare, "]"); ok && closed {
			a, err = netip.ParseAddr(bare)
			if err == nil && !a.Is6() {
				return netip.Addr{}, errForwarded
			}
		} else if with, failed := netip.ParseAddrPort(text); failed == nil {
			a, err = with.Addr(), nil
		}
	}
	if err != nil || a.Zone() != "" || a.IsUnspecified() {
		return netip.Addr{}, errForwarded
	}
	return a.Unmap(), nil
}

// forwarded reads a Forwarded header: the client, and whether the proxy next to it said that the connection was
// encrypted.
func (p proxies) forwarded(text string) (from netip.Addr, secure bool, err error) {
	if len(text) > maxForwarded {
		return from, false, errForwarded
	}
	elements, err := parseForwarded(text)
	if err != nil {
		return from, false, err
	}
	i := len(elements)
	from, err = p.client(func() (string, bool) {
		if i--; i < 0 {
			return "", false
		}
		return elements[i]["for"], true
	})
	return from, err == nil && strings.EqualFold(elements[max(0, i)]["proto"], "https"), err
}

// parseForwarded reads the elements of RFC 7239, 4: pairs of a token and a token or a quoted string, separated by semicolons,
// with commas between elements. Names are returned in lower case. A name that appears twice in an element is an error.
func parseForwarded(text string) (elements []map[string]string, err error) {
	element := map[string]string{}
	for rest := strings.TrimLeft(text, " \t"); ; {
		name, after, ok := strings.Cut(rest, "=")
		name = strings.ToLower(name)
		if !ok || !isToken(name) || element[name] != "" {
			return nil, errForwarded
		}
		var value string
		if value, rest, ok = forwardedValue(after); !ok {
			return nil, errForwarded
		}
		element[name] = value
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return append(elements, element), nil
		}
		switch rest[0] {
		case ';':
		case ',':
			elements, element = append(elements, element), map[string]string{}
		default:
			return nil, errForwarded
		}
		rest = strings.TrimLeft(rest[1:], " \t")
	}
}

// forwardedValue splits a token or a quoted string off the beginning of a text. An empty one is not
// valid.
func forwardedValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		n := strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 || !isTokenByte(byte(r)) })
		if n < 0 {
			n = len(text)
		}
		return text[:n], text[n:], n > 0
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], b.Len() > 0
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c < ' ' && c != '\t' || c == 0x7f:
			return "", "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// isTokenByte: RFC 9110, 5.6.2.
func isTokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
