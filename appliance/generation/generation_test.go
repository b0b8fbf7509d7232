package generation_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"orac/appliance/generation"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/appliance/status"
	"orac/runbook/language"
)

// TestKeptAndFoundAgain commits to the model and to a real disk, and finds everything after a restart.
func TestKeptAndFoundAgain(t *testing.T) {
	real, err := live.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	for name, d := range map[string]rt.FS{"model": newDisk(), "real": real} {
		t.Run(name, func(t *testing.T) {
			virtualtest.On(func(k *rt.Task) {
				s := open(t, k, d)
				if n, _ := current(t, k, s); n != 0 {
					t.Errorf("generation %d is current before any was committed", n)
				}
				if _, err := s.LastGood(k); !errors.Is(err, generation.ErrNone) {
					t.Errorf("last good of none: %v", err)
				}
				want := data(t, "start")
				for i, note := range []string{"start", "apply", "rollback to 1"} {
					if n := commit(t, k, s, note); n != i+1 {
						t.Errorf("%q got the number %d", note, n)
					}
				}
				s = open(t, k, d)
				want.Number = 1
				g, err := s.Load(k, 1)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(&want, g); diff != "" {
					t.Errorf("(-committed +loaded):\n%s", diff)
				}
				if n, note := current(t, k, s); n != 3 || note != "rollback to 1" {
					t.Errorf("current is %d, %q", n, note)
				}
				list, err := s.List(k)
				if err != nil || len(list) != 3 {
					t.Fatalf("%+v, %v", list, err)
				}
				if diff := cmp.Diff(status.Generation{Number: 1, Applied: want.Applied, Runbook: "dir/orac.hcl", Hash: want.Inputs.Hash(), Note: "start"}, list[0]); diff != "" {
					t.Errorf("(-want +listed):\n%s", diff)
				}
				if !list[2].Current || list[1].Current {
					t.Errorf("%+v", list)
				}
				if _, err := s.Load(k, 4); !errors.Is(err, generation.ErrNone) {
					t.Errorf("one that is not there: %v", err)
				}
				gone, err := s.Prune(k, 1)
				if err != nil || !slices.Equal(gone, []int{1, 2}) {
					t.Errorf("gone: %v, %v", gone, err)
				}
				if list, _ := open(t, k, d).List(k); len(list) != 1 || list[0].Number != 3 {
					t.Errorf("left: %+v", list)
				}
				if entries, _ := d.ReadDir(k, "generations", 100); len(entries) != 2 {
					t.Errorf("left: %v", entries)
				}
			})
		})
	}
}

// TestPowerLossAtEveryOperation takes the power away at each operation of commits and removals. What is current afterwards is
// the generation before or the new one, whole; nothing looks damaged; the next commit works.
func TestPowerLossAtEveryOperation(t *testing.T) {
	for _, eager := range []bool{false, true} {
		powerLossAtEveryOperation(t, eager)
	}
}

func powerLossAtEveryOperation(t *testing.T, eager bool) {
	for at := 0; ; at++ {
		done := false
		virtualtest.On(func(k *rt.Task) {
			d := newDisk()
			s := open(t, k, d)
			commit(t, k, s, "a")
			commit(t, k, s, "b")
			d.failFrom = d.ops + at
			n, err := s.Commit(k, data(t, "c"))
			committed := err == nil
			if committed && n != 3 {
				t.Errorf("operation %d: number %d", at, n)
			}
			gone, err := s.Prune(k, 1)
			done = err == nil && committed
			d.powerLoss(k, eager)
			s = open(t, k, d)
			if r := s.Reports(); len(r) > 0 {
				t.Errorf("operation %d: %+v", at, r)
			}
			switch n, note := current(t, k, s); {
			case n == 3 && note == "c":
			case n == 2 && note == "b" && !committed:
			default:
				t.Errorf("operation %d: committed %v, then current is %d, %q", at, committed, n, note)
			}
			list, err := s.List(k)
			if err != nil {
				t.Error(err)
			}
			for _, g := range list {
				if g.Damaged != "" || slices.Contains(gone, g.Number) {
					t.Errorf("operation %d: %+v; removed: %v", at, g, gone)
				}
			}
			for _, name := range d.Files() {
				if strings.Contains(name, "removed") || strings.Contains(name, "damaged") {
					t.Errorf("operation %d: %s is left", at, name)
				}
			}
			before, _ := current(t, k, s)
			if n := commit(t, k, s, "d"); n <= before {
				t.Errorf("operation %d: the next number is %d", at, n)
			}
			if _, note := current(t, k, s); note != "d" {
				t.Errorf("operation %d: afterwards %q is current", at, note)
			}
		})
		if done {
			if at < 50 {
				t.Errorf("only %d operations were seen", at)
			}
			return
		}
	}
}

// TestPruneKeepsTheCurrentOne, however old it is.
func TestPruneKeepsTheCurrentOne(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := newDisk()
		s := open(t, k, d)
		for _, note := range []string{"a", "b", "c", "d", "e"} {
			commit(t, k, s, note)
		}
		overwrite(t, k, d, "generations/current", []byte("2\n"))
		for _, c := range []struct {
			keep int
			gone []int
		}{{5, nil}, {2, []int{1, 3, 4}}, {0, []int{5}}, {0, nil}} {
			if gone, err := s.Prune(k, c.keep); err != nil || !slices.Equal(gone, c.gone) {
				t.Errorf("keep %d: %v is gone, %v", c.keep, gone, err)
			}
		}
		if n, note := current(t, k, s); n != 2 || note != "b" {
			t.Errorf("current is %d, %q", n, note)
		}
	})
}

// TestADiskThatRefuses: a commit that fails leaves what was current, and the next one works.
func TestADiskThatRefuses(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO} {
		for _, op := range []string{"create", "write", "sync", "rename"} {
			virtualtest.On(func(k *rt.Task) {
				d := newDisk()
				s := open(t, k, d)
				commit(t, k, s, "a")
				d.Fail = func(o, _ string) error {
					if o == op {
						return cause
					}
					return nil
				}
				if _, err := s.Commit(k, data(t, "b")); !errors.Is(err, cause) {
					t.Errorf("%s: %v", op, err)
				}
				if n, note := current(t, k, s); n != 1 || note != "a" {
					t.Errorf("%s: current is %d, %q", op, n, note)
				}
				d.Fail = nil
				n := commit(t, k, s, "c")
				if got, note := current(t, k, s); got != n || note != "c" {
					t.Errorf("%s: then current is %d, %q", op, got, note)
				}
				if list, err := s.List(k); err != nil || len(list) != 2 {
					t.Errorf("%s: %+v, %v", op, list, err)
				}
				if r := open(t, k, d).Reports(); len(r) > 0 {
					t.Errorf("%s: %+v", op, r)
				}
			})
		}
	}
}

// TestWhatIsRefused: what is too large, or does not belong together, is not committed.
func TestWhatIsRefused(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		s := open(t, k, newDisk())
		large, long, other := data(t, "a"), data(t, "a"), data(t, "a")
		large.Source = bytes.Repeat([]byte("#"), language.MaxFileSize+1)
		large.Inputs.Source = data(t, "a").Inputs.Source
		long.Note = strings.Repeat("x", 100<<10)
		other.Source = []byte("appliance \"other\" {}\n")
		for _, g := range []generation.Generation{large, long, other} {
			if n, err := s.Commit(k, g); err == nil {
				t.Errorf("committed as %d", n)
			}
		}
		if n, _ := current(t, k, s); n != 0 {
			t.Errorf("%d is current", n)
		}
	})
}

// TestStoreAgainstAModel compares the store with a list, under power losses at any operation.
func TestStoreAgainstAModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		virtualtest.On(func(k *rt.Task) {
			d := newDisk()
			s := open(t, k, d)
			notes := map[int]string{} // what was committed
			now := 0
			for i := range rapid.IntRange(1, 25).Draw(r, "steps") {
				note := fmt.Sprint("n", i)
				power := rapid.IntRange(0, 80).Draw(r, "power")
				if power < 40 {
					d.failFrom = d.ops + power
				}
				switch rapid.SampledFrom([]string{"commit", "commit", "prune", "open"}).Draw(r, "step") {
				case "commit":
					if n, err := s.Commit(k, data(t, note)); err == nil {
						if n <= now {
							r.Fatalf("%d after %d", n, now)
						}
						now = n
						notes[n] = note
					}
				case "prune":
					keep := rapid.IntRange(1, 4).Draw(r, "keep")
					gone, err := s.Prune(k, keep)
					if slices.Contains(gone, now) {
						r.Fatalf("%v is gone, %d was current", gone, now)
					}
					if list, lerr := s.List(k); err == nil && lerr == nil && len(list) > keep {
						r.Fatalf("%d are left, not %d", len(list), keep)
					}
				case "open":
					_, _ = generation.Open(k, d)
				}
				if d.failFrom >= 0 {
					d.powerLoss(k, rapid.Bool().Draw(r, "eager"))
					s = open(t, k, d)
				}
				n, got := current(t, k, s)
				if n != now && (got != note || n < now) { // a commit that failed at its very end may have been one
					r.Fatalf("current is %d, %q, want %d, %q", n, got, now, notes[now])
				}
				now, notes[n] = n, got
				if g, err := s.LastGood(k); n > 0 && (err != nil || g.Number != n) {
					r.Fatalf("last good is %+v, %v, want %d", g, err, n)
				}
				if rep := s.Reports(); len(rep) > 0 {
					r.Fatalf("%+v", rep)
				}
			}
		})
	})
}
