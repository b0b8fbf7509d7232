package auth

import (
	"database/sql"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"orac/runbook"
	"orac/web/auth/secrets"
)

// ErrElsewhere means that the password's hash is not a file of the state directory, so it can be changed only where it is
// kept.
var ErrElsewhere = errors.New("the hash of the password is not a secret of the state directory")

// Confirm checks the password of a user who is already logged in, before an important change; that change is made from the
// proof.
func (g *Guard) Confirm(name, password string, from netip.Addr) (Verified, error) {
	return g.Login(name, password, from)
}

// ErrNoUser means that the user does not exist.
var ErrNoUser = errors.New("there is no such user")

// ErrLastAdmin means that no user would be left who may change anything.
var ErrLastAdmin = errors.New("no admin would be left")

// SecretOf returns the name of the secret in the state directory that holds the hash of a user's password, or ""
// if the hash is kept elsewhere.
func (g *Guard) SecretOf(name string) string {
	u, ok := g.policy.Load().users[name]
	if !ok {
		return ""
	}
	return g.secretOf(u)
}

// secretOf prefers the name that "orac user add" uses: two people may have the same hash, and a change concerns only one
// of them.
func (g *Guard) secretOf(u user) string {
	own := PasswordSecret(u.name)
	if v, err := g.Secrets.Get(own); err == nil && v == u.hash {
		return own
	}
	name := g.Secrets.NameOf(u.hash)
	for _, other := range g.policy.Load().users {
		if other.name != u.name && other.hash == u.hash {
			return "" // its owner is unknown
		}
	}
	return name
}

// LeavesAdmin tells whether a runbook leaves at least one admin, or there is none even now. Users of the set-up count while the
// runbook declares no users.
func (g *Guard) LeavesAdmin(rb *runbook.Runbook) (bool, error) {
	isAdmin := func(u user) bool { return u.role == Admin }
	if !slices.ContainsFunc(slices.Collect(maps.Values(g.policy.Load().users)), isAdmin) {
		return true, nil
	}
	if len(rb.Users) > 0 {
		return slices.ContainsFunc(rb.Users, func(u runbook.User) bool { return u.Role == string(Admin) }), nil
	}
	made, err := g.DB.madeUsers()
	return slices.ContainsFunc(made, isAdmin), err
}

// Forget ends everything that was issued to a removed user, and replaces the hash with one that no password matches. The
// secret itself stays: generations of the runbook that name it could not be evaluated without it.
func (g *Guard) Forget(name, secret string) error {
	err := errors.Join(g.DB.LogOutEverywhere(name), g.DB.removeMade(name))
	if secret == "" {
		return err
	}
	hash, failed := HashPassword("", secrets.New())
	if failed == nil {
		failed = g.Secrets.Put(secret, hash)
	}
	return errors.Join(err, failed)
}

// RemoveMade removes a user of the set-up; SetMadeRole changes the role of one. Both take effect at the next Use of a runbook.
func (g *Guard) RemoveMade(name string) error {
	return g.DB.changeMade(name, func(tx *sql.Tx) (sql.Result, error) { return tx.Exec("DELETE FROM users WHERE name = ?", name) })
}

// SetMadeRole: see RemoveMade.
func (g *Guard) SetMadeRole(name string, role Role) error {
	return g.DB.changeMade(name, func(tx *sql.Tx) (sql.Result, error) {
		return tx.Exec("UPDATE users SET role = ? WHERE name = ?", role, name)
	})
}

// changeMade changes a user of the set-up, unless no admin would be left.
func (d *DB) changeMade(name string, do func(*sql.Tx) (sql.Result, error)) error {
	tx, err := d.db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	res, err := do(tx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNoUser)
	}
	admins := 0
	if err := tx.QueryRow("SELECT count(*) FROM users WHERE role = ?", Admin).Scan(&admins); err != nil {
		return err
	}
	if admins == 0 {
		return ErrLastAdmin
	}
	return tx.Commit()
}

func (d *DB) removeMade(name string) error {
	_, err := d.db.Exec("DELETE FROM users WHERE name = ?", name)
	return err
}
