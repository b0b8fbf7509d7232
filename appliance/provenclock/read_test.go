package provenclock

import (
	"path/filepath"
	"testing"
	"time"

	"orac/appliance/statedir"
)

// TestNow: what begins while the appliance is off is noted after the time off, where that is proven; and nowhere where it may be found
// later.
func TestNow(t *testing.T) {
	const off = 30 * 24 * time.Hour
	wall := epoch.Add(off)
	for name, c := range map[string]struct {
		mark   Mark
		proven bool
		born   time.Duration // 0: not known
	}{
		"no time off can be found": {Mark{Age: 5 * time.Hour, Owed: time.Hour}, false, 6*time.Hour + Stale},
		"proven":                   {Mark{Age: 5 * time.Hour, Owed: time.Hour, Anchor: epoch, Then: 6 * time.Hour}, true, 6*time.Hour + off},
		"not proven":               {Mark{Age: 5 * time.Hour, Owed: time.Hour, Anchor: epoch, Then: 6 * time.Hour}, false, 0},
		"no mark":                  {},
	} {
		dir := t.TempDir()
		state, err := statedir.Open(filepath.Join(dir, "state"))
		if err != nil {
			t.Fatal(err)
		}
		if c.mark.Age > 0 {
			text, err := c.mark.encode()
			if err != nil {
				t.Fatal(err)
			}
			if err := state.Mkdir(Dir); err != nil {
				t.Fatal(err)
			}
			if err := state.WriteFile(Dir+"/"+File, text); err != nil {
				t.Fatal(err)
			}
		}
		p, ok := Now(state, wall, c.proven)
		if ok != (c.born > 0) || p.Born != c.born || ok && p.Age != c.mark.Age {
			t.Errorf("%s: %+v, %v", name, p, ok)
		}
		if age, ok := Read(state); ok != (c.mark.Age > 0) || age != c.mark.Age {
			t.Errorf("%s: it is read as %v, %v", name, age, ok)
		}
		_ = state.Close()
	}
}
