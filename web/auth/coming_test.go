package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/runbook"
	"orac/runbook/language"
	"orac/web/trust"
)

// guest is a browser before the kitchen's console, whose person has an account at the issuer.
type guest struct {
	*browser
	core *Guard
	asks trust.AuthRequest // what the kitchen asked the issuer for
}

func newGuest(t *testing.T, core, kitchen *Guard) *guest {
	return &guest{browser: &browser{t: t, g: kitchen, cookies: map[string]*http.Cookie{}, tls: true}, core: core}
}

func (b *guest) request() *http.Request {
	r := b.browser.request()
	r.Host = "kitchen.test:7171"
	return r
}

// begins asks the kitchen for a login.
func (b *guest) begins() error {
	w := httptest.NewRecorder()
	to, err := b.g.BeginLogin(w, b.request(), b.via(), "/history")
	b.take(w)
	if err != nil {
		return err
	}
	address, query, _ := strings.Cut(to, "?")
	q, wrong, bad := trust.ReadAuthRequest(query, time.Now())
	if address != coreURL+trust.AuthorizePath || wrong != nil || bad != nil || q.Redirect != comesBack {
		b.t.Fatalf("%s: %v, %v", to, wrong, bad)
	}
	b.asks = q
	return nil
}

// answer is the issuer's, after somebody has agreed there.
func (b *guest) answer(name string) string {
	code, err := b.core.Code(session(b.t, b.core, name), b.asks)
	if err != nil {
		b.t.Fatal(err, Reason(err))
	}
	_, query, _ := strings.Cut(b.asks.Answer(coreURL, code), "?")
	return query
}

// comesBack brings an answer to the kitchen, and opens a session.
func (b *guest) comesBack(query string) (Identity, error) {
	w := httptest.NewRecorder()
	v, next, err := b.g.FinishLogin(w, b.request(), b.via(), query)
	if err != nil {
		b.take(w)
		return Identity{}, err
	}
	if next != "/history" {
		b.t.Errorf("it leads to %q", next)
	}
	who, err := b.g.StartSession(w, b.request(), v, b.via())
	b.take(w)
	return who, err
}

// logsIn does all of it.
func (b *guest) logsIn(name string) Identity {
	b.t.Helper()
	must(b.t, b.begins())
	who, err := b.comesBack(b.answer(name))
	if err != nil {
		b.t.Fatal(err, Reason(err))
	}
	return who
}

func (b *guest) session() (Identity, error) { return b.g.Session(b.request(), b.via()) }

// TestALoginWithTheIssuer: a session of the console, with the lower one of two roles, that ends at both when it ends here.
func TestALoginWithTheIssuer(t *testing.T) {
	core, kitchen, _ := house(t)
	b := newGuest(t, core, kitchen)
	b.logsIn("anna")
	who, err := b.session()
	if err != nil || who.Subject() != "core:anna" || who.Role != Operator || who.Way != BySession || who.CSRF == "" || !CheckCSRF(who, who.CSRF) || CheckCSRF(who, "x") {
		t.Fatalf("%+v, %v", who, Reason(err))
	}
	if err := kitchen.Stands(who.Proof()); err != nil {
		t.Error(Reason(err))
	}
	if _, err := kitchen.Code(who.Proof(), wanted()); err == nil {
		t.Error("it is good for codes")
	}
	if _, err := kitchen.Tokens(who.Proof()); err == nil {
		t.Error("it is good for tokens of this appliance")
	}
	l, err := kitchen.findLent(b.cookies[securely(sessionName)].Value)
	must(t, err)
	var stored []byte
	must(t, kitchen.DB.db.QueryRow("SELECT sealed FROM lent").Scan(&stored))
	if strings.Contains(string(stored), l.Refresh) || strings.Contains(string(stored), l.Access) || l.ID != "" {
		t.Error("the tokens can be read in the database")
	}
	w := httptest.NewRecorder()
	kitchen.EndSession(w, b.request(), b.via())
	if who, err := b.session(); err == nil && who.Known() {
		t.Error("the session lives")
	}
	if core.Introspect(l.Access).Active || core.RefreshOf(l.Refresh) != "" {
		t.Error("the tokens live at the issuer")
	}
	n := 0
	if must(t, kitchen.DB.db.QueryRow("SELECT count(*) FROM lent").Scan(&n)); n != 0 {
		t.Error("they are still here")
	}
	b.logsIn("vera")
	if err := kitchen.DB.LogOutEverywhere("core:vera"); err != nil {
		t.Fatal(err)
	}
	if who, err := b.session(); err == nil && who.Known() {
		t.Error("it lives although everything of hers was ended")
	}
}

// TestALoginThatIsNotThisBrowsers: nobody is logged in as somebody else by a link, and no answer but the right one counts.
func TestALoginThatIsNotThisBrowsers(t *testing.T) {
	core, kitchen, _ := house(t)
	for _, c := range []struct {
		what   string
		query  func(b *guest, good string) string
		reason string
	}{
		{"without a beginning", func(b *guest, good string) string { b.cookies = map[string]*http.Cookie{}; return good }, "login: this browser has begun none"},
		{"another browser's", func(b *guest, good string) string { must(b.t, b.begins()); return good }, "login: the answer is to another request"},
		{"a cookie of another purpose", func(b *guest, good string) string {
			text, err := kitchen.seal("something else", coming{State: b.asks.State, Issuer: coreURL}, time.Hour)
			must(b.t, err)
			b.cookies[securely(comingName)].Value = text
			return good
		}, "login: this browser has begun none"},
		{"a cookie that was changed", func(b *guest, good string) string {
			c := b.cookies[securely(comingName)]
			c.Value = c.Value[:len(c.Value)-2] + "AA"
			return good
		}, "login: this browser has begun none"},
		{"no state", func(_ *guest, good string) string { return without(good, "state") }, "login: the answer is to another request"},
		{"an empty state", func(_ *guest, good string) string { return without(good, "state") + "&state=" }, "login: the answer is to another request"},
		{"no issuer", func(_ *guest, good string) string { return without(good, "iss") }, "login: the answer is from another issuer"},
		{"another issuer", func(_ *guest, good string) string { return without(good, "iss") + "&iss=https%3A%2F%2Fevil.example" }, "login: the answer is from another issuer"},
		{"another issuer's error", func(_ *guest, good string) string { return without(without(good, "iss"), "code") + "&error=x" }, "login: the answer is from another issuer"},
		{"an error", func(_ *guest, good string) string { return without(good, "code") + "&error=access_denied" }, "login: the issuer answers with an error"},
		{"no code", func(_ *guest, good string) string { return without(good, "code") }, "login: the answer has no code"},
		{"two codes", func(_ *guest, good string) string { return good + "&code=x" }, "login: the answer has code twice"},
		{"an invented code", func(_ *guest, good string) string { return without(good, "code") + "&code=orac_ac_x" }, "login: the issuer does not take the code"},
		{"broken", func(*guest, string) string { return "%zz" }, "login: the answer is malformed"},
		{"endless", func(_ *guest, good string) string { return good + strings.Repeat("x", maxSealed) }, "login: the answer is too long"},
	} {
		b := newGuest(t, core, kitchen)
		must(t, b.begins())
		good := b.answer("anna")
		_, err := b.comesBack(c.query(b, good))
		refused(t, c.what, err, c.reason)
		if d, ok := errors.AsType[*Denied](err); ok && d.Told == "" {
			t.Errorf("%s: nobody is told what to do", c.what)
		}
		if _, ok := b.cookies[securely(comingName)]; ok {
			t.Errorf("%s: what the browser kept is not used up", c.what)
		}
		if _, ok := b.cookies[securely(sessionName)]; ok {
			t.Errorf("%s: a session", c.what)
		}
	}
	b := newGuest(t, core, kitchen)
	must(t, b.begins())
	kept, good := *b.cookies[securely(comingName)], b.answer("anna")
	if _, err := b.comesBack(good); err != nil {
		t.Fatal(Reason(err))
	}
	b.cookies[securely(comingName)] = &kept
	_, err := b.comesBack(good)
	refused(t, "twice", err, "login: the issuer does not take the code")
	if lent, err := kitchen.findLent(b.cookies[securely(sessionName)].Value); err != nil || core.Introspect(lent.Access).Active {
		t.Error("the tokens of a code that was brought twice live, and so does their session:", err)
	}
	synctest.Test(t, func(t *testing.T) {
		core, kitchen, _ := house(t)
		b := newGuest(t, core, kitchen)
		must(t, b.begins())
		time.Sleep(comingLife + 2*time.Second)
		_, err := b.comesBack(b.answer("anna"))
		refused(t, "after more than ten minutes", err, "login: this browser has begun none")
		must(t, errors.Join(kitchen.Close(), core.Close()))
	})
}

func without(query, name string) string {
	q, _ := url.ParseQuery(query)
	q.Del(name)
	return q.Encode()
}

// TestForgedIDTokens: what an issuer, or somebody in its place, may say of who has logged in.
func TestForgedIDTokens(t *testing.T) {
	core, kitchen, l := house(t)
	keys, err := core.issuers.good()
	must(t, err)
	key := keys[0]
	_, strange, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	var nonce string
	claims := func(change func(*trust.IDClaims)) trust.IDClaims {
		now := time.Now()
		c := trust.IDClaims{RegisteredClaims: jwt.RegisteredClaims{Issuer: coreURL, Subject: "anna", Audience: jwt.ClaimStrings{"kitchen"}, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute))}, Nonce: nonce}
		change(&c)
		return c
	}
	signed := func(method jwt.SigningMethod, key any, head map[string]any, c jwt.Claims) string {
		tok := jwt.NewWithClaims(method, c)
		for name, v := range head {
			tok.Header[name] = v
		}
		text, err := tok.SignedString(key)
		must(t, err)
		return text
	}
	head := map[string]any{"kid": key.ID, "typ": "JWT"}
	by := func(change func(*trust.IDClaims)) func(*trust.Lent) {
		return func(l *trust.Lent) { l.ID = signed(jwt.SigningMethodEdDSA, key.private, head, claims(change)) }
	}
	same := func(*trust.IDClaims) {}
	hour := jwt.NewNumericDate(time.Now().Add(time.Hour))
	for what, lie := range map[string]func(*trust.Lent){
		"none": func(l *trust.Lent) { l.ID = "" },
		"alg none": func(l *trust.Lent) {
			l.ID = signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, head, claims(same))
		},
		"HS256 with the public key": func(l *trust.Lent) { l.ID = signed(jwt.SigningMethodHS256, []byte(key.Public), head, claims(same)) },
		"HS256 with its text": func(l *trust.Lent) {
			l.ID = signed(jwt.SigningMethodHS256, []byte(base64.RawURLEncoding.EncodeToString(key.Public)), head, claims(same))
		},
		"a stranger's key under that name": func(l *trust.Lent) { l.ID = signed(jwt.SigningMethodEdDSA, strange, head, claims(same)) },
		"a key of its own name": func(l *trust.Lent) {
			l.ID = signed(jwt.SigningMethodEdDSA, strange, map[string]any{"kid": "x", "typ": "JWT"}, claims(same))
		},
		"an embedded key": func(l *trust.Lent) {
			l.ID = signed(jwt.SigningMethodEdDSA, strange, map[string]any{"kid": key.ID, "typ": "JWT", "jwk": map[string]string{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(strange.Public().(ed25519.PublicKey))}}, claims(same))
		},
		"an access token for it": func(l *trust.Lent) { l.ID = l.Access },
		"an access token's type": func(l *trust.Lent) {
			l.ID = signed(jwt.SigningMethodEdDSA, key.private, map[string]any{"kid": key.ID, "typ": trust.TokenType}, claims(same))
		},
		"another audience":          by(func(c *trust.IDClaims) { c.Audience = jwt.ClaimStrings{"cellar"} }),
		"two audiences":             by(func(c *trust.IDClaims) { c.Audience = jwt.ClaimStrings{"kitchen", "cellar"} }),
		"another issuer":            by(func(c *trust.IDClaims) { c.Issuer = "https://evil.example" }),
		"another nonce":             by(func(c *trust.IDClaims) { c.Nonce += "x" }),
		"no nonce":                  by(func(c *trust.IDClaims) { c.Nonce = "" }),
		"expired":                   by(func(c *trust.IDClaims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Minute)) }),
		"from the future":           by(func(c *trust.IDClaims) { c.IssuedAt, c.ExpiresAt = hour, hour }),
		"somebody else":             by(func(c *trust.IDClaims) { c.Subject = "vera" }),
		"a user with a kind":        by(func(c *trust.IDClaims) { c.Subject = "core:anna" }),
		"no refresh token":          func(l *trust.Lent) { l.Refresh = "" },
		"an account's access token": func(l *trust.Lent) { l.Access = clientToken(t, core, Grant{Audience: "kitchen"}).Token },
		"no access token":           func(l *trust.Lent) { l.Access = "x" },
	} {
		b := newGuest(t, core, kitchen)
		must(t, b.begins())
		nonce, l.lies = b.asks.Nonce, lie
		_, err := b.comesBack(b.answer("anna"))
		if Reason(err) == "" || b.cookies[securely(sessionName)] != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	b := newGuest(t, core, kitchen)
	must(t, b.begins())
	nonce, l.lies = b.asks.Nonce, by(same)
	if _, err := b.comesBack(b.answer("anna")); err != nil { // the test itself
		t.Error("what is as it should be:", Reason(err))
	}
	l.lies, l.keys = nil, func() []byte { return trust.EncodeKeys([]trust.Key{trust.KeyOf(strange.Public().(ed25519.PublicKey))}) }
	must(t, core.Secrets.Rotate(IssuerSecret, time.Hour))
	must(t, core.Use(coreBook(t)))
	must(t, b.begins())
	if _, err := b.comesBack(b.answer("anna")); Reason(err) == "" {
		t.Error("keys that were swapped:", err)
	}
}

// TestASessionOfTheIssuerIsRenewed beside its work, ends when the issuer says so, and lasts without the issuer as long as its token.
func TestASessionOfTheIssuerIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core := openGuard(t, t.TempDir(), shortly(coreBook(t)))
		l := &line{core: core}
		kitchen := openMember(t, t.TempDir(), l, shortly(memberBook(t, "kitchen")))
		b := newGuest(t, core, kitchen)
		b.logsIn("anna")
		first, err := kitchen.findLent(b.cookies[securely(sessionName)].Value)
		must(t, err)
		for range 12 { // three hours, with a token of 15 minutes
			time.Sleep(14 * time.Minute)
			if who, err := b.session(); err != nil || who.Role != Operator {
				t.Fatalf("%+v, %v", who, Reason(err))
			}
			synctest.Wait()
		}
		now, err := kitchen.findLent(b.cookies[securely(sessionName)].Value)
		if must(t, err); now.Refresh == first.Refresh || now.Access == first.Access {
			t.Error("the tokens are the same")
		}

		l.away.Store(true)
		time.Sleep(10 * time.Minute)
		if _, err := b.session(); err != nil {
			t.Error("without the issuer, while the token lives:", Reason(err))
		}
		time.Sleep(8 * time.Minute)
		_, err = b.session()
		refused(t, "without the issuer, when it has expired", err, "session: its issuer is away for too long")
		l.away.Store(false)
		time.Sleep(renewAgain + time.Second)
		if _, err := b.session(); err != nil {
			t.Error("when the issuer is back:", Reason(err))
		}

		must(t, core.DB.LogOutEverywhere("anna"))
		time.Sleep(trust.FreshToken + time.Second)
		_, _ = b.session() // asks beside its work
		synctest.Wait()
		if who, err := b.session(); err == nil && who.Known() {
			t.Error("it lives although the issuer has ended it")
		}
		must(t, errors.Join(kitchen.Close(), core.Close()))
	})
}

// shortly is a runbook whose tokens live for a quarter of an hour.
func shortly(rb *runbook.Runbook) *runbook.Runbook {
	rb.Auth.TokenLifetime, rb.Auth.SessionIdle, rb.Auth.SessionAbsolute = 15*time.Minute, time.Hour, 24*time.Hour
	return rb
}

// TestASessionOfTheIssuerEnds with everything that it depends on.
func TestASessionOfTheIssuerEnds(t *testing.T) {
	for what, do := range map[string]func(t *testing.T, core, kitchen *Guard, l *line){
		"removed there": func(t *testing.T, core, _ *Guard, _ *line) {
			change(t, core, func(rb *runbook.Runbook) { rb.Users = rb.Users[1:] })
		},
		"another role there": func(t *testing.T, core, _ *Guard, _ *line) {
			change(t, core, func(rb *runbook.Runbook) { rb.Users[0].Role = "viewer" })
		},
		"another password": func(t *testing.T, core, _ *Guard, _ *line) {
			change(t, core, func(rb *runbook.Runbook) { rb.Users[0].PasswordHash = language.NewSecret("$2a$04$x") })
		},
		"the member is removed": func(t *testing.T, core, _ *Guard, _ *line) {
			change(t, core, func(rb *runbook.Runbook) { rb.Members = nil })
		},
		"renewed as another": func(_ *testing.T, core, _ *Guard, l *line) {
			l.lies = func(lent *trust.Lent) {
				v, _ := core.Vouch(User, "vera")
				token, _ := core.TokenFor(v, Grant{Audience: "kitchen", Refresh: true})
				lent.Access, lent.Refresh = token.Token, token.Refresh
			}
		},
		"no longer trusted": func(t *testing.T, _, kitchen *Guard, _ *line) {
			rb := memberBook(t, "kitchen")
			rb.Auth.Trust = runbook.Trust{}
			must(t, kitchen.Use(rb))
		},
		"another issuer": func(t *testing.T, _, kitchen *Guard, _ *line) {
			rb := memberBook(t, "kitchen")
			rb.Auth.Trust.Issuer = "https://other.test"
			must(t, kitchen.Use(rb))
		},
		"another name": func(t *testing.T, _, kitchen *Guard, _ *line) {
			rb := memberBook(t, "kitchen")
			rb.Auth.Trust.Audience = "cellar"
			must(t, kitchen.Use(rb))
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			core := openGuard(t, t.TempDir(), shortly(coreBook(t)))
			l := &line{core: core}
			kitchen := openMember(t, t.TempDir(), l, shortly(memberBook(t, "kitchen")))
			b := newGuest(t, core, kitchen)
			b.logsIn("anna")
			do(t, core, kitchen, l)
			for range 3 {
				time.Sleep(14 * time.Minute)
				_, _ = b.session()
				synctest.Wait()
			}
			if who, err := b.session(); err == nil && who.Known() {
				t.Errorf("%s: %+v", what, who)
			}
			must(t, errors.Join(kitchen.Close(), core.Close()))
		})
	}
	core, kitchen, _ := house(t)
	b := newGuest(t, core, kitchen)
	b.logsIn("anna")
	rb := memberBook(t, "kitchen")
	rb.Auth.Trust.Role = "viewer"
	must(t, kitchen.Use(rb))
	if who, err := b.session(); err != nil || who.Role != Viewer {
		t.Errorf("a lower role here: %+v, %v", who, Reason(err))
	}
}

// TestTheIssuerIsAwayAtALogin: nobody is sent to it, and who comes back is told.
func TestTheIssuerIsAwayAtALogin(t *testing.T) {
	core, kitchen, l := house(t)
	b := newGuest(t, core, kitchen)
	must(t, b.begins())
	good := b.answer("anna")
	l.away.Store(true)
	if _, err := b.comesBack(good); !errors.Is(err, ErrAway) {
		t.Errorf("who comes back: %v", err)
	}
	other := openMember(t, t.TempDir(), l, memberBook(t, "kitchen"))
	if err := newGuest(t, core, other).begins(); !errors.Is(err, ErrAway) {
		t.Errorf("who begins: %v", err)
	}
	if url, away := other.IssuerAway(); url != coreURL || !away {
		t.Errorf("%s %v", url, away)
	}
	if err := newGuest(t, core, core).begins(); !errors.Is(err, ErrNoTrust) {
		t.Errorf("at an appliance that trusts nobody: %v", err)
	}
}

// FuzzAnswer: no query but one with this browser's state, the issuer's name and a code has a code.
func FuzzAnswer(f *testing.F) {
	f.Add("code=c&state=s&iss=https%3A%2F%2Fcore.test%3A7171")
	f.Add("state=s&iss=https%3A%2F%2Fcore.test%3A7171&error=access_denied")
	f.Add("code=c&code=d;state=s")
	f.Fuzz(func(t *testing.T, query string) {
		c := coming{State: "s", Issuer: coreURL}
		code, err := c.answered(query, true, coreURL)
		q, bad := url.ParseQuery(query)
		right := bad == nil && len(q["state"]) == 1 && len(q["iss"]) == 1 && len(q["code"]) == 1 && q.Get("state") == "s" && q.Get("iss") == coreURL && !q.Has("error") && code == q.Get("code") && code != ""
		if (err == nil) != right && len(query) <= maxSealed {
			t.Errorf("%q is %q, %v", query, code, Reason(err))
		}
		if _, err := c.answered(query, false, coreURL); err == nil {
			t.Errorf("%q is an answer to nothing", query)
		}
	})
}

// FuzzUnseal: nothing but what was sealed is unsealed.
func FuzzUnseal(f *testing.F) {
	g := &Guard{hashKey: hashKey, DB: &DB{clock: machineClock()}}
	good, err := g.seal("a purpose", "a value", time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		// Processes of the fuzzer seal the same value, each with a nonce of its own. A text has one form: no other one is unsealed.
		var v string
		ok := g.unseal("a purpose", text, &v)
		raw, bad := base64.RawURLEncoding.Strict().DecodeString(text)
		if text == good && !ok || ok && (v != "a value" || bad != nil || base64.RawURLEncoding.EncodeToString(raw) != text) {
			t.Errorf("%q is %q, %v", text, v, ok)
		}
	})
}
