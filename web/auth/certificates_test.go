package auth

import (
	"errors"
	"fmt"
	"testing"
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
