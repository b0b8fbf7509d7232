package generation_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
)

// TestDamageOnARealDisk: the folder of a damaged generation is moved as a whole.
func TestDamageOnARealDisk(t *testing.T) {
	dir := t.TempDir()
	d, err := live.OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	virtualtest.On(func(k *rt.Task) {
		s := open(t, k, d)
		commit(t, k, s, "a")
		commit(t, k, s, "b")
		if err := os.Truncate(filepath.Join(dir, "generations/0000000002/runbook.hcl"), 5); err != nil {
			t.Fatal(err)
		}
		s = open(t, k, d)
		if r := s.Reports(); len(r) != 1 || r[0].Number != 2 || !strings.Contains(r[0].Cause, "runbook.hcl has changed since it was written") {
			t.Errorf("%+v", r)
		}
		if _, err := os.Stat(filepath.Join(dir, "generations/0000000002")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("its folder is still there: %v", err)
		}
		kept, err := filepath.Glob(filepath.Join(dir, "generations/damaged/0000000002/*"))
		if err != nil || len(kept) != 3 {
			t.Errorf("%v, %v", kept, err)
		}
		list, err := s.List(k)
		if err != nil || len(list) != 2 || list[1].Damaged == "" || list[1].Note != "b" {
			t.Errorf("%+v, %v", list, err)
		}
		if n := commit(t, k, s, "c"); n != 3 {
			t.Errorf("the next is number %d", n)
		}
	})
}

// TestDamageIsRecognised changes, shortens, lengthens or removes a file: the generation is listed as damaged, not used, kept.
func TestDamageIsRecognised(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		virtualtest.On(func(k *rt.Task) {
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

// TestPowerLossWhileDamageIsSetAside: no byte of a damaged generation is lost at any operation.
func TestPowerLossWhileDamageIsSetAside(t *testing.T) {
	for _, eager := range []bool{false, true} {
		powerLossWhileDamageIsSetAside(t, eager)
	}
}

func powerLossWhileDamageIsSetAside(t *testing.T, eager bool) {
	for at, done := 0, false; !done; at++ {
		virtualtest.On(func(k *rt.Task) {
			d := newDisk()
			s := open(t, k, d)
			commit(t, k, s, "a")
			commit(t, k, s, "b")
			overwrite(t, k, d, "generations/0000000002/inputs.json", []byte("{"))
			want := contents(t, k, d)
			d.failFrom = d.ops + at
			_, err := generation.Open(k, d)
			done = err == nil && d.ops <= d.failFrom
			d.powerLoss(k, eager)
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

// TestANewerFormatStaysInPlace: after a downgrade, what a newer ORAC has kept is not used, and waits for it.
func TestANewerFormatStaysInPlace(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
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
		virtualtest.On(func(k *rt.Task) {
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

// TestAnUnfinishedOneIsErasedOnlyWhenItIsKnownToBeOne: with the number of the current one lost, it may be one that was damaged.
func TestAnUnfinishedOneIsErasedOnlyWhenItIsKnownToBeOne(t *testing.T) {
	for now, kept := range map[string]bool{"1\n": false, "2\n": true, "x\n": true} {
		virtualtest.On(func(k *rt.Task) {
			d := newDisk()
			s := open(t, k, d)
			commit(t, k, s, "a")
			commit(t, k, s, "b")
			overwrite(t, k, d, "generations/current", []byte(now))
			_ = d.Remove(k, "generations/0000000002/meta.json")
			s = open(t, k, d)
			list, err := s.List(k)
			if err != nil || len(list) > 1 != kept || len(s.Reports()) > 0 != kept {
				t.Errorf("current is %q: %+v, %v", now, list, err)
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
		virtualtest.On(func(k *rt.Task) {
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

// TestAGenerationThatCannotBeReadIsNotDamaged: what the disk refuses today it may give tomorrow.
func TestAGenerationThatCannotBeReadIsNotDamaged(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
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

// FuzzRead puts bytes where a generation's files belong: no panic, never a generation that was not committed.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"format":1,"number":1}`), []byte(`{"source":"","list":[]}`), []byte("appliance \"a\" {}"), []byte("1\n"))
	f.Add([]byte(`{"format":9}`), []byte(`{"list":[{"kind":"file","name":"x"}]}`), []byte(""), []byte("0000000001"))
	f.Add([]byte(`[]`), []byte(`null`), []byte("\x00"), []byte("\xff"))
	f.Fuzz(func(t *testing.T, meta, inputs, source, now []byte) {
		virtualtest.On(func(k *rt.Task) {
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
