package edge

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orac/appliance/house"
	"orac/runbook"
	"orac/runbook/testkit"
	"orac/web/auth/secrets"
	"orac/web/enrol"
	"orac/web/trust"
)

// aHouse makes certificates for the members of a house.
type aHouse struct {
	t    *testing.T
	desk *enrol.Desk
}

func newHouse(t *testing.T) aHouse {
	return aHouse{t, &enrol.Desk{Secrets: secrets.In(t.TempDir())}}
}

// member is a state directory with the certificate of a member at 127.0.0.1.
func (h aHouse) member(name string, life time.Duration) string {
	h.t.Helper()
	rb := &runbook.Runbook{}
	rb.Appliance.Name, rb.Issuer = name, runbook.Issuer{URL: "https://127.0.0.1:7171", Certificates: life}
	b, err := h.desk.Own(rb)
	testkit.Must(h.t, err)
	state := h.t.TempDir()
	testkit.Must(h.t, house.In(state).Keep(b))
	return state
}

// says is a site that says who asks.
type says struct{ rules *Rules }

func (s says) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, _, _ := MemberOf(r)
	_, _ = io.WriteString(w, m.Name)
}
func (s says) Use(*runbook.Runbook)          {}
func (s says) Rules() *Rules                 { return s.rules }
func (s says) Accept(*runbook.Runbook) error { return nil }
func (s says) Opened()                       {}

// TestMembersSpeakToEachOther over a real listener: with the certificates of one house and nothing else, on both sides. Strangers, another
// house, a certificate that has expired and a member that was removed are refused, and a renewed certificate counts without a restart.
func TestMembersSpeakToEachOther(t *testing.T) {
	ours := newHouse(t)
	kitchen := ours.member("kitchen", time.Hour)
	w := runbook.Web{Listen: "127.0.0.1:0", TLS: runbook.TLS{Member: true}, Limits: runbook.Limits{MaxConnections: 100}}
	rules, err := RulesOf(w)
	testkit.Must(t, err)
	at := make(chan string, 1)
	var removed atomic.Pointer[string]
	var log lines
	h := &Host{
		StateDir: kitchen, Log: slog.New(slog.NewTextHandler(&log, nil)), Of: func(*runbook.Runbook) runbook.Web { return w }, Members: func(*runbook.Runbook) bool { return true },
		Opened: func(url string) { at <- url },
		Admit: func(m house.Member, _ *x509.Certificate) error {
			if name := removed.Load(); name != nil && m.Name == *name {
				return errors.New("removed")
			}
			return nil
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h.Begin(ctx, says{rules})
	h.Use(&runbook.Runbook{})
	defer h.End()
	url := <-at
	ask := func(state string) (string, error) {
		c := &http.Client{Transport: trust.InHouse(house.In(state))}
		defer c.CloseIdleConnections()
		answer, err := c.Get(url)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return string(text), err
	}
	hall := ours.member("hall", time.Hour)
	if who, err := ask(hall); err != nil || who != "hall" {
		t.Errorf("a member is taken for %q: %v", who, err)
	}
	for what, state := range map[string]string{
		"of another house": newHouse(t).member("hall", time.Hour), "expired": ours.member("hall", time.Nanosecond), "without any": t.TempDir(),
	} {
		if who, err := ask(state); err == nil {
			t.Errorf("a certificate %s: %q", what, who)
		}
	}
	for what, config := range map[string]*tls.Config{"a stranger": {InsecureSkipVerify: true}} {
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
		if answer, err := c.Get(url); err == nil {
			answer.Body.Close()
			t.Errorf("%s gets in", what)
		}
	}
	testkit.Must(t, house.In(kitchen).Keep(mustBundle(t, ours.member("kitchen", 2*time.Hour)))) // renewed
	if who, err := ask(hall); err != nil || who != "hall" {
		t.Errorf("after a renewal: %q, %v", who, err)
	}
	testkit.Must(t, house.In(kitchen).Keep(mustBundle(t, newHouse(t).member("kitchen", time.Hour)))) // the server is another's now
	if _, err := ask(hall); err == nil || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("a server of another house: %v", err)
	}
	testkit.Must(t, house.In(kitchen).Keep(mustBundle(t, ours.member("kitchen", time.Hour))))
	name := "hall"
	removed.Store(&name)
	for range 3 {
		if who, err := ask(hall); err == nil {
			t.Errorf("a removed member: %q", who)
		}
	}
	if n := strings.Count(log.String(), `member=hall cause=removed`); n != 1 || strings.Contains(log.String(), "member=kitchen") {
		t.Errorf("the log says it %d times: %s", n, log.String())
	}
}

// TestAConnectionOutlivesACertificate and lets its member do nothing any more: one that was cut off gets no next certificate, and could
// otherwise keep a connection open for as long as it likes.
func TestAConnectionOutlivesACertificate(t *testing.T) {
	ours := newHouse(t)
	for life, want := range map[time.Duration]bool{time.Hour: true, time.Nanosecond: false} {
		shown := mustBundle(t, ours.member("hall", life)).Leaf
		r := &http.Request{TLS: &tls.ConnectionState{PeerCertificates: []*x509.Certificate{shown}}}
		if _, _, ok := MemberOf(r); ok != want {
			t.Errorf("a certificate for %v: %v", life, ok)
		}
	}
}

// lines are a log that a test reads while it is written.
type lines struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func mustBundle(t *testing.T, state string) *house.Bundle {
	t.Helper()
	b, err := house.In(state).Bundle()
	testkit.Must(t, err)
	return b
}
