package node_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/models/wake"
)

// world runs f as the root task of a virtual world for at most so long.
func world(t *testing.T, most time.Duration, f func(k *rt.Task)) {
	t.Helper()
	for seed := range uint64(10) {
		d := virtual.New(seed, time.Unix(0, 0), nil)
		root := rt.New(d, "test", func(k *rt.Task) error { f(k); return nil })
		d.Run(rt.Instant(most))
		if root.Done() && root.Err() != nil {
			t.Fatal(root.Err())
		}
		d.Close()
	}
}

func mailbox() *rt.Mailbox[event.Event] { return rt.NewMailbox[event.Event]("events", 4096) }

func kinds(k *rt.Task, m *rt.Mailbox[event.Event]) (list []string) {
	for {
		e, ok := m.TryRecv(k)
		if !ok {
			return list
		}
		list = append(list, e.Body.Kind())
	}
}

// device is a model of a microphone: what happens at each opening.
type device struct {
	opens  []rt.Instant
	script []func(*rt.Task) (audio.Stream, error) // of each opening; the last goes on for ever
}

func (d *device) Open(t *rt.Task) (audio.Stream, error) {
	d.opens = append(d.opens, t.Now())
	return d.script[min(len(d.opens), len(d.script))-1](t)
}

// stream gives hops at their pace; after a number of them it does what a fault does.
type stream struct {
	hops  int
	then  error // nil: block for ever
	value func(i int) int16
	given int
	begun rt.Instant
}

func (s *stream) Read(t *rt.Task, pcm *[audio.HopSamples]int16, until rt.Instant) error {
	if s.given == s.hops {
		if s.then != nil {
			return s.then
		}
		if err := t.Sleep(until.Sub(t.Now())); err != nil {
			return err
		}
		return rt.ErrTimeout
	}
	s.given++
	if err := t.Sleep(s.begun.Add(time.Duration(s.given) * audio.HopTime).Sub(t.Now())); err != nil {
		return err
	}
	for i := range pcm {
		pcm[i] = s.value(s.given)
	}
	return nil
}
func (s *stream) Identity() string { return "model" }
func (s *stream) Close(*rt.Task)   {}

func sounds(hops int, then error) func(*rt.Task) (audio.Stream, error) {
	return func(t *rt.Task) (audio.Stream, error) {
		return &stream{hops: hops, then: then, begun: t.Now(), value: func(i int) int16 { return int16(i) }}, nil
	}
}

func fails(err error) func(*rt.Task) (audio.Stream, error) {
	return func(*rt.Task) (audio.Stream, error) { return nil, err }
}

func source(d *device, out *rt.Mailbox[*audio.Hop], events *rt.Mailbox[event.Event]) *node.Source {
	return &node.Source{
		Name: "source.usb", Device: "usb", Input: d, Out: rt.NewOut(out), Events: rt.NewOut(events),
		Config: rt.NewCell(node.SourceConfig{
			Stall: 2 * time.Second, Stuck: 30 * time.Second,
			Retry: node.Retry{Delay: 2 * time.Second, Tries: 3, Slow: 10 * time.Second},
		}),
	}
}

func TestASourceThatBlocksIsOpenedAgain(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		d := &device{script: []func(*rt.Task) (audio.Stream, error){sounds(10, nil), sounds(1<<30, nil)}}
		out, events := rt.NewMailbox[*audio.Hop]("hops", 10_000), mailbox()
		s := k.Go("source", source(d, out, events).Run)
		_ = k.Sleep(10 * time.Second)
		s.Stop()
		_ = k.Wait(s, rt.Never)
		// Ten hops, two seconds of nothing, and the next opening at once.
		if want := []rt.Instant{0, rt.Instant(10*audio.HopTime + 2*time.Second)}; !slices.Equal(d.opens, want) {
			t.Errorf("opened at %v, want %v", d.opens, want)
		}
		next, resets := int64(0), 0
		for {
			hop, ok := out.TryRecv(k)
			if !ok {
				break
			}
			if hop.Seq != next {
				t.Errorf("hop %d follows %d", hop.Seq, next-1)
			}
			next++
			if hop.Reset {
				resets++
			}
		}
		if resets != 2 || next < 90 {
			t.Errorf("%d hops with %d resets", next, resets)
		}
		if got := kinds(k, events); !slices.Equal(got, []string{"device_opened", "device_lost", "device_opened"}) {
			t.Errorf("events %v", got)
		}
	})
}

func TestADeviceIsTriedForEver(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		d := &device{script: []func(*rt.Task) (audio.Stream, error){fails(errors.New("no such device"))}}
		s := k.Go("source", source(d, rt.NewMailbox[*audio.Hop]("hops", 1), mailbox()).Run)
		_ = k.Sleep(5 * time.Minute)
		s.Stop()
		_ = k.Wait(s, rt.Never)
		var pauses []time.Duration
		for i := 1; i < len(d.opens); i++ {
			pauses = append(pauses, d.opens[i].Sub(d.opens[i-1]))
		}
		const s2, s10 = 2 * time.Second, 10 * time.Second
		if want := []time.Duration{0, s2, s2, s2, s10, s10}; !slices.Equal(pauses[:6], want) || pauses[len(pauses)-1] != s10 {
			t.Errorf("pauses %v", pauses)
		}
	})
}

func TestSilenceIsNoFaultAndAStuckLevelIs(t *testing.T) {
	for value, want := range map[int16]int{0: 1, 79: 6} {
		world(t, time.Hour, func(k *rt.Task) {
			d := &device{script: []func(*rt.Task) (audio.Stream, error){func(k *rt.Task) (audio.Stream, error) {
				return &stream{hops: 1 << 30, begun: k.Now(), value: func(int) int16 { return value }}, nil
			}}}
			s := k.Go("source", source(d, rt.NewMailbox[*audio.Hop]("hops", 1), mailbox()).Run)
			_ = k.Sleep(3 * time.Minute)
			s.Stop()
			_ = k.Wait(s, rt.Never)
			if len(d.opens) != want {
				t.Errorf("hops of %d only: opened %d times in 3 minutes, want %d", value, len(d.opens), want)
			}
		})
	}
}

func TestTheSoundOfAFileEnds(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		d := &device{script: []func(*rt.Task) (audio.Stream, error){sounds(3, audio.ErrEnded)}}
		events := mailbox()
		s := k.Go("source", source(d, rt.NewMailbox[*audio.Hop]("hops", 9), events).Run)
		if err := k.Wait(s, rt.Never); err != nil {
			t.Error(err)
		}
		if got := kinds(k, events); !slices.Equal(got, []string{"device_opened", "device_ended"}) {
			t.Errorf("events %v", got)
		}
	})
}

func TestARingLetsAFollowerReachBack(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		in, follows, out := rt.NewMailbox[*audio.Hop]("in", 64), rt.NewMailbox[node.Follow]("follows", 4), rt.NewMailbox[*audio.Hop]("out", 64)
		r := k.Go("ring", (&node.Ring{In: in, Config: rt.NewCell(node.RingConfig{Follows: follows}), Out: rt.NewOut(out), Hops: 10}).Run)
		for i := range 30 {
			in.Push(k, &audio.Hop{Seq: int64(i)})
		}
		_ = k.Sleep(time.Second)
		to := rt.NewMailbox[*audio.Hop]("to", 64)
		follows.TrySend(k, node.Follow{From: 15, To: to})
		_ = k.Sleep(time.Second)
		for i := 30; i < 35; i++ {
			in.Push(k, &audio.Hop{Seq: int64(i)})
		}
		_ = k.Sleep(time.Second)
		in.Close(k)
		if err := k.Wait(r, rt.Never); err != nil {
			t.Error(err)
		}
		var got []int64
		for {
			hop, err := to.Recv(k, rt.Never)
			if err != nil {
				break // the ring closes it at the end
			}
			got = append(got, hop.Seq)
		}
		want := []int64{20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34} // the ring remembers ten
		if !slices.Equal(got, want) || out.Stats().Len != 35 {
			t.Errorf("followed %v; %d went on", got, out.Stats().Len)
		}
	})
}

// vote is a head's vote on a hop.
func vote(seq int64, from string, score float32) node.Vote {
	v := node.Vote{Seq: seq, RMS: 1000, From: from, N: 1}
	v.Values[0] = score
	return v
}

func TestATriggerWaitsForSlowHeadsAndNotForAbsentOnes(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		in, out := rt.NewMailbox[node.Vote]("votes", 1024), rt.NewMailbox[node.Wake]("wakes", 16)
		n := &node.Trigger{
			Name: "trigger.k", Listener: "k", In: in, Out: rt.NewOut(out),
			Config: rt.NewCell(node.TriggerConfig{
				Rules: wake.Rules{Models: []wake.Model{{Name: "a", Threshold: 0.5}, {Name: "b", Threshold: 0.5}}},
				Words: []node.Word{{WakeWord: "a"}, {WakeWord: "b"}},
			}),
		}
		task := k.Go("trigger", n.Run)
		wakes := func() (list []string) {
			_ = k.Sleep(time.Second)
			for {
				w, ok := out.TryRecv(k)
				if !ok {
					return list
				}
				list = append(list, fmt.Sprintf("%d %s", w.Seq, w.Model))
			}
		}
		// b is 20 hops behind, and the higher score of hop 100 is its.
		for i := int64(100); i < 120; i++ {
			in.Push(k, vote(i, "a", map[bool]float32{true: 0.6}[i == 100]))
		}
		if got := wakes(); len(got) != 0 {
			t.Errorf("it did not wait: %v", got)
		}
		for i := int64(100); i < 120; i++ {
			in.Push(k, vote(i, "b", map[bool]float32{true: 0.9}[i == 100]))
		}
		if got := wakes(); !slices.Equal(got, []string{"100 b"}) {
			t.Errorf("woke %v", got)
		}
		// b is gone.
		for i := int64(120); i < 400; i++ {
			in.Push(k, vote(i, "a", map[bool]float32{true: 0.6}[i == 300]))
		}
		if got := wakes(); !slices.Equal(got, []string{"300 a"}) {
			t.Errorf("without b it woke %v", got)
		}
		in.Close(k)
		if err := k.Wait(task, rt.Never); err != nil {
			t.Error(err)
		}
	})
}

// slowHeart is a model of a heartbeat server that takes its time.
type slowHeart struct{ beats []notify.Beat }

func (h *slowHeart) Beat(t *rt.Task, b notify.Beat) (int, error) {
	h.beats = append(h.beats, b)
	return len(b.Models), t.Sleep(5 * time.Second)
}

func TestAHeartbeatCountsActivationsOfTheLastHour(t *testing.T) {
	world(t, 3*time.Hour, func(k *rt.Task) {
		heart := &slowHeart{}
		in := rt.NewMailbox[node.Wake]("wakes", 16)
		h := k.Go("heartbeat", (&node.Heartbeat{
			Name: "heartbeat.x", In: in,
			Config: rt.NewCell(node.HeartbeatConfig{Client: heart, Every: 30 * time.Second, Models: []notify.BeatModel{{Name: "a"}, {Name: "b"}}}),
		}).Run)
		for range 3 {
			in.Push(k, node.Wake{Model: "a"})
			_ = k.Sleep(10 * time.Second)
		}
		_ = k.Sleep(30 * time.Minute)
		in.Push(k, node.Wake{Model: "b"})
		_ = k.Sleep(time.Minute)
		now := heart.beats[len(heart.beats)-1]
		if now.Activations1h != 4 || now.Models[0].TriggerCount != 3 || now.Models[1].TriggerCount != 1 || now.LastActivation.IsZero() {
			t.Errorf("after half an hour: %+v", now)
		}
		_ = k.Sleep(50 * time.Minute)
		if now := heart.beats[len(heart.beats)-1]; now.Activations1h != 1 || now.Models[0].TriggerCount != 3 {
			t.Errorf("an hour later: %+v", now)
		}
		h.Stop()
		_ = k.Wait(h, rt.Never)
	})
}
