package spool_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/audio/wav"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/appliance/spool"
	"orac/appliance/utterance"
)

var limits = spool.Limits{Disk: 10 << 20, KeepFree: 0, Memory: 1 << 20}

func meta(id string, services ...string) utterance.Meta {
	return utterance.Meta{ID: id, Deliver: services, WakeAt: time.Unix(1000, 0)}
}

// sound is n hops that can be told from those of another seed.
func sound(seed, n int) []int16 {
	pcm := make([]int16, n*1280)
	for i := range pcm {
		pcm[i] = int16(seed*31 + i)
	}
	return pcm
}

// record puts an utterance into the spool as a recorder does, a hop at a time.
func record(t *rt.Task, s *spool.Spool, id string, pcm []int16, services ...string) *spool.Entry {
	e := s.Begin(t, meta(id, services...))
	for rest := pcm; len(rest) > 0; rest = rest[1280:] {
		s.Append(t, e, rest[:1280])
	}
	m := meta(id, services...)
	m.EndAt, m.Why = time.Unix(1005, 0), utterance.Silence
	s.End(t, e, m)
	return e
}

func open(t *rt.Task, d *virtual.Disk) *spool.Spool {
	s, _ := spool.Open(t, d, limits) // the error is also its DiskErr
	return s
}

func TestAnUtteranceIsThereUntilAllHaveAnswered(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		pcm := sound(1, 20)
		e := record(k, s, "a", pcm, "whisper", "archive")
		if got, err := s.Audio(k, e); err != nil || !slices.Equal(got, pcm) {
			t.Errorf("audio: %d samples, %v", len(got), err)
		}
		if s.PCM(e) != nil {
			t.Error("the buffer of a finished recording is still held")
		}
		s.Answered(k, e, "whisper")
		if s.Next("whisper", 0) != nil || s.Next("archive", 0) != e {
			t.Error("whisper has answered, archive has not")
		}
		s = open(k, d) // as after a restart
		if s.Next("whisper", 0) != nil {
			t.Error("after a restart, whisper would be asked again")
		}
		e = s.Next("archive", 0)
		if e == nil {
			t.Fatal("after a restart, archive would never be asked")
		}
		s.Answered(k, e, "archive")
		if files := d.Files(); len(files) != 0 {
			t.Errorf("left: %v", files)
		}
	})
}

// TestPowerLossAtEveryOperation breaks the power at each operation of the disk in the life of an utterance: what is found
// afterwards is a beginning of it, never anything else, and nothing once it was answered.
func TestPowerLossAtEveryOperation(t *testing.T) {
	errPower := errors.New("no power")
	pcm := sound(3, 10)
	for at := 0; ; at++ {
		n, cut := 0, false
		answered := false
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			d.Fail = func(op, name string) error {
				if n == at {
					cut = true
				}
				n++
				if cut {
					return errPower
				}
				return nil
			}
			s := open(k, d)
			e := record(k, s, "a", pcm, "whisper")
			if !cut {
				s.Answered(k, e, "whisper")
				answered = !cut
			}
			d.PowerLoss()
			d.Fail = nil
			s = open(k, d)
			e = s.Next("whisper", 0)
			if answered && e != nil {
				t.Errorf("power lost at operation %d: an answered utterance is delivered again", at)
			}
			if e == nil {
				return
			}
			got, err := s.Audio(k, e)
			if err != nil || len(got) > len(pcm) || !slices.Equal(got, pcm[:len(got)]) {
				t.Errorf("power lost at operation %d: %d samples, %v", at, len(got), err)
			}
			for _, r := range s.Reports() {
				if r.Where == "damaged" {
					t.Errorf("power lost at operation %d: %s", at, r.Cause)
				}
			}
		})
		if !cut {
			if at < 20 {
				t.Errorf("only %d operations were seen", at)
			}
			return
		}
	}
}

// TestPowerLossAfterTheEnd lets the power fail right after a recording has ended: the utterance must be there, whole.
func TestPowerLossAfterTheEnd(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		pcm := sound(3, 10)
		record(k, open(k, d), "a", pcm, "whisper")
		d.PowerLoss()
		s := open(k, d)
		e := s.Next("whisper", 0)
		if e == nil {
			t.Fatalf("it is gone; files: %v", d.Files())
		}
		if got, err := s.Audio(k, e); err != nil || !slices.Equal(got, pcm) || e.Meta.Why != utterance.Silence {
			t.Errorf("%d samples, %v, ended by %q", len(got), err, e.Meta.Why)
		}
	})
}

func TestAKillDuringARecordingKeepsWhatWasRecorded(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		e := s.Begin(k, meta("a", "whisper"))
		pcm := sound(5, 7)
		s.Append(k, e, pcm)
		s = open(k, d)
		e = s.Next("whisper", 0)
		if e == nil {
			t.Fatal("it is gone")
		}
		got, err := s.Audio(k, e)
		if err != nil || !slices.Equal(got, pcm) || e.Meta.Why != utterance.Cut || e.Meta.EndAt.IsZero() {
			t.Errorf("%d samples, %v, %+v", len(got), err, e.Meta)
		}
	})
}

func TestAFullDiskKeepsUtterancesInMemory(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO} {
		for _, op := range []string{"create", "write", "sync", "rename"} {
			virtualtest.On(func(k *rt.Task) {
				d := virtual.NewDisk(1 << 30)
				s := open(k, d)
				full := true
				d.Fail = func(o, _ string) error {
					if full && o == op {
						return cause
					}
					return nil
				}
				pcm := sound(2, 30)
				e := record(k, s, "a", pcm, "whisper")
				if got, err := s.Audio(k, e); err != nil || !slices.Equal(got, pcm) {
					t.Errorf("%s %v: %d samples, %v", op, cause, len(got), err)
				}
				if !errors.Is(s.DiskErr(), cause) || s.Stats().MemoryBytes != int64(2*len(pcm)) {
					t.Errorf("%s %v: disk error %v, %+v", op, cause, s.DiskErr(), s.Stats())
				}
				full = false
				s.Retry(k)
				if st := s.Stats(); s.DiskErr() != nil || st.MemoryBytes != 0 || st.DiskBytes != int64(2*len(pcm)) {
					t.Errorf("%s %v: when there was room again: %v, %+v", op, cause, s.DiskErr(), st)
				}
				d.PowerLoss()
				s = open(k, d)
				if e = s.Next("whisper", 0); e == nil {
					t.Fatalf("%s %v: lost", op, cause)
				}
				if got, err := s.Audio(k, e); err != nil || !slices.Equal(got, pcm) {
					t.Errorf("%s %v: after a restart %d samples, %v", op, cause, len(got), err)
				}
			})
		}
	}
}

func TestARefusedUtteranceIsKeptAside(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		pcm := sound(4, 5)
		for i := range 103 {
			s.Refused(k, record(k, s, fmt.Sprintf("%03d", i), pcm, "whisper"), "whisper", "no")
		}
		files := d.Files()
		if len(files) != 200 || files[1] != "spool/refused/003.wav" {
			t.Fatalf("%d files, from %v", len(files), files[:1])
		}
		b, err := d.ReadFile(k, files[1], 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := wav.Decode(b); err != nil || !slices.Equal(got, pcm) {
			t.Errorf("%d samples, %v", len(got), err)
		}
		if s = open(k, d); s.Stats().Waiting != 0 || len(s.Reports()) != 0 {
			t.Error("it is waiting again after a restart")
		}
	})
}

func TestTheOldestGoesAndIsReported(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s, err := spool.Open(k, d, spool.Limits{Disk: 1 << 20, Memory: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		var dropped []string
		for i := range 10 {
			record(k, s, fmt.Sprint(i), sound(i, 100), "whisper") // 256 kB each
			for _, r := range s.Reports() {
				if r.Dropped {
					dropped = append(dropped, r.Entry.Meta.ID)
				}
			}
		}
		if len(dropped) == 0 || !slices.IsSorted(dropped) || dropped[0] != "0" || len(dropped)+s.Stats().Waiting != 10 {
			t.Errorf("dropped %v, %d are waiting", dropped, s.Stats().Waiting)
		}
		if s.Stats().DiskBytes > 1<<20 || s.Stats().Dropped != len(dropped) {
			t.Errorf("%+v", s.Stats())
		}
	})
}

func TestWhatMakesNoSenseIsSetAside(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s := open(k, d)
		record(k, s, "good", sound(1, 3), "whisper")
		put(k, d, "spool/0000000000000099.pcm", "no meta beside it")
		put(k, d, "spool/0000000000000098.json", "{")
		put(k, d, "spool/0000000000000098.pcm", "xx")
		put(k, d, "spool/0000000000000097.json", `{"id":"../../../etc/x","deliver":["whisper"],"samples":1}`)
		put(k, d, "spool/0000000000000097.pcm", "xx")
		put(k, d, "spool/../../etc", "")
		put(k, d, "spool/notes.txt", "hello")
		s = open(k, d)
		aside := 0
		for _, r := range s.Reports() {
			if r.Where == "damaged" {
				aside++
			}
		}
		if e := s.Next("whisper", 0); e == nil || e.Meta.ID != "good" || s.Stats().Waiting != 1 {
			t.Errorf("the good one: %+v, %d are waiting", e, s.Stats().Waiting)
		}
		kept := slices.DeleteFunc(d.Files(), func(n string) bool { return !strings.HasPrefix(n, "spool/damaged/") })
		if aside < 5 || len(kept) != 6 {
			t.Errorf("%d were reported, kept aside: %v", aside, kept)
		}
	})
}

func put(k *rt.Task, d *virtual.Disk, name, text string) {
	f, err := d.Create(k, name)
	if err != nil {
		return // the model refuses names that leave the folder, as the real one does
	}
	_, _ = f.Write([]byte(text))
	_ = f.Sync()
	_ = d.SyncDir(k, "spool")
}

// TestSpoolAgainstAModel compares the spool with a list, under faults of the disk and restarts.
func TestSpoolAgainstAModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			refuse := false
			d.Fail = func(op, _ string) error {
				if refuse && op != "read" && op != "remove" {
					return syscall.ENOSPC
				}
				return nil
			}
			s := open(k, d)
			var want []string // IDs that must be delivered, in order
			for i := range rapid.IntRange(1, 30).Draw(r, "steps") {
				switch rapid.SampledFrom([]string{"record", "record", "answer", "refuse", "allow", "restart"}).Draw(r, "step") {
				case "record":
					id := fmt.Sprint(i)
					record(k, s, id, sound(i, 2), "whisper")
					want = append(want, id)
				case "answer":
					e := s.Next("whisper", 0)
					if (e == nil) != (len(want) == 0) || e != nil && e.Meta.ID != want[0] {
						r.Fatalf("next is %+v, want %v", e, want)
					}
					if e != nil {
						s.Answered(k, e, "whisper")
						want = want[1:]
					}
				case "refuse":
					refuse = true
				case "allow":
					refuse = false
					s.Retry(k)
				case "restart": // an orderly one: what waits in memory is on disk by then
					refuse = false
					s.Retry(k)
					s = open(k, d)
				}
				if got := s.Stats().Waiting; got != len(want) {
					r.Fatalf("%d are waiting, want %v", got, want)
				}
			}
		})
	})
}
