package auth

import (
	"errors"
	"slices"
	"testing"
	"time"

	"orac/runbook"
	"orac/runbook/language"
)

// TestTheIssuerIsAway: a member goes on with the keys that it knows, also after a restart, and takes no others.
func TestTheIssuerIsAway(t *testing.T) {
	core := openGuard(t, t.TempDir(), coreBook(t))
	l, dir := &line{core: core}, t.TempDir()
	kitchen := openMember(t, dir, l, memberBook(t, "kitchen"))
	token := clientToken(t, core, Grant{Audience: "kitchen"})
	if _, err := kitchen.Token(token.Token); err != nil {
		t.Fatal(err)
	}
	l.away.Store(true)
	if _, err := kitchen.Token(token.Token); err != nil {
		t.Error("a token that was shown before:", Reason(err))
	}
	if _, err := kitchen.Token(clientToken(t, core, Grant{Audience: "kitchen"}).Token); err != nil {
		t.Error("another of a known key:", Reason(err))
	}
	if err := kitchen.Close(); err != nil {
		t.Fatal(err)
	}
	again := openMember(t, dir, l, memberBook(t, "kitchen"))
	if _, err := again.Token(token.Token); err != nil {
		t.Error("after a restart:", Reason(err))
	}
	if err := core.Secrets.Rotate(IssuerSecret, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := core.Use(coreBook(t)); err != nil {
		t.Fatal(err)
	}
	_, err := again.Token(clientToken(t, core, Grant{Audience: "kitchen"}).Token)
	refused(t, "a token of a key that it does not know", err, "token: key or algorithm unknown")
	never := openMember(t, t.TempDir(), l, memberBook(t, "kitchen"))
	_, err = never.Token(token.Token)
	refused(t, "a member that has never met its issuer", err, "token: key or algorithm unknown")
}

// TestWhatAnIssuerEndsIsEnded: at the issuer at once, and at a member with its next question; there also after a restart without the
// issuer.
func TestWhatAnIssuerEndsIsEnded(t *testing.T) {
	for what, end := range map[string]func(*testing.T, *Guard, Token){
		"revoked":             func(t *testing.T, g *Guard, token Token) { revoke(t, g, token.Token) },
		"revoked by its twin": func(t *testing.T, g *Guard, token Token) { revoke(t, g, token.Refresh) },
		"logged out":          func(t *testing.T, g *Guard, _ Token) { must(t, g.DB.LogOutEverywhere("service:core")) },
		"without the account": func(t *testing.T, g *Guard, _ Token) {
			change(t, g, func(rb *runbook.Runbook) { rb.ServiceAccounts = nil })
		},
		"with another secret": func(t *testing.T, g *Guard, _ Token) {
			change(t, g, func(rb *runbook.Runbook) { rb.ServiceAccounts[0].Secret = language.NewSecret(accountSecret + "!") })
		},
		"with another role": func(t *testing.T, g *Guard, _ Token) {
			change(t, g, func(rb *runbook.Runbook) { rb.ServiceAccounts[0].Role = "" })
		},
		"without the member": func(t *testing.T, g *Guard, _ Token) {
			change(t, g, func(rb *runbook.Runbook) { rb.ServiceAccounts[0].Members = nil })
		},
		"the key was replaced": func(t *testing.T, g *Guard, _ Token) {
			must(t, g.Secrets.Rotate(IssuerSecret, 0))
			change(t, g, func(*runbook.Runbook) {})
		},
	} {
		core := openGuard(t, t.TempDir(), coreBook(t))
		l, dir := &line{core: core}, t.TempDir()
		before := openMember(t, t.TempDir(), l, memberBook(t, "kitchen"))
		kitchen := openMember(t, dir, l, memberBook(t, "kitchen"))
		token := clientToken(t, core, Grant{Audience: "kitchen", Refresh: true})
		who, err := before.Token(token.Token)
		if err != nil || !core.Introspect(token.Token).Active {
			t.Fatalf("%s: %v", what, err)
		}
		if what == "the key was replaced" { // the member must know the key, to have something to ask about
			if _, err := kitchen.Token(clientToken(t, core, Grant{Audience: "kitchen"}).Token); err != nil {
				t.Fatal(err)
			}
		}
		end(t, core, token)
		if in := core.Introspect(token.Token); in != (Introspection{}) {
			t.Errorf("%s: the issuer says %+v", what, in)
		}
		if _, err := core.RefreshFor(coreClient, token.Refresh, nil); err == nil && what != "the key was replaced" { // it is random, and no key has signed it
			t.Errorf("%s: it can be refreshed", what)
		}
		_, err = kitchen.Token(token.Token)
		refused(t, what, err, "token: ended by its issuer")
		l.away.Store(true)
		must(t, kitchen.Close())
		again := openMember(t, dir, l, memberBook(t, "kitchen"))
		_, err = again.Token(token.Token)
		refused(t, what+", after a restart without the issuer", err, "token: ended by its issuer")
		refused(t, what+", its proof", again.Stands(who.Proof()), "proof: the issuer has ended the token")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func revoke(t *testing.T, g *Guard, token string) {
	t.Helper()
	if of := g.TokenOf(token); of != "service:core" {
		t.Errorf("a token of %q", of)
	}
	must(t, g.Revoke(coreClient, token))
}

func change(t *testing.T, g *Guard, what func(*runbook.Runbook)) {
	t.Helper()
	rb := coreBook(t)
	what(rb)
	must(t, g.Use(rb))
}

// TestRevokeNeedsTheClient: a token is ended by whom it was given to. What is unknown is no error.
func TestRevokeNeedsTheClient(t *testing.T) {
	core := openGuard(t, t.TempDir(), coreBook(t))
	token := clientToken(t, core, Grant{Audience: "kitchen", Refresh: true})
	for _, text := range []string{token.Token, token.Refresh} {
		for _, client := range []Client{{"hey_orac", true}, {"core", false}, {"kitchen", false}, {}} {
			if err := core.Revoke(client, text); !errors.Is(err, ErrTarget) || !core.Introspect(token.Token).Active {
				t.Errorf("by %+v: %v", client, err)
			}
		}
	}
	local := mustLogIn(t, core, "anna")
	for what, text := range map[string]string{"nothing": "", "words": "not a token", "a login of the API": local.Token, "its refresh token": local.Refresh} {
		if err := core.Revoke(coreClient, text); err != nil || core.TokenOf(text) != "" {
			t.Errorf("%s: %q, %v", what, core.TokenOf(text), err)
		}
	}
	if _, err := core.Token(local.Token); err != nil {
		t.Error("a login of the API was ended:", Reason(err))
	}
}

// TestARefreshTokenOfAMember leads to tokens of that member alone, and never to more than before.
func TestARefreshTokenOfAMember(t *testing.T) {
	core, kitchen, _ := house(t)
	token := clientToken(t, core, Grant{Audience: "kitchen", Scope: []string{"stt.transcribe", "stt.heartbeat"}, Refresh: true})
	_, err := core.Refresh(token.Refresh)
	refused(t, "as a login of the issuer's API", err, "refresh: it is for kitchen")
	_, err = core.RefreshFor(Client{"hey_orac", true}, token.Refresh, nil)
	refused(t, "by another client", err, "refresh: it was given to another client")
	_, err = core.RefreshFor(Client{Name: "core"}, token.Refresh, nil)
	refused(t, "by a client of the same name without a secret", err, "refresh: it was given to another client")
	if _, err := core.RefreshFor(coreClient, token.Refresh, []string{"core.status"}); !errors.Is(err, ErrScope) {
		t.Errorf("a wider scope: %v", err)
	}
	_, err = core.RefreshFor(coreClient, mustLogIn(t, core, "anna").Refresh, nil)
	refused(t, "a login of the API", err, "refresh: it is for this appliance alone")
	next, err := core.RefreshFor(coreClient, token.Refresh, []string{"stt.transcribe"})
	if err != nil {
		t.Fatal(err, Reason(err))
	}
	if who, err := kitchen.Token(next.Token); err != nil || who.Role != Nobody || !slices.Equal(who.Permissions, []string{"stt.transcribe"}) {
		t.Errorf("refreshed: %+v, %v", who, err)
	}
	if in := core.Introspect(next.Token); in.Audience != "kitchen" || in.Scope != "stt.transcribe" || in.Client != "core" {
		t.Errorf("%+v", in)
	}
	if _, err := core.RefreshFor(coreClient, next.Refresh, []string{"stt.heartbeat"}); !errors.Is(err, ErrScope) {
		t.Errorf("wider than the last time: %v", err)
	}
	_, err = core.RefreshFor(coreClient, token.Refresh, nil)
	refused(t, "used twice", err, "refresh: used twice; ended all tokens of service:core from that login")
	if core.Introspect(next.Token).Active {
		t.Error("its login goes on")
	}
}

// TestRotatedIssuerKeys: what the one before has signed stays good while it may live, at a member that follows, and after a restart.
func TestRotatedIssuerKeys(t *testing.T) {
	dir := t.TempDir()
	ahead := time.Duration(0)
	clock := machineClock()
	clock.wall = func() time.Time { return time.Now().Add(ahead) }
	core, err := openWith(dir, hashKey, clock)
	must(t, err)
	must(t, core.Use(coreBook(t)))
	old := clientToken(t, core, Grant{Audience: "kitchen"})
	if done, err := core.RotateIssuer(); done || err != nil {
		t.Errorf("a key of today is replaced: %v", err)
	}
	was, err := core.IssuerKeys()
	must(t, err)
	ahead = 30*24*time.Hour + time.Minute
	if done, err := core.RotateIssuer(); !done || err != nil {
		t.Fatalf("a key of 30 days: %v, %v", done, err)
	}
	if done, err := core.RotateIssuer(); done || err != nil {
		t.Errorf("again at once: %v, %v", done, err)
	}
	ahead = 0
	must(t, core.Close())
	core = openGuard(t, dir, coreBook(t))
	keys, err := core.IssuerKeys()
	if err != nil || len(keys) != 2 || keys[1].ID != was[0].ID || keys[0].ID == was[0].ID {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	l := &line{core: core}
	after := openMember(t, t.TempDir(), l, memberBook(t, "kitchen"))
	for what, token := range map[string]Token{"the old one": old, "a new one": clientToken(t, core, Grant{Audience: "kitchen"})} {
		if _, err := after.Token(token.Token); err != nil {
			t.Errorf("%s: %s", what, Reason(err))
		}
	}
	info, err := core.Secrets.Info(IssuerSecret)
	if left := time.Until(info.Previous); err != nil || left < 23*time.Hour || left > 25*time.Hour {
		t.Errorf("the one before is good for another %v, %v", left, err)
	}
}
