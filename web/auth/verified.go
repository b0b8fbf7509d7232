package auth

import (
	"database/sql"
	"errors"
	"time"
)

// Verified is a proof: who somebody is, by which credential, and in which epoch. Whatever is issued or changed in
// somebody's name is made from a proof, never from a name: at that moment the proof is compared again with the present
// policy and database, and is refused if anything has changed. The zero value proves nothing.
type Verified struct {
	kind         Kind
	name         string // for a key: its ID
	role         Role
	print, epoch string
	family       string    // the login that it continues; "" begins a new one
	session      string    // digest of a session; "" if there is none
	refresh      string    // digest of the refresh token that it uses up; "" if there is none
	code         string    // digest of the code that it uses up; "" if there is none
	passkey      string    // ID of the passkey that was used; "" if none was
	since        time.Time // when the session began; zero if there is none
	core         core      // of a trusted issuer's user or account
}

// Identity returns the proven identity.
func (v Verified) Identity() Identity {
	return Identity{Kind: v.kind, Name: v.name, Role: v.role, proof: v}
}

// proofOf makes a proof for a user whose credential is about to be compared, from the policy's user and the epoch at that
// moment.
func (g *Guard) proofOf(u user) (Verified, error) {
	epoch, err := g.DB.epochNow(u.subject())
	return Verified{kind: u.kind, name: u.name, role: u.role, print: u.print, epoch: epoch}, err
}

// Vouch makes a proof for a holder of the state directory, and so of the token key. It is for commands on this machine
// only, never for anything that a request can reach.
func (g *Guard) Vouch(kind Kind, name string) (Verified, error) {
	u, ok := g.policy.Load().find(kind, name)
	if !ok {
		return Verified{}, ErrNoUser
	}
	return g.proofOf(u)
}

// errReused means that somebody else has used the refresh token meanwhile.
var errReused = errors.New("refresh: used meanwhile")

// stands returns the user or account of a proof if nothing about it has changed. The caller holds g.mu, so that the policy
// stays in force, and continues in the same transaction.
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
	if v.kind == CoreUser || v.kind == CoreService {
		return g.coreStands(tx, v)
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
	if err := passkeyStands(tx, v); err != nil {
		return user{}, err
	}
	return u, sessionStands(tx, v)
}

// sessionStands refuses a proof by a session that has ended. One that has expired stays in the table until it is swept.
func sessionStands(tx *sql.Tx, v Verified) error {
	if v.session == "" {
		return nil
	}
	err := tx.QueryRow("SELECT 1 FROM sessions WHERE token = ? AND expires > ?", v.session, time.Now().UnixMicro()).Scan(new(int))
	if errors.Is(err, sql.ErrNoRows) {
		return deniedOf(v.Identity().Subject(), "proof: the session was ended meanwhile")
	}
	return err
}

// Stands refuses a proof if anything about it has changed. A change may still happen right after the check; an action that must
// not meet one has to run where no change can come in between.
func (g *Guard) Stands(v Verified) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.DB.write(func(tx *sql.Tx) error {
		_, err := g.stands(tx, v)
		return err
	})
}

// checked is called between a proof and its use. Tests change something there.
func (g *Guard) checked() {
	if g.meanwhile != nil {
		g.meanwhile()
	}
}

// now is the wall clock.
func (g *Guard) now() time.Time { return g.DB.clock.wall() }
