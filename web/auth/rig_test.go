package auth

import (
	"database/sql"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"orac/runbook"
	"orac/runbook/language"
	"orac/web/auth/internal/cost"
)

// cheaply makes hashes that cost nothing, in a test of what does not depend on it.
func cheaply(t *testing.T) {
	t.Helper()
	cost.New = bcrypt.MinCost
	t.Cleanup(func() { cost.New = cost.Usual })
}

const (
	annasPassword = "correct horse battery"
	accountSecret = "a-secret-that-both-sides-know-0123456789"
)

// cheapHash is a hash that costs no time; the runbook would refuse its cost.
var cheapHash = sync.OnceValue(func() string {
	h, err := bcrypt.GenerateFromPassword([]byte(annasPassword), bcrypt.MinCost)
	if err != nil {
		panic(err)
	}
	return string(h)
})

const key1, key2 = "0123456789abcdef0123456789abcdef-1", "0123456789abcdef0123456789abcdef-2"

// declared is a runbook with two users and an account.
func declared(t testing.TB) *runbook.Runbook {
	t.Helper()
	rb, ds := runbook.Parse([]byte(`appliance "test" {}`), "orac.hcl", language.Options{Env: func(string) (string, bool) { return "", false }})
	if rb == nil {
		t.Fatal(ds)
	}
	rb.Users = []runbook.User{
		{Name: "anna", Role: "admin", PasswordHash: language.NewSecret(cheapHash())},
		{Name: "vera", Role: "viewer", PasswordHash: language.NewSecret(cheapHash())},
	}
	rb.ServiceAccounts = []runbook.ServiceAccount{{Name: "core", Role: "viewer", Secret: language.NewSecret(accountSecret), Permissions: []string{"orac.status"}}}
	rb.Auth.JWTSecret = language.NewSecret(key1)
	return rb
}

var hashKey = []byte("the hash key of the state dir..")

func openGuard(t testing.TB, dir string, rb *runbook.Runbook) *Guard {
	t.Helper()
	g, err := Open(dir, hashKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	if err := g.Use(rb); err != nil {
		t.Fatal(err)
	}
	return g
}

func newGuard(t testing.TB) *Guard { return openGuard(t, t.TempDir(), declared(t)) }

var home = netip.MustParseAddr("192.0.2.1")

func mustLogIn(t *testing.T, g *Guard, name string) Token {
	t.Helper()
	i, err := g.Login(name, annasPassword, home)
	if err != nil {
		t.Fatal(err, Reason(err))
	}
	token, err := g.Tokens(i)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// vouched is the proof of somebody by the word of this machine.
func vouched(t testing.TB, g *Guard, kind Kind, name string) Verified {
	t.Helper()
	v, err := g.Vouch(kind, name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func refused(t *testing.T, what string, err error, reason string) {
	t.Helper()
	if Reason(err) != reason {
		t.Errorf("%s: %v (%q), want %q", what, err, Reason(err), reason)
	}
}

// oldDatabase is one with the first two steps of the schema, as a release before made it.
func oldDatabase(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, DBName))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps[:2] {
		if _, err := db.Exec(step); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec("PRAGMA user_version = 2"); err != nil {
		t.Fatal(err)
	}
	return db
}

// setPassword changes a password, and puts it in its place.
func setPassword(g *Guard, by Verified, name, password string) error {
	r, _, err := g.ChangePassword(by, name, password)
	if err != nil {
		return err
	}
	return r.Put()
}
