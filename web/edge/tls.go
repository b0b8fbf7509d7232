package edge

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"orac/appliance/house"
	"orac/appliance/statedir"
	"orac/runbook"
)

// certificate is a pair of files that is read again when they change.
type certificate struct {
	cert, key string
	own       string        // the state directory, if the certificate is self-signed
	house     *house.Holder // the certificate of the house, instead of the files; nil: the files
	clock     func() clock
	log       *slog.Logger

	mu     sync.Mutex // guards everything that follows
	pair   *tls.Certificate
	stamp  [2]time.Time
	looked time.Time
}

const lookAtFiles = 5 * time.Second

// tlsConfig returns a server's configuration: at least TLS 1.2, and with 1.2 only ciphers with forward secrecy and
// authentication.
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

// get returns the certificate. If the files have changed but cannot be read, the old certificate stays in force.
func (c *certificate) get() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.house != nil {
		pair, err := c.house.Certificate()
		if err == nil {
			c.pair = pair
		} else if c.pair != nil { // what was shown until now is better than nothing
			return c.pair, nil
		}
		return pair, err
	}
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
		c.log.Error("cannot use the changed certificate; keeping the previous one", "cause", err)
	}
	return c.pair, nil
}

// maxPEM is the maximum size of a file with certificates or a key, in bytes.
const maxPEM = 1 << 20

// load reads the two files. A self-signed certificate is in the state directory. One from the runbook is wherever its owner keeps
// it, often behind links.
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
	pair, err := loadPair(open, c.cert, c.key)
	if err == nil && c.own == "" && c.clock().after(pair.Leaf.NotAfter) { // a self-signed one is renewed in time, and until then is better than none
		return nil, fmt.Errorf("the certificate %s expired on %s", c.cert, pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	return pair, err
}

// errDamaged means that two files are not a certificate and its key.
var errDamaged = errors.New("not a certificate with its key")

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
		return nil, fmt.Errorf("%s and %s are %w: %w", cert, key, errDamaged, err)
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

// making is held while a self-signed certificate is looked for and made.
var making sync.Mutex

// openCertificate returns the certificate of a runbook; nil for plain HTTP. If there is no usable self-signed one, it makes one,
// and made says why.
func openCertificate(t runbook.TLS, stateDir string, log *slog.Logger) (c *certificate, made string, err error) {
	if !t.On() {
		return nil, "", nil
	}
	c = &certificate{cert: t.Cert, key: t.Key, clock: machineClock, log: log}
	if t.Member {
		c.house = house.In(stateDir)
		_, err := c.get()
		return c, "", err
	}
	if t.SelfSigned {
		making.Lock() // servers share the certificate
		defer making.Unlock()
		dir, err := ownFolder(stateDir)
		if err != nil {
			return nil, "", err
		}
		defer dir.Close()
		c.own, c.cert, c.key = stateDir, dir.Path(certName), dir.Path(keyName)
		if made, err = c.renew(dir); err != nil {
			return nil, "", err
		}
	}
	_, err = c.get()
	if err == nil && made != "" {
		log.Warn("made a certificate for the console", "why", made, "sha256", c.fingerprint())
	}
	return c, made, err
}

// fingerprint returns the SHA-256 of a certificate, in the form that browsers show.
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
