package api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/event"
	"orac/web/auth"
)

// TestWhatAnIssuerTells: how well it is, once; another key; that the next one is late; and that it is over when it is none any more.
func TestWhatAnIssuerTells(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	due := now.Add(time.Hour)
	good := auth.IssuerState{Key: "a", Made: now.Add(-time.Hour), Due: due}
	other := auth.IssuerState{Key: "b", Before: "a", Until: due, Due: now.Add(48 * time.Hour)}
	var w issuerWatch
	for i, c := range []struct {
		after time.Duration
		state auth.IssuerState
		on    bool
		want  []event.Body
	}{
		{0, auth.IssuerState{}, false, nil},
		{0, good, true, []event.Body{event.IssuerHealth{OK: true}}},
		{time.Minute, good, true, nil},
		{2 * time.Hour, good, true, nil}, // it is made within the hour
		{5 * time.Hour, good, true, []event.Body{event.IssuerHealth{OK: true, Late: true, Cause: "the next key is due since 2026-03-01T13:00:00Z and was not made: make it with orac secrets rotate issuer"}}},
		{6 * time.Hour, other, true, []event.Body{event.IssuerKey{Key: "b", Before: "a", Until: due}, event.IssuerHealth{OK: true}}},
		{7 * time.Hour, auth.IssuerState{Problem: errors.New("the file may be read by others")}, true, []event.Body{event.IssuerHealth{Cause: "no token can be signed: the file may be read by others"}}},
		{8 * time.Hour, other, true, []event.Body{event.IssuerHealth{OK: true}}},
		{9 * time.Hour, auth.IssuerState{Problem: errors.New("gone")}, true, []event.Body{event.IssuerHealth{Cause: "no token can be signed: gone"}}},
		{9 * time.Hour, auth.IssuerState{}, false, []event.Body{event.IssuerHealth{OK: true}}},
		{9 * time.Hour, auth.IssuerState{}, false, nil},
		{9 * time.Hour, other, true, []event.Body{event.IssuerHealth{OK: true}}},
	} {
		if d := cmp.Diff(c.want, w.look(now.Add(c.after), c.state, c.on)); d != "" {
			t.Errorf("step %d (-want +got):\n%s", i, d)
		}
	}
}

// TestAnIssuerCounts what it gives, and what it refuses by the code of the refusal; what somebody writes becomes no label.
func TestAnIssuerCounts(t *testing.T) {
	r := issuer(t)
	get[OAuthToken](r, r.form("/oauth/token", "hey_orac", sttSecret, ofKitchen), 200)
	r.form("/oauth/token", "hey_orac", sttSecret, with(ofKitchen, "audience", "cellar"))
	r.form("/oauth/token", "hey_orac", sttSecret, with(ofKitchen, "grant_type", "an invented one"))
	r.form("/oauth/token", "hey_orac", "x", ofKitchen)
	text := r.call(auth.Viewer, "GET", "/metrics", nil).Body.String()
	for _, want := range []string{
		`orac_issuer_tokens_total{grant="client_credentials"} 1`, `orac_issuer_refused_total{reason="invalid_target"} 1`,
		`orac_issuer_refused_total{reason="unsupported_grant_type"} 1`, `orac_issuer_refused_total{reason="invalid_client"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(text, "invented") {
		t.Error("what somebody wrote became a label")
	}
	if state, on := r.guard.IssuerState(); !on || state.Problem != nil || state.Key == "" || state.Due.IsZero() {
		t.Errorf("%+v, %v", state, on)
	}
}
