package utterance_test

import (
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/utterance"
)

var config = utterance.EndpointConfig{
	Lead: 2 * time.Second, Silence: 300 * time.Millisecond, Grace: 400 * time.Millisecond, Max: 15 * time.Second, Level: 0.01,
}

// part is a stretch of sound after the wake: loud or quiet.
type part struct {
	for_ time.Duration
	loud bool
}

func TestWhereACommandEnds(t *testing.T) {
	const ms = time.Millisecond
	cases := []struct {
		name  string
		parts []part
		ends  time.Duration // after the wake, to a hop
		why   utterance.Why
	}{
		{"a command right after the wake word", []part{{1500 * ms, true}, {5000 * ms, false}}, 2200 * ms, utterance.Silence},
		{"a pause before the command", []part{{1000 * ms, false}, {1500 * ms, true}, {5000 * ms, false}}, 3200 * ms, utterance.Silence},
		{"the wake word still sounds, then a pause", []part{{240 * ms, true}, {1000 * ms, false}, {1000 * ms, true}, {5000 * ms, false}}, 2940 * ms, utterance.Silence},
		{"a pause within the command shorter than silence and grace", []part{{800 * ms, true}, {600 * ms, false}, {800 * ms, true}, {5000 * ms, false}}, 2900 * ms, utterance.Silence},
		{"a pause that is longer ends it", []part{{800 * ms, true}, {800 * ms, false}, {800 * ms, true}}, 1500 * ms, utterance.Silence},
		{"nobody says anything", []part{{20 * time.Second, false}}, 2160 * ms, utterance.Silence},
		{"a click is no command", []part{{500 * ms, false}, {40 * ms, true}, {20 * time.Second, false}}, 2160 * ms, utterance.Silence},
		{"it never gets quiet", []part{{20 * time.Second, true}}, 14 * time.Second, utterance.Limit},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := utterance.NewEndpointer(config, time.Second)
			at := time.Duration(0)
			for {
				var pcm [audio.HopSamples]int16
				for i := range pcm {
					if loud(c.parts, at+audio.Time(i)) {
						pcm[i] = int16(4000 - 8000*(i%2))
					}
				}
				at += audio.HopTime
				why, over := e.Hop(&pcm)
				if !over {
					continue
				}
				if late := at - c.ends; late < -audio.HopTime || late > audio.HopTime || why != c.why {
					t.Errorf("ended %v after the wake by %q; want %v by %q", at, why, c.ends, c.why)
				}
				return
			}
		})
	}
}

func loud(parts []part, at time.Duration) bool {
	for _, p := range parts {
		if at < p.for_ {
			return p.loud
		}
		at -= p.for_
	}
	return false
}

func TestTheLimitIsKept(t *testing.T) {
	for _, preRoll := range []time.Duration{0, 80 * time.Millisecond, time.Second, 5 * time.Second} {
		e := utterance.NewEndpointer(config, preRoll)
		total := preRoll
		var pcm [audio.HopSamples]int16
		for i := range pcm {
			pcm[i] = int16(4000 - 8000*(i%2))
		}
		for over := false; !over; total += audio.HopTime {
			_, over = e.Hop(&pcm)
		}
		if total > config.Max || total < config.Max-audio.HopTime {
			t.Errorf("with %v of pre-roll: %v were recorded", preRoll, total)
		}
	}
}
