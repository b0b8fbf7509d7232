package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"orac/runbook"
	"orac/runbook/language"
)

// device is a security key in memory, that counts.
type device struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	count  uint32
	flags  byte // present and verified
}

func newDevice(t *testing.T) *device {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	d := &device{t: t, key: key, id: make([]byte, 32), flags: 0x05}
	_, _ = rand.Read(d.id)
	return d
}

func (d *device) data(host string, attested []byte) []byte {
	sum := sha256.Sum256([]byte(host))
	flags := d.flags
	if attested != nil {
		flags |= 0x40
	}
	return append(binary.BigEndian.AppendUint32(append(sum[:], flags), d.count), attested...)
}

func clientData(kind, challenge, origin string) []byte {
	text, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false})
	return text
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// cborBytes is a byte string of CBOR with less than 64 KiB.
func cborBytes(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0x59}, uint16(len(b))), b...)
}

// makes answers a question for a new passkey.
func (d *device) makes(question any, origin string) string {
	q := question.(protocol.PublicKeyCredentialCreationOptions)
	d.handle, _ = q.User.ID.(protocol.URLEncodedBase64)
	point, err := d.key.PublicKey.Bytes()
	must(d.t, err)
	key := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, cborBytes(point[1:33])...)
	key = append(append(key, 0x22), cborBytes(point[33:])...)
	attested := append(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(d.id)))...)
	attested = append(append(attested, d.id...), key...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData"), cborBytes(d.data(q.RelyingParty.ID, attested))...)
	text, _ := json.Marshal(map[string]any{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key",
		"response": map[string]any{"clientDataJSON": b64(clientData("webauthn.create", q.Challenge.String(), origin)), "attestationObject": b64(object)},
	})
	return string(text)
}

// answers answers a question at a login.
func (d *device) answers(question any, origin string) string {
	q := question.(protocol.PublicKeyCredentialRequestOptions)
	d.count++
	data, client := d.data(q.RelyingPartyID, nil), clientData("webauthn.get", q.Challenge.String(), origin)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, sum[:])
	must(d.t, err)
	text, _ := json.Marshal(map[string]any{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key",
		"response": map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(d.handle)},
	})
	return string(text)
}

const passkeyOrigin = "https://core.test:7171"

// keyed is a browser before an issuer.
type keyed struct{ *browser }

func newKeyed(t *testing.T, g *Guard) keyed {
	return keyed{&browser{t: t, g: g, cookies: map[string]*http.Cookie{}, tls: true}}
}

func (b keyed) request() *http.Request {
	r := b.browser.request()
	r.Host = strings.TrimPrefix(passkeyOrigin, "https://")
	return r
}

// enters logs somebody in by the word of this machine.
func (b keyed) enters(name string) Verified {
	b.t.Helper()
	b.logIn(name)
	who, err := b.g.Session(b.request(), b.via())
	must(b.t, err)
	return who.Proof()
}

// adds adds a passkey of somebody who is logged in.
func (b keyed) adds(session Verified, d *device, name string) (Passkey, error) {
	b.t.Helper()
	w := httptest.NewRecorder()
	q, err := b.g.BeginPasskey(w, b.request(), b.via(), session, vouched(b.t, b.g, User, session.name))
	b.take(w)
	if err != nil {
		return Passkey{}, err
	}
	w = httptest.NewRecorder()
	defer b.take(w)
	return b.g.AddPasskey(w, b.request(), b.via(), session, d.makes(q, passkeyOrigin), name)
}

// asks begins a login.
func (b keyed) asks() any {
	b.t.Helper()
	w := httptest.NewRecorder()
	q, err := b.g.BeginPasskeyLogin(w, b.request(), b.via())
	must(b.t, err)
	b.take(w)
	return q
}

func (b keyed) answers(text string) (Verified, error) {
	w := httptest.NewRecorder()
	defer b.take(w)
	return b.g.FinishPasskeyLogin(w, b.request(), b.via(), text)
}

// withPasskey is an issuer with a user's passkey.
func withPasskey(t *testing.T) (*Guard, keyed, *device, Passkey) {
	t.Helper()
	g := openGuard(t, t.TempDir(), coreBook(t))
	b, d := newKeyed(t, g), newDevice(t)
	p, err := b.adds(b.enters("anna"), d, "phone")
	if err != nil {
		t.Fatal(err, Reason(err))
	}
	return g, b, d, p
}

// TestAPasskey: added, used, listed; a login with it is as good as one with the password.
func TestAPasskey(t *testing.T) {
	g, b, d, p := withPasskey(t)
	if p.Name != "phone" || p.Host != "core.test" || !p.Used.IsZero() {
		t.Errorf("%+v", p)
	}
	if !g.HasPasskeys(b.request(), b.via()) {
		t.Error("nobody may log in with one")
	}
	v, err := b.answers(d.answers(b.asks(), passkeyOrigin))
	if err != nil || v.Identity().Subject() != "anna" || v.Identity().Role != Admin {
		t.Fatalf("%+v, %v", v.Identity(), Reason(err))
	}
	w := httptest.NewRecorder()
	if _, err := g.StartSession(w, b.request(), v, b.via()); err != nil {
		t.Error(Reason(err))
	}
	if !g.Knows(User, "anna", home) {
		t.Error("the address is not remembered")
	}
	list, err := g.Passkeys("anna")
	if err != nil || len(list) != 1 || list[0].Used.IsZero() || list[0].ID != p.ID {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := b.adds(b.enters("anna"), d, "again"); err == nil {
		t.Error("one device is two passkeys")
	}
	vera := b.enters("vera")
	for n := range maxPasskeys {
		if _, err := b.adds(vera, newDevice(t), "key"); err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := b.adds(vera, newDevice(t), "one too many"); !errors.Is(err, ErrTooManyPasskeys) {
		t.Errorf("one too many: %v", err)
	}
}

// TestWhereThereAreNoPasskeys: at addresses, over plain HTTP, by another name than the issuer's; and which name they belong to.
func TestWhereThereAreNoPasskeys(t *testing.T) {
	issuer := openGuard(t, t.TempDir(), coreBook(t))
	plain := openGuard(t, t.TempDir(), declared(t))
	for _, c := range []struct {
		g      *Guard
		host   string
		secure bool
		want   string // the name; "" for none
	}{
		{issuer, "core.test:7171", true, "core.test"}, {issuer, "core.test", true, "core.test"}, {issuer, "CORE.test:7171", true, "core.test"}, {issuer, "x.core.test", true, "core.test"},
		{issuer, "kitchen.test", true, ""}, {issuer, "evilcore.test", true, ""}, {issuer, "core.test:7171", false, ""}, {issuer, "192.0.2.1:7171", true, ""},
		{plain, "kitchen.local:7171", true, "kitchen.local"}, {plain, "kitchen.local:7171", false, ""}, {plain, "localhost:7171", false, "localhost"}, {plain, "127.0.0.1:7171", false, ""}, {plain, "[::1]:7171", true, ""}, {plain, "", true, ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = c.host
		w, err := c.g.party(r, Via{From: home, Secure: c.secure})
		got := ""
		if err == nil {
			got = w.Config.RPID
		}
		if _, told := errors.AsType[NoPasskeys](err); got != c.want || err != nil && !told {
			t.Errorf("%s, %v: %q, want %q, %v", c.host, c.secure, got, c.want, err)
		}
	}
}

// TestForgedPasskeys: what a device, or somebody in its place, answers.
func TestForgedPasskeys(t *testing.T) {
	g, b, d, _ := withPasskey(t)
	old := d.answers(b.asks(), passkeyOrigin)
	for what, answer := range map[string]func() string{
		"another origin":     func() string { return d.answers(b.asks(), "https://evil.example") },
		"without TLS":        func() string { return d.answers(b.asks(), "http://core.test:7171") },
		"a lookalike":        func() string { return d.answers(b.asks(), "https://core.test:7171.evil.example") },
		"an older challenge": func() string { b.asks(); return old },
		"of nobody": func() string {
			stranger := newDevice(t)
			stranger.handle = d.handle
			return stranger.answers(b.asks(), passkeyOrigin)
		},
		"of another key": func() string {
			twin := newDevice(t)
			twin.id, twin.handle, twin.count = d.id, d.handle, d.count
			return twin.answers(b.asks(), passkeyOrigin)
		},
		"of another user": func() string {
			twin := *d
			twin.handle = []byte("somebody else")
			return twin.answers(b.asks(), passkeyOrigin)
		},
		"without a user":      func() string { twin := *d; twin.handle = nil; return twin.answers(b.asks(), passkeyOrigin) },
		"nobody was verified": func() string { twin := *d; twin.flags = 0x01; return twin.answers(b.asks(), passkeyOrigin) },
		"nobody was there":    func() string { twin := *d; twin.flags = 0x04; return twin.answers(b.asks(), passkeyOrigin) },
		"another host": func() string {
			q := b.asks().(protocol.PublicKeyCredentialRequestOptions)
			q.RelyingPartyID = "evil.example"
			return d.answers(q, passkeyOrigin)
		},
		"nothing": func() string { b.asks(); return "" },
		"no JSON": func() string { b.asks(); return "{" },
		"endless": func() string { return d.answers(b.asks(), passkeyOrigin) + strings.Repeat(" ", maxCredential) },
		"without a question": func() string {
			a := d.answers(b.asks(), passkeyOrigin)
			delete(b.cookies, securely(passkeyName))
			return a
		},
		"another's question": func() string { a := d.answers(newKeyed(t, g).asks(), passkeyOrigin); b.asks(); return a },
		"the question to add": func() string {
			w := httptest.NewRecorder()
			_, err := g.BeginPasskey(w, b.request(), b.via(), b.enters("anna"), vouched(t, g, User, "anna"))
			must(t, err)
			a := d.answers(b.asks(), passkeyOrigin)
			b.take(w)
			return a
		},
	} {
		if v, err := b.answers(answer()); Reason(err) == "" {
			t.Errorf("%s: %+v, %v", what, v.Identity(), err)
		}
	}
	q := b.asks()
	question := *b.cookies[securely(passkeyName)]
	good := d.answers(q, passkeyOrigin)
	if _, err := b.answers(good); err != nil {
		t.Fatal(Reason(err)) // the test itself
	}
	b.cookies[securely(passkeyName)] = &question
	_, err := b.answers(good)
	if Reason(err) == "" {
		t.Error("an answer is good twice")
	}
	d.count -= 2 // a copy, which has not counted
	_, err = b.answers(d.answers(b.asks(), passkeyOrigin))
	refused(t, "a copy", err, "passkey: its counter goes back, as that of a copy does")
	synctest.Test(t, func(t *testing.T) {
		g, b, d, _ := withPasskey(t)
		a := d.answers(b.asks(), passkeyOrigin)
		time.Sleep(passkeyLife + 2*time.Second)
		_, err := b.answers(a)
		refused(t, "after more than five minutes", err, "passkey: this browser was not asked")
		must(t, g.Close())
	})
}

// TestAddingAPasskeyNeedsThePassword, in the same session, within five minutes, and once.
func TestAddingAPasskeyNeedsThePassword(t *testing.T) {
	g, b, _, _ := withPasskey(t)
	session := b.enters("anna")
	begin := func(session, v Verified) (any, error) {
		w := httptest.NewRecorder()
		defer b.take(w)
		return g.BeginPasskey(w, b.request(), b.via(), session, v)
	}
	for what, c := range map[string][2]Verified{
		"without a password": {session, {}}, "with another's": {session, vouched(t, g, User, "vera")}, "without a session": {vouched(t, g, User, "anna"), vouched(t, g, User, "anna")}, "an account": {session, vouched(t, g, Service, "core")},
	} {
		_, err := begin(c[0], c[1])
		refused(t, what, err, "proof: it is not good for passkeys")
	}
	add := func(v Verified, answer string) error {
		w := httptest.NewRecorder()
		defer b.take(w)
		_, err := g.AddPasskey(w, b.request(), b.via(), v, answer, "x")
		return err
	}
	q, err := begin(session, vouched(t, g, User, "anna"))
	must(t, err)
	question := *b.cookies[securely(passkeyName)]
	d := newDevice(t)
	if add(newKeyed(t, g).enters("anna"), d.makes(q, passkeyOrigin)) == nil {
		t.Error("in another session")
	}
	for what, answer := range map[string]string{"another origin": d.makes(q, "https://evil.example"), "no JSON": "x", "endless": strings.Repeat("x", maxCredential+1)} {
		b.cookies[securely(passkeyName)] = &question
		if add(session, answer) == nil {
			t.Error(what)
		}
	}
	unverified := newDevice(t)
	unverified.flags = 0x01
	b.cookies[securely(passkeyName)] = &question
	if add(session, unverified.makes(q, passkeyOrigin)) == nil {
		t.Error("nobody was verified")
	}
	b.cookies[securely(passkeyName)] = &question
	must(t, add(session, d.makes(q, passkeyOrigin)))
	b.cookies[securely(passkeyName)] = &question
	if add(session, newDevice(t).makes(q, passkeyOrigin)) == nil {
		t.Error("one password is good for two")
	}
	if _, err := begin(session, vouched(t, g, User, "anna")); err != nil {
		t.Fatal(err)
	}
	must(t, g.DB.LogOutEverywhere("anna"))
	if add(session, newDevice(t).makes(q, passkeyOrigin)) == nil {
		t.Error("after everything of hers was ended")
	}
}

// TestPasskeysEnd with their user, and by their owner, whose other sessions and tokens end.
func TestPasskeysEnd(t *testing.T) {
	g, b, d, p := withPasskey(t)
	here := b.enters("anna")
	other := newKeyed(t, g)
	other.logIn("anna")
	token := mustLogIn(t, g, "anna")
	late, err := b.answers(d.answers(b.asks(), passkeyOrigin))
	must(t, err)
	if err := g.RemovePasskey(vouched(t, g, User, "vera"), p.ID); !errors.Is(err, ErrNoPasskey) {
		t.Errorf("by somebody else: %v", err)
	}
	if err := g.RenamePasskey(vouched(t, g, User, "vera"), p.ID, "stolen"); !errors.Is(err, ErrNoPasskey) {
		t.Errorf("renamed by somebody else: %v", err)
	}
	must(t, g.RenamePasskey(here, p.ID, "old phone"))
	if list, err := g.Passkeys("anna"); err != nil || len(list) != 1 || list[0].Name != "old phone" {
		t.Errorf("%+v, %v", list, err)
	}
	if who, err := g.Session(other.request(), other.via()); err != nil || !who.Known() {
		t.Error("a new name ends a session:", err)
	}
	must(t, g.RemovePasskey(here, p.ID))
	if who, err := b.g.Session(b.request(), b.via()); err != nil || !who.Known() {
		t.Error("the own session has ended:", err)
	}
	if who, err := g.Session(other.request(), other.via()); err == nil && who.Known() {
		t.Error("another session lives")
	}
	if _, err := g.Token(token.Token); err == nil {
		t.Error("a token lives")
	}
	if _, err := g.StartSession(httptest.NewRecorder(), other.request(), late, b.via()); Reason(err) != "proof: the passkey was removed meanwhile" {
		t.Errorf("a login that was under way: %v", Reason(err))
	}
	_, err = b.answers(d.answers(b.asks(), passkeyOrigin))
	refused(t, "a removed one", err, "passkey: unknown, or its user was removed")
	if err := g.RemovePasskey(here, p.ID); !errors.Is(err, ErrNoPasskey) {
		t.Errorf("twice: %v", err)
	}

	g, b, d, _ = withPasskey(t)
	change(t, g, func(rb *runbook.Runbook) { rb.Users = rb.Users[1:] })
	_, err = b.answers(d.answers(b.asks(), passkeyOrigin))
	refused(t, "of a removed user", err, "passkey: unknown, or its user was removed")
	must(t, g.Use(coreBook(t)))
	_, err = b.answers(d.answers(b.asks(), passkeyOrigin))
	refused(t, "of a user who came back", err, "passkey: unknown, or its user was removed")

	g, b, d, _ = withPasskey(t)
	v, err := b.answers(d.answers(b.asks(), passkeyOrigin))
	must(t, err)
	change(t, g, func(rb *runbook.Runbook) { rb.Users[0].Role = "viewer" })
	_, err = g.StartSession(httptest.NewRecorder(), b.request(), v, b.via())
	refused(t, "another role meanwhile", err, "proof: password or role changed meanwhile")
	if list, err := g.Passkeys("anna"); err != nil || len(list) != 1 {
		t.Errorf("another role has removed passkeys: %+v, %v", list, err)
	}
	change(t, g, func(rb *runbook.Runbook) { rb.Users[0].PasswordHash = language.NewSecret(cheapHash() + "x") })
	if list, err := g.Passkeys("anna"); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// FuzzPasskeyAnswers: no answer gets anybody in who has no device, and none stops the program.
func FuzzPasskeyAnswers(f *testing.F) {
	g := openGuard(f, f.TempDir(), coreBook(f))
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA","userHandle":"AA"}}`)
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"}}`)
	f.Add(`{}`)
	v := session(f, g, "anna")
	f.Fuzz(func(t *testing.T, text string) {
		b := newKeyed(t, g)
		b.asks()
		if _, err := b.answers(text); err == nil {
			t.Errorf("%q gets in", text)
		}
		w := httptest.NewRecorder()
		if _, err := g.BeginPasskey(w, b.request(), b.via(), v, vouched(t, g, User, "anna")); err != nil {
			t.Fatal(err)
		}
		b.take(w)
		if _, err := g.AddPasskey(httptest.NewRecorder(), b.request(), b.via(), v, text, "x"); err == nil {
			t.Errorf("%q is a passkey", text)
		}
	})
}

// TestPasskeysEndWithThePassword, whatever way another one comes, also while ORAC is not running; unless their owner chooses it.
func TestPasskeysEndWithThePassword(t *testing.T) {
	dir := t.TempDir()
	g := openGuard(t, dir, coreBook(t))
	b, d := newKeyed(t, g), newDevice(t)
	add := func() {
		t.Helper()
		if _, err := b.adds(b.enters("anna"), d, "phone"); err != nil {
			t.Fatal(err, Reason(err))
		}
	}
	left := func(what string, want int) {
		t.Helper()
		if list, err := g.Passkeys("anna"); err != nil || len(list) != want {
			t.Errorf("%s: %+v, %v, want %d", what, list, err, want)
		}
	}
	book := func(hash string) *runbook.Runbook {
		rb := coreBook(t)
		rb.Users[0].PasswordHash = language.NewSecret(hash)
		return rb
	}
	add()
	late, err := b.answers(d.answers(b.asks(), passkeyOrigin))
	must(t, err)
	must(t, g.Consult(book(cheapHash()+"1")))
	left("a command beside the appliance", 1)
	must(t, g.Use(book(cheapHash()+"1")))
	left("a new password by an admin", 0)
	if _, err := g.StartSession(httptest.NewRecorder(), b.request(), late, b.via()); Reason(err) == "" {
		t.Error("a login with one that was under way goes on")
	}
	add()
	must(t, g.Close())
	g = openGuard(t, dir, book(cheapHash()+"2"))
	b.g = g
	left("a new password while ORAC was not running", 0)

	must(t, g.Secrets.Put(PasswordSecret("anna"), cheapHash()))
	must(t, g.Use(book(cheapHash())))
	add()
	own, _, err := g.ChangePassword(vouched(t, g, User, "anna"), "anna", "another horse battery")
	must(t, err)
	must(t, own.Put())
	fresh, err := g.Secrets.Get(PasswordSecret("anna"))
	must(t, err)
	must(t, g.Use(book(fresh)))
	left("her own new password", 1)
	must(t, own.Undo())
	must(t, g.Use(book(cheapHash())))
	left("and undone", 1)
	if _, err := b.adds(b.enters("vera"), newDevice(t), "phone"); err != nil {
		t.Fatal(err, Reason(err))
	}
	must(t, g.Secrets.Put(PasswordSecret("vera"), cheapHash()))
	must(t, setPassword(g, vouched(t, g, User, "anna"), "vera", "a third horse battery"))
	hash, err := g.Secrets.Get(PasswordSecret("vera"))
	must(t, err)
	rb := book(cheapHash())
	rb.Users[1].PasswordHash = language.NewSecret(hash)
	must(t, g.Use(rb))
	if list, err := g.Passkeys("vera"); err != nil || len(list) != 0 {
		t.Errorf("from an admin: %+v, %v", list, err)
	}
}
