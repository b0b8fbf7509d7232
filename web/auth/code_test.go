package auth

import (
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/runbook"
	"orac/runbook/language"
	"orac/web/trust"
)

var kitchenClient = Client{Name: "kitchen"}

const (
	verifier  = "a verifier with 43 bytes or more, as RFC 7636 asks"
	comesBack = "https://kitchen.test:7171/login/callback"
)

// session logs a user in with a browser.
func session(t testing.TB, g *Guard, name string) Verified {
	t.Helper()
	i, err := g.StartSession(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), vouched(t, g, User, name), Via{From: home})
	if err != nil {
		t.Fatal(err, Reason(err))
	}
	return i.Proof()
}

// wanted is what the kitchen asks for.
func wanted() trust.AuthRequest {
	return trust.AuthRequest{Client: "kitchen", Redirect: comesBack, Challenge: trust.Challenge(verifier), Nonce: "n1", State: "s1"}
}

func codeFor(t testing.TB, g *Guard, v Verified) string {
	t.Helper()
	code, err := g.Code(v, wanted())
	if err != nil {
		t.Fatal(err, Reason(err))
	}
	return code
}

// TestACodeIsGoodOnce: for one who asked for it and nobody else, and used twice it ends what came of it.
func TestACodeIsGoodOnce(t *testing.T) {
	core, kitchen, _ := house(t)
	v := session(t, core, "anna")
	code := codeFor(t, core, v)
	if core.CodeOf(code) != "anna" || core.CodeOf(code+"x") != "" {
		t.Error("whose it is:", core.CodeOf(code))
	}
	token, id, err := core.Exchange(kitchenClient, code, comesBack, verifier)
	if err != nil || token.Refresh == "" {
		t.Fatal(err, Reason(err), token)
	}
	var c trust.IDClaims
	keys, err := core.IssuerKeys()
	must(t, err)
	_, err = jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithAudience("kitchen"), jwt.WithIssuer(coreURL)).ParseWithClaims(id, &c, func(*jwt.Token) (any, error) { return keys[0].Public, nil })
	if err != nil || c.Subject != "anna" || c.Nonce != "n1" || c.LoggedIn != v.since.Unix() || trust.Is(id) {
		t.Errorf("%+v, %v", c, err)
	}
	if who, err := kitchen.Token(token.Token); err != nil || who.Subject() != "core:anna" || who.Role != Operator {
		t.Errorf("%+v, %v", who, Reason(err))
	}
	fresh, err := core.RefreshFor(kitchenClient, token.Refresh, nil)
	if err != nil {
		t.Fatal(err, Reason(err))
	}
	_, _, err = core.Exchange(kitchenClient, code, comesBack, verifier)
	refused(t, "twice", err, "code: used twice; ended all tokens of anna that came of it")
	if core.Introspect(token.Token).Active || core.Introspect(fresh.Token).Active {
		t.Error("the tokens of a code that was used twice live")
	}
	_, err = core.RefreshFor(kitchenClient, fresh.Refresh, nil)
	if Reason(err) == "" {
		t.Error("and its refresh token too")
	}
}

// TestACodeIsGoodForNothingElse: whatever is wrong uses it up.
func TestACodeIsGoodForNothingElse(t *testing.T) {
	core, _, _ := house(t)
	change(t, core, func(rb *runbook.Runbook) { rb.Members[1].URL = "https://cellar.test" })
	v := session(t, core, "anna")
	for _, c := range []struct {
		what               string
		client             Client
		redirect, verifier string
		reason             string
	}{
		{"another member", Client{Name: "cellar"}, comesBack, verifier, "code: another member's"},
		{"an account of that name", Client{"kitchen", true}, comesBack, verifier, "code: another member's"},
		{"another address", kitchenClient, comesBack + "/", verifier, "code: for another address"},
		{"another member's address", kitchenClient, "https://cellar.test/login/callback", verifier, "code: for another address"},
		{"a wrong verifier", kitchenClient, comesBack, verifier + "x", "code: the verifier is wrong"},
		{"the challenge itself", kitchenClient, comesBack, trust.Challenge(verifier), "code: the verifier is wrong"},
		{"no verifier", kitchenClient, comesBack, "", "code: the verifier is wrong"},
	} {
		code := codeFor(t, core, v)
		_, _, err := core.Exchange(c.client, code, c.redirect, c.verifier)
		refused(t, c.what, err, c.reason)
		if _, _, err = core.Exchange(kitchenClient, code, comesBack, verifier); Reason(err) == "" {
			t.Errorf("%s: the code is still good", c.what)
		}
	}
	_, _, err := core.Exchange(kitchenClient, "orac_ac_invented", comesBack, verifier)
	refused(t, "an invented one", err, "code: unknown")
	for what, change := range map[string]func(*trust.AuthRequest){
		"no member":         func(q *trust.AuthRequest) { q.Client = "attic" },
		"a path more":       func(q *trust.AuthRequest) { q.Redirect += "/x" },
		"another host":      func(q *trust.AuthRequest) { q.Redirect = "https://evil.example/login/callback" },
		"another's address": func(q *trust.AuthRequest) { q.Client = "cellar" },
	} {
		q := wanted()
		change(&q)
		if _, err := core.Code(v, q); !errors.Is(err, ErrTarget) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, v := range map[string]Verified{"nobody": {}, "without a session": vouched(t, core, User, "anna"), "an account": vouched(t, core, Service, "core")} {
		_, err := core.Code(v, wanted())
		refused(t, what, err, "proof: it is not good for codes")
	}
}

// TestACodeEndsWithItsLogin: whatever changes between a code and its exchange.
func TestACodeEndsWithItsLogin(t *testing.T) {
	for what, do := range map[string]func(*testing.T, *Guard, Verified){
		"removed": func(t *testing.T, g *Guard, _ Verified) {
			change(t, g, func(rb *runbook.Runbook) { rb.Users = rb.Users[1:] })
		},
		"another role": func(t *testing.T, g *Guard, _ Verified) {
			change(t, g, func(rb *runbook.Runbook) { rb.Users[0].Role = "viewer" })
		},
		"another password": func(t *testing.T, g *Guard, _ Verified) {
			change(t, g, func(rb *runbook.Runbook) { rb.Users[0].PasswordHash = language.NewSecret("$2a$04$x") })
		},
		"logged out everywhere": func(t *testing.T, g *Guard, _ Verified) { must(t, g.DB.LogOutEverywhere("anna")) },
		"logged out": func(t *testing.T, g *Guard, v Verified) {
			_, err := g.DB.db.Exec("DELETE FROM sessions WHERE token = ?", v.session)
			must(t, err)
		},
		"the member removed": func(t *testing.T, g *Guard, _ Verified) { change(t, g, func(rb *runbook.Runbook) { rb.Members = nil }) },
		"the member elsewhere": func(t *testing.T, g *Guard, _ Verified) {
			change(t, g, func(rb *runbook.Runbook) { rb.Members[0].URL = "https://other.test" })
		},
		"no issuer any more": func(t *testing.T, g *Guard, _ Verified) {
			change(t, g, func(rb *runbook.Runbook) { rb.Issuer.URL = "" })
		},
	} {
		for when, meanwhile := range map[string]bool{"before": false, "during": true} { // between the comparison and the transaction, too
			if meanwhile && what == "the member elsewhere" {
				continue // it is as if the exchange had come first: the tokens are for the same member
			}
			core := openGuard(t, t.TempDir(), coreBook(t))
			v := session(t, core, "anna")
			code := codeFor(t, core, v)
			if meanwhile {
				once := sync.Once{}
				core.meanwhile = func() { once.Do(func() { do(t, core, v) }) }
			} else {
				do(t, core, v)
			}
			if token, id, err := core.Exchange(kitchenClient, code, comesBack, verifier); err == nil && core.Introspect(token.Token).Active {
				t.Errorf("%s %s the exchange: %v %s", what, when, token, id)
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		core := openGuard(t, t.TempDir(), coreBook(t))
		code := codeFor(t, core, session(t, core, "anna"))
		time.Sleep(codeLife + time.Second)
		_, _, err := core.Exchange(kitchenClient, code, comesBack, verifier)
		refused(t, "a minute later", err, "code: expired")
		must(t, core.Close())
	})
}

// TestACodeBroughtByTwo at the same time: at most one gets tokens, and then they have ended.
func TestACodeBroughtByTwo(t *testing.T) {
	core := openGuard(t, t.TempDir(), coreBook(t))
	code := codeFor(t, core, session(t, core, "anna"))
	var tokens []Token
	var mu sync.Mutex // guards tokens
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if token, _, err := core.Exchange(kitchenClient, code, comesBack, verifier); err == nil {
				mu.Lock()
				defer mu.Unlock()
				tokens = append(tokens, token)
			}
		})
	}
	all.Wait()
	if len(tokens) != 1 || core.Introspect(tokens[0].Token).Active {
		t.Errorf("%d got tokens", len(tokens))
	}
}

// TestCodesAreBounded: a user who asks forever ends only codes of their own.
func TestCodesAreBounded(t *testing.T) {
	core := openGuard(t, t.TempDir(), coreBook(t))
	of := codeFor(t, core, session(t, core, "vera"))
	v := session(t, core, "anna")
	last := ""
	for range maxCodes + 5 {
		last = codeFor(t, core, v)
	}
	n := 0
	must(t, core.DB.db.QueryRow("SELECT count(*) FROM codes WHERE subject = 'anna'").Scan(&n))
	if n != maxCodes || core.CodeOf(last) != "anna" || core.CodeOf(of) != "vera" {
		t.Errorf("%d codes", n)
	}
}

// TestACodeEndsWithItsSession: also with one that has expired, and whose row nobody has swept yet.
func TestACodeEndsWithItsSession(t *testing.T) {
	core, _, _ := house(t)
	v := session(t, core, "anna")
	code := codeFor(t, core, v)
	_, err := core.DB.db.Exec("UPDATE sessions SET expires = ?", time.Now().Add(-time.Second).UnixMicro())
	must(t, err)
	_, err = core.Code(v, wanted())
	refused(t, "a code of an expired session", err, "proof: the session was ended meanwhile")
	_, _, err = core.Exchange(kitchenClient, code, comesBack, verifier)
	refused(t, "its code", err, "proof: the session was ended meanwhile")
}
