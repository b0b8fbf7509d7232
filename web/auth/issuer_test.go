package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/runbook"
	"orac/runbook/language"
	"orac/web/trust"
)

// coreClient is the account of the tests.
var coreClient = Client{"core", true}

const coreURL = "https://core.test:7171"

// line is what connects a member with its issuer: the issuer's guard, or nothing while away is set.
type line struct {
	core  *Guard
	away  atomic.Bool
	asked atomic.Int32 // questions for keys
	keys  func() []byte
}

var errAway = errors.New("connection refused")

func (l *line) Keys(context.Context) ([]byte, error) {
	l.asked.Add(1)
	if l.away.Load() {
		return nil, errAway
	}
	if l.keys != nil {
		return l.keys(), nil
	}
	keys, err := l.core.IssuerKeys()
	return trust.EncodeKeys(keys), err
}

func (l *line) Lives(_ context.Context, token string) (bool, error) {
	if l.away.Load() {
		return false, errAway
	}
	return l.core.Introspect(token).Active, nil
}

// coreBook is the runbook of an issuer with two members.
func coreBook(t testing.TB) *runbook.Runbook {
	rb := declared(t)
	rb.Appliance.Name = "house"
	rb.Issuer = runbook.Issuer{URL: coreURL, Rotate: 30 * 24 * time.Hour}
	rb.Members = []runbook.Member{
		{Address: "member.kitchen", Name: "kitchen", URL: "https://kitchen.test:7171"}, {Address: "member.cellar", Name: "cellar"},
	}
	rb.ServiceAccounts[0].Permissions = []string{"stt.transcribe", "stt.heartbeat", "core.status"}
	rb.ServiceAccounts[0].Members = []runbook.Address{"member.kitchen"}
	return rb
}

// memberBook is the runbook of an appliance that trusts the issuer.
func memberBook(t testing.TB, name string) *runbook.Runbook {
	rb := declared(t)
	rb.Appliance.Name, rb.Auth.JWTSecret = name, language.NewSecret(key2)
	rb.Auth.Trust = runbook.Trust{Issuer: coreURL, Role: "operator", Permissions: []string{"stt.transcribe", "core.results"}}
	return rb
}

func openMember(t testing.TB, dir string, l *line, rb *runbook.Runbook) *Guard {
	t.Helper()
	g, err := Open(dir, hashKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	g.followed.client = func(runbook.Trust) (trust.Fetcher, error) { return l, nil }
	if err := g.Use(rb); err != nil {
		t.Fatal(err)
	}
	return g
}

// house is an issuer and its member "kitchen".
func house(t testing.TB) (core, kitchen *Guard, l *line) {
	core = openGuard(t, t.TempDir(), coreBook(t))
	l = &line{core: core}
	return core, openMember(t, t.TempDir(), l, memberBook(t, "kitchen")), l
}

// tokenFor is what the token endpoint does for the account "core".
func tokenFor(g *Guard, secret string, grant Grant) (Token, error) {
	who, err := g.AccountOf("core", secret, home)
	if err != nil {
		return Token{}, err
	}
	return g.TokenFor(who.Proof(), grant)
}

func clientToken(t testing.TB, g *Guard, grant Grant) Token {
	t.Helper()
	token, err := tokenFor(g, accountSecret, grant)
	if err != nil {
		t.Fatal(err, Reason(err))
	}
	return token
}

// TestATokenOfAnIssuer: it is good at the member that it is for, as far as that one's runbook admits, and nowhere else.
func TestATokenOfAnIssuer(t *testing.T) {
	core, kitchen, l := house(t)
	cellar := openMember(t, t.TempDir(), l, memberBook(t, "cellar"))
	token := clientToken(t, core, Grant{Audience: "kitchen"})
	who, err := kitchen.Token(token.Token)
	if err != nil || who.Subject() != "core-service:core" || who.Role != Viewer || !slices.Equal(who.Permissions, []string{"stt.transcribe"}) {
		t.Errorf("at its member: %+v, %v %s", who, err, Reason(err))
	}
	if who, err := kitchen.Peer(withToken(token.Token), Via{}); err != nil || who.Kind != CoreService {
		t.Errorf("as a peer: %+v, %v", who, err)
	}
	if err := kitchen.Stands(who.Proof()); err != nil {
		t.Error("its proof:", Reason(err))
	}
	_, err = cellar.Token(token.Token)
	refused(t, "at another member", err, "token: for somebody else")
	_, err = core.Token(token.Token)
	refused(t, "at the issuer", err, "token: for somebody else")
	if d := new(Denied); !errors.As(err, &d) || d.Told != "" {
		t.Errorf("%+v", d)
	}
	own := clientToken(t, core, Grant{})
	if who, err := core.Token(own.Token); err != nil || who.Subject() != "service:core" || who.Role != Viewer || len(who.Permissions) != 3 {
		t.Errorf("a token for the issuer itself: %+v, %v %s", who, err, Reason(err))
	}
	_, err = kitchen.Token(own.Token)
	refused(t, "the issuer's own at a member", err, "token: for somebody else")
	local := mustLogIn(t, core, "anna")
	_, err = kitchen.Token(local.Token)
	refused(t, "a token of the issuer's API", err, "token: key or algorithm unknown")

	narrow := clientToken(t, core, Grant{Audience: "kitchen", Scope: []string{"stt.heartbeat"}})
	if who, err := kitchen.Token(narrow.Token); err != nil || who.Role != Nobody || who.Permissions != nil {
		t.Errorf("a scope that the member does not admit: %+v, %v", who, err)
	}
	for what, c := range map[string]struct {
		grant Grant
		want  error
	}{
		"another member":   {Grant{Audience: "cellar"}, ErrTarget},
		"no member":        {Grant{Audience: "attic"}, ErrTarget},
		"more than it may": {Grant{Audience: "kitchen", Scope: []string{"stt.transcribe", "core.all"}}, ErrScope},
	} {
		if _, err := tokenFor(core, accountSecret, c.grant); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = tokenFor(core, accountSecret+"!", Grant{Audience: "kitchen"})
	refused(t, "a wrong secret", err, "service token: wrong account or secret")
	if _, err := tokenFor(newGuard(t), accountSecret, Grant{}); !errors.Is(err, errNoIssuer) {
		t.Errorf("no issuer: %v", err)
	}
}

// TestTheHighestRoleOfATrustedIssuer: a member gives nobody more than its runbook says, and takes it away at once.
func TestTheHighestRoleOfATrustedIssuer(t *testing.T) {
	for _, c := range []struct{ at, here string }{{"admin", "viewer"}, {"admin", "operator"}, {"viewer", "admin"}, {"", "admin"}, {"admin", "admin"}} {
		book := coreBook(t)
		book.ServiceAccounts[0].Role = c.at
		core := openGuard(t, t.TempDir(), book)
		rb := memberBook(t, "kitchen")
		rb.Auth.Trust.Role = c.here
		kitchen := openMember(t, t.TempDir(), &line{core: core}, rb)
		who, err := kitchen.Token(clientToken(t, core, Grant{Audience: "kitchen"}).Token)
		if err != nil || who.Role != lower(Role(c.at), Role(c.here)) || !Role(c.here).Includes(who.Role) {
			t.Errorf("%+v: %v, %v", c, who.Role, err)
		}
	}
	core, kitchen, _ := house(t)
	book := coreBook(t)
	book.ServiceAccounts[0].Role = "operator"
	if err := core.Use(book); err != nil {
		t.Fatal(err)
	}
	who, err := kitchen.Token(clientToken(t, core, Grant{Audience: "kitchen"}).Token)
	if err != nil || who.Role != Operator {
		t.Fatal(who, err)
	}
	rb := memberBook(t, "kitchen")
	rb.Auth.Trust.Role = "viewer"
	if err := kitchen.Use(rb); err != nil {
		t.Fatal(err)
	}
	refused(t, "a proof with a role that is no longer admitted", kitchen.Stands(who.Proof()), "proof: the issuer is no longer trusted so far")
	rb.Auth.Trust = runbook.Trust{}
	if err := kitchen.Use(rb); err != nil {
		t.Fatal(err)
	}
	if _, err := kitchen.Token(clientToken(t, core, Grant{Audience: "kitchen"}).Token); Reason(err) == "" {
		t.Error("a token of an issuer that is no longer trusted", err)
	}
}

// TestForgedTokensOfAnIssuer: every way of making a token that a member might take for its issuer's.
func TestForgedTokensOfAnIssuer(t *testing.T) {
	core, kitchen, _ := house(t)
	keys, err := core.issuers.good()
	if err != nil {
		t.Fatal(err)
	}
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, err := base64.RawURLEncoding.DecodeString(strings.Split(clientToken(t, core, Grant{Audience: "kitchen"}).Token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	x := base64.RawURLEncoding.EncodeToString(keys[0].Public)
	make := func(m jwt.SigningMethod, key any, header map[string]any, change func(jwt.MapClaims)) string {
		c := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified("e30."+base64.RawURLEncoding.EncodeToString(good)+".", c); err != nil && len(c) == 0 {
			t.Fatal(err)
		}
		if change != nil {
			change(c)
		}
		token := jwt.NewWithClaims(m, c)
		token.Header["kid"], token.Header["typ"] = keys[0].ID, trust.TokenType
		maps.Copy(token.Header, header)
		maps.DeleteFunc(token.Header, func(_ string, v any) bool { return v == nil })
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ed := func(change func(jwt.MapClaims)) string {
		return make(jwt.SigningMethodEdDSA, keys[0].private, nil, change)
	}
	set := func(name string, v any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = v } }
	unset := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	now := time.Now()
	if who, err := kitchen.Token(ed(nil)); err != nil || who.Name != "core" {
		t.Fatalf("the good one: %+v, %v %s", who, err, Reason(err))
	}
	for name, token := range map[string]string{
		"none":                      make(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, nil),
		"HS256 with the public key": make(jwt.SigningMethodHS256, []byte(keys[0].Public), nil, nil),
		"HS256 with its text":       make(jwt.SigningMethodHS256, []byte(x), nil, nil),
		"HS256 with its ID":         make(jwt.SigningMethodHS256, []byte(keys[0].ID), nil, nil),
		"HS256 that says EdDSA":     make(jwt.SigningMethodHS256, []byte(keys[0].Public), map[string]any{"alg": "EdDSA"}, nil),
		"HS256 as the API's own":    make(jwt.SigningMethodHS256, []byte(keys[0].Public), map[string]any{"typ": "JWT"}, nil),
		"EdDSA that says HS256":     make(jwt.SigningMethodEdDSA, keys[0].private, map[string]any{"alg": "HS256"}, nil),
		"another key":               make(jwt.SigningMethodEdDSA, foreign, nil, nil),
		"another key that it brings": make(jwt.SigningMethodEdDSA, foreign, map[string]any{"jwk": map[string]any{
			"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(foreign.Public().(ed25519.PublicKey))}}, nil),
		"another key's ID":   make(jwt.SigningMethodEdDSA, foreign, map[string]any{"kid": trust.Thumbprint(foreign.Public().(ed25519.PublicKey))}, nil),
		"without a key's ID": make(jwt.SigningMethodEdDSA, keys[0].private, map[string]any{"kid": nil}, nil),
		"an ID token":        make(jwt.SigningMethodEdDSA, keys[0].private, map[string]any{"typ": "JWT"}, nil),
		"no type":            make(jwt.SigningMethodEdDSA, keys[0].private, map[string]any{"typ": nil}, nil),
		"a critical header":  make(jwt.SigningMethodEdDSA, keys[0].private, map[string]any{"crit": []string{"b64"}, "b64": false}, nil),
		"another issuer":     ed(set("iss", coreURL+"/")),
		"no issuer":          ed(unset("iss")),
		"another audience":   ed(set("aud", "cellar")),
		"two audiences":      ed(set("aud", []string{"kitchen", "cellar"})),
		"no audience":        ed(unset("aud")),
		"expired": ed(func(c jwt.MapClaims) {
			c["iat"], c["nbf"] = now.Add(-time.Hour).Unix(), now.Add(-time.Hour).Unix()
			c["exp"] = now.Add(-time.Minute).Unix()
		}),
		"no end":                 ed(unset("exp")),
		"no beginning":           ed(unset("iat")),
		"from the future":        ed(set("iat", now.Add(time.Minute).Unix())),
		"not yet":                ed(set("nbf", now.Add(time.Minute).Unix())),
		"too long":               ed(set("exp", now.Add(25*time.Hour).Unix())),
		"no ID":                  ed(unset("jti")),
		"nobody":                 ed(unset("sub")),
		"no login":               ed(unset("sid")),
		"neither user nor other": ed(set("kind", "peer")),
		"a name with a kind":     ed(set("sub", "service:core")),
		"a name of two lines":    ed(set("sub", "anna\nroot")),
		"as long as it likes":    ed(set("more", strings.Repeat("x", 5000))),
	} {
		if who, err := kitchen.Token(token); err == nil || who.Known() || Reason(err) == "" {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
}

// TestClocksOfIssuerAndMember may differ by the leeway, and not by more.
func TestClocksOfIssuerAndMember(t *testing.T) {
	core := openGuard(t, t.TempDir(), coreBook(t))
	for _, c := range []struct {
		ahead time.Duration // of the member
		want  string
	}{
		{0, ""}, {25 * time.Second, ""}, {-25 * time.Second, ""}, {-35 * time.Second, "token: not yet valid"}, {-48 * time.Hour, "token: not yet valid"},
		{15*time.Minute + 20*time.Second, ""}, {15*time.Minute + 40*time.Second, "token: expired"}, {43 * 365 * 24 * time.Hour, "token: expired"},
	} {
		clock := machineClock()
		clock.wall = func() time.Time { return time.Now().Add(c.ahead) }
		g, err := openWith(t.TempDir(), hashKey, clock)
		if err != nil {
			t.Fatal(err)
		}
		g.followed.client = func(runbook.Trust) (trust.Fetcher, error) { return &line{core: core}, nil }
		if err := g.Use(memberBook(t, "kitchen")); err != nil {
			t.Fatal(err)
		}
		_, err = g.Token(clientToken(t, core, Grant{Audience: "kitchen"}).Token)
		if Reason(err) != c.want {
			t.Errorf("%v ahead: %q, want %q", c.ahead, Reason(err), c.want)
		}
		g.Close()
	}
}

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
