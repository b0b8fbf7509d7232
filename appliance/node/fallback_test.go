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
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
)

// stood is a service of several. It notes in a list that all of them share what it answered.
type stood struct {
	name   string
	down   func(now rt.Instant) error // nil: it answers
	health func(*rt.Task) (stt.Health, error)
	log    *[]string
	tried  []rt.Instant
}

func (s *stood) Transcribe(k *rt.Task, u stt.Utterance, _ []int16) (stt.Result, error) {
	s.tried = append(s.tried, k.Now())
	if err := s.down(k.Now()); err != nil {
		return stt.Result{}, err
	}
	*s.log = append(*s.log, s.name+" "+u.ID)
	return stt.Result{Text: "text of " + s.name}, nil
}

// withHealth is one that has a health check.
type withHealth struct{ *stood }

func (s withHealth) Health(k *rt.Task) (stt.Health, error) { return s.health(k) }

func away(now rt.Instant) error {
	return &stt.Error{Op: "transcribe", Kind: stt.Unreachable, Cause: errors.New("connection refused")}
}

func there(rt.Instant) error { return nil }

// awayFor is away until that time.
func awayFor(d time.Duration) func(rt.Instant) error {
	return func(now rt.Instant) error {
		if now < rt.Instant(d) {
			return away(now)
		}
		return nil
	}
}

// several runs a spool and a delivery to several services. every utterance is spoken so long after the one before.
func several(k *rt.Task, ids []string, every, most time.Duration, healthy *rt.Mailbox[node.Seen], clients ...stt.Client) (told []event.Body, d *node.Delivery) {
	sp, pieces, requests := spoolOn(virtual.NewDisk(1 << 30))
	spools := k.Go("spool", sp.Run)
	var list []node.DeliveryConfig
	for i, c := range clients {
		list = append(list, node.DeliveryConfig{Service: string(rune('w' + i)), Client: c, Whole: "http", Streamed: "ws", Longest: stt.MaxSpeech, MaxDelay: 8 * time.Second})
	}
	list[0].Others = list[1:]
	events := mailbox()
	d = &node.Delivery{Name: "delivery.w", STT: "w", Spool: requests, Healthy: healthy, Events: rt.NewOut(events), Config: rt.NewCell(list[0])}
	delivers := k.Go("delivery", d.Run)
	for _, id := range ids {
		begin(k, pieces, id)
		hop(k, pieces, id)
		end(k, pieces, id)
		_ = k.Sleep(every)
	}
	_ = k.Sleep(most)
	for _, task := range []*rt.Task{delivers, spools} {
		task.Stop()
		_ = k.Wait(task, rt.Never)
	}
	for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
		told = append(told, e.Body)
	}
	return told, d
}

func probed() *rt.Mailbox[node.Seen] { return rt.NewMailbox[node.Seen]("healthy", 4) }

// TestAnotherServiceStandsIn: while the first is away, the second gets everything: the first utterance after a moment, the others at
// once, in order. When the probe sees the first come back, it gets the next one. All of it is told.
func TestAnotherServiceStandsIn(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		var log []string
		first := withHealth{&stood{name: "w", down: awayFor(25 * time.Second), log: &log, health: func(k *rt.Task) (stt.Health, error) {
			return stt.Health{}, away(0)
		}}}
		second := &stood{name: "x", down: there, log: &log}
		healthy := probed()
		k.Go("probe", func(k *rt.Task) error {
			_ = k.Sleep(27 * time.Second)
			healthy.Push(k, node.Seen{STT: "w", Back: true})
			return nil
		})
		told, d := several(k, []string{"a", "b", "c", "d"}, 10*time.Second, time.Minute, healthy, first, second)
		if want := []string{"x a", "x b", "x c", "w d"}; !slices.Equal(log, want) {
			t.Fatalf("%v, want %v", log, want)
		}
		if after := second.tried[0].Sub(first.tried[0]); after < 2*time.Second || after > 3*time.Second {
			t.Errorf("the second stood in after %v", after)
		}
		done, changes := of[event.Delivered](told), of[event.Fallback](told)
		if len(done) != 4 || done[0].STT != "w" || done[0].By != "x" || !strings.Contains(done[0].Cause, "x answered in place of w: ") || done[3].By != "" || done[3].Cause != "" {
			t.Errorf("%+v", done)
		}
		if len(changes) != 2 || changes[0].By != "x" || !strings.Contains(changes[0].Cause, "refused") || changes[1] != (event.Fallback{STT: "w"}) {
			t.Errorf("%+v", changes)
		}
		failed := of[event.DeliveryFailed](told)
		if len(failed) == 0 || failed[len(failed)-1].Retry != "at once, by x" {
			t.Errorf("%+v", failed)
		}
		for _, f := range failed {
			if f.Utterance != "a" {
				t.Errorf("the first was tried while it was known to be away: %+v", f)
			}
		}
		if way := d.Way(); way != "" {
			t.Errorf("the way is %q", way)
		}
	})
}

// TestAServiceThatIsNotProbedIsTriedAgain later and later, each time with an utterance that the other one gets at once if it fails.
func TestAServiceThatIsNotProbedIsTriedAgain(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		var log []string
		first := &stood{name: "w", down: awayFor(5 * time.Minute), log: &log}
		second := &stood{name: "x", down: there, log: &log}
		var ids []string
		for i := range 40 {
			ids = append(ids, fmt.Sprint("u", i))
		}
		_, d := several(k, ids, 20*time.Second, time.Second, probed(), first, second)
		for i, id := range ids {
			if !strings.HasSuffix(log[i], " "+id) {
				t.Fatalf("out of order: %v", log)
			}
		}
		if n := len(log); n != 40 || log[n-1] != "w u39" || len(first.tried) > 40 {
			t.Errorf("%d answers, the last %q; the first was tried %d times", n, log[n-1], len(first.tried))
		}
		before := 0
		for _, at := range first.tried {
			if at < rt.Instant(5*time.Minute) {
				before++
			}
		}
		if before > 12 {
			t.Errorf("it was tried %d times while it was away", before)
		}
		_ = d
	})
}

// TestWhichOneIsInUse is seen in the status.
func TestWhichOneIsInUse(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		var log []string
		_, d := several(k, []string{"a"}, time.Second, 10*time.Second, probed(), &stood{name: "w", down: away, log: &log}, &stood{name: "x", down: there, log: &log})
		if way := d.Way(); way != "by x in place of w" {
			t.Errorf("%q", way)
		}
	})
}

// TestAllAreAway: each is tried in turn, nothing is lost, and whichever comes back first gets the utterances in order.
func TestAllAreAway(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		var log []string
		first, second := &stood{name: "w", down: awayFor(30 * time.Minute), log: &log}, &stood{name: "x", down: awayFor(10 * time.Minute), log: &log}
		told, _ := several(k, []string{"a", "b", "c"}, time.Second, 12*time.Minute, probed(), first, second)
		if want := []string{"x a", "x b", "x c"}; !slices.Equal(log, want) {
			t.Fatalf("%v, want %v", log, want)
		}
		if n := len(of[event.Fallback](told)); n != 1 {
			t.Errorf("the change was told %d times", n)
		}
	})
}

// TestARefusalIsAnAnswer: what the first refuses is not sent to the second.
func TestARefusalIsAnAnswer(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		var log []string
		first := &stood{name: "w", log: &log, down: func(rt.Instant) error {
			return &stt.Error{Op: "transcribe", Kind: stt.Refused, Status: 413, Cause: errors.New("too long")}
		}}
		second := &stood{name: "x", down: there, log: &log}
		told, _ := several(k, []string{"a"}, time.Second, time.Minute, probed(), first, second)
		done := of[event.Delivered](told)
		if len(second.tried) != 0 || len(done) != 1 || done[0].Outcome != "failed" || done[0].By != "" {
			t.Errorf("tried %d times, %+v", len(second.tried), done)
		}
	})
}

// TestWhatTheFirstMayActOnGoesBackToIt: an utterance whose answer was lost goes to the service that may have it, late and with a
// report. Only if that one shows no sign of life until then does the other one get it.
func TestWhatTheFirstMayActOnGoesBackToIt(t *testing.T) {
	for name, c := range map[string]struct {
		health func(*rt.Task) (stt.Health, error)
		by     string
	}{
		"it is there": {isWell, "w"},
		"it is gone":  {func(*rt.Task) (stt.Health, error) { return stt.Health{}, away(0) }, "x"},
	} {
		world(t, time.Hour, func(k *rt.Task) {
			var log []string
			lostOnce := false
			first := withHealth{&stood{name: "w", log: &log, health: c.health, down: func(rt.Instant) error {
				if !lostOnce {
					lostOnce = true
					return lost(stt.UnderWay)
				}
				return nil
			}}}
			second := &stood{name: "x", down: there, log: &log}
			told, _ := several(k, []string{"a", "b"}, time.Second, 5*time.Minute, probed(), first, second)
			again := of[event.DeliveryRepeated](told)
			if want := c.by + " a"; len(log) != 2 || log[0] != want || len(again) != 1 || again[0].Waited < 30 {
				t.Fatalf("%s: %v, want %q first; %+v", name, log, want, again)
			}
			if done := of[event.Delivered](told); len(done) != 2 || !done[0].Repeated {
				t.Errorf("%s: %+v", name, done)
			}
			if c.by == "w" && len(second.tried) != 0 {
				t.Errorf("%s: the other one got it, too", name)
			}
		})
	}
}
