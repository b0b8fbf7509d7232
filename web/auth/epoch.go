package auth

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
)

// newEpoch makes an epoch: 128 random bits, so that nobody who can sign tokens can guess the current
// one.
func newEpoch() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// settle updates the epochs to the current users and accounts: prints holds the fingerprint of each by subject. A new one gets
// an epoch, a changed one gets a new epoch, and one that is gone loses its epoch, so that nothing issued before becomes valid
// again when the password, the role or the user comes back. With fresh, only new ones get an epoch, and no other epoch changes.
func (d *DB) settle(prints map[string]string, fresh bool) error {
	err := d.write(func(tx *sql.Tx) error {
		known := map[string]string{}
		rows, err := tx.Query("SELECT subject, print FROM epochs")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var subject, print string
			if err := rows.Scan(&subject, &print); err != nil {
				return err
			}
			known[subject] = print
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for subject, print := range prints {
			if was, ok := known[subject]; !ok || was != print && !fresh {
				if err := putEpoch(tx, subject, print); err != nil {
					return err
				}
			}
		}
		for subject := range known {
			if _, ok := prints[subject]; ok || fresh {
				continue
			}
			for _, query := range []string{"DELETE FROM epochs WHERE subject = ?", "DELETE FROM known WHERE subject = ?", "DELETE FROM passkeys WHERE subject = ?"} {
				if _, err := tx.Exec(query, subject); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.load()
}

func putEpoch(tx *sql.Tx, subject, print string) error {
	_, err := tx.Exec("INSERT INTO epochs VALUES (?1, ?2, ?3) ON CONFLICT (subject) DO UPDATE SET epoch = ?2, print = ?3", subject, newEpoch(), print)
	return err
}

// epoch returns what tokens and sessions of a subject must carry. It changes when the subject is logged out everywhere or
// changes. For an unknown subject it is "", and nothing is valid.
func (d *DB) epoch(subject string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fresh(); err != nil {
		return "", err
	}
	return d.epochs[subject], nil
}

// epochNow is epoch read from the database at this moment, including changes by other processes.
func (d *DB) epochNow(subject string) (epoch string, err error) {
	err = d.db.QueryRow("SELECT epoch FROM epochs WHERE subject = ?", subject).Scan(&epoch)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return epoch, err
}

// LogOutEverywhere ends every session and token of a subject.
func (d *DB) LogOutEverywhere(subject string) error {
	if err := d.write(func(tx *sql.Tx) error { return endAll(tx, subject) }); err != nil {
		return err
	}
	return d.load()
}

// endAll ends every session, token and proof of a subject. Load the database after the transaction.
func endAll(tx *sql.Tx, subject string) error {
	if _, err := tx.Exec("UPDATE epochs SET epoch = ? WHERE subject = ?", newEpoch(), subject); err != nil {
		return err
	}
	for _, table := range []string{"sessions", "refresh", "families"} {
		if _, err := tx.Exec("DELETE FROM "+table+" WHERE subject = ?", subject); err != nil {
			return err
		}
	}
	return nil
}
