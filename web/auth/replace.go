package auth

import (
	"database/sql"
	"errors"

	"orac/web/auth/secrets"
)

// Replacement is a new hash for a secret, computed but not yet stored: hashing takes time, and the change that it belongs to
// may still be refused. Put and Undo are called while nobody else changes the runbook.
type Replacement struct {
	Secret string // its name; for an existing user it is known only after Put

	g    *Guard
	by   Verified // in whose name a password is changed
	user string   // whose password; empty for a user who does not exist yet
	hash string
	was  *string // what Put has replaced; nil if there was no secret
	put  bool
}

// NewUser prepares the password of a new user, who exists once the runbook says so.
func (g *Guard) NewUser(name, password string) (*Replacement, error) {
	if !UserName().MatchString(name) {
		return nil, Unfit("the name must be a lower-case letter, then at most 62 lower-case letters, digits, _ or -")
	}
	if _, known := g.policy.Load().users[name]; known {
		return nil, Unfit("a user of that name exists already")
	}
	hash, err := HashPassword(name, password)
	if err != nil {
		return nil, err
	}
	return &Replacement{Secret: PasswordSecret(name), g: g, hash: hash}, nil
}

// ChangePassword prepares a new password for a user, in the name of the proof: that user (by the present password) or an admin.
// It takes effect at the next Use of a runbook after Put, and ends what was issued before; declared tells whether that runbook
// must be evaluated again.
func (g *Guard) ChangePassword(by Verified, name, password string) (r *Replacement, declared bool, err error) {
	if own := by.kind == User && by.name == name; !own && !by.role.Includes(Admin) {
		return nil, false, denied("proof: it is not the user's own password")
	}
	p := g.policy.Load()
	u, ok := p.users[name]
	switch {
	case !ok:
		return nil, false, ErrNoUser
	case g.secretOf(u) == "":
		return nil, false, ErrElsewhere
	}
	hash, err := HashPassword(name, password)
	return &Replacement{g: g, by: by, user: name, hash: hash}, p.declared, err
}

// Put writes the hash if the proof still holds.
func (r *Replacement) Put() error {
	g := r.g
	g.checked()
	g.mu.Lock() // one change at a time, and no change of users meanwhile
	defer g.mu.Unlock()
	if r.user != "" {
		u, ok := g.policy.Load().users[r.user]
		if !ok {
			return ErrNoUser
		}
		if r.Secret = g.secretOf(u); r.Secret == "" {
			return ErrElsewhere
		}
	}
	switch old, err := g.Secrets.Get(r.Secret); {
	case err == nil:
		r.was = &old
	case !errors.Is(err, secrets.ErrNone):
		return err
	}
	return g.DB.write(func(tx *sql.Tx) error {
		if r.user != "" {
			if _, err := g.stands(tx, r.by); err != nil {
				return err
			}
		}
		return r.replace(tx, r.hash)
	})
}

// replace stores a hash. If the user was made by the set-up, it also changes the hash kept there, even if the user is
// declared now: the set-up's user counts again when a generation without users is restored. Passkeys stay if their owner chooses
// the password.
func (r *Replacement) replace(tx *sql.Tx, hash string) error {
	if r.user != "" {
		if _, err := tx.Exec("UPDATE users SET hash = ? WHERE name = ?", hash, r.user); err != nil {
			return err
		}
	}
	if r.user != "" && r.by.kind == User && r.by.name == r.user {
		if err := putPassword(tx, r.user, passwordPrint(r.g.hashKey, hash)); err != nil {
			return err
		}
	}
	r.put = true
	return r.g.Secrets.Put(r.Secret, hash) // last: if the database fails after this, the error is reported and nothing else has changed
}

// Undo reverses Put, if Put has changed anything.
func (r *Replacement) Undo() error {
	if !r.put {
		return nil
	}
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	if r.was == nil {
		r.put = false
		return r.g.Secrets.Remove(r.Secret)
	}
	err := r.g.DB.write(func(tx *sql.Tx) error { return r.replace(tx, *r.was) })
	r.put = false
	return err
}
