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
func aged(t *testing.T, dir string, m provenclock.Mark) {
	t.Helper()
	text, err := json.Marshal(m)
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
		mark          provenclock.Mark // at the rotation, without its age
	}{
		"as usual":              {5 * time.Hour, 5*time.Hour + 59*time.Minute, 59 * time.Minute, true, provenclock.Mark{}},
		"43 years ahead":        {5 * time.Hour, 5*time.Hour + time.Minute, 43 * 365 * 24 * time.Hour, true, provenclock.Mark{}},
		"over, and set back":    {5 * time.Hour, 6*time.Hour + provenclock.Stale, 0, false, provenclock.Mark{}},
		"over":                  {5 * time.Hour, 7 * time.Hour, 2 * time.Hour, false, provenclock.Mark{}},
		"never known":           {-1, -1, 59 * time.Minute, true, provenclock.Mark{}},
		"never known, and over": {-1, -1, time.Hour, false, provenclock.Mark{}},
		"begun anew":            {5 * time.Hour, 0, 59 * time.Minute, true, provenclock.Mark{}},
		"begun anew, and over":  {5 * time.Hour, 0, time.Hour, false, provenclock.Mark{}},
		"lost, and over":        {5 * time.Hour, -1, time.Hour, false, provenclock.Mark{}},
		"the file is old":       {5 * time.Hour, 6*time.Hour + provenclock.Stale - 1, 0, true, provenclock.Mark{}},
		"time off is owed":      {5 * time.Hour, 106*time.Hour + provenclock.Stale - 1, 43 * 365 * 24 * time.Hour, true, provenclock.Mark{Owed: 100 * time.Hour}},
		"owed, and over":        {5 * time.Hour, 106*time.Hour + provenclock.Stale, 0, false, provenclock.Mark{Owed: 100 * time.Hour}},
		"may be found":          {5 * time.Hour, 500 * time.Hour, 59 * time.Minute, true, provenclock.Mark{Anchor: time.Unix(1e9, 0)}},
		"may be found, is over": {5 * time.Hour, 5 * time.Hour, time.Hour, false, provenclock.Mark{Anchor: time.Unix(1e9, 0)}},
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			s := In(dir)
			if err := s.Generate("jwt"); err != nil {
				t.Fatal(err)
			}
			if c.before >= 0 {
				c.mark.Age = c.before
				aged(t, dir, c.mark)
			}
			if err := s.Rotate("jwt", time.Hour); err != nil {
				t.Fatal(err)
			}
			if c.after >= 0 {
				aged(t, dir, provenclock.Mark{Age: c.after})
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
