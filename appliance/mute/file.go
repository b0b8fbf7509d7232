package mute

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"orac/appliance/rt"
	"orac/appliance/status"
)

// The mutes are kept in one file of the state directory, so that a restart, a crash or a power cut does not make ORAC listen.
const (
	dir  = "mute"
	file = "mutes.json"

	maxFile = 64 << 10 // bytes
	most    = 100
	maxName = 200 // bytes of the name of who muted
)

// kept is a mute in the file. Left is what was left of it when the file was written: it bounds the mute where the clock of the
// machine is wrong at the next start.
type kept struct {
	status.Mute
	Left time.Duration `json:"left_ns,omitempty"`
}

type contents struct {
	Mutes []kept `json:"mutes"`
}

// errDamaged is the error of a file that is there and makes no sense.
var errDamaged = errors.New("the file of mutes is damaged")

// read reads the file. No file means that nothing is muted.
func read(t *rt.Task, fsys rt.FS) ([]kept, error) {
	text, err := fsys.ReadFile(t, dir+"/"+file, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil && rt.Transient(err):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return parse(text)
}

// parse reads the text of the file, and refuses what this program does not write.
func parse(text []byte) ([]kept, error) {
	var k contents
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if len(k.Mutes) > most {
		return nil, fmt.Errorf("%w: it has %d mutes; at most %d are possible", errDamaged, len(k.Mutes), most)
	}
	for _, m := range k.Mutes {
		ends := !m.Until.IsZero()
		if m.By == "" || len(m.By) > maxName || m.Since.IsZero() || ends != (m.Left > 0) || m.Left < 0 || m.Left > status.MostMute {
			return nil, fmt.Errorf("%w: a mute without an owner, or with an impossible end", errDamaged)
		}
	}
	return k.Mutes, nil
}

// left is how much of a mute is left after a time in which ORAC did not run; 0 or less: it is over. A clock that went back meanwhile
// cannot lengthen it.
func (m kept) left(wall time.Time) time.Duration { return min(m.Until.Sub(wall), m.Left) }

func write(t *rt.Task, fsys rt.FS, list []kept) error {
	text, err := json.MarshalIndent(contents{list}, "", "  ")
	if err != nil {
		return err
	}
	if err := fsys.MkdirAll(t, dir); err != nil {
		return err
	}
	return rt.WriteFile(t, fsys, dir, file, append(text, '\n'))
}

// remove deletes the file: nothing is muted.
func remove(t *rt.Task, fsys rt.FS) error {
	err := fsys.Remove(t, dir+"/"+file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fsys.SyncDir(t, dir)
}
