package auth

import (
	"errors"
	"net/netip"
)

// ErrElsewhere is that the hash of a password is no file of the state directory, so that it can be changed only where it is.
var ErrElsewhere = errors.New("the hash of the password is not a secret of the state directory")

// Confirm checks the password of somebody who is logged in already, before something that matters.
func (g *Guard) Confirm(name, password string, from netip.Addr) error {
	_, err := g.Login(name, password, from)
	return err
}

// SetPassword gives a user another password. It counts from the next Use of a runbook on, and ends what was given before;
// declared tells whether that needs to be evaluated anew.
func (g *Guard) SetPassword(name, password string) (declared bool, err error) {
	p := g.policy.Load()
	u, ok := p.users[name]
	if !ok {
		return false, ErrNoUser
	}
	hash, err := HashPassword(password)
	if err != nil {
		return false, err
	}
	secret := g.Secrets.NameOf(u.hash)
	if secret == "" {
		return false, ErrElsewhere
	}
	if err := g.Secrets.Put(secret, hash); err != nil {
		return false, err
	}
	if !p.declared {
		_, err = g.DB.db.Exec("UPDATE users SET hash = ? WHERE name = ?", hash, name)
	}
	return p.declared, err
}

// ErrNoUser is that there is no such user.
var ErrNoUser = errors.New("there is no such user")

// PreparePassword keeps the hash of a new user's password as a secret, and gives its name. The user is one when the runbook
// says so.
func (g *Guard) PreparePassword(name, password string) (secret string, err error) {
	if !UserName.MatchString(name) {
		return "", Unfit("a name is a lower-case letter, then at most 62 lower-case letters, digits, _ or -")
	}
	if _, known := g.policy.Load().users[name]; known {
		return "", Unfit("there is a user of that name")
	}
	hash, err := HashPassword(password)
	if err != nil {
		return "", err
	}
	return PasswordSecret(name), g.Secrets.Put(PasswordSecret(name), hash)
}
