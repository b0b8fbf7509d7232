package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"orac/appliance/esphome"
	"orac/appliance/esphome/pb"
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
		"a good one": {func(string) string { return `{"type":"info"}` + "\n" }, "it serves everybody, unencrypted"},
		"mute":       {func(string) string { return "" }, "it no longer answers"},
		"talkative": {func(line string) string {
			if strings.Contains(line, "GET /") {
				return "goroutine 1 [running]:\n"
			}
			return `{"type":"info"}` + "\n"
		}, "it serves everybody, unencrypted,it tells what is inside"},
	} {
		at := answering(t, c.answer)
		target := &target{places: places{hear: at, wake: at, satellite: at}}
		if got := strings.Join(whats(target.speakWyoming(t.Context())), ","); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// answering is a server that answers the first words of each connection. It lasts as long as the test.
func answering(t *testing.T, answer func(line string) string) (at string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				line := make([]byte, 64)
				n, _ := conn.Read(line) // nothing came: that is a line, too
				_, _ = io.WriteString(conn, answer(string(line[:n])))
			}()
		}
	}()
	return l.Addr().String()
}

// TestABadSatelliteIsFound: one that goes away, one that tells its name to whoever has no key, and one that needs none.
func TestABadSatelliteIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(line string) string
		want   string
	}{
		"mute":      {func(string) string { return "" }, "it no longer answers"},
		"talkative": {func(string) string { return hidden }, "it no longer answers,it tells something without the key"},
		"careless": {func(string) string {
			info, _ := proto.Marshal(&pb.DeviceInfoResponse{FriendlyName: hidden}) // it has no required field
			return plainFrame(uint64(len(info)), 10, string(info))
		}, "it no longer answers,it serves everybody, unencrypted,it serves whoever has not the key,it tells something without the key"},
	} {
		at := answering(t, c.answer)
		target := &target{places: places{home: at, open: at}, homeKey: esphome.NewKey()}
		if got := strings.Join(whats(target.speakESPHome(t.Context())), ","); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
