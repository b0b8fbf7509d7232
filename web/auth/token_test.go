package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/runbook/language"
)

// goodClaims are those of a token that is good.
func goodClaims(t *testing.T, g *Guard) jwt.MapClaims {
	t.Helper()
	token, err := g.Issue(vouched(t, g, User, "anna"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	c := jwt.MapClaims{}
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestForgedTokens: every way of making a token that somebody might take for a good one.
func TestForgedTokens(t *testing.T) {
	g := newGuard(t)
	keys, err := g.keys.good()
	if err != nil {
		t.Fatal(err)
	}
	kid := keys[0].id
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(m jwt.SigningMethod, key any, header map[string]any, change func(jwt.MapClaims)) string {
		c := goodClaims(t, g)
		if change != nil {
			change(c)
		}
		token := jwt.NewWithClaims(m, c)
		token.Header["kid"] = kid
		for k, v := range header {
			if v == nil {
				delete(token.Header, k)
			} else {
				token.Header[k] = v
			}
		}
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	hs := func(change func(jwt.MapClaims)) string {
		return sign(jwt.SigningMethodHS256, keys[0].bytes, nil, change)
	}
	set := func(name string, v any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = v } }
	unset := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	now := time.Now()
	if i, err := g.Token(hs(nil)); err != nil || i.Name != "anna" || i.Role != Admin {
		t.Fatalf("the good one: %+v, %v %s", i, err, Reason(err))
	}
	good := hs(nil)
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"none":              sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, nil),
		"None":              sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, map[string]any{"alg": "None"}, nil),
		"no signature":      parts[0] + "." + parts[1] + ".",
		"RS256":             sign(jwt.SigningMethodRS256, private, nil, nil),
		"RS in HS clothing": sign(jwt.SigningMethodRS256, private, map[string]any{"alg": "HS256"}, nil),
		"HS384":             sign(jwt.SigningMethodHS384, keys[0].bytes, nil, nil),
		"HS512":             sign(jwt.SigningMethodHS512, keys[0].bytes, nil, nil),
		"another key":       sign(jwt.SigningMethodHS256, []byte(key2), nil, nil),
		"the key's ID":      sign(jwt.SigningMethodHS256, []byte(kid), nil, nil),
		"no kid":            sign(jwt.SigningMethodHS256, keys[0].bytes, map[string]any{"kid": nil}, nil),
		"wrong kid":         sign(jwt.SigningMethodHS256, keys[0].bytes, map[string]any{"kid": "0000000000000000"}, nil),
		"path as kid":       sign(jwt.SigningMethodHS256, []byte{}, map[string]any{"kid": "../../../../dev/null"}, nil),
		"number as kid":     sign(jwt.SigningMethodHS256, keys[0].bytes, map[string]any{"kid": 1}, nil),
		"critical header":   sign(jwt.SigningMethodHS256, keys[0].bytes, map[string]any{"crit": []string{"b64"}, "b64": false}, nil),
		"expired":           hs(set("exp", now.Add(-time.Minute).Unix())),
		"no expiry":         hs(unset("exp")),
		"text as expiry":    hs(set("exp", "never")),
		"not yet valid":     hs(set("nbf", now.Add(time.Hour).Unix())),
		"from the future":   hs(set("iat", now.Add(time.Hour).Unix())),
		"no issue time":     hs(unset("iat")),
		"wrong audience":    hs(set("aud", "orac-stt")),
		"no audience":       hs(unset("aud")),
		"wrong issuer":      hs(set("iss", "somebody")),
		"no issuer":         hs(unset("iss")),
		"no ID":             hs(unset("jti")),
		"nobody":            hs(set("sub", "")),
		"a stranger":        hs(set("sub", "mallory")),
		"another user":      hs(set("sub", "vera")),
		"a service's kind":  hs(set("typ", "service")),
		"no kind":           hs(unset("typ")),
		"no print":          hs(unset("print")),
		"no epoch":          hs(unset("epoch")),
		"claims exchanged":  parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"anna","role":"admin"}`)) + "." + parts[2],
		"header exchanged":  base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"`+kid+`"}`)) + "." + parts[1] + "." + parts[2],
		"too long":          good + strings.Repeat("A", maxToken),
		"four parts":        good + ".x",
		"empty":             "",
		"dots":              "..",
		"white space":       good[:10] + " " + good[10:],
		"an API key":        keyPrefix + "0123456789ab_x",
		"a refresh token":   newOpaque(refreshPrefix),
	} {
		if i, err := g.Token(token); err == nil || i.Known() {
			t.Errorf("%s lets %+v in", name, i)
		} else if strings.Contains(Reason(err), key1) || len(token) > 20 && strings.Contains(Reason(err), token) {
			t.Errorf("%s: the reason tells the token: %s", name, Reason(err))
		}
	}
}

// TestTheRoleIsTheRunbooks: what a token says of a role counts for nothing.
func TestTheRoleIsTheRunbooks(t *testing.T) {
	g := newGuard(t)
	keys, err := g.keys.good()
	if err != nil {
		t.Fatal(err)
	}
	vera, err := g.Issue(vouched(t, g, User, "vera"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := base64.RawURLEncoding.DecodeString(strings.Split(vera.Token, ".")[1])
	c := jwt.MapClaims{}
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	c["role"] = "admin" // signed with our own key, as another program that has it might
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
	token.Header["kid"] = keys[0].id
	text, err := token.SignedString(keys[0].bytes)
	if err != nil {
		t.Fatal(err)
	}
	if i, err := g.Token(text); err != nil || i.Role != Viewer {
		t.Errorf("%+v, %v", i, err)
	}
}

// TestTokensEnd: by time, by logging out, everywhere, by a change of the user; and over a restart.
func TestTokensEnd(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := openGuard(t, dir, declared(t))
		byTime := mustLogIn(t, g, "anna")
		time.Sleep(24*time.Hour + leeway + time.Second)
		_, err := g.Token(byTime.Token)
		refused(t, "after its lifetime", err, "token: expired")
		if r := g.Secrets; r == nil {
			t.Error("no secrets")
		}

		out, other := mustLogIn(t, g, "anna"), mustLogIn(t, g, "anna")
		i, err := g.Token(out.Token)
		if err != nil {
			t.Fatal(err)
		}
		next, err := g.Refresh(out.Refresh) // of the same login
		if err != nil {
			t.Fatal(err)
		}
		if err := g.LogOut(i); err != nil {
			t.Fatal(err)
		}
		check := func(g *Guard, when string) {
			_, err := g.Token(out.Token)
			refused(t, "logged out "+when, err, "token: revoked")
			_, err = g.Token(next.Token)
			refused(t, "the refreshed token of the same login "+when, err, "token: revoked")
			if _, err := g.Token(other.Token); err != nil {
				t.Errorf("another login %s: %v %s", when, err, Reason(err))
			}
		}
		check(g, "before the restart")
		if _, err := g.Refresh(next.Refresh); err == nil {
			t.Error("a refresh token outlives its login")
		}
		g.Close()
		g = openGuard(t, dir, declared(t))
		check(g, "after the restart")

		if err := g.DB.LogOutEverywhere("anna"); err != nil {
			t.Fatal(err)
		}
		for _, again := range []bool{false, true} {
			if again {
				g.Close()
				g = openGuard(t, dir, declared(t))
			}
			_, err = g.Token(other.Token)
			refused(t, "logged out everywhere", err, "token: logged out everywhere since")
			_, err = g.Refresh(other.Refresh)
			refused(t, "refresh after that", err, "refresh: unknown")
		}

		changed := mustLogIn(t, g, "vera")
		rb := declared(t)
		rb.Users[1].Role = "operator"
		if err := g.Use(rb); err != nil {
			t.Fatal(err)
		}
		_, err = g.Token(changed.Token)
		refused(t, "another role", err, "token: password or role changed since")
		_, err = g.Refresh(changed.Refresh)
		refused(t, "refresh with another role", err, "refresh: its user was removed or changed")
		rb.Users = rb.Users[:1]
		if err := g.Use(rb); err != nil {
			t.Fatal(err)
		}
		_, err = g.Token(changed.Token)
		refused(t, "no user", err, "token: its user was removed")
	})
}

// TestALostDatabaseEndsEverything: what it remembered as revoked must not come back.
func TestALostDatabaseEndsEverything(t *testing.T) {
	dir := t.TempDir()
	g := openGuard(t, dir, declared(t))
	token := mustLogIn(t, g, "anna")
	g.Close()
	if err := os.WriteFile(dir+"/"+DBName, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(dir + "/" + DBName + suffix)
	}
	g = openGuard(t, dir, declared(t))
	if g.DB.Aside == "" {
		t.Error("the damaged database is not kept")
	}
	_, err := g.Token(token.Token)
	refused(t, "with a new database", err, "token: logged out everywhere since")
}

// TestRefreshRotates: each token once; the second use ends the family, also when both come at the same time.
func TestRefreshRotates(t *testing.T) {
	g := newGuard(t)
	first := mustLogIn(t, g, "anna")
	second, err := g.Refresh(first.Refresh)
	if err != nil || second.Refresh == first.Refresh || second.Token == first.Token {
		t.Fatal(err)
	}
	if _, err := g.Token(second.Token); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Refresh(first.Refresh); !strings.HasPrefix(Reason(err), "refresh: used twice") {
		t.Errorf("%v %q", err, Reason(err))
	}
	_, err = g.Token(second.Token)
	refused(t, "the thief's token, or the owner's", err, "token: revoked")
	if _, err := g.Refresh(second.Refresh); err == nil {
		t.Error("the family lives on")
	}

	race := mustLogIn(t, g, "anna")
	won := make(chan error, 8)
	for range cap(won) {
		go func() { _, err := g.Refresh(race.Refresh); won <- err }()
	}
	good := 0
	for range cap(won) {
		if <-won == nil {
			good++
		}
	}
	if good > 1 {
		t.Errorf("%d of 8 got a token", good)
	}
	for _, bad := range []string{"", "x", first.Token, refreshPrefix, strings.Repeat("x", maxToken+1)} {
		if _, err := g.Refresh(bad); err == nil {
			t.Errorf("%.20q refreshes", bad)
		}
	}
}

// TestRotation: two keys are good during the overlap, one after it, without a restart; a new runbook changes the key, too.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		rb := declared(t)
		rb.Auth.JWTSecret = language.Secret{}
		g := openGuard(t, dir, rb) // it makes the key
		before, err := g.Issue(vouched(t, g, User, "anna"), 48*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Secrets.Rotate(SigningSecret, time.Hour); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery)
		after, err := g.Issue(vouched(t, g, User, "anna"), 48*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for name, token := range map[string]string{"old": before.Token, "new": after.Token} {
			if _, err := g.Token(token); err != nil {
				t.Errorf("the %s key during the overlap: %v %s", name, err, Reason(err))
			}
		}
		kid := func(text string) string { head, _, _ := strings.Cut(text, "."); return head }
		if kid(before.Token) == kid(after.Token) {
			t.Error("the old key still signs")
		}
		time.Sleep(time.Hour)
		_, err = g.Token(before.Token)
		refused(t, "the old key after the overlap", err, "token: key or algorithm unknown")
		if _, err := g.Token(after.Token); err != nil {
			t.Error(err, Reason(err))
		}
		rb.Auth.JWTSecret, rb.Auth.JWTPrevious = language.NewSecret(key2), language.NewSecret(key1)
		if err := g.Use(rb); err != nil {
			t.Fatal(err)
		}
		_, err = g.Token(after.Token)
		refused(t, "a key that the runbook does not name", err, "token: key or algorithm unknown")
	})
}

// TestServiceTokens: what an account may do stands in its token, and a wrong secret gives none.
func TestServiceTokens(t *testing.T) {
	g := newGuard(t)
	token, err := g.ServiceToken("core", accountSecret, home)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(token.Expires); left > 15*time.Minute || left < 14*time.Minute {
		t.Errorf("it is good for %v", left)
	}
	i, err := g.Token(token.Token)
	if err != nil || i.Kind != Service || i.Role != Viewer || len(i.Permissions) != 1 || i.Subject() != "service:core" {
		t.Errorf("%+v, %v", i, err)
	}
	for _, bad := range [][2]string{{"core", "x"}, {"core", ""}, {"none", accountSecret}, {"anna", annasPassword}} {
		if _, err := g.ServiceToken(bad[0], bad[1], home); err == nil {
			t.Errorf("%v gets a token", bad)
		}
	}
	if _, err := g.Refresh(token.Refresh); err != nil {
		t.Error(err, Reason(err))
	}
}

// TestAKeyThatOthersMayReadIsReplaced: what it has signed is over, whoever could read it can sign nothing, and it is on record
// before it happens; without the record there are no tokens. A command beside the appliance replaces nothing.
func TestAKeyThatOthersMayReadIsReplaced(t *testing.T) {
	dir, rb := t.TempDir(), declared(t)
	rb.Auth.JWTSecret = language.Secret{}
	g := openGuard(t, dir, rb)
	token, err := g.Issue(vouched(t, g, User, "anna"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	key, err := g.Secrets.Get(SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Secrets.Rotate(SigningSecret, time.Hour); err != nil { // one of before is good for a while
		t.Fatal(err)
	}
	path := filepath.Join(g.Secrets.Dir, SigningSecret)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := g.Consult(rb); err == nil {
		t.Error("a command uses it")
	}
	g.Replaced = func(string) error { return errors.New("no record") }
	if err := g.Use(rb); err == nil || !g.Secrets.Exposed(SigningSecret) {
		t.Errorf("it is replaced without a record: %v", err)
	}
	if _, err := g.Token(token.Token); err == nil {
		t.Error("tokens are taken all the same")
	}
	said := ""
	g.Replaced = func(secret string) error { said = secret; return nil }
	if err := g.Use(rb); err != nil || said != SigningSecret || g.Secrets.Exposed(SigningSecret) {
		t.Fatalf("%v, told of %q", err, said)
	}
	if now, err := g.Secrets.Get(SigningSecret); err != nil || now == key || len(now) != len(key) {
		t.Errorf("the key is no other: %v", err)
	}
	_, err = g.Token(token.Token)
	refused(t, "a token of the exposed key", err, "token: key or algorithm unknown")
	if _, err := g.Issue(vouched(t, g, User, "anna"), time.Hour); err != nil {
		t.Error(err)
	}
}

// TestAKeyWhoseOverlapIsOverStaysOver: when the clock is set back, too.
func TestAKeyWhoseOverlapIsOverStaysOver(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		rb := declared(t)
		rb.Auth.JWTSecret = language.Secret{}
		g := openGuard(t, dir, rb)
		if err := g.Secrets.Rotate(SigningSecret, time.Hour); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery)
		if keys, err := g.keys.good(); err != nil || len(keys) != 2 {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		time.Sleep(time.Hour)
		if keys, err := g.keys.good(); err != nil || len(keys) != 1 {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		if _, err := os.Stat(filepath.Join(g.Secrets.Dir, SigningSecret+".previous")); err == nil {
			t.Error("it is kept, and is good again when the clock is set back")
		}
	})
}
