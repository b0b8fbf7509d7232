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
	issued := func(member, serial string, replaces bool) {
		t.Helper()
		testkit.Must(t, d.CertificateIssued(member, serial, time.Hour, replaces))
	}
	ended := func(want bool, serials ...string) {
		t.Helper()
		for _, s := range serials {
			if d.CertificateEnded(s) != want {
				t.Errorf("%s has ended: %v", s, !want)
			}
		}
	}
	issued("kitchen", "1", true)
	issued("kitchen", "2", false)
	issued("hall", "3", true)
	ended(false, "1", "2", "3", "unknown")
	issued("kitchen", "4", true)
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
		issued("cellar", fmt.Sprint("c", n), false)
	}
	if err := d.CertificateIssued("cellar", "more", time.Hour, false); !errors.Is(err, ErrManyCertificates) {
		t.Errorf("one more: %v", err)
	}
	issued("cellar", "joined again", true)
}
