package spool_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/appliance/spool"
	"orac/appliance/utterance"
)

// keeping are limits under which three utterances of ten hops are kept for an hour.
var keeping = spool.Limits{Disk: 10 << 20, Memory: 1 << 20, Audio: 3 * (44 + 2*10*1280), Retention: time.Hour}

// at is a moment at which nothing is owed.
func at(age time.Duration) provenclock.Point { return provenclock.Point{Age: age, Born: age} }

func deliver(k *rt.Task, s *spool.Spool, id string, pcm []int16) {
	s.Answered(k, record(k, s, id, pcm, "whisper"), "whisper")
}

// TestSoundsAreKept: as they were recorded, the newest, for as long as the runbook says, and not when it says no more.
func TestSoundsAreKept(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s, err := spool.Open(k, d, keeping)
		if err != nil {
			t.Fatal(err)
		}
		id := func(n int) string { return utterance.ID(k.Wall(), uint32(n)) }
		first := id(0)
		deliver(k, s, first, sound(7, 10))
		text, err := d.ReadFile(k, spool.KeptDir+"/"+first+".wav", 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if pcm, _, err := wav.Decode(text); err != nil || !slices.Equal(pcm, sound(7, 10)) {
			t.Errorf("%d samples, %v", len(pcm), err)
		}
		var names []string
		for n := range 5 {
			if err := k.Sleep(time.Second); err != nil {
				t.Fatal(err)
			}
			names = append(names, spool.KeptDir+"/"+id(n+1)+".wav")
			deliver(k, s, id(n+1), sound(n, 10))
		}
		if got := d.Files(); !slices.Equal(got, names[2:]) {
			t.Errorf("kept: %v, want the newest three of %v", got, names)
		}
		kept := func() []string {
			return slices.DeleteFunc(d.Files(), func(name string) bool { return name == provenclock.Dir+"/audio" })
		}
		const seen = 5 * time.Minute // how old the state directory is when the first three are seen
		if err := s.Prune(k, at(seen), true); err != nil {
			t.Fatal(err)
		}
		late := spool.KeptDir + "/" + id(6) + ".wav"
		deliver(k, s, id(6), sound(6, 10))
		again, err := spool.Open(k, d, keeping) // another process, which finds the ages on the disk
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			age   time.Duration
			known bool
			want  []string
		}{
			{seen + time.Minute, true, append(names[3:], late)}, // of four the oldest has gone
			{seen + time.Hour - 1, true, append(names[3:], late)},
			{seen + 100*time.Hour, false, append(names[3:], late)}, // the age is not known
			{seen + time.Hour, true, []string{late}},
		} {
			if err := again.Prune(k, at(c.age), c.known); err != nil {
				t.Fatal(err)
			}
			if got := kept(); !slices.Equal(got, c.want) {
				t.Errorf("at the age %v: %v, want %v", c.age, got, c.want)
			}
		}
		s.Limit(limits)
		if err := s.Prune(k, at(0), false); err != nil {
			t.Fatal(err)
		}
		if got := kept(); len(got) != 0 {
			t.Errorf("no more wanted, and kept: %v", got)
		}
		deliver(k, s, id(9), sound(9, 10))
		if got := kept(); len(got) != 0 {
			t.Errorf("not wanted, and kept: %v", got)
		}
	})
}

// TestADiskThatKeepsNoSoundHoldsNothingUp: the utterance leaves all the same, and it is told.
func TestADiskThatKeepsNoSoundHoldsNothingUp(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s, err := spool.Open(k, d, keeping)
		if err != nil {
			t.Fatal(err)
		}
		d.Fail = func(op, name string) error {
			if len(name) > len(spool.KeptDir) && name[:len(spool.KeptDir)] == spool.KeptDir && op == "create" {
				return fmt.Errorf("no")
			}
			return nil
		}
		deliver(k, s, "a", sound(1, 10))
		if s.Stats().Waiting != 0 {
			t.Error("it waits")
		}
		if r := s.Reports(); len(r) != 1 || r[0].Where != "nowhere" || r[0].Dropped || r[0].Cause == "" {
			t.Errorf("%+v", r)
		}
	})
}

// TestTheWallClockDeletesNoSound: recordings that were named in 1970, now and in 2069 stay until they are old by the age of the
// state directory, and where there is no room for all the one that came first goes, whatever its name says.
func TestTheWallClockDeletesNoSound(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		s, err := spool.Open(k, d, keeping)
		if err != nil {
			t.Fatal(err)
		}
		age := 50 * time.Hour
		var came []string
		for n, named := range []time.Time{time.Unix(3e9, 0), time.Unix(0, 0), k.Wall()} {
			id := utterance.ID(named, uint32(n))
			deliver(k, s, id, sound(n, 10))
			came = append(came, spool.KeptDir+"/"+id+".wav")
			age += time.Minute
			if err := s.Prune(k, at(age), true); err != nil {
				t.Fatal(err)
			}
		}
		there := func(names ...string) {
			t.Helper()
			var got []string
			for _, name := range came {
				if slices.Contains(d.Files(), name) {
					got = append(got, name)
				}
			}
			if !slices.Equal(got, names) {
				t.Errorf("there is %v, want %v", got, names)
			}
		}
		there(came...)
		id := utterance.ID(time.Unix(1, 0), 9)
		deliver(k, s, id, sound(9, 10))
		came = append(came, spool.KeptDir+"/"+id+".wav")
		there(came[1:]...)
		if err := s.Prune(k, at(age+58*time.Minute+1), true); err != nil {
			t.Fatal(err)
		}
		there(came[1:]...)
		if err := s.Prune(k, at(age+59*time.Minute), true); err != nil {
			t.Fatal(err)
		}
		there(came[2:]...)
		if err := s.Prune(k, at(time.Minute), true); err != nil { // the age was lost
			t.Fatal(err)
		}
		there(came[2:]...)
	})
}

// TestWhatIsOwedAgesNoSoundThatCameLater, over the end of a process, too.
func TestWhatIsOwedAgesNoSoundThatCameLater(t *testing.T) {
	virtualtest.On(func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		name := spool.KeptDir + "/" + utterance.ID(k.Wall(), 1) + ".wav"
		for n, c := range []struct {
			age, owed time.Duration
			want      bool
		}{
			{time.Minute, 5 * time.Hour, true},
			{3 * time.Hour, 2*time.Hour + time.Minute, true},
			{6 * time.Hour, 0, true},
			{6*time.Hour + time.Minute, 0, false},
		} {
			s, err := spool.Open(k, d, keeping)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				deliver(k, s, utterance.ID(k.Wall(), 1), sound(1, 10))
			}
			if err := s.Prune(k, provenclock.Point{Age: c.age, Born: c.age + c.owed}, true); err != nil {
				t.Fatal(err)
			}
			if got := slices.Contains(d.Files(), name); got != c.want {
				t.Errorf("at %v, with %v owed, it is there: %v", c.age, c.owed, got)
			}
		}
	})
}
