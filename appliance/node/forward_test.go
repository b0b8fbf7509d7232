package node_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt/wire"
	"orac/appliance/sttrole"
)

// mind is a model of a Core.
type mind struct {
	fails  func(k *rt.Task, text string) error // after it has the text; nil: it acts
	away   bool
	takes  time.Duration
	acted  []string
	had    []string // what it had completely, acted on or not
	beats  []rt.Instant
	topics []string
}

func (m *mind) Generate(k *rt.Task, c notify.Command, ready func(*rt.Task) error) error {
	if m.away {
		return refuses(wire.Unreachable, 0)
	}
	if err := ready(k); err != nil {
		return err
	}
	m.had = append(m.had, c.Text)
	if err := k.Sleep(max(m.takes, time.Millisecond)); err != nil {
		return err
	}
	if m.fails != nil {
		if err := m.fails(k, c.Text); err != nil {
			return err
		}
	}
	m.acted = append(m.acted, c.Text)
	return nil
}

func (m *mind) Topics(k *rt.Task, b notify.TopicsBeat) error {
	m.beats = append(m.beats, k.Now())
	for _, t := range b.Topics {
		if !slices.Contains(m.topics, t.Name) {
			m.topics = append(m.topics, t.Name)
		}
	}
	return nil
}

type forwarding struct {
	*node.Forward
	events *rt.Mailbox[event.Event]
	task   *rt.Task
}

func forwardOn(k *rt.Task, d *virtual.Disk, m *mind) forwarding {
	f := forwarding{events: rt.NewMailbox[event.Event]("events", 4096)}
	f.Forward = &node.Forward{
		Name: "forward.house", Core: "house", FS: d,
		Config: rt.NewCell(node.ForwardConfig{Client: m, Limits: outbox.Limits{Bytes: 1 << 20, Keep: 24 * time.Hour}, MaxDelay: 8 * time.Second}),
		Texts:  rt.NewMailbox[node.Text]("texts", 64), Topics: rt.NewMailbox[node.Topics]("topics", 1), Requests: rt.NewMailbox[node.ManageHook]("requests", 1),
		Events: rt.NewOut(f.events),
	}
	f.task = k.Go("forward", f.Run)
	return f
}

// hand hands a text over, and tells whether it was kept.
func (f forwarding) hand(k *rt.Task, id, text string) bool {
	reply := rt.NewMailbox[string]("reply", 1)
	f.Texts.Push(k, node.Text{Core: "house", Reply: reply, Command: notify.Command{ID: id, Topic: "general", Text: text}})
	got, err := reply.Recv(k, k.Now().Add(time.Second))
	return err == nil && got == id
}

func (f forwarding) told(k *rt.Task) (list []string) {
	for e, ok := f.events.TryRecv(k); ok; e, ok = f.events.TryRecv(k) {
		if b, is := e.Body.(event.Forwarded); is {
			list = append(list, b.Outcome)
		}
	}
	return list
}

// TestTextsReachCoreInOrderAndOnce, however long it was away, and over a restart.
func TestTextsReachCoreInOrderAndOnce(t *testing.T) {
	world(t, 3*time.Hour, func(k *rt.Task) {
		d, m := virtual.NewDisk(1<<30), &mind{away: true}
		f := forwardOn(k, d, m)
		var want []string
		for i := range 10 {
			text := fmt.Sprint("text ", i)
			want = append(want, text)
			if !f.hand(k, fmt.Sprint("evt-", i), text) {
				t.Fatal("it is not kept")
			}
			pause(k, time.Minute)
		}
		f.task.Stop()
		_ = k.Wait(f.task, k.Now().Add(time.Second))
		d.PowerLoss()
		m.away = false
		f = forwardOn(k, d, m)
		pause(k, time.Minute)
		if !slices.Equal(m.acted, want) || f.Shown().Waiting != 0 || !f.Idle() {
			t.Errorf("%q, %+v", m.acted, f.Shown())
		}
		for i := range 10 { // they are sent again by peers whose answers were lost, also after another restart
			if i == 5 {
				f.task.Stop()
				_ = k.Wait(f.task, k.Now().Add(time.Second))
				d.PowerLoss()
				f = forwardOn(k, d, m)
			}
			if !f.hand(k, fmt.Sprint("evt-", i), want[i]) {
				t.Error("a repeated text is not answered")
			}
		}
		pause(k, time.Minute)
		if !slices.Equal(m.acted, want) {
			t.Errorf("acted on %q", m.acted)
		}
		f.task.Stop()
	})
}

// TestATextThatCoreMayHaveActedOnIsNotSentAgain: it is set aside and told, and the next one goes on.
func TestATextThatCoreMayHaveActedOnIsNotSentAgain(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		m := &mind{fails: func(_ *rt.Task, text string) error {
			if text == "lost answer" {
				e := refuses(wire.Late, 0).(*wire.Error)
				e.Doubt = wire.UnderWay
				return e
			}
			return nil
		}}
		f := forwardOn(k, virtual.NewDisk(1<<30), m)
		for i, text := range []string{"a", "lost answer", "b"} {
			f.hand(k, fmt.Sprint("evt-", i), text)
		}
		pause(k, 10*time.Minute)
		if !slices.Equal(m.had, []string{"a", "lost answer", "b"}) || f.Shown().Aside != 1 {
			t.Errorf("%q, %+v", m.had, f.Shown())
		}
		if told := f.told(k); !slices.Equal(told, []string{"done", "aside", "done"}) {
			t.Errorf("told %q", told)
		}
		f.task.Stop()
	})
}

// TestAKillWhileCoreHasAText: the next process does not send it again; what Core did not have yet is sent.
func TestAKillWhileCoreHasAText(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		d, m := virtual.NewDisk(1<<30), &mind{takes: time.Minute}
		f := forwardOn(k, d, m)
		f.hand(k, "evt-1", "under way")
		f.hand(k, "evt-2", "waits")
		pause(k, 5*time.Second)
		if f.Idle() {
			t.Error("it says that Core has nothing")
		}
		f.task.Stop()
		_ = k.Wait(f.task, k.Now().Add(time.Second))
		d.PowerLoss()
		again := &mind{}
		f = forwardOn(k, d, again)
		pause(k, time.Minute)
		if told := f.told(k); !slices.Equal(again.had, []string{"waits"}) || f.Shown().Aside != 1 || !slices.Equal(told, []string{"aside", "done"}) {
			t.Errorf("%q, %+v, told %q", again.had, f.Shown(), told)
		}
		f.task.Stop()
	})
}

// TestACoreThatRefuses: what it fails on while it acts on others is set aside; what it cannot take now is tried again.
func TestACoreThatRefuses(t *testing.T) {
	for status, aside := range map[int]int{400: 1, 500: 1, 503: 0} {
		world(t, time.Hour, func(k *rt.Task) {
			times := 0
			m := &mind{fails: func(_ *rt.Task, text string) error {
				if times++; text == "bad" && (status != 503 || times < 3) {
					return wire.Answered("forward", "http://core", status)
				}
				return nil
			}}
			f := forwardOn(k, virtual.NewDisk(1<<30), m)
			f.hand(k, "evt-1", "bad")
			f.hand(k, "evt-2", "good")
			pause(k, 10*time.Minute)
			if f.Shown().Aside != aside || f.Shown().Waiting != 0 || !slices.Contains(m.acted, "good") {
				t.Errorf("%d: %q, %+v", status, m.acted, f.Shown())
			}
			f.task.Stop()
		})
	}
}

// TestASlowCoreDelaysNobody: neither an answer nor a heartbeat; and topics are told to it at most every 5 s.
func TestASlowCoreDelaysNobody(t *testing.T) {
	world(t, 3*time.Hour, func(k *rt.Task) {
		m := &mind{takes: 30 * time.Minute}
		f := forwardOn(k, virtual.NewDisk(1<<30), m)
		e := &scribe{text: "hey jarvis lights on"}
		s := serve(k, e, func(c *node.STTServerConfig) {
			c.Core, c.Topics = "house", []node.TopicConfig{{Name: "quiet", Core: "other"}, {Name: "raw", WakeWords: []string{}}}
		})
		s.Texts, s.Topics = rt.NewOut(f.Texts), rt.NewOut(f.Topics)
		for range 20 {
			before := k.Now()
			if _, err := s.Beat(k, sttrole.Beat{InstanceID: "i", Models: []sttrole.BeatModel{
				{Name: "m", Topic: "a", Status: "active", WakeWord: "hey jarvis"}, {Name: "n", Topic: "quiet", Status: "active"}, {Name: "o", Topic: "b", Status: "loading"},
			}}); err != nil || k.Now().Sub(before) > 10*time.Millisecond {
				t.Errorf("a heartbeat took %v: %v", k.Now().Sub(before), err)
			}
			pause(k, time.Second)
		}
		if !slices.Equal(m.topics, []string{"a"}) || len(m.beats) < 4 || len(m.beats) > 5 {
			t.Errorf("%q at %v", m.topics, m.beats)
		}
		no := false
		var all []*sent
		for i, h := range []sttrole.Hearing{from("p", "1", "a"), from("p", "2", "raw"), {Topic: "a", ForwardToCore: &no}, from("p", "1", "a")} {
			x := s.send(k, h)
			pause(k, 1100*time.Millisecond)
			if x.err != nil || x.at == 0 {
				t.Errorf("%d: %+v", i, x)
			}
			all = append(all, x)
		}
		if f.Shown().Waiting != 2 || all[0].Forward != sttrole.Queued || all[2].Forward != sttrole.NotForwarded || !all[3].Repeated {
			t.Errorf("%+v; %+v", f.Shown(), all[2])
		}
		e.text = "[BLANK_AUDIO]"
		x := s.send(k, from("p", "3", "a"))
		pause(k, 2*time.Second)
		if x.Forward != sttrole.Blank || f.Shown().Waiting != 2 {
			t.Errorf("nothing was said, and it is forwarded: %+v", x)
		}
		pause(k, 30*time.Minute)
		pause(k, 31*time.Minute)
		if !slices.Equal(m.acted, []string{"lights on", "hey jarvis lights on"}) {
			t.Errorf("%q of %q, %+v, told %q", m.acted, m.had, f.Shown(), f.told(k))
		}
		s.task.Stop()
		f.task.Stop()
	})
}

// TestATextThatCannotBeKept: a peer that names its utterances is told to send it again, and Core gets it once.
func TestATextThatCannotBeKept(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		d, m := virtual.NewDisk(1<<30), &mind{}
		f := forwardOn(k, d, m)
		f.task.Stop()
		_ = k.Wait(f.task, k.Now().Add(time.Second))
		s := serve(k, &scribe{text: "on"}, func(c *node.STTServerConfig) { c.Core = "house" })
		s.Texts = rt.NewOut(f.Texts)
		named, unnamed := s.send(k, from("p", "1", "a")), s.send(k, from("p", "", "a"))
		pause(k, 6*time.Second)
		if _, is := errors.AsType[*sttrole.BusyError](named.err); !is || unnamed.err != nil || unnamed.Text != "on" {
			t.Errorf("%+v, %+v", named, unnamed)
		}
		f.task = k.Go("forward", f.Run)
		again := s.send(k, from("p", "1", "a"))
		pause(k, 6*time.Second)
		if again.err != nil || !slices.Equal(m.acted, []string{"on", "on"}) {
			t.Errorf("%+v, %q", again, m.acted)
		}
		s.task.Stop()
		f.task.Stop()
	})
}
