package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"orac/appliance/statedir"
	"orac/runbook"
)

// certificate is a pair of files that is read again when it changes.
type certificate struct {
	cert, key string
	own       string // the state directory, when the certificate is our own
	log       *slog.Logger

	mu     sync.Mutex // guards everything that follows
	pair   *tls.Certificate
	stamp  [2]time.Time
	looked time.Time
}

const lookAtFiles = 5 * time.Second

// tlsConfig is the configuration of a server: 1.2 at least, and of 1.2 only what has forward secrecy and authenticates.
func tlsConfig(c *certificate) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.get() },
	}
}

// get gives the certificate. One that cannot be read when its files have changed leaves the one before in force.
func (c *certificate) get() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.pair != nil && now.Sub(c.looked) < lookAtFiles {
		return c.pair, nil
	}
	c.looked = now
	stamp := [2]time.Time{modified(c.cert), modified(c.key)}
	if c.pair != nil && stamp == c.stamp {
		return c.pair, nil
	}
	pair, err := c.load()
	switch {
	case err == nil:
		c.pair, c.stamp = pair, stamp
	case c.pair == nil:
		return nil, err
	default:
		c.stamp = stamp
		c.log.Error("the changed certificate cannot be used; the one before stays", "cause", err)
	}
	return c.pair, nil
}

// maxPEM is how large a file of certificates or of a key may be, in bytes.
const maxPEM = 1 << 20

// load reads the two files. A certificate of our own is in the state directory. One of the runbook is wherever its owner keeps it,
// often behind links.
func (c *certificate) load() (*tls.Certificate, error) {
	open := func(path string) (*os.File, error) {
		f, _, err := statedir.Regular(path)
		return f, err
	}
	if c.own != "" {
		dir, err := ownFolder(c.own)
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		open = func(path string) (*os.File, error) { return dir.Open(filepath.Base(path)) }
	}
	return loadPair(open, c.cert, c.key)
}

func loadPair(open func(path string) (*os.File, error), cert, key string) (*tls.Certificate, error) {
	text := map[string][]byte{}
	for _, path := range []string{key, cert} {
		f, err := open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		info, err := f.Stat()
		switch {
		case err != nil:
			return nil, err
		case path == key && info.Mode().Perm()&0o077 != 0:
			return nil, fmt.Errorf("others may read the private key %s: make it private with chmod 600", key)
		}
		if text[path], err = io.ReadAll(io.LimitReader(f, maxPEM)); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(text[cert], text[key])
	if err != nil {
		return nil, err
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate %s has expired on %s", cert, pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	return &pair, nil
}

func modified(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// openCertificate gives the certificate of a runbook; nil for plain HTTP. A self-signed one is made if there is none, which the
// second value tells.
func openCertificate(t runbook.TLS, stateDir string, log *slog.Logger) (c *certificate, made bool, err error) {
	if !t.On() {
		return nil, false, nil
	}
	c = &certificate{cert: t.Cert, key: t.Key, log: log}
	if t.SelfSigned {
		dir, err := ownFolder(stateDir)
		if err != nil {
			return nil, false, err
		}
		defer dir.Close()
		c.own, c.cert, c.key = stateDir, dir.Path(certName), dir.Path(keyName)
		if err := dir.Check(certName); errors.Is(err, fs.ErrNotExist) {
			if err := selfSign(dir); err != nil {
				return nil, false, fmt.Errorf("a certificate cannot be made: %w", err)
			}
			made = true
		}
	}
	_, err = c.get()
	return c, made, err
}

// fingerprint is the SHA-256 of a certificate, as browsers show it.
func (c *certificate) fingerprint() string {
	pair, err := c.get()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(pair.Certificate[0])
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// selfSigned is how long a certificate of our own is good: it is made once, and its owner has its fingerprint.
const selfSigned = 10 * 365 * 24 * time.Hour

// The files of a certificate of our own.
const certName, keyName = "cert.pem", "key.pem"

// ownFolder opens the folder of our own certificate, which it makes if need be.
func ownFolder(stateDir string) (*statedir.Dir, error) {
	state, err := statedir.Open(stateDir)
	if err != nil {
		return nil, err
	}
	defer state.Close()
	return state.Sub("tls")
}

func selfSign(dir *statedir.Dir) error {
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
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: host, Organization: []string{"ORAC, self-signed"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(selfSigned), KeyUsage: x509.KeyUsageDigitalSignature,
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
	return dir.WriteFile(certName, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) // last: it says that both are there
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
