package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"

	"orac/runbook"
	"orac/runbook/language"
)

// policy is what the runbook says about who may do what. It is immutable.
type policy struct {
	users    map[string]user
	accounts map[string]user
	declared bool // the runbook declares users

	issuer, audience                                string
	tokenLifetime, serviceLifetime, refreshLifetime time.Duration
	sessionIdle, sessionAbsolute                    time.Duration
	decoy                                           string
	issuing                                         issuerPolicy
	centre                                          user                // the issuer itself at its members; without a name if this is no issuer
	trusted                                         *trusted            // nil: nobody
	plain, secure                                   *scs.SessionManager // see sessions
}

// user is a user or a service account.
type user struct {
	kind        Kind
	name        string
	role        Role
	permissions []string
	hash        string // bcrypt, of a user
	secret      language.Secret
	audience    string   // of the tokens that an account signs for itself
	members     []string // audiences for which an account gets tokens
	print       string   // changes with the password, the role and the permissions
	password    string   // passwordPrint
}

func (u user) subject() string { return Identity{Kind: u.kind, Name: u.name}.Subject() }

func (u user) identity(c claims) Identity {
	return Identity{
		Kind: u.kind, Name: u.name, Role: u.role, Permissions: u.permissions, Way: ByToken, Expires: c.ExpiresAt.Time, ID: c.ID, Family: c.Family,
		proof: Verified{kind: u.kind, name: u.name, role: u.role, print: c.Print, epoch: c.Epoch, family: c.Family},
	}
}

// fingerprint changes when anything of a user changes, and reveals nothing about the user: the key stays on this machine. Each
// text is written with its length, so that no two users produce the same bytes.
func (u user) fingerprint(key []byte) string {
	return fingerprint(key, append([]string{string(u.kind), u.name, string(u.role), u.hash, u.secret.Reveal()}, u.permissions...)...)
}

// passwordPrint is the fingerprint of a user's password alone; "" without one.
func passwordPrint(key []byte, hash string) string {
	if hash == "" {
		return ""
	}
	return fingerprint(key, "password", hash)
}

func fingerprint(key []byte, parts ...string) string {
	h := hmac.New(sha256.New, key)
	for _, s := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// newPolicy reads the runbook. made are the users of the set-up page, which count only while the runbook declares none.
func newPolicy(d *DB, rb *runbook.Runbook, made []user, key []byte) *policy {
	a := rb.Auth
	p := &policy{
		users: map[string]user{}, accounts: map[string]user{}, declared: len(rb.Users) > 0,
		issuer: a.Issuer, audience: a.Audience, tokenLifetime: a.TokenLifetime, serviceLifetime: a.ServiceLifetime,
		refreshLifetime: a.RefreshLifetime, sessionIdle: a.SessionIdle, sessionAbsolute: a.SessionAbsolute,
	}
	for _, u := range rb.Users {
		p.add(p.users, user{kind: User, name: u.Name, role: Role(u.Role), hash: u.PasswordHash.Reveal()}, key)
	}
	if !p.declared {
		for _, u := range made {
			p.add(p.users, u, key)
		}
	}
	for _, s := range rb.ServiceAccounts {
		a := user{kind: Service, name: s.Name, role: Role(s.Role), permissions: slices.Clone(s.Permissions), secret: s.Secret, audience: s.Audience}
		for _, address := range s.Members {
			if m, ok := rb.Member(address); ok {
				a.members = append(a.members, m.Name)
			}
		}
		p.add(p.accounts, a, key)
	}
	p.issuing = issuingOf(rb)
	p.centre = centreOf(p.issuing, key)
	p.decoy = decoy(p.users)
	p.plain, p.secure = p.newSessions(d, key, false), p.newSessions(d, key, true)
	return p
}

func (p *policy) add(to map[string]user, u user, key []byte) {
	u.print, u.password = u.fingerprint(key), passwordPrint(key, u.hash)
	to[u.name] = u
}

// prints returns the fingerprints of all users and accounts, by subject.
func (p *policy) prints() map[string]prints {
	m := map[string]prints{}
	for _, kind := range []map[string]user{p.users, p.accounts} {
		for _, u := range kind {
			m[u.subject()] = prints{u.print, u.password}
		}
	}
	if p.centre.name != "" {
		m[p.centre.subject()] = prints{all: p.centre.print}
	}
	return m
}

// find returns a user or an account.
func (p *policy) find(kind Kind, name string) (u user, ok bool) {
	switch kind {
	case User:
		u, ok = p.users[name]
	case Service:
		if name == CentreName {
			return p.centre, p.centre.name != ""
		}
		u, ok = p.accounts[name]
	}
	return u, ok
}
