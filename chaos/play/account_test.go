package play

import (
	"testing"
	"time"

	"orac/appliance/event"
	"orac/chaos"
	"orac/chaos/sttserver"
	"orac/runbook/scenario"
	"orac/sim/trial/judge"
	"orac/sim/trial/tally"
)

// telling gives a run that is told events at seconds.
func telling(t *testing.T) (*run, func(second float64, b event.Body)) {
	t.Helper()
	sc := parse(t, kitchen, "")
	b, err := load(sc)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{w: &World{sc: sc, book: b}, sc: sc, judge: judge.New(sc), began: time.Now(), up: true, sound: map[string]counter{}}
	r.account = newAccount(r)
	return r, func(second float64, b event.Body) {
		at := r.began.Add(time.Duration(second * float64(time.Second)))
		r.take(&chaos.Appliance{}, chaos.Event{Seen: at, Event: event.Event{Node: "source.usb", Body: b}})
	}
}

func broke(r *run, promise string) bool {
	for _, b := range r.judge.Breaks {
		if b.Promise == promise {
			return true
		}
	}
	return false
}

func TestSoundsAndWakes(t *testing.T) {
	r, tell := telling(t)
	at := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	a := r.account
	a.plays = []*play{
		{device: "usb", Sound: tally.Sound{Wakes: true, At: at(10), Until: at(12)}},  // heard
		{device: "usb", Sound: tally.Sound{Wakes: false, At: at(20), Until: at(22)}}, // wakes, and should not
		{device: "usb", Sound: tally.Sound{Wakes: true, At: at(30), Until: at(32)}},  // missed
		{device: "usb", Sound: tally.Sound{Wakes: true, At: at(40), Until: at(42)}},  // not heard while the microphone was away
		{device: "usb", Sound: tally.Sound{Wakes: true}},                             // not begun
	}
	for _, p := range a.plays {
		a.Plays(p.device, &p.Sound)
	}
	a.Trouble(at(39)).To = at(41)
	wake := event.Wake{Device: "usb", Model: "hey_jarvis", Listener: "room"}
	tell(11, wake)
	tell(21, wake)
	tell(21.5, wake) // within the cooldown, and no sound asked for it
	a.Sweep(at(100))
	if a.Wakes != 3 || a.FalseWakes != 2 || a.Missed != 1 || a.Spoken != 3 {
		t.Errorf("wakes %d, false %d, missed %d, spoken %d", a.Wakes, a.FalseWakes, a.Missed, a.Spoken)
	}
	if !broke(r, "safety/cooldown") {
		t.Error("a wake within the cooldown was accepted")
	}
}

func TestLostAndTwice(t *testing.T) {
	r, tell := telling(t)
	a := r.account
	for i, id := range []string{"delivered", "waits", "in memory", "lost", "dropped", "excused"} {
		tell(float64(i), event.RecordingEnded{Utterance: id})
	}
	tell(7, event.Delivered{Utterance: "delivered", STT: "whisper", Outcome: "delivered"})
	tell(8, event.Dropped{Utterance: "dropped"})
	tell(9, event.Spooled{Utterance: "excused", Where: "memory"})
	a.Killed(9*time.Second, false)
	tell(9.5, event.RecordingEnded{Utterance: "in memory too"})
	if lost := a.Lost([]string{"waits", "in memory", "in memory too"}); len(lost) != 1 {
		t.Errorf("lost: %v", lost)
	}
	if lost := a.Lost([]string{"waits", "lost", "in memory", "in memory too"}); len(lost) != 0 {
		t.Errorf("lost, and they are there: %v", lost)
	}
	if a.Recorded != 7 || a.Delivered != 1 || a.Dropped != 1 || a.Duplicated != 0 {
		t.Errorf("recorded %d, delivered %d, dropped %d, twice %d", a.Recorded, a.Delivered, a.Dropped, a.Duplicated)
	}
	tell(12, event.Delivered{Utterance: "delivered", STT: "whisper", Outcome: "delivered"})
	if a.Duplicated != 1 || !broke(r, "safety/once") {
		t.Error("a second delivery was accepted")
	}
}

// TestAnsweredTwice: an answer is given twice only if the first has come through and the appliance had time to know it.
func TestAnsweredTwice(t *testing.T) {
	for what, c := range map[string]struct {
		again float64 // when the second request began
		cut   bool    // the service was disturbed in between
		ended float64 // when the process ended; 0: it did not
		twice bool
	}{
		"later":                            {again: 20, twice: true},
		"at once, as a retry":              {again: 10.5},
		"after its answers were cut":       {again: 20, cut: true},
		"after a kill just then":           {again: 20, ended: 10.2},
		"after a kill when it was on disk": {again: 30, ended: 25, twice: true},
	} {
		r, _ := telling(t)
		at := func(s float64) time.Time { return r.began.Add(time.Duration(s * float64(time.Second))) }
		if c.cut {
			r.cuts = []*tally.Stretch{{From: 9 * time.Second, To: 15 * time.Second}}
		}
		if c.ended > 0 {
			r.stoppedAt = time.Duration(c.ended * float64(time.Second))
			r.bootedAt = r.stoppedAt + time.Second
		}
		list := []sttserver.Heard{{Wake: "w", Began: at(8), Answered: at(10)}, {Wake: "v", Began: at(9)}, {Wake: "w", Began: at(c.again), Answered: at(c.again + 1)}}
		r.account.heard("stt.whisper", list)
		r.account.heard("stt.whisper", list) // the record grows, and is read again and again
		if got := r.account.Duplicated; (got > 0) != c.twice || got > 1 {
			t.Errorf("%s: %d twice", what, got)
		}
	}
}

func TestACounterGoesOn(t *testing.T) {
	var c counter
	for _, n := range []uint64{5, 9, 2, 4} { // started again in between
		c.see(n)
	}
	if c.before+c.last != 13 {
		t.Errorf("%d", c.before+c.last)
	}
}

// TestOnlyRealFaultsArePasses: a fault that did not come about makes a run unknown.
func TestOnlyRealFaultsArePasses(t *testing.T) {
	r, _ := telling(t)
	o := occurrence{Fault: scenario.Fault{Kind: scenario.PowerLoss}, Name: "fault.power_loss.x", Begin: time.Second, End: time.Second}
	if left := r.possible([]occurrence{o, {Fault: scenario.Fault{Kind: scenario.WorkerKill, Target: "usb"}}}); len(left) != 1 || left[0].Kind != scenario.WorkerKill {
		t.Errorf("%v", left)
	}
	if len(r.out.Unsupported) != 1 || len(r.out.Faults) != 1 || r.out.Faults[0].Fidelity != "unsupported" {
		t.Errorf("%+v", r.out)
	}
	r.failed(occurrence{Fault: scenario.Fault{Kind: scenario.WorkerKill}, Name: "fault.worker_kill.x"}, chaos.ErrNoWorker)
	if len(r.out.Unsupported) != 2 {
		t.Errorf("%v", r.out.Unsupported)
	}
}

// TestTheRulesOfTheSimulationHoldHereToo: what appliances say is held against the same rules, with the times that a pipe needs.
func TestTheRulesOfTheSimulationHoldHereToo(t *testing.T) {
	record := func(tell func(float64, event.Body), at float64, id string) {
		tell(at, event.RecordingStarted{Utterance: id, Listener: "room"})
		tell(at+2, event.RecordingEnded{Utterance: id, Listener: "room", Seconds: 2, Why: "silence"})
	}
	done := func(id, outcome string) event.Delivered {
		return event.Delivered{Utterance: id, STT: "whisper", Outcome: outcome}
	}
	for name, c := range map[string]struct {
		does func(r *run, tell func(float64, event.Body))
		want string
	}{
		"in order": {func(_ *run, tell func(float64, event.Body)) {
			record(tell, 1, "a")
			record(tell, 4, "b")
			tell(7, done("a", "delivered"))
			tell(8, done("b", "delivered"))
		}, ""},
		"out of order": {func(_ *run, tell func(float64, event.Body)) {
			record(tell, 1, "a")
			record(tell, 4, "b")
			tell(7, done("b", "delivered"))
		}, "safety/order"},
		"a service has never heard of it": {func(r *run, tell func(float64, event.Body)) {
			record(tell, 1, "a")
			tell(4, done("a", "delivered"))
			r.began = r.began.Add(-time.Minute)
			r.account.heard("stt.whisper", []sttserver.Heard{{ID: "b"}})
		}, "safety/lost"},
		"a command is taken for silence": {func(r *run, tell func(float64, event.Body)) {
			r.account.Plays("usb", &tally.Sound{At: 10 * time.Second, Until: 12 * time.Second, Wakes: true, Speaks: true})
			tell(1, event.DeviceOpened{Device: "usb"})
			tell(11, event.Wake{Hop: 125, ID: "a", Device: "usb", Model: "hey_jarvis", Listener: "room"})
			record(tell, 11, "a")
			tell(14, done("a", "empty"))
		}, "safety/silence"},
		"a model wakes before its window is full": {func(_ *run, tell func(float64, event.Body)) {
			tell(10, event.DeviceOpened{Device: "usb", Hop: 100})
			tell(10.5, event.Wake{Hop: 106, ID: "a", Device: "usb", Model: "hey_jarvis", Listener: "room"})
		}, "safety/masked"},
		"a part of a recording is gone": {func(_ *run, tell func(float64, event.Body)) {
			record(tell, 1, "a")
			tell(4, event.Salvaged{Utterance: "a", Seconds: 1})
		}, "safety/lost"},
	} {
		r, tell := telling(t)
		c.does(r, tell)
		if c.want == "" && len(r.judge.Breaks) > 0 || c.want != "" && !broke(r, c.want) {
			t.Errorf("%s: %+v; want %q", name, r.judge.Breaks, c.want)
		}
	}
}
