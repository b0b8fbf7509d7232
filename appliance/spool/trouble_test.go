package spool_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/appliance/spool"
	"orac/appliance/utterance"
)

// fails makes operations of a kind on files of a suffix fail.
func fails(d *virtual.Disk, op, suffix string, err error) {
	d.Fail = func(o, name string) error {
		if o == op && strings.HasSuffix(name, suffix) {
			return err
		}
		return nil
	}
}

func TestAnUnfinishedUtteranceThatCannotBeReadIsSetAside(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		pcm := sound(1, 20)
		s.Append(k, s.Begin(k, meta("a", "w")), pcm)
		record(k, s, "b", sound(2, 5), "w")
		fails(d, "read", ".part", syscall.EIO)
		s, err := spool.Open(k, d, limits)
		if err == nil || s.DiskErr() == nil {
			t.Error("nobody was told")
		}
		for range 58 { // two minutes, at the pace of the node
			if s.Retry(k); s.DiskErr() == nil || len(s.Reports()) > 0 || s.Next("w", 0) != nil {
				t.Fatal("it was given up early, or b came before a")
			}
		}
		s.Retry(k)
		var told []string
		for _, r := range s.Reports() {
			if r.Where == "damaged" && strings.Contains(r.Cause, "input/output error") {
				told = append(told, r.Entry.Meta.ID)
			}
		}
		want := []string{"0000000000000001.json", "0000000000000001.part"}
		if !slices.Equal(told, want) {
			t.Errorf("told of %v, want %v", told, want)
		}
		d.Fail = nil
		b, err := d.ReadFile(k, "spool/damaged/0000000000000001.part", 1<<20)
		if err != nil || len(b) != 2*len(pcm) {
			t.Errorf("%d bytes are kept, %v; want %d", len(b), err, 2*len(pcm))
		}
		if e := s.Next("w", 0); e == nil || e.Meta.ID != "b" {
			t.Errorf("the next is %+v, want b", e)
		}
	})
}

// TestADiskThatGivesNothingForAWhile: what the disk does not give at the start, whatever file it is, is there when it does.
func TestADiskThatGivesNothingForAWhile(t *testing.T) {
	for _, suffix := range []string{".json", ".part", ".done"} {
		for _, cause := range []error{syscall.EIO, syscall.EMFILE} {
			virtualtest.On(func(k *rt.Task) {
				d := virtual.NewDisk(1 << 30)
				s := open(k, d)
				record(k, s, "a", sound(1, 5), "v", "w")
				s.Refused(k, s.Next("v", 0), "v", "no")
				s.Append(k, s.Begin(k, meta("b", "w")), sound(2, 20))
				fails(d, "read", suffix, cause)
				s, err := spool.Open(k, d, limits)
				if err == nil {
					t.Fatalf("%s: nobody was told", suffix)
				}
				record(k, s, "c", sound(3, 5), "w")
				d.Fail = nil
				s.Retry(k)
				for i, id := range []string{"a", "b", "c"} {
					e := s.Next("w", 0)
					if e == nil || e.Meta.ID != id {
						t.Fatalf("%s, %v: number %d is %+v, want %s", suffix, cause, i, e, id)
					}
					s.Answered(k, e, "w")
				}
				if got := slices.DeleteFunc(d.Files(), func(n string) bool { return !strings.Contains(n, "damaged") }); len(got) > 0 {
					t.Errorf("%s: %v", suffix, got)
				}
				if got := d.Files(); !slices.Contains(got, "spool/refused/a.wav") {
					t.Errorf("%s: the refusal was forgotten: %v", suffix, got)
				}
			})
		}
	}
}

// TestRefusedAndNotToBeRead: what nobody will have and the disk does not give is set aside as it is, when the disk lets it.
func TestRefusedAndNotToBeRead(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		pcm := sound(1, 5)
		e := record(k, s, "a", pcm, "w")
		d.Fail = func(op, name string) error {
			if strings.HasPrefix(name, "spool/") {
				return syscall.EIO
			}
			return nil
		}
		s.Refused(k, e, "w", "no")
		for _, r := range s.Reports() {
			if r.Dropped {
				t.Errorf("dropped: %s", r.Cause)
			}
		}
		d.Fail = nil
		s.Retry(k)
		b, err := d.ReadFile(k, "spool/damaged/0000000000000001.pcm", 1<<20)
		if err != nil || len(b) != 2*len(pcm) {
			t.Errorf("%d bytes are kept, %v; want %d", len(b), err, 2*len(pcm))
		}
		if s.DiskErr() != nil || s.Stats().Waiting != 0 {
			t.Errorf("%v, %+v", s.DiskErr(), s.Stats())
		}
	})
}

func TestADiskThatRecoversDuringARecording(t *testing.T) {
	for _, early := range []bool{true, false} { // whether the disk is tried again before the end
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			s := open(k, d)
			fails(d, "create", "", syscall.ENOSPC)
			record(k, s, "a", sound(1, 5), "w")
			e := s.Begin(k, meta("b", "w"))
			s.Append(k, e, sound(2, 5))
			d.Fail = nil
			if early {
				s.Retry(k)
			}
			s.Append(k, e, sound(3, 5))
			m := meta("b", "w")
			m.EndAt, m.Why = time.Unix(1005, 0), utterance.Silence
			s.End(k, e, m)
			if s.DiskErr() != nil { // so whoever drives the spool tries again
				s.Retry(k)
			}
			d.PowerLoss()
			s = open(k, d)
			for _, want := range []struct {
				id  string
				pcm []int16
			}{{"a", sound(1, 5)}, {"b", append(sound(2, 5), sound(3, 5)...)}} {
				e := s.Next("w", 0)
				if e == nil || e.Meta.ID != want.id {
					t.Fatalf("next is %+v, want %s", e, want.id)
				}
				if got, err := s.Audio(k, e); err != nil || !slices.Equal(got, want.pcm) {
					t.Errorf("%s: %d samples, %v; want %d", want.id, len(got), err, len(want.pcm))
				}
				s.Answered(k, e, "w")
			}
		})
	}
}

func TestAnAnswerThatTheDiskRefusedIsWrittenLater(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		e := record(k, s, "a", sound(1, 5), "w", "v")
		fails(d, "create", ".done.tmp", syscall.ENOSPC)
		s.Answered(k, e, "w")
		if s.DiskErr() == nil {
			t.Fatal("nobody would know that the answer is to be written")
		}
		s.Retry(k)
		if s.DiskErr() == nil {
			t.Fatal("the disk still refuses")
		}
		d.Fail = nil
		s.Retry(k)
		if s.DiskErr() != nil {
			t.Error(s.DiskErr())
		}
		d.PowerLoss()
		if s = open(k, d); s.Next("w", 0) != nil || s.Next("v", 0) == nil {
			t.Error("w would be given it again, or v never")
		}
	})
}

func TestAnAnswerBeforeTheEndIsOnDiskAfterIt(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		e := s.Begin(k, meta("a", "w", "v"))
		s.Append(k, e, sound(1, 5))
		s.Answered(k, e, "w")
		m := meta("a", "w", "v")
		m.EndAt, m.Why = time.Unix(1005, 0), utterance.Silence
		s.End(k, e, m)
		d.PowerLoss()
		if s = open(k, d); s.Next("w", 0) != nil || s.Next("v", 0) == nil {
			t.Error("w would be given it again, or v never")
		}
	})
}

func TestARefusalSurvivesARestart(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		s.Refused(k, record(k, s, "a", sound(1, 5), "w", "v"), "w", "no")
		d.PowerLoss()
		s = open(k, d)
		s.Answered(k, s.Next("v", 0), "v")
		if want := []string{"spool/refused/a.json", "spool/refused/a.wav"}; !slices.Equal(d.Files(), want) {
			t.Errorf("left %v, want %v", d.Files(), want)
		}
	})
}

func TestTheOldestRefusedIsReportedWhenItGoes(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		for i := range 130 {
			s.Refused(k, record(k, s, fmt.Sprintf("%03d", i), sound(1, 2), "w"), "w", "no")
		}
		var dropped, want []string
		for _, r := range s.Reports() {
			if r.Dropped {
				dropped = append(dropped, r.Entry.Meta.ID)
			}
		}
		for i := range 30 {
			want = append(want, fmt.Sprintf("%03d", i))
		}
		if !slices.Equal(dropped, want) || len(d.Files()) != 200 {
			t.Errorf("reported %v, want %v; %d are kept", dropped, want, len(d.Files()))
		}
	})
}

// TestOneRefusedWhileItIsRecordedIsKeptAside takes the only service away in the middle of a recording.
func TestOneRefusedWhileItIsRecordedIsKeptAside(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		e := s.Begin(k, meta("a", "w"))
		s.Append(k, e, sound(1, 5))
		s.Serve(k, []string{"v"})
		s.Append(k, e, sound(1, 5))
		s.End(k, e, meta("a", "w"))
		if want := []string{"spool/refused/a.json", "spool/refused/a.wav"}; !slices.Equal(d.Files(), want) {
			t.Errorf("left %v, want %v", d.Files(), want)
		}
		if told := s.Reports(); len(told) != 1 || told[0].Where != "spool/refused/a.wav" {
			t.Errorf("reported %+v", told)
		}
	})
}

// TestAFolderThatCannotBeReadAtTheStartLosesNothing opens a spool whose folder cannot be listed for a while: what is recorded
// meanwhile takes no number that is in use there, and what is there is delivered first as soon as it can be read.
func TestAFolderThatCannotBeReadAtTheStartLosesNothing(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		for i, id := range []string{"a", "b"} {
			record(k, s, id, sound(i, 3), "w")
		}
		for i, id := range []string{"c", "d"} { // twice: numbers given in such a time are in use at the next
			_ = k.Sleep(time.Minute)
			fails(d, "list", "", syscall.EIO)
			var err error
			if s, err = spool.Open(k, d, limits); err == nil {
				t.Fatal("no error")
			}
			record(k, s, id, sound(2+i, 3), "w")
			if s.Retry(k); s.DiskErr() == nil {
				t.Fatal("it says that the disk is well")
			}
			d.Fail = nil
			if s.Retry(k); s.DiskErr() != nil {
				t.Fatal(s.DiskErr())
			}
		}
		d.PowerLoss()
		s = open(k, d)
		for i, id := range []string{"a", "b", "c", "d"} {
			e := s.Next("w", 0)
			if e == nil || e.Meta.ID != id {
				t.Fatalf("next is %+v, want %s", e, id)
			}
			if got, err := s.Audio(k, e); err != nil || !slices.Equal(got, sound(i, 3)) {
				t.Errorf("%s: %d samples, %v", id, len(got), err)
			}
			s.Answered(k, e, "w")
		}
		if left := d.Files(); len(left) != 0 {
			t.Errorf("left %v", left)
		}
	})
}

// What has been answered while the disk let go of nothing is no utterance again after the next start.
func TestAnAnsweredUtteranceLeavesWhenTheDiskLetsGo(t *testing.T) {
	for _, op := range []string{"remove", "syncdir"} {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			s := open(k, d)
			e := record(k, s, "a", sound(1, 5), "w")
			mend := d.Break(op, "", syscall.EROFS)
			s.Answered(k, e, "w")
			if s.DiskErr() == nil {
				t.Errorf("%s: nobody would try again", op)
			}
			s.Retry(k)
			mend()
			s.Retry(k)
			if s.DiskErr() != nil {
				t.Errorf("%s: it still says %v", op, s.DiskErr())
			}
			d.PowerLoss()
			if s = open(k, d); s.Next("w", 0) != nil || len(d.Files()) != 0 {
				t.Errorf("%s: after a restart it is there again: %v", op, d.Files())
			}
		})
	}
}

// What a kill has left was never synced: once it is salvaged it survives a power loss all the same.
func TestWhatWasSalvagedSurvivesAPowerLoss(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		pcm := sound(1, 20)
		s.Append(k, s.Begin(k, meta("a", "w")), pcm)
		s = open(k, d) // after a kill
		if e := s.Next("w", 0); e == nil {
			t.Fatal("nothing was salvaged")
		}
		d.PowerLoss()
		s = open(k, d)
		e := s.Next("w", 0)
		if e == nil {
			t.Fatal("it is gone after the power loss")
		}
		if got, err := s.Audio(k, e); err != nil || !slices.Equal(got, pcm) {
			t.Errorf("%d samples are left of %d, %v", len(got), len(pcm), err)
		}
	})
}
