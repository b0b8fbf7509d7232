package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/appliance/health"
	"orac/runbook/testkit"
)

// TestALogThatCannotBeWritten is told in the health, whether somebody has tried or not, until it can be written again.
func TestALogThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	l := In(dir)
	w := Watch{l}
	says := func(want bool) {
		t.Helper()
		list := w.Listeners()
		if told := len(list) == 1 && list[0].Component == Component && list[0].Level == health.Degraded && strings.Contains(list[0].Why, "cannot be written"); told != want || !want && len(list) > 0 {
			t.Errorf("the health says %+v", list)
		}
	}
	says(false)
	testkit.Must(t, l.Append(Record{Who: "user:anna", Action: "mute"}))
	l.Look()
	says(false)
	file := filepath.Join(dir, fileName)
	testkit.Must(t, os.Rename(file, file+".away"))
	testkit.Must(t, os.Mkdir(file, 0o700)) // the disk refuses it, also for root
	l.Look()
	says(true)
	if err := l.Append(Record{Who: "user:anna", Action: "mute"}); err == nil {
		t.Error("it can be written")
	}
	says(true)
	testkit.Must(t, os.Remove(file))
	testkit.Must(t, os.Rename(file+".away", file))
	testkit.Must(t, os.Mkdir(filepath.Join(dir, tryName), 0o700)) // it can be opened, and the disk takes nothing
	l.Look()
	says(true)
	testkit.Must(t, os.Remove(filepath.Join(dir, tryName)))
	l.Look()
	says(false)
	if _, err := os.Stat(filepath.Join(dir, tryName)); err == nil {
		t.Error("the try is still there")
	}
	testkit.Must(t, l.Append(Record{Who: "user:anna", Action: "unmute"}))
	says(false)
}
