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

// prints are the fingerprints of a user or an account: of everything, and of the password alone, which only users have.
type prints struct{ all, password string }

// settle updates the epochs to the current users and accounts, by subject. A new one gets an epoch, a changed one gets a new
// epoch, and one that is gone loses its epoch, so that nothing issued before becomes valid again when the password, the role or
// the user comes back. A new password that the user has not chosen (see Replacement) removes the passkeys, whatever way it came:
// whoever knew the old one may have added them. With fresh, only new ones get an epoch, and nothing else changes.
func (d *DB) settle(now map[string]prints, fresh bool) error {
	err := d.write(func(tx *sql.Tx) error {
		known := map[string]prints{}
		rows, err := tx.Query("SELECT subject, print, password FROM epochs")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var subject string
			var p prints
			if err := rows.Scan(&subject, &p.all, &p.password); err != nil {
				return err
			}
			known[subject] = p
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for subject, p := range now {
			was, ok := known[subject]
			if ok && fresh {
				continue
			}
			if !ok || was.all != p.all {
				if err := putEpoch(tx, subject, p.all); err != nil {
					return err
				}
			}
			if was.password == p.password {
				continue
			}
			if was.password != "" {
				if _, err := tx.Exec("DELETE FROM passkeys WHERE subject = ?", subject); err != nil {
					return err
				}
			}
			if err := putPassword(tx, subject, p.password); err != nil {
				return err
			}
		}
		for subject := range known {
			if _, ok := now[subject]; ok || fresh {
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
	_, err := tx.Exec("INSERT INTO epochs (subject, epoch, print) VALUES (?1, ?2, ?3) ON CONFLICT (subject) DO UPDATE SET epoch = ?2, print = ?3", subject, newEpoch(), print)
	return err
}

// putPassword notes for which password the passkeys of a user stay.
func putPassword(tx *sql.Tx, subject, print string) error {
	_, err := tx.Exec("UPDATE epochs SET password = ? WHERE subject = ?", print, subject)
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
	err := d.write(func(tx *sql.Tx) error {
		if _, err := tx.Exec("UPDATE epochs SET epoch = ? WHERE subject = ?", newEpoch(), subject); err != nil {
			return err
		}
		for _, table := range []string{"sessions", "refresh", "families"} {
			if _, err := tx.Exec("DELETE FROM "+table+" WHERE subject = ?", subject); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.load()
}
