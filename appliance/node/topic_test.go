package node_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/sentence"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/thread"
)

// lamps is a model of a backend with two lamps.
type lamps struct {
	on    map[string]string
	calls []string
	takes time.Duration
	fails error
	hang  bool
}

func newLamps() *lamps {
	return &lamps{on: map[string]string{"light.kitchen": "off", "light.hall": "off"}, takes: 10 * time.Millisecond}
}

var lampHome = &act.Home{Backend: "home", Version: "1", Entities: []act.Entity{
	{ID: "light.hall", Domain: "light", Name: "hall lamp", Enabled: true}, {ID: "light.kitchen", Domain: "light", Name: "kitchen lamp", Enabled: true},
}}

func (l *lamps) Calls(c act.Command, h *act.Home, _ map[string]act.State) ([]act.Call, error) {
	if h == nil {
		return nil, errors.New("not connected")
	}
	return []act.Call{{Service: "light." + c.Intent, Targets: c.Targets}}, nil
}

func (l *lamps) Do(t *rt.Task, c act.Call, _ thread.Thread) act.Outcome {
	o := act.Outcome{Call: c, Sent: t.Wall(), Verdict: act.Proven}
	l.calls = append(l.calls, c.Service+" "+strings.Join(c.Targets, ","))
	for _, id := range c.Targets {
		e := act.EntityOutcome{Entity: id, Before: act.State{Entity: id, State: l.on[id]}, Verdict: act.Proven}
		l.on[id] = strings.TrimPrefix(c.Service, "light.turn_")
		e.After = act.State{Entity: id, State: l.on[id]}
		o.Entities = append(o.Entities, e)
	}
	if err := t.Sleep(l.takes); err != nil {
		return act.Outcome{}
	}
	if l.hang {
		_ = t.Sleep(time.Hour)
	}
	if l.fails != nil {
		o.Verdict, o.Reason = act.Failed, l.fails.Error()
	}
	o.Answered, o.Proof = t.Wall(), t.Wall()
	return o
}

func (l *lamps) Watch(t *rt.Task, s act.Sight) error {
	s.Up("1.0")
	s.Home(lampHome)
	return t.Sleep(1000 * time.Hour)
}

func (l *lamps) Refresh() {}

// house is a topic with its backend.
type house struct {
	*node.Topic
	events *rt.Mailbox[event.Event]
	task   *rt.Task
}

func houseOn(k *rt.Task, d *virtual.Disk, l *lamps) house {
	return houseSet(k, d, l, func(*node.TopicActs) {})
}

// houseSet is a house with other settings, in which more runs.
func houseSet(k *rt.Task, d *virtual.Disk, l *lamps, set func(*node.TopicActs), more ...func(*rt.Task) error) house {
	h := house{events: rt.NewMailbox[event.Event]("events", 4096)}
	calls, homes := rt.NewMailbox[node.BackendAsk]("calls", 64), rt.NewMailbox[node.HomeSeen]("homes", 16)
	b := &node.Backend{
		Name: "backend.home", Backend: "home", Config: rt.NewCell(node.BackendConfig{Client: l, HasHome: true, MaxDelay: time.Second}),
		Asks: calls, Homes: rt.NewOut(homes), Events: rt.NewOut(h.events),
	}
	acts := node.TopicActs{
		Enabled: true, Expires: 30 * time.Second, Timeout: 10 * time.Second, Queue: 4, English: true, Homes: []string{"home"},
		Intents: []sentence.Intent{}, Reach: map[string]*rt.Mailbox[node.BackendAsk]{"home": calls},
	}
	set(&acts)
	h.Topic = &node.Topic{
		Name: "topic.general", Topic: "general", FS: d, Asks: rt.NewMailbox[node.Deed]("deeds", 64), Homes: homes, Events: rt.NewOut(h.events), Config: rt.NewCell(acts),
	}
	h.task = k.Supervise("house", 1, func(k *rt.Task) error { // an instance of its own, so that a kill silences it alone
		k.Go("backend", b.Run)
		for _, run := range more {
			k.Go("more", run)
		}
		return h.Topic.Run(k)
	})
	return h
}

// inHouse runs f in virtual time.
func inHouse(t check, seed uint64, f func(k *rt.Task)) {
	d := virtual.New(seed, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), nil)
	defer d.Close()
	root := rt.New(d, "test", func(k *rt.Task) error { f(k); return nil })
	d.Run(rt.Instant(100 * time.Hour))
	if err := root.Err(); err != nil {
		t.Fatal(err)
	}
}

type check interface {
	Helper()
	Errorf(string, ...any)
	Fatal(...any)
}

func (h house) ask(t check, k *rt.Task, id, text string) act.Answer {
	t.Helper()
	a, err := h.Ask(k, act.Request{ID: id, Topic: "general", Text: text, Session: "s"})
	if err != nil {
		t.Errorf("%s: %v; the house: %v", text, err, h.task.Err())
	}
	return a
}

func TestATopicActs(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		l := newLamps()
		h := houseOn(k, virtual.NewDisk(1<<24), l)
		_ = k.Sleep(5 * time.Second)
		a := h.ask(t, k, "one", "turn on the kitchen lamp")
		if !a.Verified || !a.Executed || !a.Understood || a.Reading.Tier != act.Sentence || l.on["light.kitchen"] != "on" || a.Speech != "Turned on." {
			t.Errorf("%+v", a)
		}
		if again := h.ask(t, k, "one", "turn on the kitchen lamp"); !again.Repeated || !again.Verified || len(l.calls) != 1 {
			t.Errorf("%+v, %q", again, l.calls)
		}
		if a := h.ask(t, k, "two", "that was wrong"); !a.Verified || l.on["light.kitchen"] != "off" || len(a.Undone) != 1 {
			t.Errorf("%+v, %v", a, l.on)
		}
		if a := h.ask(t, k, "three", "make me a sandwich"); a.Understood || a.Executed || a.Reason == "" {
			t.Errorf("%+v", a)
		}
		l.fails = errors.New("the bulb is gone")
		if a := h.ask(t, k, "four", "turn on the hall lamp"); a.Verified || a.Executed || a.Reason != "the bulb is gone" {
			t.Errorf("%+v", a)
		}
		l.fails, l.hang = nil, true
		if a := h.ask(t, k, "five", "turn off the hall lamp"); a.Executed || a.Outcomes[0].Verdict != act.Unknown {
			t.Errorf("%+v", a)
		}
		dry, err := h.Ask(k, act.Request{Topic: "general", Text: "turn on the hall lamp", DryRun: true})
		if err != nil || len(dry.Outcomes) != 1 || dry.Outcomes[0].Verdict != act.NotTried || dry.Outcomes[0].Call.Service != "light.turn_on" {
			t.Errorf("%+v, %v", dry, err)
		}
		if _, err := h.Ask(k, act.Request{Topic: "general", Text: "turn on the hall lamp", Said: k.Wall().Add(-time.Minute)}); err == nil {
			t.Error("an old command was carried out")
		}
		if _, err := h.Ask(k, act.Request{Topic: "general", Text: strings.Repeat("a", act.MaxText+1)}); err == nil {
			t.Error("a long text was accepted")
		}
		h.task.Stop()
	})
}

func TestTimers(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		d := virtual.NewDisk(1 << 24)
		h := houseOn(k, d, newLamps())
		_ = k.Sleep(5 * time.Second)
		if a := h.ask(t, k, "one", "set a timer for 5 minutes"); !a.Verified || !strings.Contains(a.Speech, "5 minutes") {
			t.Errorf("%+v", a)
		}
		h.ask(t, k, "one", "set a timer for 5 minutes") // again: still one timer
		if a := h.ask(t, k, "time", "what time is it"); !a.Verified || !strings.HasPrefix(a.Speech, "It is 12:00") {
			t.Errorf("%+v", a)
		}
		h.task.Stop()
		_ = k.Outlast(h.task, k.Now().Add(time.Minute))
		_ = k.Sleep(10 * time.Minute) // it ends while nothing runs
		h = houseOn(k, d, newLamps())
		_ = k.Sleep(time.Second)
		var late []float64
		for e, ok := h.events.TryRecv(k); ok; e, ok = h.events.TryRecv(k) {
			if b, is := e.Body.(event.TimerEnded); is {
				late = append(late, b.Late)
			}
		}
		if len(late) != 1 || late[0] < 200 {
			t.Errorf("timers ended: %v", late)
		}
		h.task.Stop()
	})
}

var texts = []string{"turn on the kitchen lamp", "turn on the hall lamp"}
