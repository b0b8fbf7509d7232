package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// APIKey is what may be told of a key.
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

// Live reports whether the key opens anything.
func (k APIKey) Live(now time.Time) bool { return k.Revoked.IsZero() && now.Before(k.Expires) }

const (
	keyPrefix = "orac_key_"
	// MaxKeyLife is how long a key may be good at most.
	MaxKeyLife   = 366 * 24 * time.Hour
	keepDeadKeys = 30 * 24 * time.Hour
	maxKeys      = 1000
	usedEvery    = time.Minute
	maxProven    = 256
)

var keyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$`)

// ErrNoKey is that there is no such key.
var ErrNoKey = errors.New("there is no such key")

// CreateKey makes a key and gives the text of it, which is stored nowhere and cannot be shown again.
func (d *DB) CreateKey(name string, role Role, lifetime time.Duration) (APIKey, string, error) {
	switch {
	case !keyName.MatchString(name):
		return APIKey{}, "", Unfit("the name of a key is 1 to 63 letters, digits, spaces, . _ or -")
	case !slices.Contains(Roles(), role):
		return APIKey{}, "", Unfit(fmt.Sprintf("there is no role %.40q", role))
	case lifetime < time.Minute || lifetime > MaxKeyLife:
		return APIKey{}, "", Unfit(fmt.Sprintf("a key is good for a minute at least and %d days at most", int(MaxKeyLife.Hours()/24)))
	}
	now := time.Now()
	return d.makeKey(APIKey{Name: name, Role: role, Created: now, Expires: now.Add(lifetime)}, nil)
}

// makeKey stores a new key; before, if not nil, is the one that it replaces.
func (d *DB) makeKey(k APIKey, before *APIKey) (APIKey, string, error) {
	id := make([]byte, 6)
	_, _ = rand.Read(id) // never fails
	k.ID = hex.EncodeToString(id)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	text := keyPrefix + k.ID + "_" + base64.RawURLEncoding.EncodeToString(secret)
	hash, err := bcrypt.GenerateFromPassword([]byte(text[len(keyPrefix):]), cost)
	if err != nil {
		return APIKey{}, "", err
	}
	k.hash = string(hash)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fresh(); err != nil {
		return APIKey{}, "", err
	}
	if len(d.keys) >= maxKeys {
		return APIKey{}, "", Unfit(fmt.Sprintf("there are %d keys already: revoke some", len(d.keys)))
	}
	tx, err := d.db.Begin()
	if err != nil {
		return APIKey{}, "", err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	_, err = tx.Exec("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, 0, '', 0)", k.ID, k.Name, k.hash, k.Role, k.Created.UnixMicro(), k.Expires.UnixMicro())
	if err == nil && before != nil {
		_, err = tx.Exec("UPDATE keys SET expires = ?, replaced = ? WHERE id = ?", before.Expires.UnixMicro(), k.ID, before.ID)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return APIKey{}, "", err
	}
	d.keys, err = d.readKeys()
	return k, text, err
}

// RotateKey makes a key in place of another, which stays good for as long as overlap.
func (d *DB) RotateKey(id string, overlap time.Duration) (APIKey, string, error) {
	if overlap < 0 || overlap > MaxKeyLife {
		return APIKey{}, "", Unfit("the overlap is not from 0 to a year")
	}
	old, err := d.Key(id)
	if err != nil {
		return APIKey{}, "", err
	}
	now := time.Now()
	if !old.Live(now) {
		return APIKey{}, "", Unfit("the key is not good any more: create a new one")
	}
	fresh := APIKey{Name: old.Name, Role: old.Role, Created: now, Expires: now.Add(old.Expires.Sub(old.Created))}
	if end := now.Add(overlap); end.Before(old.Expires) {
		old.Expires = end
	}
	return d.makeKey(fresh, &old)
}

// RevokeKey ends a key.
func (d *DB) RevokeKey(id string) (APIKey, error) {
	k, err := d.Key(id)
	if err != nil {
		return k, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	k.Revoked = time.Now()
	if _, err = d.db.Exec("UPDATE keys SET revoked = ? WHERE id = ? AND revoked = 0", k.Revoked.UnixMicro(), id); err == nil {
		d.keys, err = d.readKeys()
	}
	return k, err
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

// Keys lists all keys, the newest first.
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
		_, _ = d.db.Exec("UPDATE keys SET used = ? WHERE id = ?", now.UnixMicro(), id) // it is there for people, and opens nothing
	}
}

// key gives whom an API key is of. bcrypt is asked once for each key: what it has found true is remembered by its SHA-256. What it
// has not found true yet is slowed down as passwords are: a key's ID is no secret, and who knows one could keep bcrypt busy.
func (g *Guard) key(text string, from netip.Addr) (Identity, error) {
	if len(text) > 256 {
		return Identity{}, denied("key: too long")
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(text, keyPrefix), "_")
	k, err := g.DB.Key(id)
	now := time.Now()
	switch {
	case errors.Is(err, ErrNoKey):
		return Identity{}, denied("key: unknown")
	case err != nil:
		return Identity{}, err
	case !k.Revoked.IsZero():
		return Identity{}, denied("key " + id + ": revoked")
	case !k.Live(now):
		return Identity{}, denied("key " + id + ": expired")
	}
	sum := sha256.Sum256([]byte(text + "\x00" + k.hash))
	if !g.proven.has(sum) {
		if wait := g.guesses.begin(id, from); wait > 0 {
			return Identity{}, &Denied{Reason: "key " + id + ": too many attempts", RetryAfter: wait}
		}
		ok, err := g.comparer.compare(k.hash, text[len(keyPrefix):], true) // guesses at it are slowed down
		if err != nil {
			return Identity{}, err
		}
		if !ok {
			return Identity{}, denied("key " + id + ": wrong")
		}
		g.guesses.succeed(id, from)
		g.proven.add(sum)
	}
	g.DB.useKey(id, now)
	return Identity{Kind: Key, Name: k.Name, Role: k.Role, Way: ByKey, Expires: k.Expires, ID: k.ID}, nil
}
