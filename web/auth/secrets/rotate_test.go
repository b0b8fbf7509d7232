package secrets

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/provenclock"
)

// aged writes down how old a state directory is.
func aged(t *testing.T, dir string, age time.Duration) {
	t.Helper()
	text, err := json.Marshal(provenclock.Mark{Age: age})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, provenclock.Dir)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, provenclock.File), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTheWallClockRemovesNoSecret: one before stays, though its caller takes it for over, until the state directory is older by
// the overlap; then it goes, whatever the wall clock says. Where the age is not known, or has begun anew, the wall clock counts.
func TestTheWallClockRemovesNoSecret(t *testing.T) {
	for name, c := range map[string]struct {
		before, after time.Duration // age at the rotation, and when it is asked for; -1: not known
		wall          time.Duration // from one to the other
		want          bool
	}{
		"as usual":              {5 * time.Hour, 5*time.Hour + 59*time.Minute, 59 * time.Minute, true},
		"43 years ahead":        {5 * time.Hour, 5*time.Hour + time.Minute, 43 * 365 * 24 * time.Hour, true},
		"over, and set back":    {5 * time.Hour, 6 * time.Hour, 0, false},
		"over":                  {5 * time.Hour, 7 * time.Hour, 2 * time.Hour, false},
		"never known":           {-1, -1, 59 * time.Minute, true},
		"never known, and over": {-1, -1, time.Hour, false},
		"begun anew":            {5 * time.Hour, 0, 59 * time.Minute, true},
		"begun anew, and over":  {5 * time.Hour, 0, time.Hour, false},
		"lost, and over":        {5 * time.Hour, -1, time.Hour, false},
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			s := In(dir)
			if err := s.Generate("jwt"); err != nil {
				t.Fatal(err)
			}
			if c.before >= 0 {
				aged(t, dir, c.before)
			}
			if err := s.Rotate("jwt", time.Hour); err != nil {
				t.Fatal(err)
			}
			if c.after >= 0 {
				aged(t, dir, c.after)
			} else if err := os.RemoveAll(filepath.Join(dir, provenclock.Dir)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(c.wall)
			_, until, ok := s.Previous("jwt")
			if ok != c.want || s.HasPrevious("jwt") != c.want {
				t.Errorf("%s: it is there: %v", name, ok)
			}
			i, err := s.Info("jwt")
			if good := ok && time.Now().Before(until); err != nil || i.Previous.IsZero() == good {
				t.Errorf("%s: %+v, %v", name, i, err)
			}
		})
	}
}
