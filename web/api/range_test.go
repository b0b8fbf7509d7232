package api

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/auth"
)

// TestRangesOfARecording: over a socket. One range is served as players ask for it; several, overlapping ones, thousands of them and
// what is no range cost no more than the whole, and never more than its bytes.
func TestRangesOfARecording(t *testing.T) {
	h := listen(t, func(rb *runbook.Runbook) { rb.Web.Limits.Operator = 100_000 })
	sound := strings.Repeat("RIFFsound!", 1000)
	size := len(sound)
	h.app.Sounds[soundID] = sound
	client := plain()
	for asked, want := range map[string]struct {
		code int
		body string
	}{
		"":                           {200, sound},
		"bytes=0-0":                  {206, sound[:1]},
		"bytes=10-19":                {206, sound[10:20]},
		"bytes=9990-":                {206, sound[9990:]},
		"bytes=-10":                  {206, sound[size-10:]},
		"bytes=-99999999":            {206, sound},
		"bytes=0-99999999999":        {206, sound},
		"bytes=10000-":               {416, ""},
		"bytes=-0":                   {206, ""},
		"bytes=5-4":                  {416, ""},
		"bytes=9223372036854775807-": {416, ""},
		"bytes=9223372036854775808-": {416, ""},
		"bytes=-9223372036854775808": {416, ""},
		"bytes=-":                    {416, ""},
		"bytes=a-b":                  {416, ""},
		"bytes=+1-2":                 {206, sound[1:3]},
		"items=0-1":                  {416, ""},
		"bytes=0-0,1-1":              {200, sound},
		"bytes=0-,0-,0-":             {200, sound},
		"bytes=" + strings.Repeat("0-9999,", 1500) + "0-": {200, sound},
		"bytes=" + strings.Repeat("0-0,", 3000) + "0-0":   {200, sound},
		"bytes=,": {200, sound},
	} {
		req, err := http.NewRequest("GET", h.url+"api/utterances/"+soundID+"/audio", nil)
		h.must(err)
		req.Header.Set("Authorization", "Bearer "+h.tokens[auth.Operator])
		if asked != "" {
			req.Header.Set("Range", asked)
		}
		res, err := client.Do(req)
		h.must(err)
		body, err := io.ReadAll(io.LimitReader(res.Body, int64(10*size)))
		h.must(err)
		res.Body.Close()
		name := fmt.Sprintf("%.40s", asked)
		if res.StatusCode != want.code || want.code < 400 && string(body) != want.body {
			t.Errorf("%s: %d and %d bytes", name, res.StatusCode, len(body))
		}
		if len(body) > size || strings.HasPrefix(res.Header.Get("Content-Type"), "multipart/") {
			t.Errorf("%s: %d bytes of %s", name, len(body), res.Header.Get("Content-Type"))
		}
		if n, err := strconv.Atoi(res.Header.Get("Content-Length")); err == nil && n != len(body) {
			t.Errorf("%s: %d bytes are announced and %d come", name, n, len(body))
		}
		if want.code < 400 && (res.Header.Get("Content-Type") != "audio/wav" || res.Header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s: %v", name, res.Header)
		}
	}
	req, err := http.NewRequest("GET", h.url+"api/utterances/"+soundID+"/audio", nil)
	h.must(err)
	req.Header.Set("Authorization", "Bearer "+h.tokens[auth.Operator])
	req.Header["Range"] = []string{"bytes=0-1", "bytes=5-6"}
	res, err := client.Do(req)
	h.must(err)
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || len(body) != size {
		t.Errorf("two headers: %d, %d bytes, %v", res.StatusCode, len(body), err)
	}
	res.Body.Close()
	for _, role := range []auth.Role{auth.Nobody, auth.Viewer} { // a range opens nothing
		req := h.request(role, "GET", "/api/utterances/"+soundID+"/audio", nil)
		req.Header.Set("Range", "bytes=0-0")
		if w := h.do(req); w.Code != 401 && w.Code != 403 || strings.Contains(w.Body.String(), "RIFF") {
			t.Errorf("as %q: %d", role, w.Code)
		}
	}
}
