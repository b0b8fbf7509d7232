package setup

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// key is a pressed key: a character, or one of those below.
type key rune

const (
	enter  key = '\n'
	back   key = 0x7f
	up     key = -1
	down   key = -2
	hangUp key = -3 // Ctrl-D, or the terminal is gone
)

// Keys returns the keys of a terminal as they are pressed, without an echo. Ctrl-C is a signal as
// usual.
type Keys struct {
	fd      int
	before  *unix.Termios
	pressed chan key
}

// OpenKeys takes over the keyboard of a terminal until Close.
func OpenKeys(f *os.File) (*Keys, error) {
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	single := *before
	single.Lflag &^= unix.ICANON | unix.ECHO
	single.Cc[unix.VMIN], single.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &single); err != nil {
		return nil, err
	}
	k := &Keys{fd: fd, before: before, pressed: make(chan key, 64)}
	go k.read(f) // a read from a terminal cannot be interrupted: this ends with the process
	return k, nil
}

// Close restores the terminal.
func (k *Keys) Close() error { return unix.IoctlSetTermios(k.fd, unix.TCSETS, k.before) }

// drain drops keys that were pressed before a question was shown.
func (k *Keys) drain() {
	for {
		select {
		case p := <-k.pressed:
			if p == hangUp { // keep it; if there is no room for it, the keys before it mean the same
				select {
				case k.pressed <- p:
				default:
				}
				return
			}
		default:
			return
		}
	}
}

// next waits for a key, or for a redraw (ok is false), or for the end of ctx.
func (k *Keys) next(ctx context.Context, redraw <-chan struct{}) (p key, ok bool, err error) {
	select {
	case p := <-k.pressed:
		if p == hangUp {
			return 0, false, errors.New("the terminal was closed")
		}
		return p, true, nil
	case <-redraw:
		return 0, false, nil
	case <-ctx.Done():
		return 0, false, ctx.Err()
	}
}

func (k *Keys) read(f io.Reader) {
	in := bufio.NewReader(f)
	for {
		p, err := readKey(in)
		if err != nil {
			k.pressed <- hangUp
			return
		}
		if p != 0 {
			k.pressed <- p
		}
	}
}

// readKey reads one key; 0 is a key without a meaning here. A terminal sends the bytes of a key in one piece, so an escape that
// nothing follows is the Escape key.
func readKey(in *bufio.Reader) (key, error) {
	r, _, err := in.ReadRune()
	switch {
	case err != nil:
		return 0, err
	case r == 0x04:
		return hangUp, nil
	case r == '\r':
		return enter, nil
	case r == '\b':
		return back, nil
	case r != 0x1b:
		return key(r), nil
	case in.Buffered() == 0:
		return 0, nil
	}
	if r, _, err = in.ReadRune(); err != nil || r != '[' && r != 'O' {
		return 0, err
	}
	for { // parameters, then the letter that ends it (ECMA-48, 5.4)
		r, _, err := in.ReadRune()
		if err != nil {
			return 0, err
		}
		switch {
		case r == 'A':
			return up, nil
		case r == 'B':
			return down, nil
		case r >= 0x40 && r <= 0x7e:
			return 0, nil
		}
	}
}
