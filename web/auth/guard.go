package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"orac/runbook"
	"orac/web/auth/secrets"
)

// Guard lets people and programs in. It may be used by many at once.
type Guard struct {
	DB      *DB
	Secrets *secrets.Store

	hashKey  []byte
	policy   atomic.Pointer[policy]
	keys     *keyring
	throttle *throttle
	guesses  *throttle // of API keys: apart, so that a program with a wrong key keeps no person out
	comparer *comparer
	proven   proven
	signed   signed
	setup    setup
}

// Open makes a guard for a state directory. hashKey stays the same over restarts. Use must be called before anything else.
func Open(stateDir string, hashKey []byte) (*Guard, error) {
	db, err := OpenDB(stateDir)
	if err != nil {
		return nil, fmt.Errorf("who may do what cannot be known: %w", err)
	}
	s := secrets.In(stateDir)
	return &Guard{DB: db, Secrets: s, hashKey: hashKey, keys: &keyring{store: s}, throttle: newThrottle(), guesses: newGuesses(), comparer: newComparer()}, nil
}

// Close ends the use of the database.
func (g *Guard) Close() error { return g.DB.Close() }

// Use puts what a runbook says into force. Until its signing key can be read no token is taken or given; the error says why.
func (g *Guard) Use(rb *runbook.Runbook) error {
	made, err := g.DB.madeUsers()
	if err != nil {
		return err
	}
	// Who was made by the set-up and is declared now counts again when a generation without users is returned to: with the password
	// of now, and not with that of the set-up.
	for _, m := range made {
		for _, u := range rb.Users {
			if hash := u.PasswordHash.Reveal(); u.Name == m.name && hash != m.hash {
				if _, err := g.DB.db.Exec("UPDATE users SET hash = ? WHERE name = ?", hash, m.name); err != nil {
					return err
				}
			}
		}
	}
	g.policy.Store(newPolicy(g.DB, rb, made, g.hashKey))
	return g.keys.use(rb.Auth)
}

// Login checks a password. The denial of a wrong name looks and lasts like that of a wrong password.
func (g *Guard) Login(name, password string, from netip.Addr) (Identity, error) {
	p := g.policy.Load()
	if len(name) > 64 {
		name = name[:64]
	}
	if wait := g.throttle.begin(name, from); wait > 0 {
		return Identity{}, &Denied{Reason: "login: too many attempts", RetryAfter: wait}
	}
	u, known := p.users[name]
	hash := u.hash
	if !known {
		hash = p.decoy
	}
	ok, err := g.comparer.compare(hash, password, g.throttle.knows(name, from))
	switch {
	case err != nil:
		return Identity{}, err
	case !known:
		return Identity{}, denied("login: no such user")
	case !ok:
		return Identity{}, denied("login: wrong password")
	}
	g.throttle.succeed(name, from)
	return Identity{Kind: User, Name: name, Role: u.role}, nil
}

// Tokens gives a user who has logged in a token and a refresh token.
func (g *Guard) Tokens(i Identity) (Token, error) { return g.pair(g.policy.Load(), i.Kind, i.Name, "") }

// Issue makes a token without a refresh token, for the command line.
func (g *Guard) Issue(kind Kind, name string, lifetime time.Duration) (Token, error) {
	p := g.policy.Load()
	if lifetime == 0 {
		if lifetime = p.tokenLifetime; kind == Service {
			lifetime = p.serviceLifetime
		}
	}
	return g.sign(p, kind, name, "", lifetime)
}

// ServiceToken checks the secret of a service account and gives it a token.
func (g *Guard) ServiceToken(name, secret string, from netip.Addr) (Token, error) {
	p := g.policy.Load()
	if len(name) > 64 {
		name = name[:64]
	}
	if wait := g.throttle.begin("service:"+name, from); wait > 0 {
		return Token{}, &Denied{Reason: "service token: too many attempts", RetryAfter: wait}
	}
	a, known := p.accounts[name]
	if same := equal(secret, a.secret.Reveal()); !known || !same || !a.secret.IsSet() {
		return Token{}, denied("service token: wrong account or secret")
	}
	g.throttle.succeed("service:"+name, from)
	return g.pair(p, Service, name, "")
}

// Token gives whom a bearer token is of: a JWT or an API key.
func (g *Guard) Token(text string) (Identity, error) { return g.token(text, netip.Addr{}) }

func (g *Guard) token(text string, from netip.Addr) (Identity, error) {
	if strings.HasPrefix(text, keyPrefix) {
		return g.key(text, from)
	}
	return g.verify(g.policy.Load(), text)
}

// Identify gives who asks: by a bearer token if there is one, else by a session. Nobody without an error is who shows neither.
func (g *Guard) Identify(r *http.Request) (Identity, error) {
	if r.Header.Get("Authorization") != "" {
		token := Bearer(r)
		if token == "" {
			return Identity{}, denied("token: an Authorization that is no bearer token")
		}
		return g.token(token, addressOf(r))
	}
	return g.Session(r)
}

// addressOf is whom a connection is from; the zero address if that cannot be known.
func addressOf(r *http.Request) netip.Addr {
	a, _ := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr()
}

// LogOut ends what somebody is logged in by. An API key has to be revoked instead.
func (g *Guard) LogOut(i Identity) error {
	p := g.policy.Load()
	until := time.Now().Add(max(p.tokenLifetime, p.serviceLifetime) + leeway)
	if until.Before(i.Expires) { // a token of the command line may last longer
		until = i.Expires.Add(leeway)
	}
	if i.Way != ByToken {
		return nil
	}
	if err := g.DB.endFamily(i.Family, until); err != nil {
		return err
	}
	return g.DB.revoke(i.ID, until)
}

// Person is what may be told of a user or an account.
type Person struct {
	Kind        Kind     `json:"kind"`
	Name        string   `json:"name"`
	Role        Role     `json:"role"`
	Permissions []string `json:"permissions,omitempty"`
	Declared    bool     `json:"declared"` // in the runbook; else made by the set-up page
}

// People lists users and accounts, in no order.
func (g *Guard) People() (list []Person) {
	p := g.policy.Load()
	for _, u := range p.users {
		list = append(list, Person{User, u.name, u.role, nil, p.declared})
	}
	for _, u := range p.accounts {
		list = append(list, Person{Service, u.name, u.role, u.permissions, true})
	}
	return list
}

// equal compares two secrets in the same time whatever they hold.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
