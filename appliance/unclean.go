package appliance

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/core"
	"orac/appliance/spool"
	"orac/appliance/statedir"
)

// runningFile exists while an appliance runs. A clean end removes it: a signal, the end of all sound, a process that takes
// over. If it exists at a start, the process that left it was killed, crashed, or went down with its machine.
const runningFile = "running"

// run is what the file holds.
type run struct {
	PID  int       `json:"pid"`
	Boot string    `json:"boot"` // the kernel's; different after a power cut
	At   time.Time `json:"at"`   // when it started
}

// bootID is the kernel's name of this boot; "" where it has none.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// beginRun notes that an appliance runs, and returns the run before if that did not stop cleanly. end removes the note.
func beginRun(d *statedir.Dir, boot string, pid int, now time.Time) (before *core.Unclean, end func(), err error) {
	const most = 4 << 10
	if text, err := d.ReadFile(runningFile, most); err == nil {
		before = uncleanRun(text, boot)
		before.Found = leftBehind(d)
	}
	text, err := json.Marshal(run{PID: pid, Boot: boot, At: now.UTC().Round(time.Second)})
	if err != nil {
		panic("BUG: running: " + err.Error())
	}
	return before, func() { _ = d.Remove(runningFile) }, d.WriteFile(runningFile, append(text, '\n'))
}

// uncleanRun describes the run that left the file. The file may be damaged: a power cut can do
// that.
func uncleanRun(text []byte, boot string) *core.Unclean {
	var r run
	if err := json.Unmarshal(text, &r); err != nil {
		return &core.Unclean{Cause: "orac did not stop cleanly", Evidence: "its note of the last run cannot be read: " + err.Error()}
	}
	u := &core.Unclean{Evidence: fmt.Sprintf("process %d, started at %s", r.PID, r.At.Format(time.RFC3339))}
	switch {
	case r.Boot == "" || boot == "":
		u.Cause = "orac did not stop cleanly: it was killed, it crashed, or its machine went down"
	case r.Boot != boot:
		u.Cause = "the machine went down while orac ran: a power cut, or a reset"
	default:
		u.Cause = "orac was killed or crashed: by kill -9, by the kernel when memory ran out, or by a fault of its own"
	}
	return u
}

// leftBehind counts the recordings that are in the spool before anybody has looked at it.
func leftBehind(d *statedir.Dir) string {
	cut, whole := 0, 0
	if sub, err := d.ExistingSub(path.Dir(spool.RefusedDir)); err == nil {
		defer sub.Close()
		files, _ := sub.ReadDir() // the spool finds and reports what cannot be listed
		for _, f := range files {
			switch name := f.Name(); {
			case strings.HasSuffix(name, ".part"):
				cut++
			case strings.HasSuffix(name, ".pcm"):
				whole++
			}
		}
	}
	return fmt.Sprintf("restarted; completed %s that had been cut off; %s on disk waiting for delivery",
		amount.Count(cut, "recording"), amount.Count(whole, "recording"))
}
