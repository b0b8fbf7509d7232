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

	bundle kept[Bundle]
	ended  kept[ended]
}

// kept is what a file says, read again when it is replaced.
type kept[T any] struct {
	mu    sync.Mutex // guards everything that follows
	stamp stamp
	what  *T
	err   error
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

func (h *Holder) path(name string) string { return filepath.Join(h.state, folderName, name) }

// look returns what a file says now.
func (k *kept[T]) look(path string, read func() (*T, error)) (*T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := stampOf(path)
	if now == k.stamp && (k.what != nil || k.err != nil) {
		return k.what, k.err
	}
	k.stamp = now
	k.what, k.err = read()
	return k.what, k.err
}

// stampOf returns the stamp of a file; the zero stamp if there is none.
func stampOf(path string) (s stamp) {
	info, err := os.Lstat(path)
	if err != nil {
		return s
	}
	s.changed, s.size = info.ModTime().UnixNano(), info.Size()
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = sys.Ino
	}
	return s
}

// Bundle returns what the state directory holds now: ErrNone if nothing, another error if it cannot be used.
func (h *Holder) Bundle() (*Bundle, error) { return h.bundle.look(h.path(fileName), h.read) }

func (h *Holder) read() (*Bundle, error) {
	text, err := h.readFile(fileName, maxFile)
	if err != nil {
		return nil, noneOr(err)
	}
	b, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("the certificate in %s is damaged (%w): join again with a new code", h.path(fileName), err)
	}
	return b, nil
}

// readFile reads a file of the folder. Others must not be able to read the bundle.
func (h *Holder) readFile(name string, most int64) (text []byte, err error) {
	err = h.inside(func(d *statedir.Dir) error {
		info, err := d.Lstat(name)
		switch {
		case err != nil:
			return err
		case name == fileName && info.Mode().Perm()&0o077 != 0:
			return fmt.Errorf("others may have read the private key in %s: remove the file, and join again with a new code", d.Path(name))
		}
		text, err = d.ReadFile(name, most)
		return err
	})
	return text, err
}

// inside does something in the folder, if there is one.
func (h *Holder) inside(do func(*statedir.Dir) error) error {
	dir, err := statedir.Existing(h.state)
	if err != nil {
		return err
	}
	defer dir.Close()
	sub, err := dir.ExistingSub(folderName)
	if err != nil {
		return err
	}
	defer sub.Close()
	return do(sub)
}

func noneOr(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNone
	}
	return err
}

// Keep replaces the bundle, whole or not at all. What another house has ended is forgotten.
func (h *Holder) Keep(b *Bundle) error {
	text, err := b.encode()
	if err != nil {
		return err
	}
	was, _ := h.Bundle() // none counts as that of another house
	return h.within(func(d *statedir.Dir) error {
		if was == nil || !Common(was.Authorities, b.Authorities) {
			if err := remove(d, endedName); err != nil {
				return err
			}
		}
		return d.WriteFile(fileName, text)
	})
}

// Forget removes the bundle, and what is known of the house. It is no error if there is none.
func (h *Holder) Forget() error {
	return h.within(func(d *statedir.Dir) error {
		if err := errors.Join(remove(d, fileName), remove(d, endedName), remove(d, markName)); err != nil {
			return err
		}
		return d.Sync()
	})
}

func remove(d *statedir.Dir, name string) error {
	if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// within does something in the folder, which it makes.
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
// is valid at that moment and has not ended. With an error it returns the member that a valid certificate names all the same.
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
	if err == nil {
		err = h.Ended(s.PeerCertificates[0])
	}
	return m, err
}
