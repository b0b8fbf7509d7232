package trust

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// served is an issuer behind TLS, with its authority in a file and the fingerprint of its certificate.
func served(t *testing.T, h http.HandlerFunc) (url, ca, fingerprint string) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(&strings.Builder{}, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(s.Certificate().Raw)
	return s.URL, ca, hex.EncodeToString(sum[:])
}

// TestOnlyTheIssuersCertificateIsTaken: by its authority or its fingerprint; nobody else's keys are read, and no token is sent.
func TestOnlyTheIssuersCertificateIsTaken(t *testing.T) {
	k, _ := newKey(t)
	asked := 0
	url, ca, fingerprint := served(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(EncodeKeys([]Key{k}))
	})
	other := strings.Repeat("0", 64)
	for what, c := range map[string]struct {
		ca, fingerprint string
		good            bool
	}{
		"its authority": {ca, "", true}, "its fingerprint": {"", fingerprint, true}, "with colons": {"", strings.ToUpper(fingerprint[:2]) + ":" + fingerprint[2:], true},
		"the system's authorities": {"", "", false}, "another fingerprint": {"", other, false},
	} {
		client, err := NewClient(url, c.ca, c.fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		asked = 0
		text, err := client.Keys(context.Background())
		_, failed := client.Lives(context.Background(), "token")
		if good := err == nil; good != c.good || good != (asked == 2) {
			t.Errorf("%s: %v, %v, asked %d times", what, err, failed, asked)
		}
		if keys, err := ParseKeys(text); c.good && (err != nil || keys[0].ID != k.ID) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := NewClient(url, "/no/such/file", ""); err == nil {
		t.Error("authorities that are not there")
	}
	if _, err := NewClient(url, "", "abc"); err == nil {
		t.Error("half a fingerprint")
	}
}

// TestAHostileIssuer: whatever it answers, the member reads little, goes nowhere else and ends in time.
func TestAHostileIssuer(t *testing.T) {
	var elsewhere atomic.Int64
	away := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer away.Close()
	var answer atomic.Pointer[http.HandlerFunc] // a request that was given up may still be read while the next case begins
	url, ca, _ := served(t, func(w http.ResponseWriter, r *http.Request) { (*answer.Load())(w, r) })
	client, err := NewClient(url, ca, "")
	if err != nil {
		t.Fatal(err)
	}
	sent := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	const token = "a-token-that-no-error-shows"
	for what, h := range map[string]http.HandlerFunc{
		"sends elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, away.URL, http.StatusTemporaryRedirect)
		},
		"a page":      sent(200, "text/html", "<html>"),
		"an error":    sent(500, "application/json", `{"active":true}`),
		"who are you": sent(401, "application/json", `{"error":"invalid_client"}`),
		"half":        sent(200, "application/json", `{"active":tr`),
		"nothing":     sent(200, "application/json", ``),
		"words":       sent(200, "application/json", `{"active":"true"}`),
		"a list":      sent(200, "application/json", `[true]`),
		"without an end": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			endless(w, r)
		},
		"a head of megabytes": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			w.WriteHeader(200)
		},
		"hangs up":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"never answers": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() },
	} {
		answer.Store(&h)
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		lives, err := client.Lives(ctx, token)
		if err == nil || lives || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v, %v", what, lives, err)
		}
		if text, err := client.Keys(ctx); err == nil {
			if _, err = ParseKeys(text); err == nil {
				t.Errorf("%s: its keys count", what)
			}
		}
		cancel()
	}
	if elsewhere.Load() > 0 {
		t.Error("the member went where the issuer sent it")
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
