package wire

import (
	"net/url"
	"strings"
	"testing"
)

func TestBase(t *testing.T) {
	for in, want := range map[string]string{
		"http://host:7272":                        "http://host:7272/stt/v1/stream/a%2Fb",
		"http://host:7272/":                       "http://host:7272/stt/v1/stream/a%2Fb",
		" http://host:7272/stt/v1/stream ":        "http://host:7272/stt/v1/stream/a%2Fb",
		"http://host:7272/stt/v1/stream/general/": "http://host:7272/stt/v1/stream/a%2Fb",
		"https://host/house/stt/v1":               "https://host/house/stt/v1/stream/a%2Fb",
		"https://host/a%20b//":                    "https://host/a%20b/stt/v1/stream/a%2Fb",
		"http://[::1]:7272":                       "http://[::1]:7272/stt/v1/stream/a%2Fb",
		"http://host/stt/v1beta":                  "http://host/stt/v1beta/stt/v1/stream/a%2Fb",
	} {
		b, err := ParseBase(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := b.HTTP(nil, "stt", "v1", "stream", "a/b"); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
		if got, want := b.WebSocket("x"), "ws"+strings.TrimPrefix(b.String(), "http")+"/x"; got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	b, _ := ParseBase("https://host")
	for segment, want := range map[string]string{".": "%2E", "..": "%2E%2E", "...": "...", "a/../b": "a%2F..%2Fb", "?#": "%3F%23", "%2e": "%252e"} {
		if got := b.HTTP(nil, "a", segment, "b"); got != "https://host/a/"+want+"/b" {
			t.Errorf("%q: %s", segment, got)
		}
	}
	if got := b.HTTP(url.Values{"language": {"a&b"}}, "x"); got != "https://host/x?language=a%26b" {
		t.Error(got)
	}
}

func TestBadBase(t *testing.T) {
	for in, words := range map[string]string{
		"":                         "scheme",
		"host:7272":                "http://",
		"ftp://host":               "scheme",
		"http://":                  "no host",
		"http://:80":               "no host",
		"http://me:hush@host":      "auth",
		"http://host?key=hush":     "query",
		"http://host#hush":         "#",
		"http://ho st/hush":        "http://host:7272",
		"http://host/%zz":          "http://host:7272",
		"http://host\x7f":          "http://host:7272",
		"http://[::1":              "http://host:7272",
		"http://host:port":         "http://host:7272",
		"//host/stt/v1/stream":     "scheme",
		"unix:///run/orac.sock":    "scheme",
		"http://host:7272\nX: bad": "http://host:7272",
		"http://host/a/../b":       "must not contain . or ..",
		"http://host/%2e%2E/b":     "must not contain . or ..",
		"http://host/./stt/v1/":    "must not contain . or ..",
	} {
		_, err := ParseBase(in)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", in, err, words)
		} else if strings.Contains(err.Error(), "key=") || strings.Contains(err.Error(), "me:hush") {
			t.Errorf("%q: a secret shows: %v", in, err)
		}
	}
}

func FuzzParseBase(f *testing.F) {
	for _, seed := range []string{"http://host:7272/stt/v1/stream", "https://[::1%25eth0]/a", "http://u:p@h", "http://h/%2e%2e", "::"} {
		f.Add(seed, "general")
	}
	f.Fuzz(func(t *testing.T, raw, topic string) {
		b, err := ParseBase(raw)
		if err != nil {
			return
		}
		for _, address := range []string{b.HTTP(nil, "stt", topic), b.WebSocket("stt", topic)} {
			u, err := url.Parse(address)
			if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil || !strings.HasSuffix(u.Path, "/"+topic) {
				t.Errorf("%q, %q: %s: %v", raw, topic, address, err)
			}
		}
		again, err := ParseBase(b.String())
		if err != nil || again.String() != b.String() {
			t.Errorf("%q: %s is read as %s, %v", raw, b, again, err)
		}
	})
}
