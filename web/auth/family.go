package auth

import (
	"database/sql"
	"errors"
	"time"
)

// A family is everything that comes from one login: its tokens and its refresh tokens. A token is valid only as long as its
// family is in the database, so logging out means forgetting the family: there is no list of revoked tokens that a wrong clock
// could shorten or a lost file could lose.

// maxFamilies is how many logins with tokens a user or an account can have; beyond that, those that end
// first are dropped.
const maxFamilies = 2000

// maxLive is how many families are cached without asking the database.
const maxLive = 1024

// keepFamily notes that a family has a token or refresh token that is valid for life.
func (d *DB) keepFamily(tx *sql.Tx, family, subject string, life time.Duration) error {
	_, err := tx.Exec("INSERT INTO families VALUES (?, ?, ?) ON CONFLICT (family) DO UPDATE SET due = max(due, excluded.due)", family, subject, d.due(life))
	if err == nil {
		_, err = tx.Exec("DELETE FROM families WHERE subject = ?1 AND family <> ?3 AND family NOT IN (SELECT family FROM families WHERE subject = ?1 AND family <> ?3 ORDER BY due DESC LIMIT ?2)", subject, maxFamilies-1, family)
	}
	return err
}

// lives tells whether a family is in the database. If that cannot be determined, the answer is
// false.
func (d *DB) lives(family string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fresh() != nil {
		return false
	}
	if d.live[family] {
		return true
	}
	if found, err := familyIn(d.db, family); err != nil || !found {
		return false
	}
	if len(d.live) >= maxLive {
		clear(d.live)
	}
	d.live[family] = true
	return true
}

// rower is a database or a transaction.
type rower interface {
	QueryRow(query string, args ...any) *sql.Row
}

// familyIn asks a database or a transaction for a family.
func familyIn(q rower, family string) (found bool, err error) {
	err = q.QueryRow("SELECT 1 FROM families WHERE family = ?", family).Scan(new(int))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// endFamily ends everything that comes from a login. Its refresh tokens stay, marked as used, so that a second use is
// recognised.
func (d *DB) endFamily(family string) error {
	err := d.write(func(tx *sql.Tx) error {
		if _, err := tx.Exec("UPDATE refresh SET used = 1 WHERE family = ?", family); err != nil {
			return err
		}
		_, err := tx.Exec("DELETE FROM families WHERE family = ?", family)
		return err
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.live)
	return err
}
