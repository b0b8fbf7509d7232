package edge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"orac/appliance/statedir"
)

// dated makes a certificate of our own that is good between two moments.
func dated(t *testing.T, dir *statedir.Dir, from, to time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(dir.WriteFile(keyName, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs})),
		dir.WriteFile(certName, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))); err != nil {
		t.Fatal(err)
	}
}

// year is the first moment of one.
func year(n int) time.Time { return time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC) }

// TestOurOwnCertificate is made anew when it can be of no use, and is not touched when only the clock is wrong, nor when the rules
// of the state directory refuse it. What is made is good whatever the clock said.
func TestOurOwnCertificate(t *testing.T) {
	good := func(t *testing.T, dir *statedir.Dir) {
		if err := selfSign(dir, clock{now: year(2026), built: year(2026)}); err != nil {
			t.Fatal(err)
		}
	}
	damage := func(name, text string) func(*testing.T, *statedir.Dir) {
		return func(t *testing.T, dir *statedir.Dir) {
			good(t, dir)
			if err := dir.WriteFile(name, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	between := func(from, to int) func(*testing.T, *statedir.Dir) {
		return func(t *testing.T, dir *statedir.Dir) { dated(t, dir, year(from), year(to)) }
	}
	without := func(name string) func(*testing.T, *statedir.Dir) {
		return func(t *testing.T, dir *statedir.Dir) {
			good(t, dir)
			if err := dir.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	linked := func(name string) func(*testing.T, *statedir.Dir) {
		return func(t *testing.T, dir *statedir.Dir) {
			good(t, dir)
			if err := errors.Join(os.Rename(dir.Path(name), dir.Path("elsewhere")), os.Symlink("elsewhere", dir.Path(name))); err != nil {
				t.Fatal(err)
			}
		}
	}
	another := func(t *testing.T, dir *statedir.Dir) {
		good(t, dir)
		cert, err := dir.ReadFile(certName, maxPEM)
		if err != nil {
			t.Fatal(err)
		}
		good(t, dir)
		if err := dir.WriteFile(certName, cert); err != nil {
			t.Fatal(err)
		}
	}
	public := func(t *testing.T, dir *statedir.Dir) {
		good(t, dir)
		if err := os.Chmod(dir.Path(keyName), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	today := clock{now: year(2027), built: year(2026)}
	at := func(n int, proven bool) clock { return clock{now: year(n), built: year(2026), proven: proven} }
	for name, c := range map[string]struct {
		put    func(*testing.T, *statedir.Dir)
		clock  clock
		made   string // part of why; "" if it is not
		refuse string // part of the error
	}{
		"good":                                  {good, today, "", ""},
		"none":                                  {func(*testing.T, *statedir.Dir) {}, today, noneYet, ""},
		"0 bytes":                               {damage(certName, ""), today, "damaged", ""},
		"0 bytes of the key":                    {damage(keyName, ""), today, "damaged", ""},
		"zeros":                                 {damage(certName, strings.Repeat("\x00", 4096)), today, "damaged", ""},
		"half a certificate":                    {damage(certName, "-----BEGIN CERTIFICATE-----\nMIIB"), today, "damaged", ""},
		"the key of another":                    {another, today, "damaged", ""},
		"no key":                                {without(keyName), today, "missing", ""},
		"no certificate":                        {without(certName), today, "missing", ""},
		"of 1970":                               {between(1970, 1979), today, "expired on 1979-01-01", ""},
		"of 1970, and it is 1970 again":         {between(1970, 1979), at(1970, false), "expired", ""},
		"expired last year":                     {between(2020, 2026), today, "expired", ""},
		"from the future":                       {between(2060, 2070), today, "not valid before 2060-01-01", ""},
		"from the future, so says the network":  {between(2040, 2050), at(2035, true), "not valid before 2040-01-01", ""},
		"good, and the clock says 1970":         {good, at(1970, false), "", ""},
		"as older versions made it, in 1970":    {between(2026, 2036), at(1970, false), "", ""},
		"good, and the clock says 2069":         {good, at(2069, false), "", ""},
		"it is 2069":                            {good, at(2069, true), "expired on 2035", ""},
		"a link to the certificate":             {linked(certName), today, "", "link"},
		"a link to the key":                     {linked(keyName), today, "", "link"},
		"a key that others may read":            {public, today, "", "chmod 600"},
		"expired, and a key that others may":    {func(t *testing.T, d *statedir.Dir) { between(1970, 1979)(t, d); _ = os.Chmod(d.Path(keyName), 0o644) }, today, "", "chmod 600"},
		"none, and the clock says 1970":         {func(*testing.T, *statedir.Dir) {}, at(1970, false), noneYet, ""},
		"damaged, and the clock says 2069":      {damage(certName, ""), at(2069, false), "damaged", ""},
		"a link to nowhere, and no certificate": {func(t *testing.T, d *statedir.Dir) { _ = os.Symlink("nowhere", d.Path(keyName)) }, today, "", "link"},
	} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			dir, err := ownFolder(state)
			if err != nil {
				t.Fatal(err)
			}
			defer dir.Close()
			c.put(t, dir)
			before, _ := dir.ReadFile(certName, maxPEM)
			own := &certificate{own: state, cert: dir.Path(certName), key: dir.Path(keyName), clock: func() clock { return c.clock }, log: slog.New(slog.DiscardHandler)}
			made, err := own.renew(dir)
			if !strings.Contains(made, c.made) || (made == "") != (c.made == "") {
				t.Errorf("it is made anew: %q, want %q", made, c.made)
			}
			if c.refuse != "" {
				if err == nil || !strings.Contains(err.Error(), c.refuse) {
					t.Errorf("it is not refused: %v", err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			after, _ := dir.ReadFile(certName, maxPEM)
			if same := string(before) == string(after); same == (made != "") {
				t.Errorf("the certificate is another: %v", !same)
			}
			if c.refuse != "" {
				return
			}
			pair, err := own.get()
			if err != nil {
				t.Fatal(err)
			}
			if made != "" && (pair.Leaf.NotBefore.After(year(2001)) || pair.Leaf.NotAfter.Before(year(2035))) {
				t.Errorf("it is good from %v to %v", pair.Leaf.NotBefore, pair.Leaf.NotAfter)
			}
			if again, err := own.renew(dir); again != "" || err != nil {
				t.Errorf("it is made again: %q, %v", again, err)
			}
		})
	}
}

// TestACertificateOfTheRunbook is refused when it has expired, and not because of a clock that cannot be right.
func TestACertificateOfTheRunbook(t *testing.T) {
	dir, err := statedir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	dated(t, dir, year(2020), year(2027))
	for _, one := range []struct {
		clock   clock
		refused bool
	}{{clock{year(2026).Add(1), year(2026), false}, false}, {clock{year(2028), year(2026), false}, true}, {clock{year(2069), year(2026), false}, false}, {clock{year(2069), year(2026), true}, true}, {clock{year(1970), year(2026), false}, false}} {
		c := &certificate{cert: dir.Path(certName), key: dir.Path(keyName), clock: func() clock { return one.clock }, log: slog.New(slog.DiscardHandler)}
		if _, err := c.get(); (err != nil) != one.refused {
			t.Errorf("at %v: %v", one.clock.now, err)
		}
	}
}
