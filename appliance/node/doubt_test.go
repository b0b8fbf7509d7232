package node_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
)

// core is a service that says when it was sent what, and what it does with it.
type core struct {
	does   func(k *rt.Task, try int) error // nil: it answers
	health func(k *rt.Task) (stt.Health, error)
	sent   []rt.Instant
}

func (c *core) Transcribe(k *rt.Task, u stt.Utterance, _ []int16) (stt.Result, error) {
	if err := u.Sending(k); err != nil {
		return stt.Result{}, err
	}
	c.sent = append(c.sent, k.Now())
	if err := c.does(k, len(c.sent)); err != nil {
		return stt.Result{}, err
	}
	return stt.Result{Text: "text"}, nil
}

func (c *core) Health(k *rt.Task) (stt.Health, error) { return c.health(k) }

func isWell(*rt.Task) (stt.Health, error) { return stt.Health{Status: "healthy"}, nil }

// nodes runs a spool and a delivery on a disk for so long, and gives what the delivery said.
func nodes(k *rt.Task, client stt.Client, d *virtual.Disk, ids []string, most time.Duration, how ...func(*node.DeliveryConfig)) (told []event.Body) {
	config := node.DeliveryConfig{Client: client, Whole: "http", Longest: stt.MaxSpeech, MaxDelay: 8 * time.Second}
	for _, f := range how {
		f(&config)
	}
	sp, pieces, requests := spoolOn(d)
	spools := k.Go("spool", sp.Run)
	for _, id := range ids {
		begin(k, pieces, id)
		hop(k, pieces, id)
		end(k, pieces, id)
	}
	events := mailbox()
	delivers := k.Go("delivery", (&node.Delivery{
		Name: "delivery.w", STT: "w", Spool: requests, Healthy: rt.NewMailbox[node.Seen]("healthy", 1), Events: rt.NewOut(events),
		Config: rt.NewCell(config),
	}).Run)
	_ = k.Sleep(most)
	for _, task := range []*rt.Task{delivers, spools} {
		task.Stop()
		_ = k.Wait(task, rt.Never)
	}
	for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
		told = append(told, e.Body)
	}
	return told
}

// of are those of one kind.
func of[B event.Body](all []event.Body) (list []B) {
	for _, e := range all {
		if b, ok := e.(B); ok {
			list = append(list, b)
		}
	}
	return list
}

func lost(doubt stt.Doubt) error {
	return &stt.Error{Op: "transcribe", Kind: stt.Unreachable, Doubt: doubt, Cause: errors.New("reset")}
}

// TestWhatMayBeUnderWayGoesOutLateAndIsSaid: an utterance whose answer was lost goes out again when nothing of it can be under way
// any more, and not without a word.
func TestWhatMayBeUnderWayGoesOutLateAndIsSaid(t *testing.T) {
	silent := func(k *rt.Task) (stt.Health, error) { // stopped for five minutes
		if k.Now() < rt.Instant(5*time.Minute) {
			return stt.Health{}, failure(stt.Timeout, 0, 5*time.Second)(k)
		}
		return isWell(k)
	}
	for name, c := range map[string]struct {
		doubt       stt.Doubt
		health      func(*rt.Task) (stt.Health, error)
		least, most time.Duration
		said        bool
	}{
		"it never had it":           {stt.NoDoubt, isWell, 0, 2 * time.Second, false},
		"it answered illegibly":     {stt.Acted, isWell, 10 * time.Second, 12 * time.Second, true},
		"it may still be at work":   {stt.UnderWay, isWell, 32 * time.Second, 35 * time.Second, true},
		"it is stopped meanwhile":   {stt.UnderWay, silent, 5*time.Minute + 32*time.Second, 6 * time.Minute, true},
		"it knows utterances by ID": {stt.UnderWay, func(*rt.Task) (stt.Health, error) { return stt.Health{Idempotent: true}, nil }, 0, 2 * time.Second, false},
	} {
		world(t, time.Hour, func(k *rt.Task) {
			s := &core{health: c.health, does: func(_ *rt.Task, try int) error {
				if try == 1 {
					return lost(c.doubt)
				}
				return nil
			}}
			told := nodes(k, s, virtual.NewDisk(1<<30), []string{"a"}, 10*time.Minute)
			done, again := of[event.Delivered](told), of[event.DeliveryRepeated](told)
			if len(s.sent) != 2 || len(done) != 1 || done[0].Outcome != "delivered" {
				t.Fatalf("%s: sent at %v, told %+v", name, s.sent, told)
			}
			if wait := s.sent[1].Sub(s.sent[0]); wait < c.least || wait > c.most {
				t.Errorf("%s: sent again after %v", name, wait)
			}
			if (len(again) == 1) != c.said || done[0].Repeated != c.said || c.said != strings.Contains(done[0].Cause, "sent 2 times") {
				t.Errorf("%s: said %+v, and of the delivery %+v", name, again, done[0])
			}
		})
	}
}

// TestWhatIsInDoubtIsSentSeldom: three times at the most, and then it is set aside with what may have come of it.
func TestWhatIsInDoubtIsSentSeldom(t *testing.T) {
	for _, doubt := range []stt.Doubt{stt.Acted, stt.UnderWay} {
		world(t, time.Hour, func(k *rt.Task) {
			s := &core{health: isWell, does: func(*rt.Task, int) error { return lost(doubt) }}
			d := virtual.NewDisk(1 << 30)
			told := nodes(k, s, d, []string{"a"}, 30*time.Minute)
			done := of[event.Delivered](told)
			if len(s.sent) != 3 || len(of[event.DeliveryRepeated](told)) != 2 || len(done) != 1 || done[0].Outcome != "failed" || !strings.Contains(done[0].Cause, "may have been acted on") {
				t.Fatalf("sent at %v, told %+v", s.sent, told)
			}
			if about := string(d.Peek("spool/refused/a.json")); !strings.Contains(about, `"sent":["w"]`) {
				t.Errorf("it is set aside with %s", about)
			}
		})
	}
}

// TestWhoWasEndedBeforeTheAnswerKnows: that a service may have an utterance is on the disk before it can be so.
func TestWhoWasEndedBeforeTheAnswerKnows(t *testing.T) {
	for name, c := range map[string]struct {
		does  func(k *rt.Task, try int) error
		again bool
	}{
		"between its end and the answer": {func(k *rt.Task, _ int) error { return k.Sleep(time.Hour) }, true},
		"after a try that failed":        {func(*rt.Task, int) error { return lost(stt.NoDoubt) }, false},
	} {
		world(t, 2*time.Hour, func(k *rt.Task) {
			d := virtual.NewDisk(1 << 30)
			_ = nodes(k, &core{health: isWell, does: c.does}, d, []string{"a"}, 400*time.Millisecond)
			began := k.Now()
			s := &core{health: isWell, does: func(*rt.Task, int) error { return nil }}
			told := nodes(k, s, d, nil, 10*time.Minute)
			if len(s.sent) != 1 || len(of[event.Delivered](told)) != 1 {
				t.Fatalf("%s: sent at %v, told %+v", name, s.sent, told)
			}
			wait := s.sent[0].Sub(began)
			if c.again != (wait >= 32*time.Second) || c.again != (len(of[event.DeliveryRepeated](told)) == 1) {
				t.Errorf("%s: sent after %v, told %+v", name, wait, told)
			}
		})
	}
}

// TestWhatOnlyReturnsATextLeavesNoDoubt: an engine and a service that does nothing with a text are asked again at once, whatever was lost.
func TestWhatOnlyReturnsATextLeavesNoDoubt(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		s := &core{health: isWell, does: func(_ *rt.Task, try int) error {
			if try <= 3 {
				return lost(stt.UnderWay)
			}
			return nil
		}}
		told := nodes(k, s, virtual.NewDisk(1<<30), []string{"a"}, time.Minute, func(c *node.DeliveryConfig) { c.Pure = true })
		if len(of[event.DeliveryRepeated](told)) > 0 || len(s.sent) != 4 || s.sent[3].Sub(s.sent[0]) > 5*time.Second {
			t.Errorf("sent at %v, told %+v", s.sent, told)
		}
	})
}
