package workers

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"orac/appliance/audio/library"
	"orac/appliance/child"
	"orac/runbook/testkit"
)

// TestAWorkerSpeaksInOrder: a hello, once, and then frames of its own kind; a word for why it gives up.
func TestAWorkerSpeaksInOrder(t *testing.T) {
	const own = 'P'
	protocol := Protocol("ort", own, 1)
	hello := func(w *Writer) error { return w.JSON(KindHello, 7) }
	sound := func(w *Writer) error {
		return w.Frame(own, 1, func(to []byte) []byte { return append(to, 's') })
	}
	bye := (*Writer).Bye
	list := func(w *Writer) error { return w.JSON(KindDevices, Listing{}) }
	gone := func(w *Writer) error { return w.JSON(KindError, failureOf(library.Speakers, library.Speakers.Gone)) }
	full := errors.New("full")
	for name, c := range map[string]struct {
		says  []func(*Writer) error
		heard string
		ends  error
	}{
		"in order":          {[]func(*Writer) error{hello, sound, sound, bye}, "hss", io.EOF},
		"sound first":       {[]func(*Writer) error{sound, hello}, "", child.ErrGarbage},
		"two hellos":        {[]func(*Writer) error{hello, hello}, "h", child.ErrGarbage},
		"a list":            {[]func(*Writer) error{hello, list}, "h", child.ErrGarbage},
		"gone":              {[]func(*Writer) error{hello, gone, sound}, "h", library.Speakers.Gone},
		"more than is held": {[]func(*Writer) error{hello, sound, sound, sound, sound}, "hsss", full},
	} {
		var b bytes.Buffer
		w := &Writer{Protocol: protocol, W: &b}
		for _, say := range c.says {
			testkit.Must(t, say(w))
		}
		heard := ""
		err := Carry(library.Speakers, &child.Reader{Protocol: protocol, R: &b}, own, func(n int) {
			if heard += "h"; n != 7 {
				t.Errorf("%s: the hello became %d", name, n)
			}
		}, func(payload []byte) error {
			if len(heard) > 3 {
				return full
			}
			heard += string(payload)
			return nil
		})
		if heard != c.heard || !errors.Is(err, c.ends) {
			t.Errorf("%s: %q was heard, and then %v", name, heard, err)
		}
	}
}
