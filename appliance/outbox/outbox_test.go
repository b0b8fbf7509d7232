package outbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/outbox"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/runbook/hook"
)

var limits = outbox.Limits{Bytes: 1 << 20, Keep: time.Hour}

func event(id string) hook.Event {
	e := &hook.Transcript{Text: "text of " + id}
	e.ID, e.Type = id, "transcript"
	return e
}

func open(k *rt.Task, d *virtual.Disk) *outbox.HookBox {
	return outbox.Open(k, d, outbox.Hooks, "light", limits)
}

func add(k *rt.Task, b *outbox.HookBox, ids ...string) {
	for _, id := range ids {
		b.Add(k, event(id), at(0), true)
	}
}

// waits is what waits, as number:ID, each read from where it is kept.
func waits(t *testing.T, k *rt.Task, b *outbox.HookBox) (list []string) {
	t.Helper()
	for i := b.Next(0); i != nil; i = b.Next(i.Seq) {
		e, err := b.Load(k, i)
		if err != nil {
			t.Fatal(err)
		}
		if said := e.(*hook.Transcript); said.ID != i.ID || said.Text != "text of "+i.ID || said.Sequence != i.Seq {
			t.Errorf("%+v is read as %+v", i, said)
		}
		list = append(list, fmt.Sprint(i.Seq, ":", i.ID))
	}
	return list
}

// TestEventsSurviveALossOfPower: in order, with numbers that go on, also when none is left.
func TestEventsSurviveALossOfPower(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		b := open(k, d)
		add(k, b, "a", "b", "c")
		b.Taken(k, b.Next(0))
		d.PowerLoss()
		b = open(k, d)
		if got := waits(t, k, b); !slices.Equal(got, []string{"2:b", "3:c"}) {
			t.Errorf("%v", got)
		}
		b.Taken(k, b.Next(2)) // the second before the first
		b.Taken(k, b.Next(0))
		d.PowerLoss()
		b = open(k, d)
		add(k, b, "d")
		if got := waits(t, k, b); !slices.Equal(got, []string{"4:d"}) {
			t.Errorf("after all were taken: %v", got)
		}
		if files := d.Files(); len(files) != 3 { // the event, the mark, and how long it waits
			t.Errorf("left: %v", files)
		}
	})
}

// TestADiskThatRefusesIsTriedAgain: events wait in memory meanwhile, and what was taken is not sent again.
func TestADiskThatRefusesIsTriedAgain(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "rename", "syncdir"} {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			b := open(k, d)
			add(k, b, "a", "b")
			mend := d.Break(op, "", syscall.ENOSPC)
			add(k, b, "c")
			if b.DiskErr() == nil {
				t.Errorf("%s: it does not show", op)
			}
			if got := waits(t, k, b); !slices.Equal(got, []string{"1:a", "2:b", "3:c"}) {
				t.Errorf("%s: %v", op, got)
			}
			b.Taken(k, b.Next(0))
			b.Retry(k)
			mend()
			b.Retry(k)
			if b.DiskErr() != nil {
				t.Errorf("%s: %v", op, b.DiskErr())
			}
			d.PowerLoss()
			if got := waits(t, k, open(k, d)); !slices.Equal(got, []string{"2:b", "3:c"}) {
				t.Errorf("%s: after a loss of power: %v", op, got)
			}
		})
	}
}

// TestADiskThatCannotBeRead is asked again; what comes meanwhile follows what it holds, and after some tries goes out all the same.
func TestADiskThatCannotBeRead(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		add(k, open(k, d), "a")
		mend := d.Break("list", "", syscall.EIO)
		b := open(k, d)
		add(k, b, "b")
		if b.Next(0) != nil || b.Stats().Waiting != 1 {
			t.Errorf("%+v", b.Stats())
		}
		mend()
		b.Retry(k)
		if got := waits(t, k, b); !slices.Equal(got, []string{"1:a", "2:b"}) {
			t.Errorf("%v", got)
		}
		defer d.Break("list", "", syscall.EIO)()
		b = open(k, d)
		add(k, b, "c")
		for range 10 {
			b.Retry(k)
		}
		if i := b.Next(0); i == nil || i.ID != "c" || i.Seq < 1<<40 {
			t.Errorf("%+v", i)
		}
	})
}

func TestABoxIsBounded(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		b := outbox.Open(k, d, outbox.Hooks, "light", outbox.Limits{Bytes: 2000, Keep: time.Hour})
		for i := range 20 {
			add(k, b, fmt.Sprint("e", i))
		}
		dropped := b.Reports()
		s := b.Stats()
		if s.Bytes > 2000 || s.Waiting < 3 || s.Waiting+s.Dropped != 20 || len(dropped) != s.Dropped || dropped[0].ID != "e0" || b.Next(0).ID != fmt.Sprint("e", s.Dropped) {
			t.Errorf("%+v, %+v, next %+v", s, dropped, b.Next(0))
		}
		defer d.Break("", "", syscall.EROFS)() // it refuses all that changes it
		for i := range 5000 {
			add(k, b, fmt.Sprint("m", i))
		}
		if s := b.Stats(); s.Bytes > 2000+1<<20 {
			t.Errorf("%+v", s)
		}
	})
}

// at is a moment at which nothing is owed.
func at(age time.Duration) provenclock.Point { return provenclock.Point{Age: age, Born: age} }

// TestOldEventsGo by the age of the state directory; one that was added when that was not known is as old as when it was first seen.
func TestOldEventsGo(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		b := open(k, d)
		b.Add(k, event("a"), at(100*time.Hour), true)
		b.Add(k, event("b"), at(0), false)
		b.Add(k, event("c"), at(101*time.Hour), true)
		b.SetAside(k, b.Next(2), "no")
		b.Expire(k, at(100*time.Hour+59*time.Minute))
		if s := b.Stats(); s.Waiting != 2 || s.Aside != 1 {
			t.Errorf("%+v", s)
		}
		b.Expire(k, at(101*time.Hour))
		if got := waits(t, k, b); !slices.Equal(got, []string{"2:b"}) {
			t.Errorf("%v", got)
		}
		if r := b.Reports(); len(r) != 1 || r[0].ID != "a" || !strings.Contains(r[0].Cause, "keep") {
			t.Errorf("%+v", r)
		}
		b.Expire(k, at(102*time.Hour))
		if s := b.Stats(); s.Waiting != 0 || s.Aside != 0 {
			t.Errorf("%+v, %v", s, d.Files())
		}
		b.Add(k, event("d"), at(102*time.Hour), true)
		b.Expire(k, at(time.Minute)) // the age was lost
		b.Expire(k, at(59*time.Minute))
		if got := waits(t, k, b); len(got) != 1 {
			t.Errorf("%v", got)
		}
		b.Expire(k, at(61*time.Minute))
		b.Add(k, event("e"), provenclock.Point{Age: 2 * time.Hour, Born: 5*time.Hour + 1}, true) // what is owed ages it by nothing
		b.Expire(k, at(6*time.Hour))
		if got := waits(t, k, b); len(got) != 1 {
			t.Errorf("%v", got)
		}
		b.Expire(k, at(6*time.Hour+time.Second))
		if got := waits(t, k, b); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
}

// TestWhatWasSetAsideIsTriedAgain: at the end, under the identity that it had.
func TestWhatWasSetAsideIsTriedAgain(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		b := open(k, d)
		add(k, b, "a", "b")
		b.SetAside(k, b.Next(0), "status 400")
		d.PowerLoss()
		b = open(k, d)
		list, err := b.Asides(k)
		if err != nil || len(list) != 1 || list[0].ID != "a" || list[0].Kind != "transcript" || list[0].Cause != "status 400" || list[0].Event != nil {
			t.Fatalf("%+v, %v", list, err)
		}
		for _, id := range []string{"b", "../a", ""} {
			if err := b.Again(k, id, at(0), true); !errors.Is(err, outbox.ErrUnknown) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if err := b.Again(k, "a", at(0), true); err != nil {
			t.Fatal(err)
		}
		if got := waits(t, k, b); !slices.Equal(got, []string{"2:b", "3:a"}) {
			t.Errorf("%v", got)
		}
		b.SetAside(k, b.Next(2), "no")
		if err := errors.Join(b.Drop(k, "a"), b.Drop(k, "b")); err != nil || !errors.Is(b.Drop(k, "a"), outbox.ErrUnknown) {
			t.Error(err)
		}
		if s := open(k, d).Stats(); s.Waiting != 0 || s.Aside != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestForeignFilesAreLeftAlone, and what makes no sense stops nothing.
func TestForeignFilesAreLeftAlone(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		add(k, open(k, d), "a")
		for _, name := range []string{"README", "0000000000000009.transcript.x.y.json", "0000000000000008.none.id.1.json", "0000000000000000.done", "7.done"} {
			if err := rt.WriteFile(k, d, "hooks/light", name, []byte("?")); err != nil {
				t.Fatal(err)
			}
		}
		b := open(k, d)
		add(k, b, "b")
		if got := waits(t, k, b); !slices.Equal(got, []string{"1:a", "10:b"}) {
			t.Errorf("%v", got)
		}
		if !slices.Contains(d.Files(), "hooks/light/README") {
			t.Error("somebody's file is gone")
		}
		if err := rt.WriteFile(k, d, "hooks/light", "0000000000000011.transcript.c.1.json", []byte("half")); err != nil {
			t.Fatal(err)
		}
		b = open(k, d)
		if _, err := b.Load(k, b.Next(10)); err == nil || rt.Transient(err) {
			t.Errorf("half an event: %v", err)
		}
		b.SetAside(k, b.Next(10), "it cannot be read")
		if list, err := b.Asides(k); err != nil || len(list) != 1 || list[0].ID != "c" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// TestNoEventIsLostOrOutOfOrder, whatever is done and wherever the power goes: each that was added is taken once or more, or waits,
// or was dropped and that said.
func TestNoEventIsLostOrOutOfOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			b := open(k, d)
			var added, kept []string
			left := map[string]bool{}
			last := uint64(0)
			for range rapid.IntRange(1, 40).Draw(r, "steps") {
				switch rapid.IntRange(0, 5).Draw(r, "do") {
				case 0, 1:
					id := fmt.Sprint("e", len(added))
					added = append(added, id)
					add(k, b, id)
				case 2:
					if i := b.Next(0); i != nil {
						if i.Seq <= last {
							r.Fatalf("%d after %d", i.Seq, last)
						}
						last = i.Seq
						left[i.ID] = true
						b.Taken(k, i)
					}
				case 3:
					if i := b.Next(0); i != nil {
						left[i.ID] = true
						b.SetAside(k, i, "no")
					}
				case 4:
					d.PowerLoss()
					b = open(k, d)
				case 5:
					mend := d.Break(rapid.SampledFrom([]string{"create", "sync", "rename", "remove"}).Draw(r, "op"), "", syscall.EIO)
					b.Retry(k)
					mend()
					b.Retry(k)
				}
			}
			for i := b.Next(0); i != nil; i = b.Next(i.Seq) {
				kept = append(kept, i.ID)
			}
			want := slices.DeleteFunc(slices.Clone(added), func(id string) bool { return left[id] })
			if !slices.Equal(kept, want) {
				r.Fatalf("%v waits, want %v", kept, want)
			}
		})
	})
}

// TestWhatWasDroppedOnItsWay: an event may be dropped, for its age or for room, while it is sent. What becomes of it then changes
// nothing of the box any more: the number that was given last stays known.
func TestWhatWasDroppedOnItsWay(t *testing.T) {
	for name, end := range map[string]func(*outbox.HookBox, *rt.Task, *outbox.Item){
		"taken": func(b *outbox.HookBox, k *rt.Task, i *outbox.Item) { b.Taken(k, i) },
		"aside": func(b *outbox.HookBox, k *rt.Task, i *outbox.Item) { b.SetAside(k, i, "no") },
	} {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			b := open(k, d)
			add(k, b, "a", "b")
			b.Taken(k, b.Next(0))
			under := b.Next(0)
			b.Expire(k, at(2*time.Hour))
			end(b, k, under)
			if s := b.Stats(); s.Dropped != 1 || s.Aside != 0 || s.Waiting != 0 || b.DiskErr() != nil {
				t.Errorf("%s: %+v, %v", name, s, b.DiskErr())
			}
			b = open(k, d)
			add(k, b, "c")
			if got := waits(t, k, b); !slices.Equal(got, []string{"3:c"}) {
				t.Errorf("%s: %v", name, got)
			}
		})
	}
}

// TestTryingAgainLosesNothing: what was set aside stays there until the disk has it among those that wait.
func TestTryingAgainLosesNothing(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "rename", "syncdir", "list"} {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			b := open(k, d)
			add(k, b, "a", "b")
			b.SetAside(k, b.Next(0), "no")
			mend := d.Break(op, "", syscall.EIO)
			if op == "list" {
				b = open(k, d)
			}
			if err := b.Again(k, "a", at(0), true); err == nil {
				t.Errorf("%s: it says that it was done", op)
			}
			mend()
			d.PowerLoss()
			b = open(k, d)
			if s := b.Stats(); s.Waiting+s.Aside < 2 {
				t.Errorf("%s: %+v, %v", op, s, d.Files())
			}
		})
	}
}

// TestTamperedFiles: a file that says something else than its name is no event, and what cannot be an event's file stops nothing.
func TestTamperedFiles(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		open(k, d)
		for name, text := range map[string]string{
			"0000000000000001.transcript.other.1.json":  `{"schema":1,"id":"x\r\nAuthorization: y","sequence":1,"type":"transcript"}`,
			"0000000000000002.transcript.number.1.json": `{"schema":1,"id":"number","sequence":7,"type":"transcript"}`,
			"0000000000000003.transcript.kind.1.json":   `{"schema":1,"id":"kind","sequence":3,"type":"wake"}`,
			"0000000000000004.transcript.null.1.json":   `null`,
			"9999999999999999.transcript.last.1.json":   `{}`,
			"9999999999999999.done":                     ``,
		} {
			if err := rt.WriteFile(k, d, "hooks/light", name, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.MkdirAll(k, "hooks/light/aside/0000000000000005.transcript.folder.1.json"); err != nil {
			t.Fatal(err)
		}
		b := open(k, d)
		for i := b.Next(0); i != nil; i = b.Next(0) {
			if e, err := b.Load(k, i); err == nil || rt.Transient(err) {
				t.Errorf("%s is read as %+v, %v", i.ID, e, err)
			}
			b.SetAside(k, i, "it cannot be read")
		}
		b.Expire(k, at(100*time.Hour))
		if s := b.Stats(); s.Dropped != 0 || b.DiskErr() != nil {
			t.Errorf("%+v, %v: %v", s, b.Reports(), b.DiskErr())
		}
		add(k, b, "new")
		b = open(k, d)
		if got := waits(t, k, b); len(got) != 1 || !strings.HasSuffix(got[0], ":new") {
			t.Errorf("%v of %v", got, d.Files())
		}
	})
}
