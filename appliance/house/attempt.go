package house

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"orac/appliance/statedir"
)

// Attempt is one that joins a house. While it lasts, and after its process was killed, its mark is in the state directory: a runbook that
// trusts an issuer without a certificate may be meant so, or be what an attempt has left.
type Attempt struct {
	file *os.File
	own  *Holder
}

const (
	markName = "joining"
	maxMark  = 512 // bytes
	// lookTime is how long another process may look whether an attempt lasts.
	lookTime = time.Second
)

// ErrJoining means that another process joins a house for the same appliance.
var ErrJoining = errors.New("another orac join is running on this machine: wait until it has ended")

// Attempt begins to join the house of an issuer. interrupted tells whether one before was killed.
func (h *Holder) Attempt(issuer string) (a *Attempt, interrupted bool, err error) {
	_, interrupted = h.Interrupted()
	a = &Attempt{own: h}
	err = h.within(func(d *statedir.Dir) (err error) {
		if a.file, err = d.OpenFile(markName, os.O_RDWR|os.O_CREATE); err != nil {
			return err
		}
		for end := time.Now().Add(lookTime); ; time.Sleep(lookTime / 50) {
			if err = lock(a.file, syscall.LOCK_EX); !errors.Is(err, ErrJoining) || time.Now().After(end) {
				break
			}
		}
		if err == nil {
			err = errors.Join(a.file.Truncate(0), write(a.file, issuer), a.file.Sync(), d.Sync())
		}
		if err != nil {
			_ = a.file.Close() // it never began
		}
		return err
	})
	return a, interrupted, err
}

// End removes the mark: the attempt has succeeded, or has been taken back.
func (a *Attempt) End() error {
	defer a.file.Close()
	return a.own.within(func(d *statedir.Dir) error { return errors.Join(remove(d, markName), d.Sync()) })
}

// Interrupted returns the issuer whose house an attempt was to join that was killed; false if there is none, or if it lasts.
func (h *Holder) Interrupted() (issuer string, ok bool) {
	err := h.inside(func(d *statedir.Dir) error {
		f, err := d.Open(markName)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := lock(f, syscall.LOCK_SH); err != nil {
			return err
		}
		text, err := io.ReadAll(io.LimitReader(f, maxMark))
		issuer = string(text)
		return err
	})
	return issuer, err == nil
}

// lock takes hold of a mark, unless another process has.
func lock(f *os.File, how int) error {
	err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrJoining
	}
	return err
}

func write(f *os.File, text string) error {
	_, err := io.WriteString(f, text[:min(len(text), maxMark)])
	return err
}
