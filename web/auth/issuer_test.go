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
	lies  func(*trust.Lent) // about what it lends
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

func (l *line) Exchange(_ context.Context, member, redirect, code, verifier string) (trust.Lent, error) {
	if l.away.Load() {
		return trust.Lent{}, errAway
	}
	t, id, err := l.core.Exchange(Client{Name: member}, code, redirect, verifier)
	return l.lends(t, id, err)
}

func (l *line) Renew(_ context.Context, member, refresh string) (trust.Lent, error) {
	if l.away.Load() {
		return trust.Lent{}, errAway
	}
	t, err := l.core.RefreshFor(Client{Name: member}, refresh, nil)
	return l.lends(t, "", err)
}

func (l *line) lends(t Token, id string, err error) (trust.Lent, error) {
	if Reason(err) != "" {
		return trust.Lent{}, trust.ErrRefused
	}
	lent := trust.Lent{Access: t.Token, Refresh: t.Refresh, ID: id}
	if l.lies != nil && err == nil {
		l.lies(&lent)
	}
	return lent, err
}

func (l *line) Revoke(_ context.Context, member, refresh string) error {
	if l.away.Load() {
		return errAway
	}
	return l.core.Revoke(Client{Name: member}, refresh)
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
	g.followed.client = func(runbook.Trust) (asker, error) { return l, nil }
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
	if who, err := kitchen.Peer("orac-stt", withToken(token.Token), Via{}); err != nil || who.Kind != CoreService {
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
		g.followed.client = func(runbook.Trust) (asker, error) { return &line{core: core}, nil }
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
