package generation_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"orac/appliance/generation"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/status"
	"orac/runbook"
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
			on(t, func(k *rt.Task) {
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
	for at := 0; ; at++ {
		done := false
		on(t, func(k *rt.Task) {
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
			d.powerLoss(k)
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

// TestPowerLossWhileDamageIsSetAside: no byte of a damaged generation is lost at any operation.
func TestPowerLossWhileDamageIsSetAside(t *testing.T) {
	for at, done := 0, false; !done; at++ {
		on(t, func(k *rt.Task) {
			d := newDisk()
			s := open(t, k, d)
			commit(t, k, s, "a")
			commit(t, k, s, "b")
			overwrite(t, k, d, "generations/0000000002/inputs.json", []byte("{"))
			want := contents(t, k, d)
			d.failFrom = d.ops + at
			_, err := generation.Open(k, d)
			done = err == nil && d.ops <= d.failFrom
			d.powerLoss(k)
			s = open(t, k, d)
			if diff := cmp.Diff(want, contents(t, k, d)); diff != "" {
				t.Errorf("operation %d: (-before +after):\n%s", at, diff)
			}
			if g, err := s.LastGood(k); err != nil || g.Note != "a" {
				t.Errorf("operation %d: last good is %+v, %v", at, g, err)
			}
			list, err := s.List(k)
			if err != nil || len(list) != 2 || list[1].Damaged == "" || list[1].Number != 2 {
				t.Errorf("operation %d: %+v, %v", at, list, err)
			}
		})
		if at == 0 && done {
			t.Error("no operation was seen")
		}
	}
}

// contents gives the texts of all files, in order.
func contents(t *testing.T, k *rt.Task, d *disk) []string {
	t.Helper()
	var out []string
	for _, name := range d.Files() {
		b, err := d.ReadFile(k, name, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	slices.Sort(out)
	return out
}

func overwrite(t *testing.T, k *rt.Task, d *disk, name string, text []byte) {
	t.Helper()
	_ = d.Remove(k, name)
	f, err := d.Create(k, name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(text)
	_ = f.Sync()
	_ = d.SyncDir(k, name[:strings.LastIndexByte(name, '/')])
}

// TestDamageIsRecognised changes, shortens, lengthens or removes a file: the generation is listed as damaged, not used, kept.
func TestDamageIsRecognised(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		on(t, func(k *rt.Task) {
			d := newDisk()
			s := open(t, k, d)
			commit(t, k, s, "a")
			commit(t, k, s, "b")
			name := "generations/0000000002/" + rapid.SampledFrom([]string{"runbook.hcl", "inputs.json", "meta.json"}).Draw(r, "file")
			b, err := d.ReadFile(k, name, 1<<20)
			if err != nil {
				r.Fatal(err)
			}
			i := rapid.IntRange(0, len(b)-1).Draw(r, "at")
			how := rapid.SampledFrom([]string{"flip", "cut", "grow", "remove"}).Draw(r, "how")
			switch how {
			case "flip":
				b[i] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
			case "cut":
				b = b[:i]
			case "grow":
				b = append(b, rapid.SampledFrom([]string{" ", "\n", "x", strings.Repeat(" ", 300<<10)}).Draw(r, "more")...)
			}
			if how == "remove" {
				_ = d.Remove(k, name)
				_ = d.SyncDir(k, "generations/0000000002")
			} else {
				overwrite(t, k, d, name, b)
			}
			files := len(d.Files())
			if _, err := s.Load(k, 2); err == nil {
				r.Fatal("it is loaded")
			}
			for range 2 { // before and after it was set aside
				if g, err := s.LastGood(k); err != nil || g.Note != "a" {
					r.Errorf("last good: %+v, %v", g, err)
				}
				list, err := s.List(k)
				if err != nil || len(list) != 2 || list[0].Damaged != "" || list[1].Damaged == "" {
					r.Errorf("%+v, %v", list, err)
				}
				s = open(t, k, d)
			}
			if len(d.Files()) != files {
				r.Errorf("%d of %d files are left", len(d.Files()), files)
			}
			if n := commit(t, k, s, "c"); n != 3 {
				r.Errorf("the next is number %d", n)
			}
		})
	})
}

// TestANewerFormatStaysInPlace: after a downgrade, what a newer ORAC has kept is not used, and waits for it.
func TestANewerFormatStaysInPlace(t *testing.T) {
	on(t, func(k *rt.Task) {
		d := newDisk()
		s := open(t, k, d)
		commit(t, k, s, "a")
		commit(t, k, s, "b")
		overwrite(t, k, d, "generations/0000000002/meta.json", []byte(`{"format":2,"new":true}`))
		s = open(t, k, d)
		if r := s.Reports(); len(r) > 0 {
			t.Errorf("%+v", r)
		}
		list, err := s.List(k)
		if err != nil || len(list) != 2 || !strings.Contains(list[1].Damaged, "newer version") {
			t.Errorf("%+v, %v", list, err)
		}
		if g, err := s.LastGood(k); err != nil || g.Note != "a" {
			t.Errorf("last good: %+v, %v", g, err)
		}
	})
}

// TestCurrentThatMakesNoSense: the newest good generation is taken, none is removed, and the next commit mends it.
func TestCurrentThatMakesNoSense(t *testing.T) {
	for _, text := range []string{"", "x\n", "-1\n", "0\n", "99999999999999999999\n", strings.Repeat("1", 100)} {
		on(t, func(k *rt.Task) {
			d := newDisk()
			s := open(t, k, d)
			commit(t, k, s, "a")
			commit(t, k, s, "b")
			overwrite(t, k, d, "generations/current", []byte(text))
			s = open(t, k, d)
			if _, err := s.Current(k); err == nil {
				t.Errorf("%q is a number", text)
			}
			if g, err := s.LastGood(k); err != nil || g.Note != "b" {
				t.Errorf("%q: last good is %+v, %v", text, g, err)
			}
			if gone, err := s.Prune(k, 1); err == nil || len(gone) > 0 {
				t.Errorf("%q: %v was removed, %v", text, gone, err)
			}
			if list, err := s.List(k); err != nil || len(list) != 2 || list[0].Current || list[1].Current {
				t.Errorf("%q: %+v, %v", text, list, err)
			}
			if n := commit(t, k, s, "c"); n != 3 {
				t.Errorf("%q: the next is number %d", text, n)
			}
			if n, _ := current(t, k, s); n != 3 {
				t.Errorf("%q: then %d is current", text, n)
			}
		})
	}
}

// TestLastGood: the current one, else the newest before it, else the newest of all.
func TestLastGood(t *testing.T) {
	for _, c := range []struct {
		current string
		damaged []int
		want    string
	}{
		{"3\n", nil, "c"},
		{"3\n", []int{3}, "b"},
		{"3\n", []int{2, 3}, "a"},
		{"3\n", []int{1, 2, 3}, "e"},
		{"5\n", nil, "e"},
		{"9\n", nil, "e"},
		{"3\n", []int{1, 2, 3, 4, 5}, ""},
	} {
		on(t, func(k *rt.Task) {
			d := newDisk()
			s := open(t, k, d)
			for _, note := range []string{"a", "b", "c", "d", "e"} {
				commit(t, k, s, note)
			}
			overwrite(t, k, d, "generations/current", []byte(c.current))
			for _, n := range c.damaged {
				overwrite(t, k, d, fmt.Sprintf("generations/%010d/runbook.hcl", n), nil)
			}
			g, err := s.LastGood(k)
			switch {
			case c.want == "":
				if !errors.Is(err, generation.ErrNone) {
					t.Errorf("%+v: %+v, %v", c, g, err)
				}
			case err != nil || g.Note != c.want:
				t.Errorf("%+v: %+v, %v", c, g, err)
			}
		})
	}
}

// TestADiskThatRefuses: a commit that fails leaves what was current, and the next one works.
func TestADiskThatRefuses(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO} {
		for _, op := range []string{"create", "write", "sync", "rename"} {
			on(t, func(k *rt.Task) {
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

// TestAGenerationThatCannotBeReadIsNotDamaged: what the disk refuses today it may give tomorrow.
func TestAGenerationThatCannotBeReadIsNotDamaged(t *testing.T) {
	on(t, func(k *rt.Task) {
		d := newDisk()
		s := open(t, k, d)
		commit(t, k, s, "a")
		commit(t, k, s, "b")
		d.Fail = func(op, name string) error {
			if op == "read" && strings.HasSuffix(name, "2/inputs.json") {
				return syscall.EIO
			}
			return nil
		}
		s = open(t, k, d)
		if g, err := s.LastGood(k); err != nil || g.Note != "a" {
			t.Errorf("last good: %+v, %v", g, err)
		}
		if _, err := s.Load(k, 2); !errors.Is(err, syscall.EIO) || errors.Is(err, generation.ErrDamaged) {
			t.Errorf("%v", err)
		}
		if list, err := s.List(k); err != nil || !strings.Contains(list[1].Damaged, "input/output") {
			t.Errorf("%+v, %v", list, err)
		}
		d.Fail = nil
		if g, err := s.LastGood(k); err != nil || g.Note != "b" || len(s.Reports()) > 0 {
			t.Errorf("when it can be read again: %+v, %v", g, err)
		}
	})
}

// TestWhatIsRefused: what is too large, or does not belong together, is not committed.
func TestWhatIsRefused(t *testing.T) {
	on(t, func(k *rt.Task) {
		s := open(t, k, newDisk())
		large, long, other := data(t, "a"), data(t, "a"), data(t, "a")
		large.Source = bytes.Repeat([]byte("#"), runbook.MaxFileSize+1)
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
		on(t, func(k *rt.Task) {
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
					d.powerLoss(k)
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

// FuzzRead puts bytes where a generation's files belong: no panic, never a generation that was not committed.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"format":1,"number":1}`), []byte(`{"source":"","list":[]}`), []byte("appliance \"a\" {}"), []byte("1\n"))
	f.Add([]byte(`{"format":9}`), []byte(`{"list":[{"kind":"file","name":"x"}]}`), []byte(""), []byte("0000000001"))
	f.Add([]byte(`[]`), []byte(`null`), []byte("\x00"), []byte("\xff"))
	f.Fuzz(func(t *testing.T, meta, inputs, source, now []byte) {
		on(t, func(k *rt.Task) {
			d := newDisk()
			_ = d.MkdirAll(k, "generations/0000000001")
			overwrite(t, k, d, "generations/0000000001/meta.json", meta)
			overwrite(t, k, d, "generations/0000000001/inputs.json", inputs)
			overwrite(t, k, d, "generations/0000000001/runbook.hcl", source)
			overwrite(t, k, d, "generations/current", now)
			s, err := generation.Open(k, d)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.List(k); err != nil && !errors.Is(err, fs.ErrNotExist) && len(now) <= 64 {
				t.Fatal(err)
			}
			if g, err := s.LastGood(k); err == nil {
				t.Fatalf("%q is a generation", g.Source)
			}
			if n := commit(t, k, s, "a"); n < 2 {
				t.Fatalf("the next is number %d", n)
			}
		})
	})
}
