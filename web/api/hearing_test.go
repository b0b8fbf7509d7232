package api

import (
	"net/url"
	"strings"
	"testing"

	"orac/web/auth"
	"orac/web/schema"
)

// TestHowLoudAMicrophoneIs: in decibels; one that cannot be heard says why, and only admins have a microphone opened.
func TestHowLoudAMicrophoneIs(t *testing.T) {
	r := newRig(t)
	at := func(identity string) string {
		return "/api/devices/level?" + url.Values{"backend": {"pulse"}, "identity": {identity}}.Encode()
	}
	if l := ask[DeviceLevel](t, r, "GET", at("testmic"), nil, 200); l.Decibels != -40 || l.Peak != -20 || l.Problem != "" {
		t.Errorf("%+v", l)
	}
	if l := ask[DeviceLevel](t, r, "GET", at("none"), nil, 200); l.Decibels != silent || l.Problem != "It is no longer plugged in." {
		t.Errorf("%+v", l)
	}
	for _, bad := range []string{"/api/devices/level", "/api/devices/level?identity=x&backend=oss", at(strings.Repeat("x", 600))} {
		if w := r.call(auth.Admin, "GET", bad, nil); w.Code != 400 {
			t.Errorf("%.80s: %d", bad, w.Code)
		}
	}
	for _, role := range []auth.Role{auth.Viewer, auth.Operator} {
		r.problem("as "+string(role), r.call(role, "GET", at("testmic"), nil), schema.Forbidden)
	}
}

// TestTheCatalogueIsListed: wake words alone, each with its licence and whether it is here.
func TestTheCatalogueIsListed(t *testing.T) {
	r := newRig(t)
	list := ask[[]CatalogueModel](t, r, "GET", "/api/catalogue", nil, 200)
	installed := 0
	for _, m := range list {
		if m.WakeWord == "" || m.Licence == "" || m.Commercial {
			t.Errorf("%+v", m)
		}
		if m.Installed {
			installed++
		}
	}
	if len(list) < 4 || installed != 1 {
		t.Errorf("%d models, %d installed", len(list), installed)
	}
}

// TestTheCatalogueIsLookedAtOnce for all who ask within a moment: each look goes through the files of all models.
func TestTheCatalogueIsLookedAtOnce(t *testing.T) {
	r := newRig(t)
	const calls = 50
	for range calls {
		ask[[]CatalogueModel](t, r, "GET", "/api/catalogue", nil, 200)
	}
	heads := len(ask[[]CatalogueModel](t, r, "GET", "/api/catalogue", nil, 200))
	if n := r.app.Looked.Load(); n == 0 || n >= int64(calls*heads) {
		t.Errorf("%d looks at %d models for %d who asked", n, heads, calls)
	}
}
