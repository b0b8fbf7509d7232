package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// whats are the kinds of findings.
func whats(found []finding) (list []string) {
	for _, f := range found {
		if !slices.Contains(list, f.What) {
			list = append(list, f.What)
		}
	}
	slices.Sort(list)
	return list
}

// TestABadIssuerIsFound: each fault that the requests look for is one that they see.
func TestABadIssuerIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a good one": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }, ""},
		"broken":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "an internal error"},
		"generous":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"access_token":"x"}`) }, "it grants what it must refuse"},
		"an echo": {func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			_, _ = io.WriteString(w, r.PostFormValue("audience")+r.PostFormValue("code"))
		}, "what was sent comes back"},
		"a signpost": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.test/", http.StatusFound)
		}, "it leads elsewhere"},
		"kept": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Del("Cache-Control"); w.WriteHeader(400) }, "an answer may be kept, or taken for something else"},
		"a leak": {func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = io.WriteString(w, `{"keys":[{"kty":"OKP","d":"secret"}]}`)
				return
			}
			w.WriteHeader(400)
		}, "a private key is shown"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			if r.Method == http.MethodGet && name != "a leak" {
				return
			}
			c.answer(w, r)
		}))
		target := &target{url: s.URL, http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
		if got := strings.Join(whats(target.askIssuer(t.Context(), "http://127.0.0.1:1/", "a-secret")), ","); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
		s.Close()
	}
}

// TestABadWyomingServiceIsFound: one that goes away, or tells what is inside.
func TestABadWyomingServiceIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(line string) string
		want   string
	}{
		"a good one": {func(string) string { return `{"type":"info"}` + "\n" }, ""},
		"mute":       {func(string) string { return "" }, "it no longer answers"},
		"talkative": {func(line string) string {
			if strings.Contains(line, "GET /") {
				return "goroutine 1 [running]:\n"
			}
			return `{"type":"info"}` + "\n"
		}, "it tells what is inside"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { // ends with the listener
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					line, _ := bufio.NewReaderSize(conn, 64).ReadString('\n')
					_, _ = io.WriteString(conn, c.answer(line))
				}()
			}
		}()
		target := &target{places: places{hear: l.Addr().String(), wake: l.Addr().String()}}
		if got := strings.Join(whats(target.speakWyoming(t.Context())), ","); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
		l.Close()
	}
}
