package spool_test

import (
	"errors"
	"slices"
	"syscall"
	"testing"

	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/appliance/spool"
)

// TestWhatWasSetAsideIsTriedAgain: it comes after all that waits, with the same sound, for the service that refused it alone,
// and survives a loss of power from then on.
func TestWhatWasSetAsideIsTriedAgain(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		pcm := sound(1, 5)
		a := record(k, s, "a", pcm, "v", "w")
		s.Answered(k, a, "v")
		s.Refused(k, a, "w", "status 500")
		record(k, s, "b", sound(2, 5), "w")
		list, err := s.Asides(k)
		if err != nil || len(list) != 1 || list[0].ID != "a" || list[0].Listener != a.Meta.Listener ||
			!slices.Equal(list[0].Refused, []spool.Refusal{{STT: "w", Cause: "status 500"}}) || s.Stats().Refused != 1 {
			t.Fatalf("%+v, %v, %+v", list, err, s.Stats())
		}
		if err := s.Again(k, "a", []string{"v", "w"}); err != nil {
			t.Fatal(err)
		}
		d.PowerLoss()
		s = open(k, d)
		for _, id := range []string{"b", "a"} {
			e := s.Next("w", 0)
			if e == nil || e.Meta.ID != id || e.Awaits("v") {
				t.Fatalf("next is %+v, want %s for w alone", e, id)
			}
			if got, err := s.Audio(k, e); id == "a" && (err != nil || !slices.Equal(got, pcm)) {
				t.Errorf("%d samples, %v", len(got), err)
			}
			s.Answered(k, e, "w")
		}
		if left := d.Files(); len(left) != 0 || s.Stats().Refused != 0 {
			t.Errorf("left %v, %+v", left, s.Stats())
		}
	})
}

// TestNothingIsLostByARetryThatFails: the disk refuses at each of its steps, or no service would take it.
func TestNothingIsLostByARetryThatFails(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		pcm := sound(1, 5)
		s.Refused(k, record(k, s, "a", pcm, "w"), "w", "no")
		if err := s.Again(k, "a", []string{"v"}); !errors.Is(err, spool.ErrNoService) {
			t.Errorf("for nobody: %v", err)
		}
		for _, id := range []string{"b", "../a", ""} {
			if err := s.Again(k, id, []string{"w"}); !errors.Is(err, spool.ErrUnknown) {
				t.Errorf("%q: %v", id, err)
			}
		}
		for _, op := range []string{"create", "write", "sync", "rename"} {
			mend := d.Break(op, "", syscall.ENOSPC)
			if err := s.Again(k, "a", []string{"w"}); err == nil || s.Next("w", 0) != nil {
				t.Errorf("%s: %v, and %+v waits", op, err, s.Next("w", 0))
			}
			mend()
			if got, err := s.Sound(k, "a"); err != nil || !slices.Equal(got, pcm) {
				t.Errorf("%s: %d samples are left, %v", op, len(got), err)
			}
		}
		if err := s.Again(k, "a", []string{"w"}); err != nil || s.Next("w", 0) == nil {
			t.Errorf("a disk that is well: %v", err)
		}
	})
}

func TestAPersonDropsAnUtterance(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		s.Refused(k, record(k, s, "a", sound(1, 5), "w"), "w", "no")
		record(k, s, "b", sound(2, 5), "w")
		s.Begin(k, meta("c", "w"))
		s.Reports()
		if err := s.Drop(k, "c"); !errors.Is(err, spool.ErrUnknown) {
			t.Errorf("one that is being recorded: %v", err)
		}
		if err := errors.Join(s.Drop(k, "a"), s.Drop(k, "b")); err != nil {
			t.Error(err)
		}
		told := s.Reports()
		if len(told) != 1 || !told[0].Dropped || told[0].Entry.Meta.ID != "b" {
			t.Errorf("told of %+v", told)
		}
		d.PowerLoss()
		if s = open(k, d); s.Next("w", 0) != nil || s.Stats().Refused != 0 {
			t.Errorf("they are back: %v", d.Files())
		}
	})
}

// TestWhatCannotBeSetAsideWaits: on a full disk a refused utterance stays in its place, from memory as from disk, and nobody is given
// it again; nothing that is younger waits for it.
func TestWhatCannotBeSetAsideWaits(t *testing.T) {
	for _, test := range []struct {
		name  string
		early bool // the disk is full before the recording
		where string
	}{{"recorded on a full disk", true, "memory"}, {"on the disk before", false, "disk"}} {
		t.Run(test.name, func(t *testing.T) {
			virtualtest.On(func(k *rt.Task) {
				d := virtual.NewDisk(1 << 30)
				s := open(k, d)
				pcm := sound(1, 5)
				mend := func() {}
				full := func() { mend = d.Break("create", "", syscall.ENOSPC) }
				if test.early {
					full()
				}
				e := record(k, s, "a", pcm, "w")
				if !test.early {
					full()
				}
				s.Reports()
				s.Refused(k, e, "w", "no")
				s.Retry(k)
				if told := s.Reports(); len(told) == 0 || told[0].Dropped || told[0].Where != test.where || s.DiskErr() == nil || s.Stats().Waiting != 1 {
					t.Fatalf("told of %+v, %v, %+v", told, s.DiskErr(), s.Stats())
				}
				if e := s.Next("w", 0); e != nil {
					t.Errorf("%s is handed out again", e.Meta.ID)
				}
				record(k, s, "b", sound(2, 5), "w")
				if e := s.Next("w", 0); e == nil || e.Meta.ID != "b" {
					t.Errorf("next is %+v, want b", e)
				}
				mend()
				s.Retry(k)
				if got, err := s.Sound(k, "a"); err != nil || !slices.Equal(got, pcm) || s.DiskErr() != nil || s.Stats().Refused != 1 {
					t.Errorf("%d samples are set aside, %v, %v, %+v", len(got), err, s.DiskErr(), s.Stats())
				}
				if d.PowerLoss(); open(k, d).Stats().Waiting != 1 {
					t.Errorf("more than b waits after a restart: %v", d.Files())
				}
			})
		})
	}
}

// TestWhatCouldNotBeSetAsideIsAtTheNextStart: a kill comes between the refusal and the disk that accepts it.
func TestWhatCouldNotBeSetAsideIsAtTheNextStart(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		e := record(k, s, "a", sound(1, 5), "w")
		mend := d.Break("create", "spool/refused/*", syscall.ENOSPC)
		s.Refused(k, e, "w", "no")
		if s.Stats().Waiting != 1 {
			t.Errorf("it waits no more: %v", d.Files())
		}
		mend()
		s = open(k, d)
		if want := []string{"spool/refused/a.json", "spool/refused/a.wav"}; !slices.Equal(d.Files(), want) || s.Next("w", 0) != nil {
			t.Errorf("left %v, want %v", d.Files(), want)
		}
	})
}

// TestASalvageFromADiskThatRefusesIsInDoubt: such a disk cannot say that the utterance was answered.
func TestASalvageFromADiskThatRefusesIsInDoubt(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			s := open(k, d)
			s.Append(k, s.Begin(k, meta("a", "v", "w")), sound(1, 20))
			if refuses {
				d.Break("create", "", syscall.EROFS)
			}
			s, _ = spool.Open(k, d, limits)
			e := s.Next("w", 0)
			if e == nil || len(e.Meta.Sent) > 0 != refuses {
				t.Errorf("a disk that refuses (%v): %+v", refuses, e)
			}
		})
	}
}
