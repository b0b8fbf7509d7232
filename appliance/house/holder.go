package house

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"orac/appliance/statedir"
)

// Holder is the bundle of a state directory. It is safe for concurrent use, also beside other processes.
type Holder struct {
	state string

	mu     sync.Mutex // guards everything that follows
	stamp  stamp
	bundle *Bundle
	err    error
}

// The folder and the file of the bundle in the state directory.
const folderName, fileName = "house", "member.pem"

// In returns the holder of a state directory. It creates nothing.
func In(stateDir string) *Holder { return &Holder{state: stateDir} }

// ErrNone means that there is no certificate.
var ErrNone = errors.New("this appliance has no certificate of a house: get a code with orac member add at the issuer, then run orac join here")

// stamp changes whenever the file is replaced.
type stamp struct {
	inode   uint64
	changed int64
	size    int64
}

func (h *Holder) path() string { return filepath.Join(h.state, folderName, fileName) }

// Bundle returns what the state directory holds now: ErrNone if nothing, another error if it cannot be used.
func (h *Holder) Bundle() (*Bundle, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var now stamp
	if info, err := os.Lstat(h.path()); err == nil {
		now.changed, now.size = info.ModTime().UnixNano(), info.Size()
		if sys, ok := info.Sys().(*syscall.Stat_t); ok {
			now.inode = sys.Ino
		}
	}
	if now == h.stamp && (h.bundle != nil || h.err != nil) {
		return h.bundle, h.err
	}
	h.stamp = now
	h.bundle, h.err = h.read()
	return h.bundle, h.err
}

func (h *Holder) read() (*Bundle, error) {
	dir, err := statedir.Existing(h.state)
	if err != nil {
		return nil, noneOr(err)
	}
	defer dir.Close()
	sub, err := dir.ExistingSub(folderName)
	if err != nil {
		return nil, noneOr(err)
	}
	defer sub.Close()
	info, err := sub.Lstat(fileName)
	switch {
	case err != nil:
		return nil, noneOr(err)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("others may have read the private key in %s: remove the file, and join again with a new code", sub.Path(fileName))
	}
	text, err := sub.ReadFile(fileName, maxFile)
	if err != nil {
		return nil, err
	}
	b, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("the certificate in %s is damaged (%w): join again with a new code", sub.Path(fileName), err)
	}
	return b, nil
}

func noneOr(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNone
	}
	return err
}

// Keep replaces the bundle, whole or not at all.
func (h *Holder) Keep(b *Bundle) error {
	text, err := b.encode()
	if err != nil {
		return err
	}
	return h.within(func(d *statedir.Dir) error { return d.WriteFile(fileName, text) })
}

// Forget removes the bundle. It is no error if there is none.
func (h *Holder) Forget() error {
	return h.within(func(d *statedir.Dir) error {
		if err := d.Remove(fileName); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return d.Sync()
	})
}

func (h *Holder) within(do func(*statedir.Dir) error) error {
	state, err := statedir.Open(h.state)
	if err != nil {
		return err
	}
	defer state.Close()
	sub, err := state.Sub(folderName)
	if err != nil {
		return err
	}
	defer sub.Close()
	return do(sub)
}

// Certificate returns the certificate to show, with its key.
func (h *Holder) Certificate() (*tls.Certificate, error) {
	b, err := h.Bundle()
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{b.Leaf.Raw}, PrivateKey: b.Key, Leaf: b.Leaf}, nil
}

// Caller returns the member at the other end of a connection that a server has accepted. It is of the same house, and its certificate
// is valid at that moment.
func (h *Holder) Caller(s tls.ConnectionState, now time.Time) (Member, error) {
	b, err := h.Bundle()
	if err != nil {
		return Member{}, err
	}
	if len(s.PeerCertificates) == 0 {
		return Member{}, errors.New("the caller shows no certificate")
	}
	m, err := Verify(s.PeerCertificates[0], b.Authorities, now, x509.ExtKeyUsageClientAuth)
	if err == nil && m.Issuer != b.Member().Issuer {
		err = errNobody
	}
	return m, err
}
