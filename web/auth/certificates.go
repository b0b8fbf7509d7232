package auth

import (
	"database/sql"
	"errors"
	"time"

	"orac/runbook"
)

// maxCertificates is how many certificates a member may have that are valid. It needs one or two at a time.
const maxCertificates = 64

// ErrManyCertificates means that a member asks for certificates all the time.
var ErrManyCertificates = errors.New("this member has got too many certificates: wait until some have expired")

// CertificateIssued notes that a member of the house has got a certificate that is valid for life. If it replaces the earlier ones, they
// end.
func (d *DB) CertificateIssued(member, serial string, life time.Duration, replaces bool) error {
	return d.write(func(tx *sql.Tx) error {
		if replaces {
			if _, err := tx.Exec("UPDATE certificates SET ended = 1 WHERE member = ?", member); err != nil {
				return err
			}
		}
		var n int
		if err := tx.QueryRow("SELECT count(*) FROM certificates WHERE member = ? AND ended = 0 AND due >= ?", member, d.aged().Microseconds()).Scan(&n); err != nil {
			return err
		}
		if n >= maxCertificates {
			return ErrManyCertificates
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
	err := d.db.QueryRow("SELECT 1 FROM certificates WHERE serial = ? AND ended = 1", serial).Scan(new(int))
	return !errors.Is(err, sql.ErrNoRows)
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
