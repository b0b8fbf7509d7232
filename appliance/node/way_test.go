package node_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
)

// picky is a service that may have streaming switched off.
type picky struct {
	refuses func(now rt.Instant) error // what a stream meets; nil: it is taken
	health  func(now rt.Instant) (stt.Health, error)
	ways    []string // that utterances went, refused streams among them
	asked   int      // for its health
}

func (p *picky) Transcribe(*rt.Task, stt.Utterance, []int16) (stt.Result, error) {
	p.ways = append(p.ways, "http")
	return stt.Result{Text: "text"}, nil
}

func (p *picky) Stream(k *rt.Task, _ stt.Utterance, chunks *rt.Mailbox[stt.Chunk]) (stt.Result, error) {
	if err := p.refuses(k.Now()); err != nil {
		p.ways = append(p.ways, "refused")
		return stt.Result{}, err
	}
	for {
		if _, err := chunks.Recv(k, rt.Never); err != nil {
			break
		}
	}
	p.ways = append(p.ways, "ws")
	return stt.Result{Text: "text"}, nil
}

func (p *picky) Health(k *rt.Task) (stt.Health, error) {
	p.asked++
	return p.health(k.Now())
}

// says is a well service's health with what it says of streaming: "on", "off", or nothing.
func says(streaming string) (stt.Health, error) {
	h := stt.Health{Status: "healthy"}
	if streaming != "" {
		on := streaming == "on"
		h.Streaming = &on
	}
	return h, nil
}

// speaking has an utterance spoken every minute, from second 30 on, to a service that is probed or not, and gives what was told.
func speaking(k *rt.Task, p *picky, utterances int, probed bool) (told []string) {
	sp, pieces, requests := spoolOn(virtual.NewDisk(1 << 30))
	events := mailbox()
	healthy := rt.NewMailbox[node.Seen]("healthy", 1)
	d := &node.Delivery{
		Name: "delivery.w", STT: "w", Spool: requests, Healthy: healthy, Events: rt.NewOut(events),
		Config: rt.NewCell(node.DeliveryConfig{Client: p, Live: true, Whole: "http", Streamed: "ws", Way: "streamed", Longest: stt.MaxSpeech, MaxDelay: 8 * time.Second}),
	}
	tasks := []*rt.Task{k.Go("spool", sp.Run), k.Go("delivery", d.Run)}
	if probed {
		tasks = append(tasks, k.Go("probe", (&node.Probe{
			Name: "probe.w", STT: "w", Sights: rt.NewMailbox[node.Sight]("sights", 1), Healthy: rt.NewOut(healthy), Events: rt.NewOut[event.Event](),
			Config: rt.NewCell(node.ProbeConfig{Client: p, Every: 30 * time.Second}),
		}).Run))
	}
	_ = k.Sleep(30 * time.Second)
	for i := range utterances {
		id := string(rune('a' + i))
		begin(k, pieces, id)
		for range 5 {
			hop(k, pieces, id)
			_ = k.Sleep(80 * time.Millisecond)
		}
		end(k, pieces, id)
		_ = k.Sleep(time.Minute - 400*time.Millisecond)
	}
	for _, task := range slices.Backward(tasks) {
		task.Stop()
		_ = k.Wait(task, rt.Never)
	}
	for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
		switch b := e.Body.(type) {
		case event.Streaming:
			told = append(told, map[bool]string{true: "on", false: "off"}[b.On])
		case event.DeliveryFailed:
			told = append(told, map[bool]string{true: "denied", false: "failed"}[b.Denied])
		case event.Delivered:
			if b.Attempts != 1 {
				told = append(told, "again")
			}
		}
	}
	return told
}

// TestStreamingThatIsSwitchedOffThere: a service that says in its health that it takes no streams is sent requests: it is said
// once, nothing fails, and when the service says otherwise, or nothing any more for long, it is streamed to again. A refusal that
// the health does not explain is one of who we are.
func TestStreamingThatIsSwitchedOffThere(t *testing.T) {
	refusal := &stt.Error{Op: "stream", Kind: stt.Unauthorised, Status: 403}
	always := func(err error) func(rt.Instant) error { return func(rt.Instant) error { return err } }
	after := func(at time.Duration, first, then string) func(rt.Instant) (stt.Health, error) {
		return func(now rt.Instant) (stt.Health, error) {
			if now < rt.Instant(at) {
				return says(first)
			}
			return says(then)
		}
	}
	until := func(at time.Duration) func(rt.Instant) error {
		return func(now rt.Instant) error {
			if now < rt.Instant(at) {
				return refusal
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		refuses    func(rt.Instant) error
		health     func(rt.Instant) (stt.Health, error)
		probed     bool
		utterances int
		ways, told []string
	}{
		"it streams":              {always(nil), after(0, "", "on"), true, 2, []string{"ws", "ws"}, nil},
		"known before":            {always(refusal), after(0, "", "off"), true, 3, []string{"http", "http", "http"}, []string{"off"}},
		"known by the refusal":    {always(refusal), after(0, "", "off"), false, 3, []string{"refused", "http", "http", "http"}, []string{"off"}},
		"switched on again":       {until(100 * time.Second), after(100*time.Second, "off", "on"), true, 4, []string{"http", "http", "ws", "ws"}, []string{"off", "on"}},
		"switched off":            {func(now rt.Instant) error { return always(refusal)(now) }, after(100*time.Second, "on", "off"), true, 3, []string{"refused", "http", "refused", "http", "http"}, []string{"denied", "again", "denied", "again", "off"}},
		"it says nothing of it":   {always(refusal), after(0, "", ""), true, 2, []string{"refused", "http", "refused", "http"}, []string{"denied", "again", "denied", "again"}},
		"it says that it streams": {always(refusal), after(0, "", "on"), true, 1, []string{"refused", "http"}, []string{"denied", "again"}},
		"no health":               {always(refusal), func(rt.Instant) (stt.Health, error) { return stt.Health{}, errors.New("no answer") }, true, 1, []string{"refused", "http"}, []string{"denied", "again"}},
		"401 is 401":              {always(&stt.Error{Op: "stream", Kind: stt.Unauthorised, Status: 401}), after(0, "", ""), false, 1, []string{"refused", "http"}, []string{"denied", "again"}},
	} {
		t.Run(name, func(t *testing.T) {
			world(t, time.Hour, func(k *rt.Task) {
				p := &picky{refuses: c.refuses, health: c.health}
				told := speaking(k, p, c.utterances, c.probed)
				if d := cmp.Diff(c.ways, p.ways); d != "" {
					t.Errorf("ways (-want +got):\n%s", d)
				}
				if d := cmp.Diff(c.told, told); d != "" {
					t.Errorf("told (-want +got):\n%s", d)
				}
			})
		})
	}
}

// TestARefusalIsNotRememberedForEver: who cannot be asked any more is tried again after a quarter of an hour, and no sooner.
func TestARefusalIsNotRememberedForEver(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		p := &picky{refuses: func(now rt.Instant) error {
			if now < rt.Instant(10*time.Minute) {
				return &stt.Error{Op: "stream", Kind: stt.Unauthorised, Status: 403}
			}
			return nil
		}, health: func(rt.Instant) (stt.Health, error) { return says("off") }}
		told := speaking(k, p, 18, false) // the last minute in which it is not streamed to is the fifteenth
		want := append([]string{"refused"}, slices.Repeat([]string{"http"}, 15)...)
		want = append(want, "ws", "ws", "ws")
		if d := cmp.Diff(want, p.ways); d != "" {
			t.Errorf("ways (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"off", "on"}, told); d != "" {
			t.Errorf("told (-want +got):\n%s", d)
		}
		if p.asked != 1 {
			t.Errorf("it was asked for its health %d times", p.asked)
		}
	})
}
