package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"orac/runbook/pattern"
	"orac/web/auth/internal/cost"
)

// APIKey is the public description of a key.
type APIKey struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Role     Role      `json:"role"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
	Revoked  time.Time `json:"revoked,omitzero"`
	Replaced string    `json:"replaced_by,omitempty"`
	Used     time.Time `json:"last_used,omitzero"` // within a minute

	hash string
}

// Live reports whether the key is valid.
func (k APIKey) Live(now time.Time) bool { return k.Revoked.IsZero() && now.Before(k.Expires) }

const (
	keyPrefix = "orac_key_"
	// MaxKeyLife is the longest lifetime of a key.
	MaxKeyLife   = 366 * 24 * time.Hour
	keepDeadKeys = 30 * 24 * time.Hour
	maxKeys      = 1000
	usedEvery    = time.Minute
	maxProven    = 256
)

var keyName = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$`)

// ErrNoKey means that the key does not exist.
var ErrNoKey = errors.New("there is no such key")

// CreateKey makes a key and returns its text, which is stored nowhere and cannot be shown again. It is for commands on this
// machine; requests use the method of Guard.
func (d *DB) CreateKey(name string, role Role, lifetime time.Duration) (APIKey, string, error) {
	return d.createKey(name, role, lifetime, anybody)
}

// CreateKey makes a key in the name of a proven identity, if the proof still holds when the key is
// stored.
func (g *Guard) CreateKey(by Verified, name string, role Role, lifetime time.Duration) (APIKey, string, error) {
	return g.DB.createKey(name, role, lifetime, g.by(by))
}

// RotateKey makes a key that replaces another, which stays valid for overlap. It is for commands on this machine.
func (d *DB) RotateKey(id string, overlap time.Duration) (APIKey, string, error) {
	return d.rotateKey(id, overlap, anybody)
}

// RotateKey makes a key that replaces another, in the name of a proven identity, if the proof still holds when the key is
// stored.
func (g *Guard) RotateKey(by Verified, id string, overlap time.Duration) (APIKey, string, error) {
	return g.DB.rotateKey(id, overlap, g.by(by))
}

// issuing wraps the transaction that stores a key: it holds the necessary locks and refuses an issuer who is no longer valid.
type issuing func(write func(check func(*sql.Tx) error) error) error

func anybody(write func(check func(*sql.Tx) error) error) error {
	return write(func(*sql.Tx) error { return nil })
}

func (g *Guard) by(v Verified) issuing {
	return func(write func(check func(*sql.Tx) error) error) error {
		g.checked()
		g.mu.RLock()
		defer g.mu.RUnlock()
		return write(func(tx *sql.Tx) error {
			_, err := g.stands(tx, v)
			return err
		})
	}
}

func (d *DB) createKey(name string, role Role, lifetime time.Duration, by issuing) (APIKey, string, error) {
	switch {
	case !keyName().MatchString(name):
		return APIKey{}, "", Unfit("the name of a key must be 1 to 63 letters, digits, spaces, . _ or -")
	case !slices.Contains(Roles(), role):
		return APIKey{}, "", Unfit(fmt.Sprintf("there is no role %.40q", role))
	case lifetime < time.Minute || lifetime > MaxKeyLife:
		return APIKey{}, "", Unfit(fmt.Sprintf("a key is good for at least a minute and at most %d days", int(MaxKeyLife.Hours()/24)))
	}
	now := d.clock.wall()
	return d.makeKey(APIKey{Name: name, Role: role, Created: now, Expires: now.Add(lifetime)}, by, func(*sql.Tx, APIKey) error { return nil })
}

func (d *DB) rotateKey(id string, overlap time.Duration, by issuing) (APIKey, string, error) {
	if overlap < 0 || overlap > MaxKeyLife {
		return APIKey{}, "", Unfit("the overlap must be from 0 to a year")
	}
	old, err := d.Key(id)
	if err != nil {
		return APIKey{}, "", err
	}
	now := d.clock.wall()
	if !old.Live(now) {
		return APIKey{}, "", notLive
	}
	end := old.Expires
	if e := now.Add(overlap); e.Before(end) {
		end = e
	}
	fresh := APIKey{Name: old.Name, Role: old.Role, Created: now, Expires: now.Add(old.Expires.Sub(old.Created))}
	return d.makeKey(fresh, by, func(tx *sql.Tx, k APIKey) error { // the old key is unchanged: neither revoked nor already replaced
		res, err := tx.Exec("UPDATE keys SET expires = ?, due = min(due, ?), replaced = ? WHERE id = ? AND revoked = 0 AND expires = ? AND replaced = ?",
			end.UnixMicro(), d.due(end.Sub(now)+keepDeadKeys), k.ID, id, old.Expires.UnixMicro(), old.Replaced)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return notLive
		}
		return nil
	})
}

const notLive = Unfit("the key no longer works: create a new one")

// makeKey stores a new key and runs with in the same transaction.
func (d *DB) makeKey(k APIKey, by issuing, with func(*sql.Tx, APIKey) error) (APIKey, string, error) {
	id := make([]byte, 6)
	_, _ = rand.Read(id) // never fails
	k.ID = hex.EncodeToString(id)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	text := keyPrefix + k.ID + "_" + base64.RawURLEncoding.EncodeToString(secret)
	hash, err := bcrypt.GenerateFromPassword([]byte(text[len(keyPrefix):]), cost.New)
	if err != nil {
		return APIKey{}, "", err
	}
	k.hash = string(hash)
	err = by(func(check func(*sql.Tx) error) error {
		return d.write(func(tx *sql.Tx) error {
			if err := check(tx); err != nil {
				return err
			}
			n := 0
			if err := tx.QueryRow("SELECT count(*) FROM keys").Scan(&n); err != nil {
				return err
			} else if n >= maxKeys {
				return Unfit(fmt.Sprintf("there are %d keys already: revoke some", n))
			}
			_, err := tx.Exec("INSERT INTO keys (id, name, hash, role, created, expires, revoked, replaced, used, due) VALUES (?, ?, ?, ?, ?, ?, 0, '', 0, ?)",
				k.ID, k.Name, k.hash, k.Role, k.Created.UnixMicro(), k.Expires.UnixMicro(), d.due(k.Expires.Sub(k.Created)+keepDeadKeys))
			if err != nil {
				return err
			}
			return with(tx, k)
		})
	})
	if err != nil {
		return APIKey{}, "", err
	}
	return k, text, d.load()
}

// RevokeKey ends a key. It stays in the list, as revoked, for 30 days.
func (d *DB) RevokeKey(id string) (APIKey, error) {
	err := d.write(func(tx *sql.Tx) error {
		res, err := tx.Exec("UPDATE keys SET revoked = iif(revoked = 0, ?1, revoked), due = min(due, ?2) WHERE id = ?3", d.clock.wall().UnixMicro(), d.due(keepDeadKeys), id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return ErrNoKey
		}
		return nil
	})
	if err == nil {
		err = d.load()
	}
	if err != nil {
		return APIKey{}, err
	}
	return d.Key(id)
}

// Key finds a key.
func (d *DB) Key(id string) (APIKey, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fresh(); err != nil {
		return APIKey{}, err
	}
	k, ok := d.keys[id]
	if !ok {
		return k, ErrNoKey
	}
	return k, nil
}

// Keys lists all keys, newest first.
func (d *DB) Keys() ([]APIKey, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fresh(); err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(d.keys), func(a, b APIKey) int { return b.Created.Compare(a.Created) }), nil
}

// readKeys reads the table. The caller holds the lock.
func (d *DB) readKeys() (map[string]APIKey, error) {
	rows, err := d.db.Query("SELECT id, name, hash, role, created, expires, revoked, replaced, used FROM keys")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	keys := map[string]APIKey{}
	for rows.Next() {
		var k APIKey
		var created, expires, revoked, used int64
		if err := rows.Scan(&k.ID, &k.Name, &k.hash, &k.Role, &created, &expires, &revoked, &k.Replaced, &used); err != nil {
			return nil, err
		}
		k.Created, k.Expires, k.Revoked, k.Used = fromMicros(created), fromMicros(expires), fromMicros(revoked), fromMicros(used)
		keys[k.ID] = k
	}
	return keys, rows.Err()
}

func (d *DB) useKey(id string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if k, ok := d.keys[id]; ok && now.Sub(k.Used) >= usedEvery {
		k.Used = now
		d.keys[id] = k
		_, _ = d.db.Exec("UPDATE keys SET used = ? WHERE id = ?", now.UnixMicro(), id) // for people to read; it grants nothing
	}
}

// key returns the identity behind an API key. bcrypt runs once for each key: a comparison that succeeded is remembered by its
// SHA-256. Texts that have not succeeded yet are throttled like passwords: a key's ID is not secret, and anybody who knows one
// could keep bcrypt busy.
func (g *Guard) key(text string, from netip.Addr) (Identity, error) {
	if len(text) > 256 {
		return Identity{}, denied("key: too long")
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(text, keyPrefix), "_")
	k, err := g.liveKey(id)
	if err != nil {
		return Identity{}, err
	}
	sum := sha256.Sum256([]byte(text + "\x00" + k.hash))
	if !g.proven.has(sum) {
		if wait := g.guesses.begin(Key, id, from); wait > 0 {
			return Identity{}, &Denied{Reason: "key " + id + ": too many attempts", RetryAfter: wait}
		}
		ok, err := g.comparer.compare(k.hash, text[len(keyPrefix):], true) // guesses are throttled
		if err != nil {
			return Identity{}, err
		}
		if !ok {
			return Identity{}, denied("key " + id + ": wrong")
		}
		g.guesses.succeed(Key, id, from)
		g.proven.add(sum)
		g.checked()
		if k, err = g.liveKey(id); err != nil { // it may have ended during the comparison
			return Identity{}, err
		}
	}
	g.DB.useKey(id, g.now())
	return Identity{
		Kind: Key, Name: k.Name, Role: k.Role, Way: ByKey, Expires: k.Expires, ID: k.ID,
		proof: Verified{kind: Key, name: k.ID, role: k.Role},
	}, nil
}

// liveKey returns a key that is valid now.
func (g *Guard) liveKey(id string) (APIKey, error) {
	k, err := g.DB.Key(id)
	switch {
	case errors.Is(err, ErrNoKey):
		return k, denied("key: unknown")
	case err != nil:
		return k, err
	case !k.Revoked.IsZero():
		return k, denied("key " + id + ": revoked")
	case !k.Live(g.now()):
		return k, denied("key " + id + ": expired")
	}
	return k, nil
}
