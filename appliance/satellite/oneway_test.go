package satellite

import (
	"slices"
	"testing"
	"time"

	"orac/appliance/rt"
)

// TestOneWay: conversations over a protocol that neither answers a Start nor ends a run, and sends the answer itself.
func TestOneWay(t *testing.T) {
	asked := []step{{0, Arrived{}, ""}, {0, Woken{"w1", "hey jarvis"}, "Start(hey jarvis) Open Chime(wake)"}}
	listening := append(slices.Clone(asked), step{20 * ms, tell(EventRunStart), "Stream"})
	thinking := append(slices.Clone(listening), step{time.Second, tell(EventVADEnd), "Close"}, step{time.Second, tell(EventSTTEnd, "text", "lights on"), "Heard(lights on)"})
	speaking := append(slices.Clone(thinking), step{2 * time.Second, tell(EventTTSStart, "text", "On."), "Said(On.)"},
		step{2 * time.Second, Sounding{"a"}, "Play(1 a)"})
	for name, x := range map[string]struct {
		steps []step
		ends  Phase
	}{
		"a command, and its answer": {append(slices.Clone(speaking),
			step{2 * time.Second, tell(EventRunEnd), ""}, step{4 * time.Second, Ended{"home-assistant-1", true}, "Finished(true) Over(w1)"}), Ready},
		"the answer is heard before its end is told": {append(slices.Clone(speaking),
			step{4 * time.Second, Ended{"home-assistant-1", true}, "Finished(true)"}, step{4 * time.Second, tell(EventRunEnd), "Over(w1)"}), Ready},
		"an answer in two parts": {append(slices.Clone(speaking), step{2 * time.Second, tell(EventRunEnd), ""}, step{2 * time.Second, Sounding{"b"}, ""},
			step{2 * time.Second, tell(EventRunEnd), ""}, step{3 * time.Second, Ended{"home-assistant-1", true}, "Play(2 b)"},
			step{4 * time.Second, Ended{"home-assistant-2", true}, "Finished(true) Over(w1)"}), Ready},
		"the second part comes late": {append(slices.Clone(speaking), step{3 * time.Second, Ended{"home-assistant-1", true}, "Finished(true)"},
			step{4 * time.Second, Sounding{"b"}, "Play(2 b)"}, step{4 * time.Second, tell(EventRunEnd), ""},
			step{5 * time.Second, Ended{"home-assistant-2", true}, "Finished(true) Over(w1)"}), Ready},
		"no answer": {append(slices.Clone(thinking), step{61 * time.Second, Tick{}, "Finished(true) Over(w1)"}), Ready},
		"somebody asks again before there is an answer": {append(slices.Clone(thinking),
			step{5 * time.Second, Woken{"w2", "x"}, "Over(w1: somebody spoke again before there was an answer) Start(x) Open Chime(wake)"}), Asking},
		"the wake word once more within the command": {append(slices.Clone(listening), step{500 * ms, Woken{"w2", "x"}, ""}), Listening},
		"it does not begin": {append(slices.Clone(asked), step{5 * time.Second, Tick{},
			"Abort Close Over(w1: Home Assistant did not answer within 5s)? Hand(w1)"}), Ready},
		"the run after one that did not begin": {append(slices.Clone(asked), step{5 * time.Second, Tick{},
			"Abort Close Over(w1: Home Assistant did not answer within 5s)? Hand(w1)"}, step{6 * time.Second, Woken{"w2", "x"}, "Start(x) Open Chime(wake)"},
			step{6 * time.Second, tell(EventRunStart), "Stream"}), Listening},
		"another satellite was faster": {append(slices.Clone(asked), step{10 * ms, tell(EventError, "code", "duplicate_wake_up_detected"),
			"Close Over(w1: another satellite was faster)"}), Failed},
		"it goes away before it has heard anything":             {append(slices.Clone(asked), step{ms, Left{}, "Close Over(w1: Home Assistant went away)? Hand(w1)"}), Away},
		"it goes away within a command: it may act on the half": {append(slices.Clone(listening), step{500 * ms, Left{}, "Close Over(w1: Home Assistant went away)!"}), Away},
		"an announcement": {[]step{{0, Arrived{}, ""}, {0, Sounding{"a"}, "Play(1 a)"}, {time.Second, Sounding{"b"}, ""},
			{time.Second, Ended{"home-assistant-1", true}, "Play(2 b)"}, {2 * time.Second, Ended{"home-assistant-2", true}, "Finished(true)"}}, Ready},
		"an announcement within a command": {append(slices.Clone(listening), step{500 * ms, Sounding{"a"}, "Close Over(w1: Home Assistant announces something)! Play(1 a)"}), Announcing},
		"the rest of an answer that a wake word has ended": {append(slices.Clone(speaking), step{3 * time.Second, Woken{"w2", "x"}, "Silence(1) Finished(false) Start(x) Open Chime(wake)"},
			step{3 * time.Second, Sounding{"b"}, ""}, step{3010 * ms, tell(EventRunStart), "Stream"}), Listening},
		"it is paused":     {[]step{{0, Arrived{}, ""}, {0, Pause{}, ""}, {time.Second, Woken{"w1", "x"}, "Over(w1: Home Assistant has muted the satellite)"}}, Away},
		"it stays paused":  {[]step{{0, Arrived{}, ""}, {0, Pause{}, ""}, {0, Left{}, ""}, {time.Second, Woken{"w1", "x"}, "Over(w1: Home Assistant has muted the satellite)"}}, Away},
		"it is used again": {[]step{{0, Arrived{}, ""}, {0, Pause{}, ""}, {0, Left{}, ""}, {0, Arrived{}, ""}, {time.Second, Woken{"w1", "x"}, "Start(x) Open Chime(wake)"}}, Asking},
	} {
		t.Run(name, func(t *testing.T) {
			v := &Voice{OneWay: true}
			for i, s := range x.steps {
				if got := told(v.Step(rt.Instant(s.at), s.in)); got != s.want {
					t.Fatalf("step %d, %+v: %q, want %q", i+1, s.in, got, s.want)
				}
			}
			if v.Phase() != x.ends {
				t.Errorf("it ends %s, want %s", v.Phase(), x.ends)
			}
		})
	}
}

// TestPartsAreBounded: sounds that wait for the one before them are few, whatever Home Assistant sends.
func TestPartsAreBounded(t *testing.T) {
	v := &Voice{OneWay: true}
	v.Step(0, Arrived{})
	for range 10 * mostParts {
		v.Step(0, Sounding{"x"})
	}
	if len(v.show.rest) != mostParts || !v.Queued("x") {
		t.Errorf("%d sounds wait, want %d", len(v.show.rest), mostParts)
	}
}
