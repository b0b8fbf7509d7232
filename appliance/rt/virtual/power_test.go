package virtual

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/rt"
	"orac/runbook/testkit"
)

// TestWhatALossLeaves: the least that is left, and everything else that may be, over many seeds of a torn loss.
func TestWhatALossLeaves(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(k *rt.Task, d *Disk) // in an empty folder dir, and an empty folder other
		least string
		may   []string // besides
		never []string // what must not be left, as parts of the text
	}{
		{"nothing is synced", func(k *rt.Task, d *Disk) {
			put(t, k, d, "dir/a", "abc")
		}, "", []string{"dir/a=abc", "dir/a=000", "dir/a=", "dir/a=a"}, nil},
		{"the file is synced, its folder not", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "abc").Sync())
		}, "", []string{"dir/a=abc"}, []string{"dir/a=0", "dir/a=a "}},
		{"the folder is synced, the file not", func(k *rt.Task, d *Disk) {
			put(t, k, d, "dir/a", "abc")
			testkit.Must(t, d.SyncDir(k, "dir"))
		}, "dir/a=", []string{"dir/a=abc", "dir/a=ab", "dir/a=000"}, nil},
		{"both are synced", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "abc").Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
		}, "dir/a=abc", nil, nil},
		{"written after a sync", func(k *rt.Task, d *Disk) {
			f := put(t, k, d, "dir/a", "abc")
			testkit.Must(t, f.Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
			_, err := f.Write([]byte("def"))
			testkit.Must(t, err)
		}, "dir/a=abc", []string{"dir/a=abcdef", "dir/a=abcd", "dir/a=abc000"}, []string{"=0", "=ab "}},
		{"a rename", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "abc").Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
			testkit.Must(t, d.Rename(k, "dir/a", "dir/b"))
		}, "dir/a=abc", []string{"dir/b=abc"}, []string{"dir/a=abc dir/b"}},
		{"a rename to another folder, of which only the other is synced", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "abc").Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
			testkit.Must(t, d.Rename(k, "dir/a", "other/a"))
			testkit.Must(t, d.SyncDir(k, "other"))
		}, "other/a=abc", nil, nil},
		{"a replacement", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "old").Sync())
			testkit.Must(t, put(t, k, d, "dir/a.tmp", "new").Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
			testkit.Must(t, d.Rename(k, "dir/a.tmp", "dir/a"))
		}, "dir/a=old dir/a.tmp=new", []string{"dir/a=new"}, nil},
		{"a replacement whose contents were not synced", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "old").Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
			put(t, k, d, "dir/a.tmp", "new")
			testkit.Must(t, d.Rename(k, "dir/a.tmp", "dir/a"))
			testkit.Must(t, d.SyncDir(k, "dir"))
		}, "dir/a=", []string{"dir/a=new", "dir/a=000"}, []string{"old"}},
		{"a removal", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "abc").Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
			testkit.Must(t, d.Remove(k, "dir/a"))
		}, "dir/a=abc", []string{""}, []string{"dir/a=0"}},
		{"a removal that was synced", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "abc").Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
			testkit.Must(t, d.Remove(k, "dir/a"))
			testkit.Must(t, d.SyncDir(k, "dir"))
		}, "", nil, nil},
		{"later changes survive only with earlier ones", func(k *rt.Task, d *Disk) {
			put(t, k, d, "dir/a", "")
			put(t, k, d, "other/b", "")
		}, "", []string{"dir/a=", "dir/a= other/b="}, nil},
		{"a sync that failed has lost what it was to write", func(k *rt.Task, d *Disk) {
			f := put(t, k, d, "dir/a", "abc")
			testkit.Must(t, f.Sync())
			testkit.Must(t, d.SyncDir(k, "dir"))
			_, err := f.Write([]byte("def"))
			testkit.Must(t, err)
			mend := d.Break("sync", "", syscall.EIO)
			wants(t, f.Sync(), syscall.EIO)
			mend()
			_, err = f.Write([]byte("ghi"))
			testkit.Must(t, err)
			testkit.Must(t, f.Sync())
			if got := shows(t, k, d); got != "dir/a=abcdefghi" {
				t.Errorf("before the loss: %q", got)
			}
		}, "dir/a=abc000ghi", nil, nil},
		{"a crowd of renames", func(k *rt.Task, d *Disk) {
			testkit.Must(t, put(t, k, d, "dir/a", "abc").Sync())
			testkit.Must(t, d.Rename(k, "dir/a", "dir/b"))
			testkit.Must(t, d.Rename(k, "dir/b", "other/c"))
			testkit.Must(t, d.Rename(k, "other/c", "other/d"))
			testkit.Must(t, d.SyncDir(k, "dir"))
		}, "other/c=abc", []string{"other/d=abc"}, []string{"dir/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			left := map[string]bool{}
			for seed := range uint64(400) {
				on(t, func(k *rt.Task) {
					d := NewDisk(1 << 20)
					testkit.Must(t, d.MkdirAll(k, "dir"))
					testkit.Must(t, d.MkdirAll(k, "other"))
					c.do(k, d)
					if seed == 0 {
						d.PowerLoss()
						if got := shows(t, k, d); got != c.least {
							t.Errorf("the least: %q, want %q", got, c.least)
						}
						return
					}
					d.TornPowerLoss(rand.New(rand.NewPCG(seed, 0)))
					left[shows(t, k, d)] = true
					before := shows(t, k, d)
					if d.PowerLoss(); shows(t, k, d) != before {
						t.Error("what a loss has left is lost to the next one")
					}
				})
			}
			for _, want := range append(c.may, c.least) {
				if !left[want] {
					t.Errorf("%q was never left; %d others", want, len(left))
				}
			}
			for got := range left {
				if len(c.may) == 0 && got != c.least {
					t.Errorf("%q was left", got)
				}
				for _, never := range c.never {
					if strings.Contains(got+" ", never) {
						t.Errorf("%q was left", got)
					}
				}
			}
		})
	}
}

// TestTornSectors: of a long write that was not synced, sectors survive one by one, and in their place.
func TestTornSectors(t *testing.T) {
	mixed := false
	for seed := range uint64(50) {
		on(t, func(k *rt.Task) {
			d := NewDisk(1 << 20)
			text := strings.Repeat("x", 300)
			f := put(t, k, d, "a", text)
			testkit.Must(t, f.Sync())
			testkit.Must(t, d.SyncDir(k, "."))
			for i := range 20 {
				_, err := f.Write([]byte(strings.Repeat(string(rune('a'+i)), 500)))
				testkit.Must(t, err)
				text += strings.Repeat(string(rune('a'+i)), 500)
			}
			d.TornPowerLoss(rand.New(rand.NewPCG(seed, 0)))
			got, err := d.ReadFile(k, "a", 1<<20)
			testkit.Must(t, err)
			there, zero := 0, 0
			for at := 0; at < len(got); {
				n := min(len(got)-at, sector-at%sector)
				if at == 0 {
					n = 300
				}
				switch part := string(got[at : at+n]); part {
				case text[at : at+n]:
					there++
				case strings.Repeat("\x00", n):
					zero++
				default:
					t.Fatalf("seed %d: at %d: %q", seed, at, part)
				}
				at += n
			}
			if got[0] != 'x' {
				t.Errorf("seed %d: what was synced is lost", seed)
			}
			mixed = mixed || there > 3 && zero > 3
		})
	}
	if !mixed {
		t.Error("sectors were never there and lost in one file")
	}
}

// TestCrashAtEveryChange: the power fails at each change of a file that is written safely, before and after it; the file is
// the old or the new one, and nothing that was asked for after the loss happens.
func TestCrashAtEveryChange(t *testing.T) {
	write := func(k *rt.Task, d *Disk, text string) error { return rt.WriteFile(k, d, "dir", "a", []byte(text)) }
	total := 0
	on(t, func(k *rt.Task) {
		d := NewDisk(1 << 20)
		testkit.Must(t, d.MkdirAll(k, "dir"))
		testkit.Must(t, write(k, d, "old"))
		before := d.Changes()
		testkit.Must(t, write(k, d, "new"))
		total = d.Changes() - before
	})
	if total != 6 { // remove, create, write, sync, rename, syncdir
		t.Fatalf("%d changes", total)
	}
	seen := map[string]int{}
	for n := 1; n <= total; n++ {
		for _, after := range []bool{false, true} {
			for seed := range uint64(40) {
				d, world := NewDisk(1<<20), New(seed, time.Unix(0, 0), nil)
				returned, ended := false, false
				root := rt.New(world, "root", func(k *rt.Task) error {
					testkit.Must(t, d.MkdirAll(k, "dir"))
					testkit.Must(t, write(k, d, "old"))
					d.CrashAt(d.Changes()+n, after, world.Halt)
					defer func() { _ = d.Remove(k, "dir/a"); ended = true }() // there is no power for that
					_ = write(k, d, "new")
					returned = true
					return nil
				})
				at := world.Run(rt.Never)
				world.Close()
				if returned || ended || root.Done() || at != 0 {
					t.Fatalf("change %d: the task went on", n)
				}
				if seed == 0 {
					d.PowerLoss()
				} else {
					d.TornPowerLoss(rand.New(rand.NewPCG(seed, 0)))
				}
				on(t, func(k *rt.Task) {
					b, err := d.ReadFile(k, "dir/a", 100)
					got := string(b)
					durable := n == total && after
					if err != nil || got != "new" && (got != "old" || durable) {
						t.Errorf("change %d, after %v, seed %d: %q, %v", n, after, seed, got, err)
					}
					seen[got]++
					testkit.Must(t, write(k, d, "newer"))
				})
			}
		}
	}
	if seen["old"] == 0 || seen["new"] <= 40 {
		t.Errorf("%v", seen)
	}
}

// TestWhatIsSyncedStays draws what programs do, and lets the power fail in between. Of every file it knows what was synced:
// its contents, and the name that it had when a folder was last synced. That is what is there afterwards, unless the name was
// changed since; and a file is never there by two names.
func TestWhatIsSyncedStays(t *testing.T) {
	type known struct {
		f    rt.File
		text string // written
		safe int    // of it, synced
	}
	rapid.Check(t, func(t *rapid.T) {
		d := NewDisk(1 << 20)
		now := map[string]*known{}    // as programs see it
		synced := map[string]*known{} // by names that a loss cannot take, unless they are in changed
		changed := map[string]bool{}
		name := rapid.SampledFrom([]string{"a/1", "a/2", "b/1", "b/2"})
		var k *rt.Task // no task: what rapid draws with does not belong into one
		testkit.Must(t, d.MkdirAll(k, "a"))
		testkit.Must(t, d.MkdirAll(k, "b"))
		steps := rapid.IntRange(0, 40).Draw(t, "steps")
		for i := range steps {
			at := name.Draw(t, "name")
			x := now[at]
			switch op := rapid.SampledFrom([]string{"create", "write", "write", "sync", "rename", "remove", "syncdir", "syncdir"}).Draw(t, "op"); {
			case op == "create" && x == nil:
				f, err := d.Create(k, at)
				testkit.Must(t, err)
				now[at] = &known{f: f}
				changed[at] = true
			case op == "write" && x != nil:
				text := strings.Repeat(fmt.Sprintf("<%s %d>", at, i), rapid.IntRange(1, 200).Draw(t, "times"))
				_, err := x.f.Write([]byte(text))
				testkit.Must(t, err)
				x.text += text
			case op == "sync" && x != nil:
				testkit.Must(t, x.f.Sync())
				x.safe = len(x.text)
			case op == "rename" && x != nil:
				to := name.Draw(t, "to")
				testkit.Must(t, d.Rename(k, at, to))
				delete(now, at)
				now[to] = x
				changed[at], changed[to] = true, true
			case op == "remove" && x != nil:
				testkit.Must(t, d.Remove(k, at))
				delete(now, at)
				changed[at] = true
			case op == "syncdir":
				dir := path.Dir(at)
				testkit.Must(t, d.SyncDir(k, dir))
				for _, n := range []string{dir + "/1", dir + "/2"} {
					delete(changed, n)
					if delete(synced, n); now[n] != nil {
						synced[n] = now[n]
					}
				}
			}
		}
		all := map[*known]bool{}
		for _, x := range now {
			all[x] = true
		}
		for _, x := range synced {
			all[x] = true
		}
		if rapid.Bool().Draw(t, "torn") {
			d.TornPowerLoss(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		} else {
			d.PowerLoss()
		}
		for n, x := range synced {
			if changed[n] {
				continue
			}
			got, err := d.ReadFile(k, n, 1<<20)
			if err != nil || len(got) < x.safe || string(got[:x.safe]) != x.text[:x.safe] || len(got) > len(x.text) {
				t.Fatalf("%s was synced and holds %d bytes, %v; %d of %d were synced", n, len(got), err, x.safe, len(x.text))
			}
		}
		for _, n := range d.Files() {
			if synced[n] == nil && !changed[n] {
				t.Fatalf("%s was removed for good, and is there", n)
			}
		}
		starts := map[string]string{}
		for _, n := range d.Files() { // what was synced of a file is written nowhere else
			b, _ := d.ReadFile(k, n, 1<<20)
			for _, x := range slices.Collect(maps.Keys(all)) {
				if x.safe > 0 && len(b) >= x.safe && string(b[:x.safe]) == x.text[:x.safe] {
					if other, ok := starts[x.text[:x.safe]]; ok {
						t.Fatalf("the same file is there as %s and as %s", other, n)
					}
					starts[x.text[:x.safe]] = n
				}
			}
		}
		if free, _ := d.Free(k); free != 1<<20-size(d) {
			t.Fatalf("%d are free, and the files hold %d", free, size(d))
		}
	})
}

func size(d *Disk) (n int64) {
	for _, f := range d.files {
		n += int64(len(f.data))
	}
	return n
}
