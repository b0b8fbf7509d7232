package spool_test

import (
	"syscall"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/appliance/utterance"
)

// TestWhatTheDiskHasOfARecordingIsMarkedAsAPart fills the disk in the middle of a recording, whose whole is in memory then, and
// kills the process at every operation of the end and of the tries after it: what is found is the whole, or says that it is cut off.
func TestWhatTheDiskHasOfARecordingIsMarkedAsAPart(t *testing.T) {
	whole, parts := 0, map[utterance.Why]int{}
	for kill := range 40 {
		virtualtest.On(func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			s := open(k, d)
			e := s.Begin(k, meta("a", "w"))
			s.Append(k, e, sound(1, 10))
			mend := d.Break("write", "", syscall.ENOSPC)
			s.Append(k, e, sound(2, 10))
			mend()
			n := 0
			d.Fail = func(string, string) error { // from some operation on nothing reaches the disk: the process is gone
				if n++; n > kill {
					return syscall.EIO
				}
				return nil
			}
			m := meta("a", "w")
			m.EndAt, m.Why = time.Unix(100, 0), utterance.Silence
			s.End(k, e, m)
			s.Retry(k)
			d.Fail = nil
			s = open(k, d)
			e = s.Next("w", 0)
			if e == nil {
				return // nothing of it is left: memory had it
			}
			pcm, err := s.Audio(k, e)
			if err != nil || len(pcm) != e.Meta.Samples {
				t.Errorf("killed at %d: %d samples of %d, %v", kill, len(pcm), e.Meta.Samples, err)
			}
			if len(pcm) == 20*audio.HopSamples {
				if e.Meta.Cut() == "" { // else it cannot know
					whole++
				}
				return
			}
			if parts[e.Meta.Why]++; e.Meta.Cut() == "" {
				t.Errorf("killed at %d: %d samples of it pass for the whole, ended by %s", kill, len(pcm), e.Meta.Why)
			}
		})
	}
	if whole == 0 || parts[utterance.Cut] == 0 || parts[utterance.Part] == 0 {
		t.Errorf("the whole was found %d times, parts %v: the test has lost its subject", whole, parts)
	}
}
