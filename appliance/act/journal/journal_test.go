package journal_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/journal"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// on runs f in virtual time.
func on(t *testing.T, f func(k *rt.Task)) {
	t.Helper()
	d := virtual.New(1, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), nil)
	defer d.Close()
	root := rt.New(d, "test", func(k *rt.Task) error { f(k); return nil })
	d.Run(rt.Instant(time.Hour))
	if err := root.Err(); err != nil {
		t.Fatal(err)
	}
}

// entry makes an entry that is done, or of which a call is under way.
func entry(k *rt.Task, j *journal.Journal, id string, done bool) error {
	e := j.Begin(act.Request{ID: id, Topic: "general", Text: "turn on the lamp"}, provenclock.Point{}, true)
	e.Answer = act.Answer{ID: id, Text: "turn on the lamp", Understood: true, Outcomes: []act.Outcome{{Call: act.Call{Backend: "home", Service: "light.turn_on", Targets: []string{"light.a"}}}}}
	e.Calling = 1
	if err := j.Save(k, &e); err != nil || !done {
		return err
	}
	e.Done, e.Calling, e.Answer.Outcomes[0].Verdict = true, 0, act.Proven
	return j.Save(k, &e)
}

// put replaces the contents of a file.
func put(t *testing.T, k *rt.Task, d *virtual.Disk, name string, text []byte) {
	t.Helper()
	if err := d.Remove(k, name); err != nil {
		t.Fatal(err)
	}
	f, err := d.Create(k, name)
	if err == nil {
		_, err = f.Write(text)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = d.SyncDir(k, name[:strings.LastIndex(name, "/")])
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestADamagedFile: whatever stands in a file, its request is not acted on again, not even after the second start, the file stays for
// people, and the others are as they were.
func TestADamagedFile(t *testing.T) {
	for name, damage := range map[string]func(text []byte) []byte{
		"empty":               func([]byte) []byte { return nil },
		"cut off":             func(b []byte) []byte { return b[:len(b)/2] },
		"one byte less":       func(b []byte) []byte { return b[:len(b)-1] },
		"zeroes":              func(b []byte) []byte { return make([]byte, len(b)) },
		"noise":               func([]byte) []byte { return []byte("\xff\x00\x1b[2J{{{") },
		"null":                func([]byte) []byte { return []byte("null") },
		"an empty entry":      func([]byte) []byte { return []byte("{}") },
		"a list":              func([]byte) []byte { return []byte("[1,2]") },
		"another request":     func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"ID":"one"`), []byte(`"ID":"two"`)) },
		"another number":      func(b []byte) []byte { return bytes.Replace(b, []byte(`"Seq":`), []byte(`"Seq":9`), 1) },
		"calls that are none": func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"Calling":`), []byte(`"Calling":7`)) },
		"a deep one":          func([]byte) []byte { return []byte(strings.Repeat(`{"Answer":`, 20_000)) },
		"a huge one":          func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 600<<10)...) },
	} {
		for _, done := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", done ", done), func(t *testing.T) {
				on(t, func(k *rt.Task) {
					d := virtual.NewDisk(1 << 24)
					j := journal.Open(k, d, "general")
					if err := entry(k, j, "one", done); err != nil {
						t.Fatal(err)
					}
					file := ""
					for _, f := range d.Files() {
						if strings.HasPrefix(f, "acts/general/00") {
							file = f
						}
					}
					if err := entry(k, j, "other", true); err != nil {
						t.Fatal(err)
					}
					put(t, k, d, file, damage(d.Peek(file)))
					for start := range 3 {
						j := journal.Open(k, d, "general")
						if list := j.Unfinished(); len(list) > 0 {
							t.Errorf("start %d: a damaged entry is believed: %+v", start, list)
						}
						if _, known, ok := j.Find(k, "one"); !known || ok {
							t.Errorf("start %d: known %v, ok %v", start, known, ok)
						}
						if a, known, ok := j.Find(k, "other"); !known || !ok || len(a.Outcomes) != 1 {
							t.Errorf("start %d: the other: known %v, ok %v", start, known, ok)
						}
						if j.Damaged() != 1 || !strings.Contains(strings.Join(d.Files(), " "), "/damaged/") {
							t.Errorf("start %d: %d damaged, of %q", start, j.Damaged(), d.Files())
						}
						if err := entry(k, j, fmt.Sprint("new", start), true); err != nil { // its number is of no other
							t.Error(err)
						}
					}
				})
			})
		}
	}
}

// TestEveryCut: the power fails right before and right after each change of the disk, and what was not synced is torn. A request of which
// a call may have gone out is never forgotten, and one that was told to be done is done.
func TestEveryCut(t *testing.T) {
	seeds := rand.New(rand.NewPCG(1, 2))
	for at := 1; ; at++ {
		cut := false
		for _, after := range []bool{false, true} {
			d := virtual.NewDisk(1 << 24)
			called, told := map[string]bool{}, map[string]bool{}
			world := virtual.New(1, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), nil)
			d.CrashAt(at, after, func() { cut = true; world.Halt() })
			rt.New(world, "test", func(k *rt.Task) error {
				j := journal.Open(k, d, "general")
				for _, id := range []string{"one", "two", "three"} {
					if entry(k, j, id, false) != nil {
						return nil
					}
					called[id] = true // the journal says so: now the call goes out
					if entry(k, j, id+" again", true) == nil {
						told[id+" again"] = true
					}
				}
				return nil
			})
			world.Run(rt.Instant(time.Hour))
			world.Close()
			d.TornPowerLoss(seeds)
			on(t, func(k *rt.Task) {
				j := journal.Open(k, d, "general")
				for id := range called {
					if _, known, ok := j.Find(k, id); !known || ok {
						t.Errorf("change %d, after %v: %s: known %v, ok %v", at, after, id, known, ok)
					}
				}
				for id := range told {
					if a, _, ok := j.Find(k, id); !ok || a.Outcomes[0].Verdict != act.Proven {
						t.Errorf("change %d, after %v: %s is not done: %+v", at, after, id, a)
					}
				}
				if n := len(j.Unfinished()); n < len(called) || n > len(called)+2 {
					t.Errorf("change %d, after %v: %d unfinished of %d", at, after, n, len(called))
				}
				if j.Damaged() > 0 {
					t.Errorf("change %d, after %v: %d damaged", at, after, j.Damaged())
				}
			})
		}
		if !cut {
			if at < 20 {
				t.Errorf("only %d changes", at)
			}
			return
		}
	}
}

// TestFilesOfOthers in the folder are left alone, and bring nothing to a stop.
func TestFilesOfOthers(t *testing.T) {
	on(t, func(k *rt.Task) {
		d := virtual.NewDisk(1 << 24)
		if err := d.MkdirAll(k, "acts/general/damaged"); err != nil {
			t.Fatal(err)
		}
		names := []string{"README", "0000000000000007.json", "9999999999999999." + strings.Repeat("a", 32) + ".1.json", "0000000000000000." + strings.Repeat("a", 32) + ".1.json", "0000000000000001." + strings.Repeat("a", 32) + ".x.json", "damaged/notes.txt"}
		for _, name := range names {
			f, err := d.Create(k, "acts/general/"+name)
			if err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
		}
		j := journal.Open(k, d, "general")
		if j.Err() != nil || len(j.Unfinished()) > 0 || len(j.Last()) > 0 {
			t.Errorf("%v", j.Err())
		}
		if err := entry(k, j, "one", true); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !slices.Contains(d.Files(), "acts/general/"+name) {
				t.Errorf("%s is gone", name)
			}
		}
	})
}
