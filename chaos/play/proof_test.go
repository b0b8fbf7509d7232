package play

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/chaos/sttserver"
	"orac/sim/trial/proof"
)

// TestARecordingIsAStretchOfWhatTheMicrophoneGave: it is said to have begun 10 s after the start, by a hop that ended then.
func TestARecordingIsAStretchOfWhatTheMicrophoneGave(t *testing.T) {
	whole := make([]int16, 20*audio.Rate)
	fillNoise(whole, rand.New(rand.NewPCG(1, 2)), 500)
	const (
		woke = 10 * audio.Rate
		from = woke - 12*audio.HopSamples
		n    = 40 * audio.HopSamples
	)
	right := whole[from : from+n]
	changed := slices.Clone(right)
	changed[5000]++
	for name, c := range map[string]struct {
		pcm       []int16
		disturbed bool
		broken    bool
	}{
		"right":                                  {right, false, false},
		"a little late":                          {whole[from-50 : from-50+n], false, false},
		"its pre-roll is short of a hop":         {whole[from+audio.HopSamples : from+audio.HopSamples+n], false, true},
		"a sample":                               {changed, false, true},
		"a sample, while something is wrong":     {changed, true, true},
		"a hop is missing":                       {slices.Concat(whole[from:from+20*audio.HopSamples], whole[from+21*audio.HopSamples:from+n+audio.HopSamples]), false, true},
		"a hop is missing, for there is a fault": {slices.Concat(whole[from:from+20*audio.HopSamples], whole[from+21*audio.HopSamples:from+n+audio.HopSamples]), true, false},
		"it is shorter than was said":            {right[:n-1], false, true},
	} {
		r, tell := telling(t)
		mic := &microphone{gave: &proof.Track{}}
		r.w.mics = map[string]*microphone{"usb": mic}
		for i := 0; i < len(whole); i += 160 {
			var b []byte
			for _, v := range whole[i : i+160] {
				b = binary.LittleEndian.AppendUint16(b, uint16(v))
			}
			mic.gave.Gave(r.began.Add(audio.Time(i+160)), b)
		}
		if c.disturbed {
			r.account.Trouble(9 * time.Second).To = 12 * time.Second
		}
		tell(1, event.DeviceOpened{Device: "usb"})
		tell(10, event.RecordingStarted{Utterance: "u", Listener: "room"})
		tell(12.3, event.RecordingEnded{Utterance: "u", Why: "limit", Seconds: audio.Time(n).Seconds()})
		h := sttserver.Heard{ID: "u", Whole: true, Answered: r.began.Add(13 * time.Second)}
		r.prove("whisper", h, c.pcm)
		if broke(r, "safety/sound") != c.broken {
			t.Errorf("%s: %v", name, r.judge.Breaks)
		}
		other := slices.Clone(c.pcm)
		other[7]++
		breaks := len(r.judge.Breaks)
		if r.prove("other", h, other); len(r.judge.Breaks) == breaks {
			t.Errorf("%s: another service has another sound, and nobody says so", name)
		}
	}
}

func TestARecordingIsProvenOnce(t *testing.T) {
	r, _ := telling(t)
	long := time.Now().Add(-time.Minute)
	list := []sttserver.Heard{
		{ID: "a", Whole: true, Answered: long}, {ID: "b", Answered: long}, {ID: "c", Whole: true}, {Whole: true, Answered: long}, {ID: "e", Whole: true, Answered: time.Now()},
	}
	if got := r.account.unproven("whisper", list); !slices.Equal(got, []int{0}) {
		t.Errorf("%v are to be looked at", got)
	}
	if got := r.account.unproven("whisper", list); len(got) > 0 {
		t.Errorf("%v are looked at twice", got)
	}
}

// TestAllServicesMustAnswer: an utterance for two is delivered when both have.
func TestAllServicesMustAnswer(t *testing.T) {
	r, tell := telling(t)
	tell(1, event.RecordingStarted{Utterance: "u", Listener: "room"})
	tell(3, event.RecordingEnded{Utterance: "u", Seconds: 2, Why: "silence"})
	tell(4, event.Delivered{Utterance: "u", STT: "whisper", Outcome: "delivered"})
	if r.account.Delivered != 0 || len(r.account.Lost(nil)) != 1 {
		t.Errorf("one of two has answered: %d delivered, lost %v", r.account.Delivered, r.account.Lost(nil))
	}
	tell(5, event.Delivered{Utterance: "u", STT: "local", Outcome: "empty"})
	if r.account.Delivered != 1 || len(r.account.Lost(nil)) != 0 {
		t.Errorf("both have answered: %d delivered, lost %v", r.account.Delivered, r.account.Lost(nil))
	}
}
