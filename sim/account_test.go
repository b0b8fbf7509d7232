package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/status"
	"orac/runbook/scenario"
)

// TestTheAccountSeesWhatMustNotBe tells the account of utterances a, b, …, and looks at what it finds wrong.
func TestTheAccountSeesWhatMustNotBe(t *testing.T) {
	type world struct {
		*machine
		at time.Duration
	}
	say := func(w *world, b event.Body) { w.account.event(w.at, event.Event{Node: "test", Body: b}) }
	record := func(w *world, ids ...string) {
		for _, id := range ids {
			say(w, event.RecordingStarted{Utterance: id, Listener: "kitchen"})
			w.at += 3 * time.Second
			say(w, event.RecordingEnded{Utterance: id, Listener: "kitchen", Seconds: 2})
		}
	}
	const whole = 32000
	answer := func(w *world, id string) { w.account.Answered(w.at, "whisper", id, whole) }
	done := func(w *world, id string) {
		say(w, event.Delivered{Utterance: id, STT: "whisper", Outcome: "delivered"})
	}
	sealed := func(w *world, id string) { w.account.sealed(id) }
	end := func(w *world, k scenario.Kind) {
		w.clock = w.at
		w.account.power(k)
		w.at += 5 * time.Second
		w.stopped, w.booted = w.clock, w.at
	}
	tests := []struct {
		name string
		does func(w *world)
		want string // demands that are broken; lost is also asked for at the end
	}{
		{"all is well", func(w *world) { record(w, "a", "b"); answer(w, "a"); done(w, "a"); answer(w, "b"); done(w, "b") }, ""},
		{"answered and gone before it was said", func(w *world) { record(w, "a"); answer(w, "a") }, ""},
		{"nobody has it", func(w *world) { record(w, "a") }, "lost"},
		{"it was let go, and that was said", func(w *world) { record(w, "a"); say(w, event.Dropped{Utterance: "a"}) }, ""},
		{"a part of it was answered", func(w *world) { record(w, "a"); w.account.Answered(w.at, "whisper", "a", whole-1); done(w, "a") }, "lost"},
		{"it is called delivered", func(w *world) { record(w, "a"); done(w, "a") }, "lost"},
		{"it was refused", func(w *world) {
			record(w, "a")
			say(w, event.Delivered{Utterance: "a", STT: "whisper", Outcome: "failed"})
		}, ""},
		{"twice", func(w *world) { record(w, "a"); answer(w, "a"); done(w, "a"); w.at += time.Minute; answer(w, "a") }, "once"},
		{"two services, each once", func(w *world) {
			record(w, "a")
			answer(w, "a")
			w.account.Answered(w.at, "other", "a", whole)
			done(w, "a")
		}, ""},
		{"once more after a kill, long after the answer", func(w *world) {
			record(w, "a")
			answer(w, "a")
			w.at += time.Minute
			end(w, scenario.Kill)
			answer(w, "a")
		}, "once"},
		{"once more after a kill at the time of the answer", func(w *world) {
			record(w, "a")
			answer(w, "a")
			w.at += time.Second / 2
			end(w, scenario.Kill)
			answer(w, "a")
			done(w, "a")
		}, ""},
		{"once more after a kill, when the answer must be on the disk", func(w *world) {
			record(w, "a")
			answer(w, "a")
			w.at += 2 * time.Second
			end(w, scenario.Kill)
			answer(w, "a")
		}, "once"},
		{"the later one first", func(w *world) { record(w, "a", "b"); answer(w, "b"); done(w, "b"); answer(w, "a"); done(w, "a") }, "order"},
		{"the earlier one was given up", func(w *world) {
			record(w, "a", "b")
			say(w, event.Delivered{Utterance: "a", STT: "whisper", Outcome: "failed"})
			answer(w, "b")
			done(w, "b")
		}, ""},
		{"the power fails before it is on the disk", func(w *world) { record(w, "a"); end(w, scenario.PowerLoss) }, ""},
		{"the power fails when it is on the disk", func(w *world) { record(w, "a"); sealed(w, "a"); end(w, scenario.PowerLoss) }, "lost"},
		{"the power fails, and it is found", func(w *world) {
			record(w, "a")
			sealed(w, "a")
			end(w, scenario.PowerLoss)
			say(w, event.Salvaged{Utterance: "a", Seconds: 2})
			answer(w, "a")
			done(w, "a")
		}, ""},
		{"the power fails, and half of it is found", func(w *world) {
			record(w, "a")
			sealed(w, "a")
			end(w, scenario.PowerLoss)
			say(w, event.Salvaged{Utterance: "a", Seconds: 1})
			answer(w, "a")
			done(w, "a")
		}, "lost"},
		{"it was in memory when the power failed", func(w *world) {
			record(w, "a")
			say(w, event.Spooled{Utterance: "a", Where: "memory"})
			end(w, scenario.PowerLoss)
		}, ""},
		{"it was back on the disk by then", func(w *world) {
			record(w, "a")
			sealed(w, "a")
			say(w, event.Spooled{Utterance: "a", Where: "memory"})
			say(w, event.Spooled{Utterance: "a", Where: "disk"})
			end(w, scenario.PowerLoss)
		}, "lost"},
		{"killed in the middle of a recording", func(w *world) {
			w.at = time.Minute
			say(w, event.RecordingStarted{Utterance: "a", Listener: "kitchen"})
			w.at += 4 * time.Second
			end(w, scenario.Kill)
		}, "lost"},
		{"killed when it had hardly begun", func(w *world) {
			w.at = time.Minute
			say(w, event.RecordingStarted{Utterance: "a", Listener: "kitchen"})
			w.at += 100 * time.Millisecond
			end(w, scenario.Kill)
		}, ""},
		{"the power fails in the middle of a recording", func(w *world) {
			w.at = time.Minute
			say(w, event.RecordingStarted{Utterance: "a", Listener: "kitchen"})
			w.at += 4 * time.Second
			end(w, scenario.PowerLoss)
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, j := prepared(t, scene(t, "1h", ""))
			m, err := newMachine(j.sc, 1, j.options)
			if err != nil {
				t.Fatal(err)
			}
			test.does(&world{machine: m})
			var broken []string
			for _, b := range m.judge.Breaks {
				broken = append(broken, strings.TrimPrefix(b.Promise, "safety/"))
			}
			if len(m.account.Lost(m.spooled())) > 0 {
				broken = append(broken, "lost")
			}
			if got := strings.Join(slices.Compact(broken), " "); got != test.want {
				t.Errorf("broken: %q; want %q: %v", got, test.want, m.judge.Breaks)
			}
		})
	}
}

func TestTheLedgerRemembersAndRefuses(t *testing.T) {
	_, j := prepared(t, scene(t, "1h", ""))
	m, err := newMachine(j.sc, 1, j.options)
	if err != nil {
		t.Fatal(err)
	}
	l := m.ledger
	for i := range 5 {
		if err := l.AddRestart(record.Restart{Component: []string{"orac", "source.mic"}[i%2], Age: time.Duration(i) * time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := l.RestartsWithin("orac", 5*time.Minute, 4*time.Minute); n != 2 {
		t.Errorf("%d restarts of orac in 4 minutes", n)
	}
	for i := range 3 * mostRestarts {
		_ = l.AddRestart(record.Restart{ID: fmt.Sprint(i)})
	}
	if n := len(l.restarts); n > mostRestarts {
		t.Errorf("it remembers %d restarts", n)
	}
	_ = l.SaveIncident(status.Incident{ID: "1", Component: "source.mic", Detected: m.epoch})
	if len(m.incidents) != 1 || m.incidents["1"].End != 0 || len(l.open) != 1 {
		t.Errorf("incidents: %v", m.incidents)
	}
	_ = l.SaveIncident(status.Incident{ID: "0", Component: "disk", Detected: m.epoch.Add(-time.Second)})
	if n := len(m.judge.Breaks); n != 1 || m.judge.Breaks[0].Promise != "safety/order" {
		t.Errorf("an incident of before came later: %v", m.judge.Breaks)
	}
	m.clock = time.Minute
	if n, err := l.EndIncidents(m.epoch, "the process ended"); n != 2 || err != nil || m.incidents["1"].End != 60 {
		t.Errorf("%d incidents were ended, %v: %v", n, err, m.incidents["1"])
	}
	for _, k := range []scenario.Kind{scenario.DiskFull, scenario.DiskReadOnly, scenario.DiskError} {
		end := suffer(&m.ailments, scenario.Fault{Kind: k})
		if err := l.SaveIncident(status.Incident{ID: "2"}); err == nil || m.incidents["2"] != nil {
			t.Errorf("%s: an incident was kept", k)
		}
		end()
	}
}

// TestTheLedgerJudgesWhatIsDeleted: by its age nothing goes before its time; whoever deletes by another clock is told of.
func TestTheLedgerJudgesWhatIsDeleted(t *testing.T) {
	_, j := prepared(t, scene(t, "1h", ""))
	m, err := newMachine(j.sc, 1, j.options)
	if err != nil {
		t.Fatal(err)
	}
	l := m.ledger
	prune := func(age time.Duration, deleted, breaks int) {
		t.Helper()
		n, err := l.Prune(provenclock.Point{Age: age, Born: age}, true, time.Hour, 3)
		if err != nil || n != deleted || len(m.judge.Breaks) != breaks {
			t.Errorf("at %v: %d are deleted, %v; %v", age, n, err, m.judge.Breaks)
		}
	}
	add := func(id string) {
		if err := errors.Join(l.AddDetection(record.Detection{ID: id}), l.SaveUtterance(record.Utterance{ID: id}), l.SaveUtterance(record.Utterance{ID: id}), l.SaveCommand(record.Command{ID: id, Topic: "general"}), l.AddMute(record.Mute{Listener: id})); err != nil {
			t.Fatal(err)
		}
	}
	add("a")
	prune(0, 0, 0)
	m.clock = time.Hour
	add("b")
	prune(time.Hour, 4, 0)
	m.clock += time.Minute
	prune(400*24*time.Hour, 4, 4)
	for _, id := range []string{"c", "d", "e", "f"} {
		add(id)
	}
	prune(400*24*time.Hour, 4, 4) // there are too many
	if m.judge.Breaks[0].Promise != "safety/history" {
		t.Errorf("%v", m.judge.Breaks)
	}
}
