package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"

	member "orac/appliance/house"
	"orac/runbook"
	"orac/web/auth/secrets"
	"orac/web/trust"
)

// Guard authenticates people and programs. It is safe for concurrent use.
type Guard struct {
	DB      *DB
	Secrets *secrets.Store
	House   *member.Holder // the certificate of the house

	hashKey []byte
	// mu guards the policy and the accounts: it is locked for writing while the users and accounts change, and for reading from the moment a proof is compared with
	// them until whatever is made from the proof is stored. Lock it before the database's.
	mu       sync.RWMutex
	policy   atomic.Pointer[policy] // stored under mu
	keys     *keyring
	issuers  issuerKeys // of tokens for members
	followed followed   // the issuer that is trusted
	renewing renewing   // sessions of its people
	throttle *throttle
	guesses  *throttle // of API keys: separate, so that a program with a wrong key does not lock people out
	comparer *comparer
	proven   proven
	signed   signed
	setup    setup

	// Log is told when a trusted issuer is away; nil: nobody is. Set it before Use.
	Log *slog.Logger

	// Replaced, if not nil, is called before the token key is replaced because others may have read it. If it returns an error,
	// the key stays and no token is accepted or issued. Set it before Use.
	Replaced func(secret string) error

	meanwhile func() // see checked; nil except in tests
}

// Open makes a guard for a state directory. hashKey must stay the same across restarts. Call Use before anything else.
func Open(stateDir string, hashKey []byte) (*Guard, error) {
	return openWith(stateDir, hashKey, machineClock())
}

func openWith(stateDir string, hashKey []byte, c clock) (*Guard, error) {
	db, err := openDBWith(stateDir, c)
	if err != nil {
		return nil, fmt.Errorf("cannot read who may do what: %w", err)
	}
	s := secrets.In(stateDir)
	g := &Guard{DB: db, Secrets: s, House: member.In(stateDir), hashKey: hashKey, keys: &keyring{store: s}, issuers: issuerKeys{store: s}, throttle: newThrottle(c.passed), guesses: newGuesses(c.passed), comparer: newComparer()}
	if g.throttle.known, err = db.knownPairs(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot read who may do what: %w", err), db.Close())
	}
	return g, nil
}

// Close closes the database, and ends questions to a trusted issuer.
func (g *Guard) Close() error {
	g.followed.close()
	g.renewing.close()
	return g.DB.Close()
}

// Use applies what a runbook says. Until its signing key can be read, no token is accepted or issued; the error says why.
func (g *Guard) Use(rb *runbook.Runbook) error {
	if rb.Issuer.URL != "" && g.Replaced != nil && g.Secrets.Exposed(IssuerSecret) {
		err := g.Replaced(IssuerSecret)
		if err == nil {
			err = g.Secrets.Replace(IssuerSecret)
		}
		if err != nil {
			return errors.Join(err, g.use(rb)) // the file is not used: no token is issued with it
		}
	}
	err := g.use(rb)
	if errors.Is(err, errExposed) { // nobody waits for a lock while Replaced is asked
		return g.keys.replace(g.Replaced(SigningSecret))
	}
	return err
}

func (g *Guard) use(rb *runbook.Runbook) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	made, err := g.DB.madeUsers()
	if err != nil && len(rb.Users) == 0 {
		return err // the users are unknown: those known before stay valid
	}
	// A user who was made by the set-up and is declared now counts again if a generation without users is restored: with the
	// present password, not with that of the set-up.
	for _, m := range made {
		for _, u := range rb.Users {
			if hash := u.PasswordHash.Reveal(); u.Name == m.name && hash != m.hash {
				_, failed := g.DB.db.Exec("UPDATE users SET hash = ? WHERE name = ?", hash, m.name)
				err = errors.Join(err, failed)
			}
		}
	}
	return errors.Join(err, g.put(newPolicy(g.DB, rb, made, g.hashKey), rb, false))
}

// Consult is Use for a command that runs beside the appliance and whose runbook may differ from the running one: it ends
// nothing that the appliance has issued.
func (g *Guard) Consult(rb *runbook.Runbook) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	made, err := g.DB.madeUsers()
	if err != nil {
		return err
	}
	return g.put(newPolicy(g.DB, rb, made, g.hashKey), rb, true)
}

// put puts a policy into force. It does so before everything else: whoever is not in the policy is out, whatever fails
// afterwards. The caller holds the lock.
func (g *Guard) put(p *policy, rb *runbook.Runbook, consulted bool) error {
	var failed error
	if !consulted {
		p.trusted, failed = g.followed.use(g, rb)
	}
	g.policy.Store(p)
	if !consulted {
		failed = errors.Join(failed, g.DB.settleCertificates(rb))
	}
	return errors.Join(failed, g.issuers.use(rb.Issuer.URL != "", !consulted), g.DB.settle(p.prints(), consulted), g.keys.use(rb.Auth, g.Replaced != nil && !consulted))
}

// maxName is how many bytes of a name are examined.
const maxName = 64

func clipName(name string) string { return name[:min(len(name), maxName)] }

// Login checks a password. A wrong name is refused with the same answer, after the same time, as a
// wrong password.
func (g *Guard) Login(name, password string, from netip.Addr) (Verified, error) {
	p, name := g.policy.Load(), clipName(name)
	u, known := p.users[name]
	if wait := g.throttle.begin(User, name, from); wait > 0 {
		return Verified{}, &Denied{Reason: "login: too many attempts", RetryAfter: wait}
	}
	v, err := g.proofOf(u) // taken before the comparison: anything that ends this user meanwhile also ends what is made from the proof
	if err != nil {
		return Verified{}, err
	}
	hash := u.hash
	if !known {
		hash = p.decoy
	}
	ok, err := g.comparer.compare(hash, password, g.throttle.knows(User, name, from))
	switch {
	case err != nil:
		return Verified{}, err
	case !known:
		return Verified{}, denied("login: no such user")
	case !ok:
		return Verified{}, denied("login: wrong password")
	}
	g.gotIn(v, from)
	return v, nil
}

// gotIn refunds the cost of a try, and remembers the pair of name and address across restarts.
func (g *Guard) gotIn(v Verified, from netip.Addr) {
	if fresh := g.throttle.succeed(v.kind, v.name, from); fresh {
		_ = g.DB.know(v.Identity().Subject(), Network(from)) // a convenience; it grants nothing
	}
}

// Knows tells whether a user or an account is known to have logged in from an address before. That is remembered across restarts,
// until 90 days pass without a login.
func (g *Guard) Knows(kind Kind, name string, from netip.Addr) bool {
	return g.throttle.knows(kind, clipName(name), from)
}

// Tokens returns a token and a refresh token for a user who has logged in.
func (g *Guard) Tokens(v Verified) (Token, error) { return g.pair(v) }

// Issue makes a token without a refresh token, for the command line. A lifetime of 0 means the one in
// the runbook.
func (g *Guard) Issue(v Verified, lifetime time.Duration) (Token, error) {
	p := g.policy.Load()
	if lifetime == 0 {
		if lifetime = p.tokenLifetime; v.kind == Service {
			lifetime = p.serviceLifetime
		}
	}
	return g.issue(v, lifetime, false)
}

// ServiceToken checks the secret of a service account and returns a token for it.
func (g *Guard) ServiceToken(name, secret string, from netip.Addr) (Token, error) {
	v, err := g.account(name, secret, from)
	if err != nil {
		return Token{}, err
	}
	return g.pair(v)
}

// Token returns the identity behind a bearer token: a JWT or an API key.
func (g *Guard) Token(text string) (Identity, error) { return g.token(text, netip.Addr{}) }

func (g *Guard) token(text string, from netip.Addr) (Identity, error) {
	switch p := g.policy.Load(); {
	case strings.HasPrefix(text, keyPrefix):
		return g.key(text, from)
	case (p.issuing.url != "" || p.trusted != nil) && trust.Is(text):
		return g.issued(p, text)
	default:
		return g.verify(p, text)
	}
}

// Via is how a request arrived, as far as that can be trusted: behind a trusted proxy it is what the proxy says.
type Via struct {
	From   netip.Addr // the client's address
	Secure bool       // encrypted all the way
}

// Identify returns the identity behind a request: from its bearer token if there is one, else from its session. Without either
// it returns nobody and no error.
func (g *Guard) Identify(r *http.Request, via Via) (Identity, error) {
	if r.Header.Get("Authorization") != "" {
		token := Bearer(r)
		if token == "" {
			return Identity{}, denied("token: the Authorization header holds no bearer token")
		}
		return g.token(token, via.From)
	}
	return g.session(r, via, !unattended(r))
}

// ShowsNothing tells whether a request carries no credential at all.
func (g *Guard) ShowsNothing(r *http.Request) bool {
	if r.Header.Get("Authorization") != "" {
		return false
	}
	p := g.policy.Load()
	for _, m := range []*scs.SessionManager{p.plain, p.secure} {
		if c, err := r.Cookie(m.Cookie.Name); err == nil && c.Value != "" {
			return false
		}
	}
	return true
}

// LogOut ends the login that a token comes from, with all its tokens. An API key must be revoked instead.
func (g *Guard) LogOut(i Identity) error {
	if i.Way != ByToken {
		return nil
	}
	return g.DB.endFamily(i.Family)
}

// Person is the public description of a user or an account.
type Person struct {
	Kind        Kind     `json:"kind"`
	Name        string   `json:"name"`
	Role        Role     `json:"role"`
	Permissions []string `json:"permissions,omitempty"`
	Declared    bool     `json:"declared"` // in the runbook; otherwise made by the set-up page
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

// equal compares two secrets in constant time.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
