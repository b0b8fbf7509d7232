package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/stt"
	"orac/runbook/scenario"
	"orac/sim/trial/tally"
)

// TestTheAccountProvesTheSound: the world's microphone gives 20 s of sound; an utterance that wakes by a hop of it is told of, and brought
// in ways that are right and wrong.
func TestTheAccountProvesTheSound(t *testing.T) {
	type world struct {
		*machine
		d    *microphone
		at   time.Duration
		wall time.Time
	}
	const (
		id     = "u1"
		wake   = 100 // the hop
		number = 1000
		first  = wake - 11 // of the pre-roll of a second, to whole hops
		hops   = 60
	)
	sound := func(w *world, from, to int64) []int16 { return w.d.heard.sound(w.d.heard.part(from, to)) }
	say := func(w *world, b event.Body) { w.account.event(w.at, event.Event{At: w.wall, Node: "test", Body: b}) }
	brought := func(w *world, pcm []int16, change func(*stt.Utterance)) {
		u := stt.Utterance{ID: id, Topic: "general", WakeWord: "hey jarvis", Wake: w.wall}
		if change != nil {
			change(&u)
		}
		w.account.brought(w.at, "whisper", u, pcm)
	}
	tests := []struct {
		name string
		why  string
		n    int64 // hops that are said to have been recorded
		does func(w *world)
		want string
	}{
		{"all of it", "limit", hops, func(w *world) { brought(w, sound(w, first, first+hops), nil) }, ""},
		{"the first hop is missing", "limit", hops, func(w *world) { brought(w, sound(w, first+1, first+hops), nil) }, "80ms are missing there"},
		{"the last hop is missing", "limit", hops, func(w *world) { brought(w, sound(w, first, first+hops-1), nil) }, "its last 80ms are missing"},
		{"it begins too early", "limit", hops, func(w *world) { brought(w, sound(w, first-1, first+hops-1), nil) }, "sample 0"},
		{"a sample is another", "limit", hops, func(w *world) {
			pcm := sound(w, first, first+hops)
			pcm[5000]++
			brought(w, pcm, nil)
		}, "sample 5000"},
		{"it is longer than what was given", "limit", 400, func(*world) {}, "its device has given"},
		{"the device gave more", "device lost", hops, func(*world) {}, "sound right after its end"},
		{"the topic is another", "limit", hops, func(w *world) {
			brought(w, sound(w, first, first+hops), func(u *stt.Utterance) { u.Topic = "kitchen" })
		}, "with the word"},
		{"the time is another", "limit", hops, func(w *world) {
			brought(w, sound(w, first, first+hops), func(u *stt.Utterance) { u.Wake = u.Wake.Add(time.Second) })
		}, "it woke at"},
		{"that it was cut off is not said", "limit", hops, func(w *world) {
			brought(w, sound(w, first, first+hops), func(u *stt.Utterance) { u.End = w.wall })
		}, "it ended of: limit"},
		{"it is nobody's", "limit", hops, func(w *world) {
			brought(w, nil, func(u *stt.Utterance) { u.ID, u.Wake = "u2", w.epoch.Add(time.Hour) })
		}, "which nobody has recorded"},
		{"killed, and a part is left", "", 0, func(w *world) {
			w.clock = w.at
			w.account.power(scenario.Kill)
			brought(w, sound(w, first, first+20), nil)
		}, ""},
		{"killed, and a part that is wrong is left", "", 0, func(w *world) {
			w.clock = w.at
			w.account.power(scenario.Kill)
			brought(w, sound(w, first+2, first+20), nil)
		}, "160ms are missing there"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, j := prepared(t, scene(t, "1h", ""))
			m, err := newMachine(j.sc, 1, j.options)
			if err != nil {
				t.Fatal(err)
			}
			w := &world{m, m.mics["mic"], 0, m.epoch}
			w.d.heard.opened()
			say(w, event.DeviceOpened{Device: "mic", Hop: number})
			for n := range int64(250) {
				if w.at = time.Duration(n+1) * audio.HopTime; n == wake+1 {
					w.at -= audio.HopTime
					m.clock = w.at
					say(w, event.Wake{ID: id, Device: "mic", Listener: "kitchen", Model: "hey_jarvis", WakeWord: "hey jarvis", Topic: "general", Hop: number + wake})
					say(w, event.RecordingStarted{Utterance: id, Wake: id, Listener: "kitchen"})
					w.at += audio.HopTime
				}
				w.d.heard.gave(given{hop: n, at: w.at})
			}
			w.account.claims[w.account.Of(id)].rules.Max = hops * audio.HopTime // it is never quiet
			if test.why != "" {
				say(w, event.RecordingEnded{Utterance: id, Listener: "kitchen", Seconds: audio.Time(int(test.n) * audio.HopSamples).Seconds(), Why: test.why})
			}
			test.does(w)
			var said []string
			for _, b := range m.judge.Breaks {
				said = append(said, b.Text)
			}
			if (test.want == "") != (len(said) == 0) || test.want != "" && !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, test.want) }) {
				t.Errorf("broken: %q; want %q", said, test.want)
			}
		})
	}
}

// TestWhatWasHeardIsMadeAgain: what a device has done to a hop is part of it, and numbers lead to hops through all streams.
func TestWhatWasHeardIsMadeAgain(t *testing.T) {
	var p program
	p.background = noise(3, 500, backgroundHops)
	p.add(play{pcm: level(5000, 3*audio.HopSamples), Sound: tally.Sound{At: 10 * audio.HopTime}})
	p.sort()
	h := heard{program: &p}
	var want []int16
	give := func(g given) {
		var one [audio.HopSamples]int16
		p.fill(&one, g.hop)
		g.form(&one)
		want = append(want, one[:]...)
		h.gave(g)
	}
	h.opened()
	h.named(70)
	for n := range int64(20) {
		give(given{hop: n, n: int(n), shape: makers[[]scenario.Kind{"", "", scenario.Noise, scenario.Clipping, scenario.Stuck, scenario.Silence}[n%6]].shape})
	}
	h.opened() // some hops of the world were given to nobody
	h.named(200)
	for n := range int64(3 * mostGiven) {
		give(given{hop: 40 + n})
	}
	if at, base, ok := h.called(200 + 2*mostGiven); !ok || at != 20+2*mostGiven || base != 20 {
		t.Errorf("hop %d of a stream from %d, %v", at, base, ok)
	}
	if _, _, ok := h.called(85); ok {
		t.Error("what is long over is known")
	}
	if _, _, ok := h.called(200 + 3*mostGiven); ok {
		t.Error("what was not given is known")
	}
	if got := h.sound(h.part(h.end()-100, h.end())); !slices.Equal(got, want[len(want)-100*audio.HopSamples:]) {
		t.Error("the sound that is made again is another")
	}
	if len(h.list) > 2*mostGiven || h.first < mostGiven {
		t.Errorf("%d hops are kept", len(h.list))
	}
	h.over()
	if _, _, ok := h.called(200 + 2*mostGiven); ok {
		t.Error("a number of a process that has ended means something")
	}
}
