package auth

import (
	"crypto/rand"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"orac/runbook/pattern"
)

// setupTime is how long the code of the set-up page is valid.
const setupTime = 15 * time.Minute

// setup is the one-time code that makes the first admin. It is only in memory: each start makes a new one of 60 random bits, so
// guesses made during one start are worthless in the next. Wrong codes slow down the network that they come from and nobody else:
// the random bits protect the code, and the person who has read it on the terminal is not delayed by those who guess.
type setup struct {
	mu    sync.Mutex // guards code and until
	code  string
	until time.Time
}

// NeedsSetup reports whether nobody can log in because there are no users.
func (g *Guard) NeedsSetup() bool { return len(g.policy.Load().users) == 0 }

// SetupCode returns the valid code and whether it is new. A code can be used once, within 15 minutes.
func (g *Guard) SetupCode() (code string, until time.Time, fresh bool) {
	g.setup.mu.Lock()
	defer g.setup.mu.Unlock()
	if fresh = g.setup.code == "" || !time.Now().Before(g.setup.until); fresh {
		text := rand.Text()[:12] // of 32 letters: 60 bits; a million guesses a second for the whole time cover one in 10^9
		g.setup.code, g.setup.until = text[:4]+"-"+text[4:8]+"-"+text[8:], time.Now().Add(setupTime)
	}
	return g.setup.code, g.setup.until, fresh
}

// UserName is the pattern of a valid user name, as in the runbook.
var UserName = pattern.Lazy(`^[a-z][a-z0-9_-]{0,62}$`)

// ErrSetUp means that users exist: the set-up page is closed.
var ErrSetUp = errors.New("a user exists already")

// MakeFirst makes the first admin with the code from the terminal, and returns the proof. The hash becomes a secret of the state
// directory, whose name is returned so that the runbook can declare the user; the user counts even before it does.
//
// before is called when everything is proven and nothing is changed yet; if it returns an error,
// nothing changes.
func (g *Guard) MakeFirst(code, name, password string, from netip.Addr, before func() error) (secret string, v Verified, err error) {
	if !g.NeedsSetup() {
		return "", v, ErrSetUp
	}
	if wait := g.throttle.begin(setupKind, "", from); wait > 0 {
		return "", v, &Denied{Reason: "setup: too many attempts", RetryAfter: wait}
	}
	if !g.setup.is(code) {
		return "", v, denied("setup: wrong or old code")
	}
	g.throttle.succeed(setupKind, "", from) // a password that is too short is not a guess at the code
	if !UserName().MatchString(name) {
		return "", v, Unfit("the name must be a lower-case letter, then at most 62 lower-case letters, digits, _ or -")
	}
	hash, err := HashPassword(name, password)
	if err != nil {
		return "", v, err
	}
	if err := before(); err != nil {
		return "", v, err
	}
	g.checked()
	g.mu.Lock() // until this user counts, no other is made and no runbook declares one
	defer g.mu.Unlock()
	old := g.policy.Load()
	switch {
	case len(old.users) > 0:
		return "", v, ErrSetUp
	case !g.setup.use(code):
		return "", v, denied("setup: the code was used")
	}
	secret = PasswordSecret(name)
	if err := g.Secrets.Put(secret, hash); err != nil {
		return "", v, err
	}
	if err := g.DB.makeUser(name, hash, Admin); err != nil {
		return "", v, err
	}
	fresh, u := *old, user{kind: User, name: name, role: Admin, hash: hash}
	fresh.users = map[string]user{}
	fresh.add(fresh.users, u, g.hashKey)
	g.policy.Store(&fresh)
	if err := g.DB.settle(fresh.prints(), false); err != nil {
		return secret, v, err
	}
	v, err = g.proofOf(fresh.users[name])
	return secret, v, err
}

// is tells whether a code is the valid one.
func (s *setup) is(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code != "" && time.Now().Before(s.until) && equal(normalCode(code), normalCode(s.code))
}

// use uses up a code if it is the latest: if two requests bring it, one of them gets it.
func (s *setup) use(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code == "" || !equal(normalCode(code), normalCode(s.code)) {
		return false
	}
	s.code = ""
	return true
}

// PasswordSecret returns the name of the secret that holds the hash of a user's password.
func PasswordSecret(user string) string { return user + "_password_hash" }

func normalCode(s string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s))
}

func (d *DB) makeUser(name, hash string, role Role) error {
	_, err := d.db.Exec("INSERT INTO users VALUES (?, ?, ?, ?)", name, hash, role, time.Now().UnixMicro())
	return err
}

func (d *DB) madeUsers() (list []user, err error) {
	rows, err := d.db.Query("SELECT name, hash, role FROM users ORDER BY created")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		u := user{kind: User}
		if err := rows.Scan(&u.name, &u.hash, &u.role); err != nil {
			return nil, err
		}
		list = append(list, u)
	}
	return list, rows.Err()
}
