package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/runbook"
	"orac/runbook/language"
)

// world is a guard in which something changes between a proof and what is made of it.
type world struct {
	*testing.T
	g     *Guard
	rb    *runbook.Runbook
	token Token  // of anna
	key   string // text of an admin's key
	keyID string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, rb: declared(t)}
	w.rb.Auth.JWTSecret = language.Secret{} // a file, which can be rotated
	dir := t.TempDir()
	w.must(os.WriteFile(filepath.Join(dir, DBName), emptyDatabase(), 0o600)) // there are many worlds
	w.g = openGuard(t, dir, w.rb)
	hash, err := w.g.Secrets.Get(PasswordSecret("anna"))
	if err == nil {
		t.Fatal("there is a secret already: ", hash)
	}
	w.must(w.g.Secrets.Put(PasswordSecret("anna"), cheapHash()))
	w.token, err = w.g.Tokens(vouched(t, w.g, User, "anna"))
	w.must(err)
	k, text, err := w.g.DB.CreateKey("nightly", Admin, time.Hour)
	w.must(err)
	w.key, w.keyID = text, k.ID
	return w
}

// emptyDatabase is one with all the steps of the schema.
var emptyDatabase = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	db, err := OpenDB(dir)
	if err == nil {
		err = db.Close()
	}
	text, failed := os.ReadFile(filepath.Join(dir, DBName))
	if err := errors.Join(err, failed); err != nil {
		panic(err)
	}
	return text
})

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err, Reason(err))
	}
}

func (w *world) use() { w.Helper(); w.must(w.g.Use(w.rb)) }

var otherHash = func() string {
	h, err := bcrypt.GenerateFromPassword([]byte("another password"), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(h)
}()

// changes are all that ends what somebody was, by the subject whose end it is.
var changes = map[string]map[string]func(*world){
	"anna": {
		"another password": func(w *world) { w.rb.Users[0].PasswordHash = language.NewSecret(otherHash); w.use() },
		"another password and back": func(w *world) {
			w.rb.Users[0].PasswordHash = language.NewSecret(otherHash)
			w.use()
			w.rb.Users[0].PasswordHash = language.NewSecret(cheapHash())
			w.use()
		},
		"another role": func(w *world) { w.rb.Users[0].Role = "viewer"; w.use() },
		"removed":      func(w *world) { w.rb.Users = w.rb.Users[1:]; w.use() },
		"removed and back": func(w *world) {
			all := w.rb.Users
			w.rb.Users = all[1:]
			w.use()
			w.rb.Users = all
			w.use()
		},
		"logged out everywhere": func(w *world) { w.must(w.g.DB.LogOutEverywhere("anna")) },
	},
	"service:core": {
		"another secret":        func(w *world) { w.rb.ServiceAccounts[0].Secret = language.NewSecret(accountSecret + "!"); w.use() },
		"another permission":    func(w *world) { w.rb.ServiceAccounts[0].Permissions = []string{"orac.all"}; w.use() },
		"removed":               func(w *world) { w.rb.ServiceAccounts = nil; w.use() },
		"logged out everywhere": func(w *world) { w.must(w.g.DB.LogOutEverywhere("service:core")) },
	},
	"family": {
		"logged out": func(w *world) {
			i, err := w.g.Token(w.token.Token)
			w.must(err)
			w.must(w.g.LogOut(i))
		},
	},
	"key": {
		"revoked":                    func(w *world) { _, err := w.g.DB.RevokeKey(w.keyID); w.must(err) },
		"revoked by another process": func(w *world) { revokeElsewhere(w) },
	},
}

func revokeElsewhere(w *world) {
	other, err := OpenDB(filepath.Dir(w.g.Secrets.Dir))
	w.must(err)
	defer other.Close()
	_, err = other.RevokeKey(w.keyID)
	w.must(err)
}

// issues are all that is made of a proof. Each gives the error; what it left is looked for in the database.
var issues = map[string]struct {
	of   []string // whose change refuses it
	make func(*world) error
}{
	"tokens of a login": {[]string{"anna"}, func(w *world) error {
		v, err := w.g.Login("anna", annasPassword, home)
		w.must(err)
		_, err = w.g.Tokens(v)
		return err
	}},
	"a session of a login": {[]string{"anna"}, func(w *world) error {
		v, err := w.g.Login("anna", annasPassword, home)
		w.must(err)
		out := httptest.NewRecorder()
		_, err = w.g.StartSession(out, httptest.NewRequest("POST", "/", nil), v, Via{})
		if len(out.Result().Cookies()) > 0 && err != nil {
			w.Error("a cookie is given all the same")
		}
		return err
	}},
	"a token of the command line": {[]string{"anna"}, func(w *world) error {
		_, err := w.g.Issue(vouched(w.T, w.g, User, "anna"), time.Hour)
		return err
	}},
	"a refresh": {[]string{"anna", "family"}, func(w *world) error {
		_, err := w.g.Refresh(w.token.Refresh)
		return err
	}},
	"a token of a service": {[]string{"service:core"}, func(w *world) error {
		_, err := w.g.ServiceToken("core", accountSecret, home)
		return err
	}},
	"a key of a person": {[]string{"anna", "family"}, func(w *world) error {
		i, err := w.g.Token(w.token.Token)
		w.must(err)
		_, _, err = w.g.CreateKey(i.Proof(), "more", Admin, time.Hour)
		return err
	}},
	"a key of a key": {[]string{"key"}, func(w *world) error {
		_, _, err := w.g.CreateKey(Verified{kind: Key, name: w.keyID, role: Admin}, "more", Admin, time.Hour)
		return err
	}},
	"a key that rotates itself": {[]string{"key"}, func(w *world) error {
		_, _, err := w.g.RotateKey(Verified{kind: Key, name: w.keyID, role: Admin}, w.keyID, time.Hour)
		return err
	}},
	"a key that is rotated by a person": {[]string{"key", "anna"}, func(w *world) error {
		_, _, err := w.g.RotateKey(vouched(w.T, w.g, User, "anna"), w.keyID, time.Hour)
		return err
	}},
	"the own password": {[]string{"anna"}, func(w *world) error {
		v, err := w.g.Confirm("anna", annasPassword, home)
		w.must(err)
		err = setPassword(w.g, v, "anna", "a new password")
		return err
	}},
	"another's password": {[]string{"anna", "family"}, func(w *world) error {
		w.must(w.g.Secrets.Put(PasswordSecret("vera"), cheapHash()))
		i, err := w.g.Token(w.token.Token)
		w.must(err)
		err = setPassword(w.g, i.Proof(), "vera", "a new password")
		return err
	}},
}

// count is how much there is that opens something.
func (w *world) count() (rows [3]int) {
	w.Helper()
	for i, query := range []string{"SELECT count(*) FROM sessions", "SELECT count(*) FROM refresh WHERE used = 0", "SELECT count(*) FROM keys WHERE revoked = 0"} {
		w.must(w.g.DB.db.QueryRow(query).Scan(&rows[i]))
	}
	return rows
}

// TestWhatChangesBetweenProofAndIssue: all that is issued × all that may end who it is for. The change is made between the two,
// by a barrier; nothing is issued, and nothing stays behind. Without the change all is issued.
func TestWhatChangesBetweenProofAndIssue(t *testing.T) {
	cheaply(t)
	for name, issue := range issues {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for the disk
			if w := newWorld(t); issue.make(w) != nil {
				t.Error("it is not issued when nothing changes")
			}
			for _, of := range issue.of {
				for what, change := range changes[of] {
					w := newWorld(t)
					passed, before := false, [3]int{}
					w.g.meanwhile = func() {
						w.g.meanwhile = nil
						passed = true
						change(w)
						before = w.count()
					}
					err := issue.make(w)
					switch {
					case !passed:
						t.Fatal("nothing was between")
					case err == nil:
						t.Errorf("%s: it is issued", what)
					case Reason(err) == "" && !errors.Is(err, ErrNoUser) && !errors.Is(err, ErrElsewhere) && !errors.Is(err, notLive):
						t.Errorf("%s: %v", what, err)
					}
					if after := w.count(); after != before {
						t.Errorf("%s: %v sessions, refresh tokens, keys; %v before", what, after, before)
					}
					for _, user := range []string{"anna", "vera"} {
						if hash, err := w.g.Secrets.Get(PasswordSecret(user)); err == nil && hash != cheapHash() {
							t.Errorf("%s: the password of %s is another one", what, user)
						}
					}
				}
			}
		})
	}
}

// TestNobodyChangesWhileSomethingIsIssued: from the comparison to the commit the locks are held that every change takes, so that
// a change comes before the comparison, or finds what was issued and ends it.
func TestNobodyChangesWhileSomethingIsIssued(t *testing.T) {
	cheaply(t)
	for name, make := range map[string]func(w *world) error{
		"tokens": issues["tokens of a login"].make, "session": issues["a session of a login"].make, "refresh": issues["a refresh"].make, "service": issues["a token of a service"].make,
		"key of a key": issues["a key of a key"].make,
	} {
		w := newWorld(t)
		inside := 0
		w.g.meanwhile = func() {
			w.g.meanwhile = nil
			w.g.DB.clock.wall = func() time.Time { // asked for the times of what is issued
				if !w.g.DB.mu.TryLock() {
					inside++
					if w.g.mu.TryLock() {
						w.g.mu.Unlock()
						t.Errorf("%s: who counts may be changed meanwhile", name)
					}
				} else {
					w.g.DB.mu.Unlock()
				}
				return time.Now()
			}
		}
		w.must(make(w))
		w.g.DB.clock.wall = time.Now
		if inside == 0 {
			t.Errorf("%s: nothing was looked at inside the transaction", name)
		}
	}
}

// TestAKeyThatEndsWhileItIsCompared: the request that it came with is refused as well.
func TestAKeyThatEndsWhileItIsCompared(t *testing.T) {
	cheaply(t)
	for what, change := range changes["key"] {
		w := newWorld(t)
		w.g.meanwhile = func() { w.g.meanwhile = nil; change(w); w.g.DB.looked = time.Time{} }
		if _, err := w.g.Token(w.key); err == nil {
			t.Errorf("%s: it is let in", what)
		}
	}
}

// TestTheKeyOfTokensIsRotatedDuringALogin: what is issued is signed with the key that counts then.
func TestTheKeyOfTokensIsRotatedDuringALogin(t *testing.T) {
	cheaply(t)
	for name, make := range map[string]func(*world) (Token, error){
		"login": func(w *world) (Token, error) {
			v, err := w.g.Login("anna", annasPassword, home)
			w.must(err)
			return w.g.Tokens(v)
		},
		"refresh": func(w *world) (Token, error) { return w.g.Refresh(w.token.Refresh) },
		"service": func(w *world) (Token, error) { return w.g.ServiceToken("core", accountSecret, home) },
	} {
		w := newWorld(t)
		w.g.meanwhile = func() {
			w.g.meanwhile = nil
			w.must(w.g.Secrets.Rotate(SigningSecret, 0))
			w.use() // or a second passes
		}
		token, err := make(w)
		w.must(err)
		if _, err := w.g.Token(token.Token); err != nil {
			t.Errorf("%s: the token is signed with the key of before: %s", name, Reason(err))
		}
		_, err = w.g.Token(w.token.Token)
		refused(t, name+", the token of before", err, "token: key or algorithm unknown")
	}
}

// TestTwoSetUpsAtOnce: two have the code, and the second one ends while the first one is between its proof and its user; or a
// runbook declares somebody meanwhile; or the code is made anew. One user is made at most.
func TestTwoSetUpsAtOnce(t *testing.T) {
	cheaply(t)
	open := func() (*Guard, *runbook.Runbook, string) {
		rb := declared(t)
		rb.Users = nil
		g := openGuard(t, t.TempDir(), rb)
		code, _, _ := g.SetupCode()
		return g, rb, code
	}
	g, _, code := open()
	g.meanwhile = func() {
		g.meanwhile = nil
		if _, v, err := g.MakeFirst(code, "bert", annasPassword, home, allow); err != nil || v.Identity().Name != "bert" {
			t.Error("the second one:", err)
		}
	}
	if _, v, err := g.MakeFirst(code, "anna", annasPassword, home, allow); !errors.Is(err, ErrSetUp) || v.Identity().Known() {
		t.Errorf("the first one is made, too: %v", err)
	}
	if made, err := g.DB.madeUsers(); err != nil || len(made) != 1 || made[0].name != "bert" {
		t.Errorf("%+v, %v", made, err)
	}
	if _, err := g.Secrets.Get(PasswordSecret("anna")); err == nil {
		t.Error("the hash of who was not made is kept")
	}

	g, rb, code := open()
	g.meanwhile = func() {
		rb.Users = declared(t).Users[1:]
		if err := g.Use(rb); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := g.MakeFirst(code, "anna", annasPassword, home, allow); !errors.Is(err, ErrSetUp) {
		t.Errorf("an admin is made beside those of a runbook: %v", err)
	}

	g, _, code = open()
	g.meanwhile = func() {
		g.setup.until = time.Now().Add(-time.Second)
		g.SetupCode()
	}
	_, _, err := g.MakeFirst(code, "anna", annasPassword, home, allow)
	refused(t, "a code in whose place another is", err, "setup: the code was used")
}

// TestAForgedEpochNeverLives: who has the key of tokens, and no token of the user, can make none: epoch and family are random, are
// told to nobody else, and change when all is ended.
func TestAForgedEpochNeverLives(t *testing.T) {
	cheaply(t)
	w := newWorld(t)
	seen := map[string]bool{}
	for range 50 {
		var epoch string
		w.must(w.g.DB.db.QueryRow("SELECT epoch FROM epochs WHERE subject = 'anna'").Scan(&epoch))
		if len(epoch) != 32 || seen[epoch] {
			t.Fatalf("%q comes again, or has no 128 bits", epoch)
		}
		seen[epoch] = true
		w.must(w.g.DB.LogOutEverywhere("anna"))
	}
	stolen := w.claims(w.token)
	fresh, err := w.g.Tokens(vouched(t, w.g, User, "anna"))
	w.must(err)
	now := w.claims(fresh)
	keys, err := w.g.keys.good()
	w.must(err)
	who := w.g.policy.Load().users["anna"]
	forge := func(epoch, family string) error {
		token, err := w.g.policy.Load().sign(keys[0], who, epoch, family, time.Now(), time.Hour)
		w.must(err)
		_, err = w.g.Token(token.Token)
		return err
	}
	refused(t, "an old epoch", forge(stolen.Epoch, now.Family), "token: logged out everywhere since")
	refused(t, "an old family", forge(now.Epoch, stolen.Family), "token: revoked")
	refused(t, "no family", forge(now.Epoch, ""), "token: a claim is missing")
	refused(t, "no epoch", forge("", now.Family), "token: logged out everywhere since")
	if err := forge(now.Epoch, now.Family); err != nil {
		t.Error("the test forges nothing that could be good:", err)
	}
	_, err = w.g.DB.db.Exec("DELETE FROM epochs")
	w.must(err)
	w.must(w.g.DB.load())
	for _, epoch := range []string{now.Epoch, ""} {
		refused(t, "a lost row", forge(epoch, now.Family), "token: logged out everywhere since")
	}
	if _, err := w.g.Tokens(Verified{kind: User, name: "anna", print: who.print}); err == nil {
		t.Error("a proof without an epoch gets tokens where the row is lost")
	}
}

func (w *world) claims(token Token) (c claims) {
	w.Helper()
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Token, ".")[1])
	w.must(err)
	w.must(json.Unmarshal(body, &c))
	return c
}

// TestAProofOfNothingIssuesNothing: the zero value, a name alone, a key where a person is wanted.
func TestAProofOfNothingIssuesNothing(t *testing.T) {
	cheaply(t)
	w := newWorld(t)
	for name, v := range map[string]Verified{
		"nothing": {}, "a name": {kind: User, name: "anna", role: Admin}, "a key": {kind: Key, name: w.keyID, role: Admin}, "an unknown kind": {kind: "root", name: "anna"},
	} {
		if _, err := w.g.Tokens(v); err == nil {
			t.Errorf("%s gets tokens", name)
		}
		if _, err := w.g.StartSession(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil), v, Via{}); err == nil {
			t.Errorf("%s gets a session", name)
		}
		if name == "a key" {
			continue // of an admin: it may
		}
		if _, _, err := w.g.CreateKey(v, "k", Admin, time.Hour); err == nil {
			t.Errorf("%s gets a key", name)
		}
		if err := setPassword(w.g, v, "anna", "a new password"); err == nil {
			t.Errorf("%s sets a password", name)
		}
	}
	vera := vouched(t, w.g, User, "vera")
	if err := setPassword(w.g, vera, "anna", "a new password"); err == nil {
		t.Error("a viewer sets another's password")
	}
}

// TestAPasswordChangesOnce: of two changes that were confirmed by the same password one is made.
func TestAPasswordChangesOnce(t *testing.T) {
	cheaply(t)
	w := newWorld(t)
	v, err := w.g.Confirm("anna", annasPassword, home)
	w.must(err)
	w.g.meanwhile = func() {
		w.g.meanwhile = nil
		err := setPassword(w.g, v, "anna", "the second password")
		w.must(err)
	}
	if err := setPassword(w.g, v, "anna", "the first password"); err == nil {
		t.Error("both are made")
	}
	hash, err := w.g.Secrets.Get(PasswordSecret("anna"))
	w.must(err)
	if bcrypt.CompareHashAndPassword([]byte(hash), []byte("the second password")) != nil {
		t.Error("the password that was told as set is another one")
	}
}

// TestAPolicyCountsThoughTheDatabaseFails: a disk that takes no writes when a runbook comes into force keeps nobody in who is out by
// it: neither what was given before nor what was proven before counts.
func TestAPolicyCountsThoughTheDatabaseFails(t *testing.T) {
	cheaply(t)
	for what, change := range map[string]func(*world){
		"another password": func(w *world) { w.rb.Users[0].PasswordHash = language.NewSecret(otherHash) },
		"another role":     func(w *world) { w.rb.Users[0].Role = "viewer" },
		"removed":          func(w *world) { w.rb.Users = w.rb.Users[1:] },
	} {
		w := newWorld(t)
		v := vouched(t, w.g, User, "anna")
		for _, on := range []string{"UPDATE", "DELETE"} {
			_, err := w.g.DB.db.Exec("CREATE TRIGGER no_" + on + " BEFORE " + on + " ON epochs BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
			w.must(err)
		}
		change(w)
		if err := w.g.Use(w.rb); err == nil {
			t.Errorf("%s: nothing fails", what)
		}
		if _, err := w.g.Token(w.token.Token); err == nil {
			t.Errorf("%s: a token of before counts", what)
		}
		if _, err := w.g.Refresh(w.token.Refresh); err == nil {
			t.Errorf("%s: a refresh token of before counts", what)
		}
		if _, err := w.g.Tokens(v); err == nil {
			t.Errorf("%s: a proof of before counts", what)
		}
	}
}

// TestTwoRefreshesAtOnce: the second use of a refresh token, between the first one's look and its issue, ends the login for both.
func TestTwoRefreshesAtOnce(t *testing.T) {
	cheaply(t)
	w := newWorld(t)
	var second Token
	w.g.meanwhile = func() {
		w.g.meanwhile = nil
		var err error
		second, err = w.g.Refresh(w.token.Refresh)
		w.must(err)
	}
	_, err := w.g.Refresh(w.token.Refresh)
	refused(t, "the first", err, "refresh: used twice; ended all tokens of anna from that login")
	_, err = w.g.Token(second.Token)
	refused(t, "the second's token", err, "token: revoked")
	if _, err := w.g.Refresh(second.Refresh); err == nil {
		t.Error("the second's refresh token is good")
	}
}

// TestNamesAreNoLanes: a name that looks like who is known and where, or like another kind, is another one's: it can hold nobody up.
func TestNamesAreNoLanes(t *testing.T) {
	cheaply(t)
	g := newGuard(t)
	elsewhere := netip.MustParseAddr("198.51.100.7")
	if _, err := g.Login("anna", annasPassword, home); err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		from := netip.AddrFrom4([4]byte{203, 0, 113, byte(n)})
		for _, name := range []string{"anna\x00" + Network(home), "service:core", "core", "setup", "key:x"} {
			_, _ = g.Login(name, "wrong", from)
		}
	}
	if _, err := g.Login("anna", annasPassword, home); err != nil {
		t.Error("anna:", Reason(err))
	}
	if _, err := g.ServiceToken("core", accountSecret, elsewhere); err != nil {
		t.Error("core:", Reason(err))
	}
}

// TestWhoIsKnownIsRememberedOverRestarts: for 32 networks each, and nobody's push out another's.
func TestWhoIsKnownIsRememberedOverRestarts(t *testing.T) {
	cheaply(t)
	dir := t.TempDir()
	g := openGuard(t, dir, declared(t))
	for n := range maxKnown + 20 {
		if _, err := g.Login("anna", annasPassword, netip.AddrFrom4([4]byte{203, 0, 113, byte(n)})); err != nil {
			t.Fatal(Reason(err))
		}
		if n == 0 {
			if _, err := g.Login("vera", annasPassword, home); err != nil {
				t.Fatal(Reason(err))
			}
			if _, err := g.ServiceToken("core", accountSecret, home); err != nil {
				t.Fatal(Reason(err))
			}
		}
	}
	g.Close()
	g = openGuard(t, dir, declared(t))
	anna := 0
	for l := range g.throttle.known {
		if l.name == "anna" {
			anna++
		}
	}
	if anna != maxKnown || !g.Knows(User, "vera", home) || !g.Knows(Service, "core", home) || g.Knows(User, "core", home) {
		t.Errorf("%d of anna; %v", anna, g.throttle.known)
	}
	for n := range 50 {
		_, _ = g.Login("vera", "wrong", netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}))
		_, _ = g.Login(fmt.Sprint("x", n), "wrong", home)
	}
	if _, err := g.Login("vera", annasPassword, home); err != nil {
		t.Error("who was there before the restart is held up:", Reason(err))
	}
}
