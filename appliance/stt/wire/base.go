package wire

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Base is the address of a service: scheme, host, port and the path before that of its protocol. It has no user information,
// query or trailing slash, so it may be shown. Make one with ParseBase or ParseBaseOf.
type Base struct{ url url.URL }

// ParseBase reads the address of an ORAC STT as people write it. A path from "/stt/v1" on is cut off: Hey ORAC is configured with
// "http://host:7272/stt/v1/stream".
func ParseBase(raw string) (Base, error) { return ParseBaseOf(raw, "/stt/v1/") }

// ParseBaseOf reads the address of a service whose protocol has its paths below the given one, such as "/v1/". The address may
// contain that path already: it is cut off.
func ParseBaseOf(raw, paths string) (Base, error) {
	u, err := parse(raw)
	if err != nil {
		return Base{}, err
	}
	if u.RawQuery != "" {
		return Base{}, fmt.Errorf("url %q: a query is not allowed here; language, task and the like are attributes of their own", shown(u))
	}
	if slices.ContainsFunc(strings.Split(u.Path, "/"), IsDots) {
		return Base{}, fmt.Errorf("url %q: the path must not contain . or ..; write the path of the service itself", shown(u))
	}
	path, _, _ := strings.Cut(strings.TrimRight(u.Path, "/")+"/", paths)
	return Base{url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(path, "/")}}, nil
}

// ParseURL reads the whole address of a webhook: like ParseBase, but it keeps path and query as they
// are.
func ParseURL(raw string) (*url.URL, error) { return parse(raw) }

func parse(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return nil, fmt.Errorf("a url that cannot be read: %w; write it as http://host:7272", withoutURL(err))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("url %q: the scheme is %q; write http://… or https://…", origin(u), u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("url %q: no host; write it as http://host:7272", origin(u))
	case u.User != nil:
		return nil, fmt.Errorf("url %q: user name or password in a url end up in logs; use auth instead", origin(u))
	case u.Fragment != "":
		return nil, fmt.Errorf("url %q: what follows # is never sent; leave it out", origin(u))
	}
	// Some odd hosts, such as an address with a zone that is not text, can be read but not written again.
	if _, err := url.Parse(u.String()); err != nil {
		return nil, fmt.Errorf("a url whose host cannot be read: %w; write it as http://host:7272", withoutURL(err))
	}
	return u, nil
}

// String is the address without secrets.
func (b Base) String() string { return shown(&b.url) }

// HTTP is the address of a path below the base, each segment escaped.
func (b Base) HTTP(query url.Values, segments ...string) string {
	return b.at(b.url.Scheme, query, segments)
}

// WebSocket is HTTP with the scheme of WebSockets: ws for http, wss for https.
func (b Base) WebSocket(segments ...string) string {
	return b.at("ws"+strings.TrimPrefix(b.url.Scheme, "http"), nil, segments)
}

func (b Base) at(scheme string, query url.Values, segments []string) string {
	u := b.url
	u.Scheme = scheme
	s := u.String()
	for _, segment := range segments {
		s += "/" + escape(segment)
	}
	if len(query) > 0 {
		s += "?" + query.Encode()
	}
	return s
}

// escape makes a text one segment of a path. A segment of only dots has them escaped, because every reader would take it
// for a different path.
func escape(segment string) string {
	if IsDots(segment) {
		return strings.ReplaceAll(segment, ".", "%2E")
	}
	return url.PathEscape(segment)
}

// IsDots tells whether a text cannot be a segment of a path: "." and "..", which many servers resolve even when they are escaped.
func IsDots(segment string) bool { return segment == "." || segment == ".." }

// minKey is the shortest part of an address that may be a key, in bytes.
const minKey = 4

// Keys are the parts of a URL that may be keys, longest first: the path, its segments, the query and its values.
func Keys(u *url.URL) []string {
	list := append(strings.Split(u.Path, "/"), strings.Split(u.EscapedPath(), "/")...)
	list = append(list, u.Path, u.EscapedPath(), u.RawQuery, u.RequestURI())
	list = append(list, strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' || r == '=' || r == ';' })...) // as they are written
	for name, values := range u.Query() {
		list = append(append(list, name), values...)
	}
	list = slices.DeleteFunc(list, func(s string) bool { return len(s) < minKey })
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(list)
}

// shown is a URL for messages: a query or user information may hold a secret.
func shown(u *url.URL) string {
	s := *u
	s.User, s.RawQuery, s.Fragment, s.RawFragment = nil, "", "", ""
	return s.String()
}

// origin is a URL for messages of which only the scheme and the host are shown, because the rest may be secret:
// "https://hooks.example/…".
func origin(u *url.URL) string {
	s := url.URL{Scheme: u.Scheme, Host: u.Host}
	if u.Opaque != "" || u.RequestURI() != "/" {
		return s.String() + "/…"
	}
	return s.String()
}
