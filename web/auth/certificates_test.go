package auth

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"orac/runbook"
	"orac/runbook/testkit"
)

// TestCertificatesEnd with their member, when another replaces them, and for good; a member gets only so many.
func TestCertificatesEnd(t *testing.T) {
	dir := t.TempDir()
	d, err := OpenDB(dir)
	testkit.Must(t, err)
	issued := func(member, serial, by string) {
		t.Helper()
		testkit.Must(t, d.CertificateIssued(member, serial, time.Hour, by))
	}
	ended := func(want bool, serials ...string) {
		t.Helper()
		for _, s := range serials {
			if d.CertificateEnded(s) != want {
				t.Errorf("%s has ended: %v", s, !want)
			}
		}
	}
	listed := func(want ...string) {
		t.Helper()
		if got, err := d.EndedCertificates(); err != nil || !slices.Equal(got, want) {
			t.Errorf("ended are %v, not %v: %v", got, want, err)
		}
	}
	listed()
	issued("kitchen", "1", "")
	issued("kitchen", "2", "1")
	issued("hall", "3", "")
	ended(false, "1", "2", "3", "unknown")
	issued("kitchen", "4", "")
	if err := d.CertificateIssued("kitchen", "5", time.Hour, "2"); !errors.Is(err, ErrCertificateEnded) {
		t.Errorf("with one that has ended meanwhile: %v", err)
	}
	ended(true, "1", "2")
	ended(false, "3", "4")
	rb := &runbook.Runbook{}
	rb.Appliance.Name = "core"
	testkit.Must(t, d.settleCertificates(rb)) // no issuer: nobody's business
	ended(false, "3", "4")
	rb.Issuer.URL = "https://core.local"
	rb.Members = []runbook.Member{{Name: "kitchen"}}
	testkit.Must(t, d.settleCertificates(rb))
	ended(true, "3")
	ended(false, "4")
	rb.Members = append(rb.Members, runbook.Member{Name: "hall"}) // again
	testkit.Must(t, d.settleCertificates(rb))
	testkit.Must(t, d.Close())
	d, err = OpenDB(dir)
	testkit.Must(t, err)
	defer d.Close()
	ended(true, "1", "2", "3")
	listed("1", "2", "3")
	testkit.Must(t, d.EndCertificates("kitchen"))
	ended(true, "4")
	for n := range maxCertificates {
		issued("cellar", fmt.Sprint("c", n), "c0")
	}
	if err := d.CertificateIssued("cellar", "more", time.Hour, "c0"); !errors.Is(err, ErrManyCertificates) {
		t.Errorf("one more: %v", err)
	}
	issued("cellar", "joined again", "")
}

// TestTheListOfEndedIsBounded: the house gives no further certificate when the list of those that have ended could become too long, and goes
// on when some would have expired.
func TestTheListOfEndedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := OpenDB(t.TempDir())
		testkit.Must(t, err)
		defer d.Close()
		testkit.Must(t, d.write(func(tx *sql.Tx) error {
			for n := range maxCertificatesOfAll - 1 {
				if _, err := tx.Exec("INSERT INTO certificates VALUES (?, ?, 1, ?)", fmt.Sprint("e", n), fmt.Sprint("m", n%100), d.due(time.Hour)); err != nil {
					return err
				}
			}
			return nil
		}))
		testkit.Must(t, d.CertificateIssued("kitchen", "last", time.Minute, ""))
		if err := d.CertificateIssued("hall", "one more", time.Hour, ""); !errors.Is(err, ErrCertificatesOfAll) {
			t.Errorf("one more: %v", err)
		}
		testkit.Must(t, d.EndCertificates("kitchen"))
		if list, err := d.EndedCertificates(); err != nil || len(list) != maxCertificatesOfAll {
			t.Errorf("%d have ended: %v", len(list), err)
		}
		time.Sleep(2 * time.Hour)
		if list, err := d.EndedCertificates(); err != nil || len(list) != 0 {
			t.Errorf("%d have ended and would be valid: %v", len(list), err)
		}
		testkit.Must(t, d.CertificateIssued("hall", "again", time.Hour, ""))
	})
}
