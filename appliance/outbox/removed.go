package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"time"

	"orac/appliance/rt"
)

// keepFile is the file, in the folder of a webhook, that says for how long its events wait.
const keepFile = "keep"

const (
	// DefaultKeep is for a box whose folder does not say how long its events wait: the default of a webhook.
	DefaultKeep = 24 * time.Hour
	// mostKeep is the longest time that a webhook may set, and leastKeep the shortest.
	mostKeep  = 30 * 24 * time.Hour
	leastKeep = time.Minute
	// maxKeepFile is more than the length of keepFile, in bytes, and maxBoxes bounds how many folders are
	// looked at.
	maxKeepFile = 64
	maxBoxes    = 1000
)

// Names are the receivers that have a folder in that of a form, whether a runbook declares them or not.
func Names(t *rt.Task, fsys rt.FS, dir string) (names []string, err error) {
	files, err := fsys.ReadDir(t, dir, maxBoxes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no webhook has ever run
	}
	for _, f := range files {
		if f.Dir {
			names = append(names, f.Name)
		}
	}
	return names, err
}

// OpenRemoved reads the folder of a webhook that no runbook declares. Its events wait as long as its last settings said.
func OpenRemoved[E any](t *rt.Task, fsys rt.FS, form Form[E], name string) (*Box[E], error) {
	b := Open(t, fsys, form, name, Limits{Bytes: math.MaxInt64, Keep: DefaultKeep})
	if b.noted > 0 {
		b.limits.Keep = time.Duration(b.noted) * time.Second
	}
	b.noted = int64(b.limits.Keep / time.Second)
	return b, b.diskErr
}

// Keep is how long an event waits.
func (b *Box[E]) Keep() time.Duration { return b.limits.Keep }

// Note writes down how long events wait, while there are any. It works without knowing their age.
func (b *Box[E]) Note(t *rt.Task) {
	if len(b.items) > 0 || b.aside > 0 {
		b.keep(b.note(t))
	}
}

// note writes down how long an event waits, for the time when no runbook says so any more.
func (b *Box[E]) note(t *rt.Task) error {
	seconds := int64(b.limits.Keep / time.Second)
	if b.unread || b.noted == seconds {
		return nil
	}
	if err := rt.WriteFile(t, b.fs, b.dir, keepFile, fmt.Appendln(nil, seconds)); err != nil {
		return err
	}
	b.noted = seconds
	return nil
}

// readKeep returns what keepFile says, in seconds; 0 if that makes no sense.
func (b *Box[E]) readKeep(t *rt.Task) int64 {
	text, err := b.fs.ReadFile(t, b.dir+"/"+keepFile, maxKeepFile)
	if err != nil {
		return 0
	}
	return parseKeep(string(text))
}

func parseKeep(text string) int64 {
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || seconds < int64(leastKeep/time.Second) || seconds > int64(mostKeep/time.Second) {
		return 0
	}
	return seconds
}
