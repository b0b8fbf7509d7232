package edge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"

	"orac/appliance/provenclock"
	"orac/appliance/statedir"
)

// selfSigned is how long a self-signed certificate is valid. That is long because it is made once, and its
// owner has noted its fingerprint.
const selfSigned = 10 * 365 * 24 * time.Hour

// longAgo is when self-signed certificates become valid: earlier than the clock of any client.
var longAgo = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// clock is the wall clock and how far it can be trusted.
type clock struct {
	now    time.Time
	built  time.Time // when this program was built: the true time is later
	proven bool      // the network vouches for it
}

// credible is how long after the build an unproven clock is still believed when certificates are compared with it. A
// self-signed certificate is valid for twice as long, so it is not thrown away because a clock is ahead.
const credible = selfSigned / 2

func machineClock() clock {
	now, built := time.Now(), provenclock.Built()
	return clock{now, built, provenclock.Kernel(built)(now)}
}

// believed tells whether the clock may be right.
func (c clock) believed() bool {
	return c.proven || !c.now.Before(c.built) && c.now.Before(c.built.Add(credible))
}

// after tells whether the time is certainly later than at, and before whether it is certainly
// earlier.
func (c clock) after(at time.Time) bool  { return c.built.After(at) || c.believed() && c.now.After(at) }
func (c clock) before(at time.Time) bool { return c.believed() && c.now.Before(at) }

// noneYet is the reason for the first certificate of a state directory.
const noneYet = "there was none"

// renew makes a self-signed certificate if there is no usable one, and returns the reason. It does not replace files that
// the rules of the state directory refuse or that the disk cannot read: it returns an error.
func (c *certificate) renew(dir *statedir.Dir) (why string, err error) {
	pair, err := c.load()
	now := c.clock()
	switch {
	case err == nil && now.after(pair.Leaf.NotAfter):
		why = "the previous one expired on " + pair.Leaf.NotAfter.Format(time.DateOnly)
	case err == nil && now.before(pair.Leaf.NotBefore):
		why = "the previous one was not valid before " + pair.Leaf.NotBefore.Format(time.DateOnly)
	case err == nil:
		return "", nil
	case errors.Is(err, errDamaged):
		why = "the previous one was damaged"
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	default:
		why = noneYet
		for _, name := range []string{certName, keyName} {
			if missing := dir.Check(name); missing == nil {
				why = "a file of the previous one was missing"
			} else if !errors.Is(missing, fs.ErrNotExist) {
				return "", missing
			}
		}
	}
	if err := selfSign(dir, now); err != nil {
		return "", fmt.Errorf("cannot make a certificate: %w", err)
	}
	return why, nil
}

// The files of a self-signed certificate.
const certName, keyName = "cert.pem", "key.pem"

// ownFolder opens the folder of the self-signed certificate, and creates it if necessary.
func ownFolder(stateDir string) (*statedir.Dir, error) {
	state, err := statedir.Open(stateDir)
	if err != nil {
		return nil, err
	}
	defer state.Close()
	return state.Sub("tls")
}

func selfSign(dir *statedir.Dir, c clock) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "orac"
	}
	from := c.built
	if c.now.After(from) {
		from = c.now
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: host, Organization: []string{"ORAC, self-signed"}},
		NotBefore: longAgo, NotAfter: from.Add(selfSigned), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		DNSNames: []string{host, host + ".local", "localhost"}, IPAddresses: localAddresses(),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return err
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := dir.WriteFile(keyName, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs})); err != nil {
		return err
	}
	return dir.WriteFile(certName, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) // last: a certificate without its key is made again
}

func localAddresses() []net.IP {
	list := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return list
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			list = append(list, n.IP)
		}
	}
	return list
}
