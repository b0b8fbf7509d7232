package node_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/otlp"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// collector is a model of a collector.
type collector struct {
	fails func(*rt.Task) error // what it does with a batch; nil: it takes it
	spans []otlp.Span
	tries int
}

func (c *collector) Export(k *rt.Task, spans []otlp.Span) (int, error) {
	c.tries++
	if err := k.Sleep(time.Millisecond); err != nil {
		return 0, err
	}
	if c.fails != nil {
		if err := c.fails(k); err != nil {
			return 0, err
		}
	}
	c.spans = append(c.spans, spans...)
	return 0, nil
}

func (c *collector) named(name string) (list []otlp.Span) {
	for _, s := range c.spans {
		if s.Name == name {
			list = append(list, s)
		}
	}
	return list
}

type traced struct {
	*node.Traces
	news, events *rt.Mailbox[event.Event]
	task         *rt.Task
}

var everything = thread.Sampling{Origin: "kitchen", On: true, Ratio: 1}

func tracing(k *rt.Task, c *collector, queue int, s thread.Sampling) *traced {
	x := &traced{news: rt.NewMailbox[event.Event]("news", 4096), events: rt.NewMailbox[event.Event]("events", 4096)}
	x.Traces = &node.Traces{
		Name: "traces", In: x.news, Events: rt.NewOut(x.events),
		Config: rt.NewCell(node.TracesConfig{Collector: c, Sampling: s, Queue: queue, MaxDelay: 30 * time.Second}),
	}
	x.task = k.Go("traces", x.Run)
	return x
}

func (x *traced) tell(k *rt.Task, from string, b event.Body) {
	x.news.TrySend(k, event.Event{At: k.Wall(), Node: from, Body: b})
}

// inTraces runs a test in virtual time, to its end.
func inTraces(t *testing.T, f func(k *rt.Task)) {
	t.Helper()
	d := virtual.New(1, time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC), nil)
	root := rt.New(d, "test", func(k *rt.Task) error {
		f(k)
		return nil
	})
	d.Run(rt.Instant(48 * time.Hour))
	if !root.Done() || root.Err() != nil {
		t.Fatal("it did not end: ", root.Err())
	}
	d.Close()
}

// speak tells what happens to a command that is heard, delivered at the second try, and acted on here.
func (x *traced) speak(k *rt.Task, n int) {
	sampling := x.Config.Get().Sampling
	wake, id := fmt.Sprint("wake-", n), fmt.Sprint("utt-", n)
	x.tell(k, "trigger.kitchen", event.Wake{ID: wake, Listener: "kitchen", Model: "hey_jarvis", Score: 0.75})
	pause(k, 10*time.Millisecond)
	x.tell(k, "recorder.kitchen", event.RecordingStarted{Utterance: id, Wake: wake, Listener: "kitchen"})
	pause(k, 100*time.Millisecond)
	x.tell(k, "delivery.whisper", event.DeliveryStarted{Utterance: id, STT: "whisper", Way: "ws", Attempt: 1})
	pause(k, time.Second)
	x.tell(k, "recorder.kitchen", event.RecordingEnded{Utterance: id, Wake: wake, Listener: "kitchen", Seconds: 1.1, Why: "silence"})
	pause(k, 20*time.Millisecond)
	x.tell(k, "delivery.whisper", event.DeliveryFailed{Utterance: id, STT: "whisper", Way: "ws", Attempt: 1, Cause: "gone"})
	pause(k, time.Second)
	x.tell(k, "delivery.whisper", event.DeliveryStarted{Utterance: id, STT: "whisper", Way: "http", Attempt: 2})
	pause(k, 200*time.Millisecond)
	began := k.Wall()
	came := began.Add(5 * time.Millisecond)
	sent := came.Add(10 * time.Millisecond)
	x.tell(k, "delivery.whisper", event.Delivered{Utterance: id, STT: "whisper", Way: "http", Attempts: 2, Outcome: "delivered", Text: "a secret word"})
	pause(k, 500*time.Millisecond)
	of := thread.Thread{ID: id}
	x.tell(k, "topic.general", event.Acted{
		Topic: "general", Request: "evt-" + id, Trace: id, Parent: sampling.Onward(of, event.ForwardStep("general", began)).Parent, Text: "a secret word", Speech: "a secret word",
		Tier: "sentence", Result: "done", Verified: true, Came: came, ReadAt: came.Add(5 * time.Millisecond),
		Calls: []event.ActedCall{{Backend: "home", Service: "light.turn_on", Verdict: "proven", Number: 1, Sent: sent, Answered: sent.Add(20 * time.Millisecond), Proof: sent.Add(90 * time.Millisecond)}},
	})
	x.tell(k, "forward.general", event.Forwarded{Core: "general", Outcome: "done", Of: of, Began: began, Under: event.CommandStep})
}

// TestACommandIsOneTrace: all its steps have one trace, hang together under the command, and hold no word of it.
func TestACommandIsOneTrace(t *testing.T) {
	c := &collector{}
	inTraces(t, func(k *rt.Task) {
		x := tracing(k, c, 2048, everything)
		x.speak(k, 1)
		pause(k, 30*time.Second)
		if s := x.Shown(); s.Sent != len(c.spans) || s.Waiting+s.Dropped+s.Refused != 0 || s.Error != "" {
			t.Errorf("%+v", s)
		}
	})
	trace, by := thread.Thread{ID: "utt-1"}.Trace(), map[thread.StepID]otlp.Span{}
	var names []string
	for _, s := range c.spans {
		if _, twice := by[s.ID]; twice || s.Trace != trace || s.To.Before(s.From) {
			t.Errorf("%+v", s)
		}
		by[s.ID], names = s, append(names, s.Name)
		if strings.Contains(fmt.Sprintf("%+v", s), "secret") {
			t.Errorf("%s holds what was said", s.Name)
		}
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "act call command deliver deliver forward read record spool verify wake" {
		t.Error(got)
	}
	under := map[string]string{"wake": "command", "record": "command", "spool": "command", "deliver": "command", "forward": "command", "act": "forward", "read": "act", "call": "act", "verify": "act"}
	for _, s := range c.spans {
		if by[s.Parent].Name != under[s.Name] {
			t.Errorf("%s is a part of %q", s.Name, by[s.Parent].Name)
		}
	}
	whole, tries := c.named("command"), c.named("deliver")
	if len(whole) != 1 || whole[0].To.Sub(whole[0].From) != 2830*time.Millisecond || len(tries) != 2 || tries[0].Fails != "gone" || tries[1].Fails != "" ||
		tries[1].ID != (thread.Thread{ID: "utt-1"}).Step("kitchen", event.DeliverStep("whisper", 2)) {
		t.Errorf("%+v\n%+v", whole, tries)
	}
	if v := c.named("verify"); len(v) != 1 || v[0].To.Sub(v[0].From) != 70*time.Millisecond {
		t.Errorf("%+v", v)
	}
}

// TestSamplingOfSteps: what is not taken leaves nothing behind, and a peer's decision counts.
func TestSamplingOfSteps(t *testing.T) {
	c := &collector{}
	none := everything
	none.Ratio = 0
	inTraces(t, func(k *rt.Task) {
		x := tracing(k, c, 2048, none)
		x.speak(k, 1)
		parent := thread.Parent{Trace: thread.TraceID{1}, Step: thread.StepID{2}, Sampled: true}
		x.tell(k, "stt_server.house", event.Served{Server: "house", Text: "x", Took: 0.5, Waited: 0.25, Of: thread.Thread{ID: "r", Parent: parent.String()}, Ended: k.Wall()})
		parent.Sampled = false
		x.tell(k, "stt_server.house", event.Served{Server: "house", Text: "x", Took: 0.5, Of: thread.Thread{ID: "q", Parent: parent.String()}, Ended: k.Wall()})
		pause(k, time.Minute)
	})
	if len(c.spans) != 3 || c.spans[0].Trace != (thread.TraceID{1}) || c.spans[0].Parent != (thread.StepID{2}) || !c.spans[0].Remote || c.named("queue")[0].Remote {
		t.Errorf("%+v", c.spans)
	}
}

// TestACollectorThatIsAway costs spans, counted, and nothing else; when it is back, what waits is sent.
func TestACollectorThatIsAway(t *testing.T) {
	for name, fails := range map[string]error{
		"away": refuses(wire.Unreachable, 0), "error": refuses(wire.Busy, 503), "denied": refuses(wire.Unauthorised, 401), "strange": errors.New("what"),
	} {
		c, away := &collector{}, true
		c.fails = func(*rt.Task) error {
			if away {
				return fails
			}
			return nil
		}
		inTraces(t, func(k *rt.Task) {
			x := tracing(k, c, 64, everything)
			for n := range 40 {
				x.speak(k, n)
				pause(k, time.Minute)
			}
			s := x.Shown()
			if s.Sent != 0 || s.Dropped == 0 || s.Waiting > 64+512 || s.Error == "" || c.tries > 200 {
				t.Errorf("%s: %+v after %d tries", name, s, c.tries)
			}
			away = false
			pause(k, time.Minute)
			now := x.Shown()
			if now.Waiting != 0 || now.Error != "" || now.Sent+now.Dropped != 40*11 || now.Dropped != s.Dropped {
				t.Errorf("%s: %+v after it is back", name, now)
			}
			var said []string
			for e, ok := x.events.TryRecv(k); ok; e, ok = x.events.TryRecv(k) {
				said = append(said, e.Body.Kind())
			}
			if !slices.Equal(said, []string{"traces_failed", "traces_back"}) {
				t.Errorf("%s: %v", name, said)
			}
		})
	}
}

// TestWhatACollectorRefuses is dropped at once: it would be refused again.
func TestWhatACollectorRefuses(t *testing.T) {
	c := &collector{}
	c.fails = func(*rt.Task) error { return refuses(wire.Refused, 400) }
	inTraces(t, func(k *rt.Task) {
		x := tracing(k, c, 64, everything)
		x.speak(k, 1)
		pause(k, time.Minute)
		if s := x.Shown(); s.Refused != 11 || s.Waiting != 0 || s.Sent != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestTheLastSpans are sent at a stop, unless the collector takes longer than a second; what goes on is marked.
func TestTheLastSpans(t *testing.T) {
	for _, slow := range []bool{false, true} {
		c := &collector{}
		c.fails = func(k *rt.Task) error {
			if slow {
				return k.Sleep(time.Hour)
			}
			return nil
		}
		inTraces(t, func(k *rt.Task) {
			x := tracing(k, c, 64, everything)
			x.tell(k, "trigger.kitchen", event.Wake{ID: "w", Listener: "kitchen"})
			x.tell(k, "recorder.kitchen", event.RecordingStarted{Utterance: "u", Wake: "w"})
			pause(k, time.Second)
			began := k.Now()
			x.task.Stop()
			_ = k.Wait(x.task, rt.Never)
			if took := k.Now().Sub(began); took > 1100*time.Millisecond {
				t.Errorf("the stop took %v", took)
			}
			if s := x.Shown(); slow && (s.Dropped != 3 || s.Sent != 0) || !slow && (s.Sent != 3 || s.Dropped != 0) {
				t.Errorf("%+v", s)
			}
		})
		if !slow && !strings.Contains(fmt.Sprintf("%+v", c.named("record")), "orac.unfinished") {
			t.Errorf("%+v", c.spans)
		}
	}
}

// TestThreadsAreBounded whatever events tell.
func TestThreadsAreBounded(t *testing.T) {
	c := &collector{}
	inTraces(t, func(k *rt.Task) {
		x := tracing(k, c, 65536, everything)
		for n := range 2000 {
			x.tell(k, "recorder.kitchen", event.RecordingStarted{Utterance: fmt.Sprint(n)})
			x.tell(k, "delivery.whisper", event.DeliveryStarted{Utterance: "one", STT: "s", Attempt: n})
			pause(k, 100*time.Millisecond)
		}
		pause(k, 2*time.Hour)
		if s := x.Shown(); s.Waiting != 0 || s.Dropped != 0 || s.Sent > 2600 || s.Sent < 2000 {
			t.Errorf("%+v", s)
		}
	})
}
