package node_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/appliance/sttrole"
)

// scribe is a model of an engine. It takes a second for an utterance.
type scribe struct {
	fails func(u stt.Utterance) error
	hangs bool
	shock bool // it panics when it is stopped
	text  string
	order []string // the topics, in the order in which it began
	ended int      // calls that were stopped
}

func (s *scribe) Transcribe(k *rt.Task, u stt.Utterance, _ []int16) (stt.Result, error) {
	s.order = append(s.order, u.Topic)
	takes := time.Second
	if s.hangs {
		takes = time.Hour
	}
	if err := k.Sleep(takes); err != nil {
		s.ended++
		if s.shock {
			panic("stopped")
		}
		return stt.Result{}, err
	}
	if s.fails != nil {
		if err := s.fails(u); err != nil {
			return stt.Result{}, err
		}
	}
	return stt.Result{Text: s.text, Confidence: 0.9, Language: "en", Silence: s.text == ""}, nil
}

type serving struct {
	*node.STTServer
	events *rt.Mailbox[event.Event]
	task   *rt.Task
}

func serve(k *rt.Task, e stt.Client, change func(*node.STTServerConfig)) serving {
	c := node.STTServerConfig{Client: e, Engine: "local", Queue: 4, MaxSound: 15 * time.Second, Forget: 2 * time.Minute, Keep: 2}
	if change != nil {
		change(&c)
	}
	s := serving{events: rt.NewMailbox[event.Event]("events", 4096)}
	s.STTServer = &node.STTServer{Name: "stt_server.house", Server: "house", Config: rt.NewCell(c), Asks: rt.NewMailbox[node.Ask]("asked", 128), Events: rt.NewOut(s.events)}
	s.task = k.Go("server", s.Run)
	return s
}

// sent is an utterance that a peer has sent.
type sent struct {
	task *rt.Task
	sttrole.Heard
	err error
	at  rt.Instant // when it was answered
}

func (s serving) send(k *rt.Task, h sttrole.Hearing) *sent {
	if h.PCM == nil {
		h.PCM = []int16{1, 2, 3}
	}
	out := &sent{}
	out.task = k.Go("peer", func(k *rt.Task) error {
		out.Heard, out.err = s.Transcribe(k, h)
		out.at = k.Now()
		return nil
	})
	_ = k.Sleep(time.Millisecond)
	return out
}

func from(peer, id, topic string) sttrole.Hearing {
	return sttrole.Hearing{ID: id, Topic: topic, Peer: sttrole.Peer{Name: peer, Address: "192.0.2.1"}}
}

func TestAServerTranscribesOneAfterTheOther(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		e := &scribe{text: "Hey Jarvis, lights on"}
		s := serve(k, e, nil)
		_, err := s.Beat(k, sttrole.Beat{InstanceID: "i", Models: []sttrole.BeatModel{{Name: "m", Topic: "a", Status: "active", WakeWord: "hey jarvis"}}})
		if err != nil {
			t.Fatal(err)
		}
		a, b := s.send(k, from("p", "1", "a")), s.send(k, from("p", "2", "../b"))
		if st, _ := s.State(k); st.Queue.Running != 1 || st.Queue.Waiting != 1 || st.Engine.State != sttrole.EngineBusy {
			t.Errorf("%+v", st)
		}
		pause(k, 3*time.Second)
		if a.err != nil || a.Text != "lights on" || a.Original != "Hey Jarvis, lights on" || a.Topic != "a" || a.Processing != time.Second {
			t.Errorf("%+v", a)
		}
		if b.err != nil || b.Text != "Hey Jarvis, lights on" || b.Topic != "general" || !slices.Equal(e.order, []string{"a", "general"}) {
			t.Errorf("%+v, %v", b, e.order)
		}
		st, err := s.State(k)
		if err != nil || st.Counts.Served != 2 || len(st.Transcripts) != 2 || st.Transcripts[0].Topic != "general" || len(st.Topics) != 2 || st.Topics[0].Count != 1 {
			t.Errorf("%+v, %v", st, err)
		}
		if w, err := s.Sound(k, st.Transcripts[0].ID); err != nil || string(w[:4]) != "RIFF" || len(w) != 44+6 {
			t.Errorf("%q, %v", w, err)
		}
		if _, err := s.Sound(k, "../x"); !errors.Is(err, sttrole.ErrNoSound) {
			t.Error(err)
		}
		s.task.Stop()
	})
}

// TestAFullServerSaysSoAtOnce, and when to come back; heartbeats are answered meanwhile.
func TestAFullServerSaysSoAtOnce(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		s := serve(k, &scribe{hangs: true}, nil)
		var all []*sent
		for i := range 7 {
			all = append(all, s.send(k, from("p", fmt.Sprint(i), "a")))
		}
		for i, x := range all {
			busy, is := errors.AsType[*sttrole.BusyError](x.err)
			if is != (i > 4) || is && busy.RetryAfter < time.Second {
				t.Errorf("%d: %v", i, x.err)
			}
		}
		before := k.Now()
		if _, err := s.Beat(k, sttrole.Beat{InstanceID: "i"}); err != nil || k.Now().Sub(before) > 10*time.Millisecond {
			t.Errorf("a heartbeat took %v: %v", k.Now().Sub(before), err)
		}
		other := s.send(k, from("other", "1", "b")) // it takes the last place of the peer that has four
		if all[4].err == nil || other.task.Done() || s.Idle() {
			t.Errorf("%v, %v", all[4].err, other.err)
		}
		s.task.Stop()
		pause(k, time.Second)
		if _, is := errors.AsType[*sttrole.BusyError](other.err); !is {
			t.Errorf("after the stop: %v", other.err)
		}
	})
}

// TestAPeerThatVanishesCostsNothing: its place is free, and the engine is stopped.
func TestAPeerThatVanishesCostsNothing(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		e := &scribe{hangs: true}
		s := serve(k, e, nil)
		var all []*sent
		for i := range 5 {
			all = append(all, s.send(k, from("p", fmt.Sprint(i), fmt.Sprint("t", i))))
		}
		for _, i := range []int{1, 2, 3, 0} {
			all[i].task.Stop()
			pause(k, 10*time.Millisecond)
		}
		st, err := s.State(k)
		if err != nil || st.Queue.Waiting != 0 || st.Queue.Running != 1 || st.Counts.Left != 4 || e.ended != 1 || !slices.Equal(e.order, []string{"t0", "t4"}) {
			t.Errorf("%+v, %v; %d, %v", st, err, e.ended, e.order)
		}
		s.task.Stop()
	})
}

// TestAnEngineThatPanicsWhenItIsStopped holds up nobody: the next utterance is transcribed.
func TestAnEngineThatPanicsWhenItIsStopped(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		e := &scribe{hangs: true, shock: true, text: "yes"}
		s := serve(k, e, nil)
		gone, next := s.send(k, from("p", "1", "a")), s.send(k, from("q", "2", "b"))
		e.hangs = false
		gone.task.Stop()
		pause(k, 5*time.Second)
		if e.ended != 1 || next.err != nil || next.Text != "yes" {
			t.Errorf("%d ended; %+v", e.ended, next)
		}
		if st, err := s.State(k); err != nil || st.Queue.Waiting+st.Queue.Running != 0 || st.Counts.Failed != 0 {
			t.Errorf("%+v, %v", st, err)
		}
		s.task.Stop()
	})
}

// TestARepeatedUtteranceIsAnsweredAsBefore, whether its answer is known already or not.
func TestARepeatedUtteranceIsAnsweredAsBefore(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		e := &scribe{text: "yes"}
		s := serve(k, e, nil)
		a, b := s.send(k, from("p", "1", "a")), s.send(k, from("p", "1", "a"))
		another := s.send(k, from("q", "1", "a"))
		pause(k, 5*time.Second)
		c := s.send(k, from("p", "1", "a"))
		if a.err != nil || b.Text != "yes" || b.ID != a.ID || c.ID != a.ID || !c.Repeated || another.ID == a.ID || len(e.order) != 2 {
			t.Errorf("%+v\n%+v\n%+v\n%+v, %d calls", a, b, c, another, len(e.order))
		}
		h := from("p", "1", "a")
		h.PCM = []int16{9}
		d := s.send(k, h)
		if _, is := errors.AsType[*sttrole.ReusedError](d.err); !is {
			t.Errorf("another sound under the same ID: %+v", d)
		}
		s.task.Stop()
	})
}

// TestAnEngineThatFails is told as such, and is not remembered as an answer.
func TestAnEngineThatFails(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		broken := true
		e := &scribe{text: "yes", fails: func(stt.Utterance) error {
			if broken {
				return &stt.Error{Op: "transcribe", Address: "local", Kind: wire.Engine, Cause: errors.New("out of memory")}
			}
			return nil
		}}
		s := serve(k, e, nil)
		a := s.send(k, from("p", "1", "a"))
		pause(k, 2*time.Second)
		failed, is := errors.AsType[*sttrole.EngineError](a.err)
		st, _ := s.State(k)
		if !is || !strings.Contains(failed.Error(), "out of memory") || st.Engine.State != sttrole.EngineFailed || st.Counts.Failed != 1 || s.Shown().Error == "" {
			t.Errorf("%v, %+v", a.err, st)
		}
		broken = false
		b := s.send(k, from("p", "1", "a"))
		pause(k, 2*time.Second)
		if b.err != nil || b.Text != "yes" || s.Shown().Error != "" {
			t.Errorf("%+v", b)
		}
		e.hangs = true
		c := s.send(k, from("p", "2", "a"))
		pause(k, 2*time.Minute)
		if _, is := errors.AsType[*sttrole.EngineError](c.err); !is || c.at.Sub(b.at) > 70*time.Second {
			t.Errorf("an engine that hangs: %v after %v", c.err, c.at.Sub(b.at))
		}
		s.task.Stop()
	})
}

// TestWhatIsTooMuchIsRefused with the limit, and an empty answer says why it is empty.
func TestWhatIsTooMuchIsRefused(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		s := serve(k, &scribe{}, nil)
		long, none, named := from("p", "", "a"), from("p", "", "a"), from("p", strings.Repeat("x", 201), "a")
		long.PCM, none.PCM = make([]int16, 15*sttrole.Rate+1), []int16{}
		for i, h := range []sttrole.Hearing{long, none, named} {
			x := s.send(k, h)
			_, much := errors.AsType[*amount.TooMuchError](x.err)
			if _, toolong := errors.AsType[*sttrole.TooLongError](x.err); toolong != (i == 0) || much != (i > 0) {
				t.Errorf("%d: %v", i, x.err)
			}
		}
		x := s.send(k, from("p", "", "a"))
		pause(k, 2*time.Second)
		if x.err != nil || x.Text != "" || x.Nothing != "silence" || x.Confidence != 0 {
			t.Errorf("%+v", x)
		}
		if _, err := s.Beat(k, sttrole.Beat{InstanceID: "i", Models: make([]sttrole.BeatModel, sttrole.MaxModels+1)}); err == nil {
			t.Error("too many models are accepted")
		}
		s.task.Stop()
	})
}

// TestAnInstanceIsForgotten when it sends nothing, and both its coming and its going are told.
func TestAnInstanceIsForgotten(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		s := serve(k, &scribe{}, nil)
		for range 3 {
			_, _ = s.Beat(k, sttrole.Beat{InstanceID: "i", Models: []sttrole.BeatModel{{Name: "m", Topic: "a", Status: "active"}, {Name: "n", Topic: "b", Status: "inactive"}}})
			pause(k, 30*time.Second)
		}
		if st, _ := s.State(k); len(st.Instances) != 1 || st.Instances[0].Age != 30*time.Second || len(st.Topics) != 1 || !st.Topics[0].Active {
			t.Errorf("%+v", st)
		}
		pause(k, 91*time.Second)
		if st, _ := s.State(k); len(st.Instances) != 0 || len(st.Topics) != 0 {
			t.Errorf("%+v", st)
		}
		var told []bool
		for e, ok := s.events.TryRecv(k); ok; e, ok = s.events.TryRecv(k) {
			if b, is := e.Body.(event.Instance); is {
				told = append(told, b.Present)
			}
		}
		if !slices.Equal(told, []bool{true, false}) {
			t.Errorf("told %v", told)
		}
		s.task.Stop()
	})
}

// TestAServerGoesOn after its engine's client has panicked, and after it was itself stopped and started.
func TestAServerGoesOn(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		e := &scribe{text: "yes"}
		s := serve(k, panicking{e}, nil)
		x := s.send(k, from("p", "1", "a"))
		pause(k, 2*time.Second)
		if _, is := errors.AsType[*sttrole.EngineError](x.err); !is || s.task.Done() {
			t.Errorf("an engine's client that panics: %+v", x)
		}
		c := s.Config.Get()
		c.Client = e
		s.Update(&node.STTServer{Config: rt.NewCell(c)})
		y := s.send(k, from("p", "2", "a"))
		s.task.Stop()
		_ = k.Wait(s.task, k.Now().Add(time.Second))
		pause(k, time.Millisecond)
		if _, is := errors.AsType[*sttrole.BusyError](y.err); !is {
			t.Errorf("while it stops: %+v", y)
		}
		s.task = k.Go("server", s.Run)
		z := s.send(k, from("p", "2", "a"))
		pause(k, 2*time.Second)
		if z.err != nil || z.Text != "yes" {
			t.Errorf("after the restart: %+v", z)
		}
		s.task.Stop()
	})
}

type panicking struct{ *scribe }

func (panicking) Transcribe(*rt.Task, stt.Utterance, []int16) (stt.Result, error) { panic("broken") }
