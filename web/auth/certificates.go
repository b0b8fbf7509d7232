package auth

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"time"

	member "orac/appliance/house"
	"orac/runbook"
)

// maxCertificates is how many certificates a member may have that are valid. It needs one or two at a time.
const maxCertificates = 64

// maxCertificatesOfAll is how many certificates of all members may be valid, or would be if they had not ended. So the list of those that
// have ended is never longer.
const maxCertificatesOfAll = member.MaxEnded

// ErrCertificatesOfAll means that the house has too many.
var ErrCertificatesOfAll = fmt.Errorf("the house has %d certificates that are valid or have ended early: wait until some have expired", maxCertificatesOfAll)

// ErrManyCertificates means that a member asks for certificates all the time.
var ErrManyCertificates = errors.New("this member has got too many certificates: wait until some have expired")

// ErrCertificateEnded means that the certificate with which a member asks for the next one has ended meanwhile.
var ErrCertificateEnded = errors.New("the certificate has ended")

// CertificateIssued notes that a member of the house has got a certificate that is valid for life. by is the serial of the present one,
// with which the member has asked for it; without one it has joined, and all earlier ones end.
func (d *DB) CertificateIssued(member, serial string, life time.Duration, by string) error {
	return d.write(func(tx *sql.Tx) error {
		if by == "" {
			if _, err := tx.Exec("UPDATE certificates SET ended = 1 WHERE member = ?", member); err != nil {
				return err
			}
		} else if ended, err := certificateEnded(tx, by); err != nil || ended {
			return cmp.Or(err, ErrCertificateEnded)
		}
		var n int
		if err := tx.QueryRow("SELECT count(*) FROM certificates WHERE member = ? AND ended = 0 AND due >= ?", member, d.aged().Microseconds()).Scan(&n); err != nil {
			return err
		}
		if n >= maxCertificates {
			return ErrManyCertificates
		}
		if err := tx.QueryRow("SELECT count(*) FROM certificates WHERE due >= ?", d.aged().Microseconds()).Scan(&n); err != nil {
			return err
		}
		if n >= maxCertificatesOfAll {
			return ErrCertificatesOfAll
		}
		_, err := tx.Exec("INSERT INTO certificates VALUES (?, ?, 0, ?)", serial, member, d.due(life+time.Hour))
		return err
	})
}

// EndCertificates ends all certificates of a member before their time.
func (d *DB) EndCertificates(member string) error {
	return d.write(func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE certificates SET ended = 1 WHERE member = ?", member)
		return err
	})
}

// CertificateEnded tells whether a certificate has ended before its time. What cannot be read may have ended.
func (d *DB) CertificateEnded(serial string) bool {
	ended, err := certificateEnded(d.db, serial)
	return err != nil || ended
}

// EndedCertificates returns the serials of the certificates that have ended before their time and would still be valid.
func (d *DB) EndedCertificates() (serials []string, err error) {
	rows, err := d.db.Query("SELECT serial FROM certificates WHERE ended = 1 AND due >= ? ORDER BY serial", d.aged().Microseconds())
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var serial string
		if err = rows.Scan(&serial); err != nil {
			break
		}
		serials = append(serials, serial)
	}
	return serials, errors.Join(err, rows.Err(), rows.Close())
}

// certificateEnded asks a database or a transaction whether a certificate has ended before its time.
func certificateEnded(q rower, serial string) (bool, error) {
	err := q.QueryRow("SELECT 1 FROM certificates WHERE serial = ? AND ended = 1", serial).Scan(new(int))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// settleCertificates ends the certificates of members that an issuer declares no longer, so that they stay ended if one of the same name
// is declared again.
func (d *DB) settleCertificates(rb *runbook.Runbook) error {
	if rb.Issuer.URL == "" {
		return nil
	}
	declared := map[string]bool{rb.Appliance.Name: true}
	for _, m := range rb.Members {
		declared[m.Name] = true
	}
	return d.write(func(tx *sql.Tx) error {
		rows, err := tx.Query("SELECT DISTINCT member FROM certificates WHERE ended = 0")
		if err != nil {
			return err
		}
		var gone []string
		for rows.Next() {
			var member string
			if err = rows.Scan(&member); err != nil {
				break
			}
			if !declared[member] {
				gone = append(gone, member)
			}
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, member := range gone {
			if _, err := tx.Exec("UPDATE certificates SET ended = 1 WHERE member = ?", member); err != nil {
				return err
			}
		}
		return nil
	})
}
