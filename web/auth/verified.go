package auth

import (
	"database/sql"
	"errors"
	"time"
)

// Verified is what was proven: who somebody is, by which credential, and in which epoch. Whatever is issued or changed in
// somebody's name is made of it, never of a name: at that moment it is compared again with the policy and the database that
// count then, and what has changed since the proof refuses it. The zero value proves nothing.
type Verified struct {
	kind         Kind
	name         string // of a key its ID
	role         Role
	print, epoch string
	family       string // the login that it continues; "" begins one
	session      string // digest of a session; "" if it came by another way
	refresh      string // digest of the refresh token that is used up by it; "" for none
}

// Identity is who was proven to be it.
func (v Verified) Identity() Identity {
	return Identity{Kind: v.kind, Name: v.name, Role: v.role, proof: v}
}

// proofOf makes a proof of a user whose credential is about to be compared: of the policy's user, and the epoch before that.
func (g *Guard) proofOf(u user) (Verified, error) {
	epoch, err := g.DB.epochNow(u.subject())
	return Verified{kind: u.kind, name: u.name, role: u.role, print: u.print, epoch: epoch}, err
}

// Vouch is the word of who holds the state directory, and the key of tokens with it: for commands on this machine, and for
// nothing that a request can reach.
func (g *Guard) Vouch(kind Kind, name string) (Verified, error) {
	u, ok := g.policy.Load().find(kind, name)
	if !ok {
		return Verified{}, ErrNoUser
	}
	return g.proofOf(u)
}

// errReused is that a refresh token was used by somebody else meanwhile.
var errReused = errors.New("refresh: used meanwhile")

// stands returns the user or account of a proof, if nothing of it has changed. The caller holds g.mu, so that the policy stays
// the one that counts, and goes on in the same transaction.
func (g *Guard) stands(tx *sql.Tx, v Verified) (user, error) {
	changed := func(what string) (user, error) { return user{}, deniedOf(v.Identity().Subject(), "proof: "+what) }
	if v.kind == Key {
		var revoked, expires int64
		err := tx.QueryRow("SELECT revoked, expires FROM keys WHERE id = ?", v.name).Scan(&revoked, &expires)
		if err == nil && revoked == 0 && g.now().UnixMicro() < expires {
			return user{}, nil
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return user{}, err
		}
		return changed("the key was revoked or expired meanwhile")
	}
	u, ok := g.policy.Load().find(v.kind, v.name)
	if !ok || v.print == "" || u.print != v.print {
		return changed("password or role changed meanwhile")
	}
	var epoch string
	err := tx.QueryRow("SELECT epoch FROM epochs WHERE subject = ?", u.subject()).Scan(&epoch)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return user{}, err
	case err != nil || epoch != v.epoch:
		return changed("logged out everywhere meanwhile")
	}
	if v.family != "" {
		if found, err := familyIn(tx, v.family); err != nil {
			return user{}, err
		} else if !found {
			return changed("logged out meanwhile")
		}
	}
	if v.session != "" {
		err := tx.QueryRow("SELECT 1 FROM sessions WHERE token = ?", v.session).Scan(new(int))
		if errors.Is(err, sql.ErrNoRows) {
			return changed("the session was ended meanwhile")
		} else if err != nil {
			return user{}, err
		}
	}
	return u, nil
}

// Stands refuses a proof of which anything has changed. What is done after it may still meet a change: what must not is done where no
// change can come in between.
func (g *Guard) Stands(v Verified) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.DB.write(func(tx *sql.Tx) error {
		_, err := g.stands(tx, v)
		return err
	})
}

// checked is called between a proof and what is made of it. Tests change something there.
func (g *Guard) checked() {
	if g.meanwhile != nil {
		g.meanwhile()
	}
}

// now is the wall clock.
func (g *Guard) now() time.Time { return g.DB.clock.wall() }
