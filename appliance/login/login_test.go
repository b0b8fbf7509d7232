package login

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
)

type secret string

func (s secret) Reveal() string { return string(s) }

const hush = secret("hush, a: secret/of+32 bytes, ü")

// patience is a timeout where the test is about the timeout itself: nothing else can be awaited there.
const patience = 200 * time.Millisecond

// served starts an issuer over TLS, and returns its address, a file with its authority, and its fingerprint.
func served(t testing.TB, h http.HandlerFunc) (url, ca, fingerprint string) {
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(s.Certificate().Raw)
	return s.URL, ca, hex.EncodeToString(sum[:])
}

func ask(t testing.TB, c Config) (token Token, err error) {
	t.Helper()
	c.Account, c.Secret = "kit chen", hush
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	client, err := New(c)
	if err != nil {
		return token, err
	}
	_ = live.New(nil).Run(t.Context(), "test", func(task *rt.Task) error {
		token, err = client.Token(task, "stt")
		return nil
	})
	return token, err
}

const good = `{"access_token":"ey.j-_.x","token_type":"bearer","expires_in":899,"scope":"stt.transcribe"}`

// TestATokenIsAskedForAsTheStandardSays, of nobody but the issuer that the runbook names.
func TestATokenIsAskedForAsTheStandardSays(t *testing.T) {
	asked := 0
	url, ca, fingerprint := served(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		id, password, _ := r.BasicAuth()
		_ = r.ParseForm()
		if r.Method != "POST" || r.URL.Path != TokenPath || r.URL.RawQuery != "" || id != "kit+chen" || password != "hush%2C+a%3A+secret%2Fof%2B32+bytes%2C+%C3%BC" ||
			r.PostForm.Encode() != "audience=stt&grant_type=client_credentials" {
			t.Errorf("%s %s %q %q %v", r.Method, r.URL, id, password, r.PostForm)
		}
		fmt.Fprint(w, good)
	})
	for what, c := range map[string]struct {
		tls  wire.TLS
		good bool
	}{
		"an authority":        {wire.TLS{CA: ca}, true},
		"a fingerprint":       {wire.TLS{Fingerprint: strings.ToUpper(fingerprint)}, true},
		"with colons":         {wire.TLS{Fingerprint: fingerprint[:2] + ":" + fingerprint[2:]}, true},
		"those of the system": {wire.TLS{}, false},
		"another certificate": {wire.TLS{Fingerprint: strings.Repeat("ab", 32)}, false},
		"half a fingerprint":  {wire.TLS{Fingerprint: "ab:cd"}, false},
		"no such file":        {wire.TLS{CA: "/no/such/file"}, false},
	} {
		asked = 0
		token, err := ask(t, Config{Issuer: url, TLS: c.tls})
		if (err == nil) != c.good || (asked == 1) != c.good || c.good && (token.Text != "ey.j-_.x" || token.Life != 899*time.Second) {
			t.Errorf("%s: %#v, %v, asked %d times", what, token, err, asked)
		}
		if text := fmt.Sprintf("%v %+v %#v", token, token, token); strings.Contains(text, "ey.") {
			t.Errorf("it prints as %s", text)
		}
	}
}

// TestAHostileIssuer: whatever it answers, little is read, nothing goes elsewhere, it ends in time, and no error shows a secret.
func TestAHostileIssuer(t *testing.T) {
	var elsewhere atomic.Int64
	away := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer away.Close()
	said := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for what, c := range map[string]struct {
		h     http.HandlerFunc
		final bool
		hint  string
	}{
		"knows nobody":     {said(401, `{"error":"invalid_client","error_description":"no"}`), true, `no account "kit chen"`},
		"knows no member":  {said(400, `{"error":"invalid_target"}`), true, `member "stt" {}`},
		"gives to no such": {said(400, `{"error":"unauthorized_client"}`), true, "service_account"},
		"is no issuer":     {said(404, `{"status":404}`), true, "issuer block"},
		"sends elsewhere":  {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, away.URL, 307) }, true, ""},
		"asks for time":    {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Retry-After", "60"); w.WriteHeader(429) }, false, ""},
		"fails":            {said(500, good), false, ""},
		"says nothing":     {said(200, ""), false, ""},
		"says prose":       {said(200, "Certainly!"), false, ""},
		"says half":        {said(200, good[:40]), false, ""},
		"gives no token":   {said(200, `{"token_type":"Bearer","expires_in":900}`), false, ""},
		"a token of lines": {said(200, `{"access_token":"a\r\nX-Admin: yes","token_type":"Bearer","expires_in":900}`), false, ""},
		"an endless token": {said(200, `{"access_token":"`+strings.Repeat("a", maxToken+1)+`","token_type":"Bearer","expires_in":900}`), false, ""},
		"another type":     {said(200, `{"access_token":"abc","token_type":"mac","expires_in":900}`), false, ""},
		"for no time":      {said(200, `{"access_token":"abc","token_type":"Bearer"}`), false, ""},
		"for less":         {said(200, `{"access_token":"abc","token_type":"Bearer","expires_in":-1}`), false, ""},
		"repeats us": {func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.Header.Get("Authorization")+string(hush), 403)
		}, true, ""},
		"never ends": {endless, false, ""},
		"a head of mega": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			w.WriteHeader(200)
		}, false, ""},
		"hangs up":          {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false, ""},
		"never answers":     {func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }, false, ""},
		"switches protocol": {said(101, ""), true, ""},
	} {
		url, ca, _ := served(t, c.h)
		timeout := 5 * time.Second
		if what == "never answers" {
			timeout = patience
		}
		token, err := ask(t, Config{Issuer: url, TLS: wire.TLS{CA: ca}, Timeout: timeout})
		e, ok := errors.AsType[*wire.Error](err)
		if !ok || token.Text != "" || Final(err) != c.final || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s: %#v, %v", what, token, err)
			continue
		}
		if strings.Contains(err.Error(), string(hush)) || strings.Contains(err.Error(), "Basic a") {
			t.Errorf("%s: the error shows a secret: %v", what, err)
		}
		if what == "asks for time" && e.RetryAfter != time.Minute {
			t.Errorf("%s: %v", what, e.RetryAfter)
		}
	}
	if elsewhere.Load() > 0 {
		t.Error("it went where the issuer sent it")
	}
}

// endless writes until the reader has enough.
func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := w.Write([]byte(strings.Repeat(" ", 32<<10))); err != nil {
			return
		}
	}
}

// FuzzParseToken: what is read as a token can be sent in a header as it is, and lives for a time that can be reckoned with; no error
// quotes the answer.
func FuzzParseToken(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"access_token":"a b","token_type":"Bearer","expires_in":1e300}`))
	f.Add([]byte(`{"access_token":"a=","token_type":"BEARER","expires_in":1e300,"access_token":"b"}`))
	f.Add([]byte(`{"access_token":null,"token_type":7}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		token, err := parseToken(answer)
		if err != nil {
			if len(err.Error()) > 100 || token != (Token{}) {
				t.Errorf("%v, %#v", err, token)
			}
			return
		}
		if token.Life < minLife || token.Life > MaxLife || token.Text == "" || len(token.Text) > maxToken || strings.ContainsFunc(token.Text, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q for %v", token.Text, token.Life)
		}
	})
}
