package core

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
	muteDir  = "mute"
	muteFile = "mutes.json"

	maxMuteFile = 64 << 10 // bytes
	mostMutes   = 100
	maxMuter    = 200 // bytes of the name of who muted
)

// keptMute is a mute in the file. Left is what was left of it when the file was written: it bounds the mute where the clock of the
// machine is wrong at the next start.
type keptMute struct {
	status.Mute
	Left time.Duration `json:"left_ns,omitempty"`
}

type keptMutes struct {
	Mutes []keptMute `json:"mutes"`
}

// errMuteFile is the error of a file that is there and makes no sense.
var errMuteFile = errors.New("the file of mutes is damaged")

// readMutes reads the file. No file means that nothing is muted.
func readMutes(t *rt.Task, fsys rt.FS) ([]keptMute, error) {
	text, err := fsys.ReadFile(t, muteDir+"/"+muteFile, maxMuteFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil && rt.Transient(err):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errMuteFile, err)
	}
	return parseMutes(text)
}

// parseMutes reads the text of the file, and refuses what this program does not write.
func parseMutes(text []byte) ([]keptMute, error) {
	var k keptMutes
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("%w: %w", errMuteFile, err)
	}
	if len(k.Mutes) > mostMutes {
		return nil, fmt.Errorf("%w: it has %d mutes; at most %d are possible", errMuteFile, len(k.Mutes), mostMutes)
	}
	for _, m := range k.Mutes {
		ends := !m.Until.IsZero()
		if m.By == "" || len(m.By) > maxMuter || m.Since.IsZero() || ends != (m.Left > 0) || m.Left < 0 || m.Left > status.MostMute {
			return nil, fmt.Errorf("%w: a mute without an owner, or with an impossible end", errMuteFile)
		}
	}
	return k.Mutes, nil
}

// left is how much of a mute is left after a time in which ORAC did not run; 0 or less: it is over. A clock that went back meanwhile
// cannot lengthen it.
func (m keptMute) left(wall time.Time) time.Duration { return min(m.Until.Sub(wall), m.Left) }

func writeMutes(t *rt.Task, fsys rt.FS, list []keptMute) error {
	text, err := json.MarshalIndent(keptMutes{list}, "", "  ")
	if err != nil {
		return err
	}
	if err := fsys.MkdirAll(t, muteDir); err != nil {
		return err
	}
	return rt.WriteFile(t, fsys, muteDir, muteFile, append(text, '\n'))
}

// removeMutes deletes the file: nothing is muted.
func removeMutes(t *rt.Task, fsys rt.FS) error {
	err := fsys.Remove(t, muteDir+"/"+muteFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fsys.SyncDir(t, muteDir)
}
