package auth

import (
	"errors"

	"orac/web/auth/secrets"
)

// Replacement is another hash in the place of a secret, ready and not yet there: hashing takes its time, and what it is for may
// still be refused. Put and Undo are called while nobody else changes anything.
type Replacement struct {
	Secret string // its name

	g    *Guard
	user string
	hash string
	was  *string // what Put has replaced; nil: there was none
	put  bool
}

// NewUser makes the password of a user who is none yet. The user is one when the runbook says so.
func (g *Guard) NewUser(name, password string) (*Replacement, error) {
	if !UserName.MatchString(name) {
		return nil, Unfit("a name is a lower-case letter, then at most 62 lower-case letters, digits, _ or -")
	}
	if _, known := g.policy.Load().users[name]; known {
		return nil, Unfit("there is a user of that name")
	}
	hash, err := HashPassword(password)
	if err != nil {
		return nil, err
	}
	return &Replacement{Secret: PasswordSecret(name), g: g, hash: hash}, nil
}

// ChangePassword makes another password of a user. It counts from the next Use of a runbook after Put on, and ends what was given
// before; declared tells whether that runbook must be evaluated anew.
func (g *Guard) ChangePassword(name, password string) (r *Replacement, declared bool, err error) {
	p := g.policy.Load()
	u, ok := p.users[name]
	if !ok {
		return nil, false, ErrNoUser
	}
	hash, err := HashPassword(password)
	if err != nil {
		return nil, false, err
	}
	secret := g.secretOf(u)
	if secret == "" {
		return nil, false, ErrElsewhere
	}
	return &Replacement{Secret: secret, g: g, user: name, hash: hash}, p.declared, nil
}

// Put writes the hash.
func (r *Replacement) Put() error {
	switch old, err := r.g.Secrets.Get(r.Secret); {
	case err == nil:
		r.was = &old
	case !errors.Is(err, secrets.ErrNone):
		return err
	}
	if err := r.g.Secrets.Put(r.Secret, r.hash); err != nil {
		return err
	}
	r.put = true
	return r.made(r.hash)
}

// Undo takes back what Put did, if it did anything.
func (r *Replacement) Undo() error {
	if !r.put {
		return nil
	}
	r.put = false
	if r.was == nil {
		return r.g.Secrets.Remove(r.Secret)
	}
	return errors.Join(r.g.Secrets.Put(r.Secret, *r.was), r.made(*r.was))
}

// made keeps the hash of a user of the set-up beside, of a declared one, too: who was made by the set-up counts again when a
// generation without users is returned to.
func (r *Replacement) made(hash string) error {
	if r.user == "" {
		return nil
	}
	_, err := r.g.DB.db.Exec("UPDATE users SET hash = ? WHERE name = ?", hash, r.user)
	return err
}
