package outbox_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/rt/virtual/virtualtest"
)

func openCommands(k *rt.Task, d *virtual.Disk) *outbox.CommandBox {
	return outbox.Open(k, d, outbox.Commands, "house", limits)
}

func text(id string) notify.Command {
	return notify.Command{ID: id, Topic: "general", Text: "text of " + id}
}

// TestWhatMayHaveArrivedIsKnown after a kill, and what was taken back is not suspected.
func TestWhatMayHaveArrivedIsKnown(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		b := openCommands(k, d)
		for _, id := range []string{"a", "b", "c"} {
			b.Add(k, text(id), at(0), true)
		}
		a, c := b.Next(0), b.Next(2)
		if err := b.Begin(k, a); err != nil {
			t.Fatal(err)
		}
		if err := b.Begin(k, c); err != nil {
			t.Fatal(err)
		}
		b.Undo(k, c)
		d.PowerLoss()
		b = openCommands(k, d)
		var begun []string
		for _, i := range b.Items() {
			e, err := b.Load(k, i)
			if err != nil || e.Text != "text of "+i.ID || e.Seq != i.Seq {
				t.Errorf("%+v is read as %+v, %v", i, e, err)
			}
			if i.Begun {
				begun = append(begun, i.ID)
			}
		}
		if !slices.Equal(begun, []string{"a"}) || len(b.Items()) != 3 {
			t.Errorf("%q of %v", begun, d.Files())
		}
		if !b.SetAside(k, b.Next(0), "who knows") || !b.Holds(k, "a") {
			t.Error("it cannot be set aside, or is forgotten then")
		}
		if err := b.Again(k, "a", at(0), true); err != nil || b.Items()[2].Begun {
			t.Errorf("a person cannot have it sent again: %v", err)
		}
		mend := d.Break("rename", "", syscall.EIO)
		if err := b.Begin(k, b.Next(0)); err == nil || b.Next(0).Begun {
			t.Error("the disk refuses, and it counts as noted")
		}
		mend()
	})
}

// TestWhatHasLeftIsRemembered by its ID, over any kills, up to a bound; and nothing else is.
func TestWhatHasLeftIsRemembered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			b := openCommands(k, d)
			left, waits := []string{}, []string{}
			for n := range rapid.IntRange(1, 30).Draw(t, "steps") {
				switch rapid.SampledFrom([]string{"add", "add", "take", "begin", "aside", "kill"}).Draw(t, "do") {
				case "add":
					id := fmt.Sprint("evt-", n)
					b.Add(k, text(id), at(0), true)
					waits = append(waits, id)
				case "take":
					if i := b.Next(0); i != nil {
						b.Taken(k, i)
						left, waits = append(left, waits[0]), waits[1:]
					}
				case "begin":
					if i := b.Next(0); i != nil && b.Begin(k, i) != nil {
						t.Fatal("the disk refuses")
					}
				case "aside":
					if i := b.Next(0); i != nil {
						b.SetAside(k, i, "no")
						left, waits = append(left, waits[0]), waits[1:]
					}
				case "kill":
					d.PowerLoss()
					b = openCommands(k, d)
				}
			}
			var ids []string
			for _, i := range b.Items() {
				ids = append(ids, i.ID)
			}
			if !slices.Equal(ids, waits) && len(ids)+len(waits) > 0 {
				t.Fatalf("%q wait, want %q", ids, waits)
			}
			for _, id := range append(left, waits...) {
				if !b.Holds(k, id) {
					t.Fatalf("%s is forgotten: %v", id, d.Files())
				}
			}
			if b.Holds(k, "evt-100") || b.Holds(k, "evt") || b.DiskErr() != nil {
				t.Fatalf("it remembers what never was, or %v", b.DiskErr())
			}
		})
	})
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		b := openCommands(k, d)
		for n := range outbox.Commands.Remember + 10 {
			b.Add(k, text(fmt.Sprint("evt-", n)), at(0), true)
			b.Taken(k, b.Next(0))
		}
		b = openCommands(k, d)
		if b.Holds(k, "evt-9") || !b.Holds(k, "evt-10") || len(d.Files()) > outbox.Commands.Remember+1 {
			t.Errorf("%d files", len(d.Files()))
		}
	})
}

// TestAKillBetweenMarkAndRemoval: the event has left, although its file is still there.
func TestAKillBetweenMarkAndRemoval(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		b := openCommands(k, d)
		for _, id := range []string{"a", "b"} {
			b.Add(k, text(id), at(0), true)
		}
		mend := d.Break("remove", "", syscall.EIO)
		b.Taken(k, b.Next(0))
		mend()
		b = openCommands(k, d)
		if i := b.Next(0); i == nil || i.ID != "b" || !b.Holds(k, "a") {
			t.Errorf("%+v waits; %v", i, d.Files())
		}
		b.Retry(k)
		if len(d.Files()) > 4 || b.DiskErr() != nil { // the event, a mark, how long it waits
			t.Errorf("left: %v, %v", d.Files(), b.DiskErr())
		}
	})
}

// TestATextThatCameBeforeTheDiskCouldBeRead: a text that a peer sends again while the disk cannot be read is held once, if it waits on the
// disk, has left, or was set aside.
func TestATextThatCameBeforeTheDiskCouldBeRead(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		b := openCommands(k, d)
		for _, id := range []string{"evt-waits", "evt-left", "evt-aside"} {
			b.Add(k, text(id), at(0), true)
		}
		b.Taken(k, b.Items()[1])
		b.SetAside(k, b.Items()[1], "why")
		mend := d.Break("list", "", syscall.EIO)
		b = openCommands(k, d)
		for _, id := range []string{"evt-waits", "evt-left", "evt-aside", "evt-new"} {
			if !b.Holds(k, id) {
				b.Add(k, text(id), at(0), true)
			}
		}
		mend()
		b.Retry(k)
		var got []string
		for _, i := range b.Items() {
			got = append(got, i.ID)
		}
		if fmt.Sprint(got) != "[evt-waits evt-new]" {
			t.Errorf("%v wait", got)
		}
	})
}
