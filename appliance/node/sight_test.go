package node_test

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
)

// asked is a service whose health fails at some times, and that notes when it is asked.
type asked struct {
	down func(now rt.Instant) bool
	at   []rt.Instant
}

func (a *asked) Health(k *rt.Task) (stt.Health, error) {
	a.at = append(a.at, k.Now())
	if a.down != nil && a.down(k.Now()) {
		return stt.Health{}, &stt.Error{Op: "health", Kind: stt.Unreachable, Cause: syscall.ECONNREFUSED}
	}
	return stt.Health{Status: "healthy"}, nil
}

// probing runs a probe that asks every ten minutes, and gives what it says and when, in ms.
func probing(k *rt.Task, a *asked, see func(sights *rt.Mailbox[node.Sight])) (said []string, backs int) {
	sights, healthy, events := rt.NewMailbox[node.Sight]("sights", 1), rt.NewMailbox[node.Seen]("healthy", 100), mailbox()
	p := k.Go("probe", (&node.Probe{
		Name: "probe.w", STT: "w", Sights: sights, Healthy: rt.NewOut(healthy), Events: rt.NewOut(events),
		Config: rt.NewCell(node.ProbeConfig{Client: a, Every: 10 * time.Minute}),
	}).Run)
	see(sights)
	p.Stop()
	_ = k.Wait(p, rt.Never)
	for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
		b := e.Body.(event.STTHealth)
		said = append(said, fmt.Sprintf("%d %v", e.At.UnixMilli(), b.OK))
	}
	for s, ok := healthy.TryRecv(k); ok; s, ok = healthy.TryRecv(k) {
		if s.Back {
			backs++
		}
	}
	return said, backs
}

// TestAnOutageThatIsSeenIsAsked: what somebody sees of a service is looked at at once, long before the next health check is due.
func TestAnOutageThatIsSeenIsAsked(t *testing.T) {
	between := func(from, to time.Duration) func(rt.Instant) bool {
		return func(now rt.Instant) bool { return now >= rt.Instant(from) && now < rt.Instant(to) }
	}
	for name, c := range map[string]struct {
		down  func(rt.Instant) bool
		sight node.Sight // at 60 s
		said  []string
		asked []time.Duration
		backs int
	}{
		"it is away": {between(60*time.Second, 63*time.Second), node.Sight{Cause: "reset"}, []string{"0 true", "60000 false", "64000 true"},
			[]time.Duration{0, 60 * time.Second, 62 * time.Second, 64 * time.Second}, 2},
		"it was away, and is back before it is asked": {nil, node.Sight{Away: true, Cause: "refused"}, []string{"0 true", "60000 false", "60000 true"},
			[]time.Duration{0, 60 * time.Second}, 2},
		"it is well, whatever failed": {nil, node.Sight{Cause: "reset"}, []string{"0 true"}, []time.Duration{0, 60 * time.Second}, 1},
		"it is well, as was known":    {nil, node.Sight{Well: true}, []string{"0 true"}, []time.Duration{0}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			world(t, time.Hour, func(k *rt.Task) {
				a := &asked{down: c.down}
				said, backs := probing(k, a, func(sights *rt.Mailbox[node.Sight]) {
					_ = k.Sleep(time.Minute)
					sights.Push(k, c.sight)
					_ = k.Sleep(time.Minute)
				})
				if d := cmp.Diff(c.said, said); d != "" {
					t.Errorf("said (-want +got):\n%s", d)
				}
				var at []time.Duration
				for _, i := range a.at {
					at = append(at, time.Duration(i))
				}
				if d := cmp.Diff(c.asked, at); d != "" {
					t.Errorf("asked (-want +got):\n%s", d)
				}
				if backs != c.backs {
					t.Errorf("it came back %d times, want %d", backs, c.backs)
				}
			})
		})
	}
}

// TestAServiceIsNotAskedWithoutEnd: however often it is seen to fail, two questions are half a second apart; a sign that it is back
// is worth one, too.
func TestAServiceIsNotAskedWithoutEnd(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		a := &asked{}
		said, _ := probing(k, a, func(sights *rt.Mailbox[node.Sight]) {
			for range 1000 {
				_ = k.Sleep(10 * time.Millisecond)
				sights.Push(k, node.Sight{Cause: "reset"})
			}
		})
		for i := range len(a.at) - 1 {
			if gap := a.at[i+1].Sub(a.at[i]); gap < 500*time.Millisecond {
				t.Errorf("asked again after %v", gap)
			}
		}
		if len(a.at) < 15 || len(said) != 1 {
			t.Errorf("asked %d times; said %v", len(a.at), said)
		}
		a = &asked{down: func(now rt.Instant) bool { return now < rt.Instant(20*time.Second) }}
		base := k.Now()
		_, _ = probing(k, a, func(sights *rt.Mailbox[node.Sight]) {
			_ = k.Sleep(rt.Instant(20*time.Second).Sub(k.Now()) + 700*time.Millisecond)
			sights.Push(k, node.Sight{Well: true})
			_ = k.Sleep(time.Second)
		})
		if last := a.at[len(a.at)-1]; last > rt.Instant(20700*time.Millisecond) || base > last {
			t.Errorf("last asked at %v", time.Duration(last))
		}
	})
}

// TestAHeartbeatFollowsTheReturnOfItsService: within three seconds of it, no sooner than two after the beat before, at moments that
// differ, and when all sound is over as well.
func TestAHeartbeatFollowsTheReturnOfItsService(t *testing.T) {
	var after []time.Duration
	for _, silent := range []bool{false, true} {
		world(t, 10*time.Minute, func(k *rt.Task) {
			heart := &moody{answers: []error{nil, &notify.Error{Op: "heartbeat", Kind: wire.Late, Cause: errors.New("no answer")}, &notify.Error{Op: "heartbeat", Kind: wire.Late, Cause: errors.New("no answer")}}}
			wakes, healthy := rt.NewMailbox[node.Wake]("wakes", 16), rt.NewMailbox[node.Seen]("healthy", 1)
			sights := rt.NewMailbox[node.Sight]("sights", 100)
			if silent {
				wakes.Close(k)
			}
			h := k.Go("heartbeat", (&node.Heartbeat{
				Name: "heartbeat.x", In: wakes, Healthy: healthy, Sights: rt.NewOut(sights), Events: rt.NewOut(mailbox()),
				Config: rt.NewCell(node.HeartbeatConfig{Client: heart, Every: 30 * time.Second}),
			}).Run)
			_ = k.Sleep(40 * time.Second) // beats at 0, 30 and 35 s
			back := k.Now()
			healthy.Push(k, node.Seen{Back: true})
			_ = k.Sleep(4 * time.Second)
			for range 5 { // one that comes and goes is not sent a beat each time
				healthy.Push(k, node.Seen{Back: true})
				_ = k.Sleep(100 * time.Millisecond)
			}
			healthy.Push(k, node.Seen{}) // no return
			_ = k.Sleep(5 * time.Second)
			h.Stop()
			_ = k.Wait(h, rt.Never)
			if len(heart.at) < 5 || len(heart.at) > 6 {
				t.Fatalf("silent %v: beats at %v", silent, heart.at)
			}
			took := heart.at[3].Sub(back)
			if after = append(after, took); took > 3*time.Second {
				t.Errorf("silent %v: the beat came %v after the return", silent, took)
			}
			for i := range len(heart.at) - 1 {
				if gap := heart.at[i+1].Sub(heart.at[i]); gap < 2*time.Second {
					t.Errorf("silent %v: two beats within %v", silent, gap)
				}
			}
			var seen []bool
			for s, ok := sights.TryRecv(k); ok; s, ok = sights.TryRecv(k) {
				if seen = append(seen, s.Well); s.Away {
					t.Error("a beat proves that the service is away")
				}
			}
			if !slices.Equal(seen[:4], []bool{true, false, false, true}) {
				t.Errorf("the probe was told %v", seen)
			}
		})
	}
	if slices.Sort(after); after[0] == after[len(after)-1] {
		t.Errorf("all come %v after the return", after[0])
	}
}

// TestAHeartbeatWithoutAProbeComesBackSoon: a server that cannot be reached is tried every five seconds; one that refuses us, or
// that others keep waiting, is not pressed.
func TestAHeartbeatWithoutAProbeComesBackSoon(t *testing.T) {
	for name, c := range map[string]struct {
		err  *notify.Error
		want time.Duration
	}{
		"away":           {&notify.Error{Op: "heartbeat", Kind: wire.Unreachable, Cause: syscall.ECONNREFUSED}, 5 * time.Second},
		"busy":           {&notify.Error{Op: "heartbeat", Kind: wire.Busy, Status: 503}, 5 * time.Second},
		"busy for long":  {&notify.Error{Op: "heartbeat", Kind: wire.Busy, Status: 503, RetryAfter: time.Hour}, 30 * time.Second},
		"late":           {&notify.Error{Op: "heartbeat", Kind: wire.Late}, 30 * time.Second},
		"another there":  {&notify.Error{Op: "heartbeat", Kind: wire.Unreachable, Status: 404}, 30 * time.Second},
		"not authorised": {&notify.Error{Op: "heartbeat", Kind: wire.Unauthorised, Status: 401}, 30 * time.Second},
	} {
		world(t, 10*time.Minute, func(k *rt.Task) {
			heart := &moody{answers: []error{nil, c.err, c.err, c.err}}
			h := k.Go("heartbeat", (&node.Heartbeat{
				Name: "heartbeat.x", In: rt.NewMailbox[node.Wake]("wakes", 16), Events: rt.NewOut(mailbox()),
				Config: rt.NewCell(node.HeartbeatConfig{Client: heart, Every: 30 * time.Second}),
			}).Run)
			_ = k.Sleep(3 * time.Minute)
			h.Stop()
			_ = k.Wait(h, rt.Never)
			if got := heart.at[4].Sub(heart.at[3]); got != c.want {
				t.Errorf("%s: tried again after %v, want %v", name, got, c.want)
			}
		})
	}
}
