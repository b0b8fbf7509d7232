package spool_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/spool"
	"orac/appliance/utterance"
)

// keeping are limits under which three utterances of ten hops are kept for an hour.
var keeping = spool.Limits{Disk: 10 << 20, Memory: 1 << 20, Audio: 3 * (44 + 2*10*1280), Retention: time.Hour}

func deliver(k *rt.Task, s *spool.Spool, id string, pcm []int16) {
	s.Answered(k, record(k, s, id, pcm, "whisper"), "whisper")
}

// TestSoundsAreKept: as they were recorded, the newest, for as long as the runbook says, and not when it says no more.
func TestSoundsAreKept(t *testing.T) {
	on(func(k *rt.Task) {
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
		if err := errors.Join(k.Sleep(time.Hour-1500*time.Millisecond), s.Prune(k)); err != nil {
			t.Fatal(err)
		}
		if got := d.Files(); !slices.Equal(got, names[3:]) {
			t.Errorf("after an hour: %v, want %v", got, names[3:])
		}
		s.Limit(limits)
		if err := s.Prune(k); err != nil {
			t.Fatal(err)
		}
		if got := d.Files(); len(got) != 0 {
			t.Errorf("no more wanted, and kept: %v", got)
		}
		deliver(k, s, id(9), sound(9, 10))
		if got := d.Files(); len(got) != 0 {
			t.Errorf("not wanted, and kept: %v", got)
		}
	})
}

// TestADiskThatKeepsNoSoundHoldsNothingUp: the utterance leaves all the same, and it is told.
func TestADiskThatKeepsNoSoundHoldsNothingUp(t *testing.T) {
	on(func(k *rt.Task) {
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
