package house

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// ending is an authority that ends certificates, and the bundle of a member of its house with the serial 2, which may be a server too.
type ending struct {
	*Bundle
	signer *ecdsa.PrivateKey
}

func ends(t testing.TB) ending {
	t.Helper()
	b, signer := madeBy(t, func(a, l *x509.Certificate) {
		a.KeyUsage |= x509.KeyUsageCRLSign
		l.ExtKeyUsage = append(l.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		l.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	})
	return ending{b, signer}
}

// list is one of ended certificates, with what change makes of it.
func (e ending) list(t testing.TB, number int64, change func(*x509.RevocationList), serials ...int64) []byte {
	t.Helper()
	l := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}
	for _, s := range serials {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(s), RevocationTime: time.Now()})
	}
	if change != nil {
		change(l)
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, e.Authorities[0], e.signer)
	testkit.Must(t, err)
	return der
}

// TestEndedCertificates: the newest list counts, an older one takes nothing back and adds what it names, and all of it outlasts the
// process. Another house forgets it.
func TestEndedCertificates(t *testing.T) {
	e, state := ends(t), t.TempDir()
	h := In(state)
	testkit.Must(t, h.Keep(e.Bundle))
	knows := func(want ...int64) {
		t.Helper()
		for _, h := range []*Holder{h, In(state)} {
			for serial := int64(1); serial < 6; serial++ {
				ended, named := h.Ended(&x509.Certificate{SerialNumber: big.NewInt(serial)}) != nil, false
				for _, w := range want {
					named = named || w == serial
				}
				if ended != named {
					t.Errorf("serial %d has ended: %v, and the lists name it: %v", serial, ended, named)
				}
			}
		}
	}
	keeps := func(fresh int, der []byte) {
		t.Helper()
		if n, err := h.KeepEnded(der); err != nil || n != fresh {
			t.Errorf("%d are new, not %d: %v", n, fresh, err)
		}
	}
	knows()
	if !h.HeardOfEnded().IsZero() {
		t.Error("it has heard something")
	}
	keeps(2, e.list(t, 10, nil, 1, 3))
	knows(1, 3)
	keeps(1, e.list(t, 11, nil, 3, 4)) // 1 has expired meanwhile
	knows(3, 4)
	keeps(1, e.list(t, 9, nil, 1))
	knows(1, 3, 4)
	keeps(1, e.list(t, 8, nil, 5)) // the last one that came takes the place of the one before
	knows(3, 4, 5)
	keeps(0, e.list(t, 12, nil, 3, 4))
	knows(3, 4)
	if time.Since(h.HeardOfEnded()) > time.Minute {
		t.Error("it has heard nothing")
	}
	testkit.Must(t, h.Keep(e.Bundle))
	knows(3, 4)
	testkit.Must(t, h.Keep(ends(t).Bundle))
	knows()
}

// TestWhatIsNoListOfEnded: it is refused, and what was known stays.
func TestWhatIsNoListOfEnded(t *testing.T) {
	e, h := ends(t), In(t.TempDir())
	good := e.list(t, 1, nil, 2)
	if _, err := h.KeepEnded(good); !errors.Is(err, ErrNone) {
		t.Errorf("without a certificate: %v", err)
	}
	testkit.Must(t, h.Keep(e.Bundle))
	if _, err := h.KeepEnded(good); err != nil {
		t.Fatal(err)
	}
	torn := bytes.Clone(good)
	torn[len(torn)-3] ^= 1
	critical := func(l *x509.RevocationList) { // a part of a list (RFC 5280, section 5.2.4)
		l.ExtraExtensions = []pkix.Extension{{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
	}
	many := func(l *x509.RevocationList) {
		for n := range MaxEnded + 1 {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(int64(n + 1)), RevocationTime: time.Now()})
		}
	}
	for what, der := range map[string][]byte{
		"nothing": nil, "half of one": good[:len(good)/2], "one with a wrong signature": torn, "one of another house": ends(t).list(t, 9, nil),
		"a part of one": e.list(t, 9, critical), "one with too many": e.list(t, 9, many), "one that is too long": append(bytes.Clone(good), make([]byte, MaxList)...),
	} {
		if _, err := h.KeepEnded(der); err == nil {
			t.Errorf("%s is kept", what)
		}
		if !errors.Is(h.Ended(e.Leaf), ErrEnded) {
			t.Errorf("after %s, what had ended is believed again", what)
		}
	}
	// The longest that a house makes fits.
	longest := e.list(t, 9, func(l *x509.RevocationList) {
		for n := range int64(MaxEnded) {
			serial := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 126), big.NewInt(n))
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: time.Now()})
		}
	})
	if n, err := h.KeepEnded(longest); err != nil || n != MaxEnded || h.Ended(e.Leaf) != nil {
		t.Errorf("%d bytes: %d, %v", len(longest), n, err)
	}
}

// TestADamagedListOfEnded: while nobody knows what has ended, anything may have. The next list mends that.
func TestADamagedListOfEnded(t *testing.T) {
	e, state := ends(t), t.TempDir()
	h := In(state)
	testkit.Must(t, h.Keep(e.Bundle))
	_, err := h.KeepEnded(e.list(t, 1, nil, 5))
	testkit.Must(t, err)
	at := filepath.Join(state, folderName, endedName)
	for _, text := range []string{"", "nonsense", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"} {
		testkit.Must(t, os.WriteFile(at, []byte(text), 0o600))
		if err := h.Ended(e.Leaf); err == nil || errors.Is(err, ErrEnded) || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, err = h.KeepEnded(e.list(t, 2, nil, 5))
	testkit.Must(t, err)
	testkit.Must(t, h.Ended(e.Leaf))
}

// TestAnEndedServerIsSentNothingMore, neither on a new connection nor on one that was made before.
func TestAnEndedServerIsSentNothingMore(t *testing.T) {
	e := ends(t)
	own, its := In(t.TempDir()), In(t.TempDir())
	testkit.Must(t, own.Keep(e.Bundle))
	testkit.Must(t, its.Keep(e.Bundle))
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{ClientAuth: tls.RequireAnyClientCert, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return its.Certificate() }})
	testkit.Must(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c) // until the other side goes
			}()
		}
	}()
	dial := own.Dialer((&net.Dialer{}).DialContext, 5*time.Second)
	c, err := dial(context.Background(), "tcp", l.Addr().String())
	testkit.Must(t, err)
	defer c.Close()
	echo := make([]byte, 2)
	if _, err := c.Write([]byte("so")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, echo); err != nil || string(echo) != "so" {
		t.Fatalf("%q, %v", echo, err)
	}
	_, err = own.KeepEnded(e.list(t, 1, nil, 2))
	testkit.Must(t, err)
	if n, err := c.Write([]byte("no")); n != 0 || !errors.Is(err, ErrEnded) {
		t.Errorf("%d bytes are sent: %v", n, err)
	}
	if _, err := dial(context.Background(), "tcp", l.Addr().String()); !errors.Is(err, ErrEnded) {
		t.Errorf("a new connection: %v", err)
	}
	if _, err := own.Caller(tls.ConnectionState{PeerCertificates: []*x509.Certificate{e.Leaf}}, time.Now()); !errors.Is(err, ErrEnded) {
		t.Errorf("as a caller: %v", err)
	}
}

// FuzzParseEnded: whatever an issuer sends or the file holds, it is refused or bounded.
func FuzzParseEnded(f *testing.F) {
	e := ends(f)
	f.Add(e.list(f, 1, nil, 2))
	f.Add([]byte("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, err := ParseEnded(text, e.Authorities); err == nil && (l.Number == nil || len(l.RevokedCertificateEntries) > MaxEnded) {
			t.Error("a list that no house makes")
		}
		if lists, err := parseEnded(text); err == nil && (len(lists) == 0 || len(lists) > maxLists) {
			t.Errorf("%d lists", len(lists))
		}
	})
}
