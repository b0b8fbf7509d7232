package home

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/home/hometest"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/thread"
)

// patience is a timeout where the test is about the timeout itself: nothing else can be awaited there.
const patience = 150 * time.Millisecond

// secret is a token that may not be seen anywhere.
type secret string

func (s secret) Reveal() string { return string(s) }
func (secret) String() string   { return "(secret)" }

// house is a Home that watches a stand-in.
type house struct {
	*Home
	t      *testing.T
	server *hometest.Server

	mu     sync.Mutex // guards everything that follows
	told   *act.Home
	homes  int
	states map[string]act.State
	ups    []string
	change chan struct{}
}

func client(t *testing.T, s *hometest.Server, c Config) *house {
	t.Helper()
	c.URL, c.Name = s.URL(), "home"
	if c.Token == nil {
		c.Token = secret(hometest.Token)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return &house{Home: h, t: t, server: s, states: map[string]act.State{}, change: make(chan struct{})}
}

// run runs f as a task of the live driver.
func run[T any](ctx context.Context, f func(*rt.Task) T) (out T) {
	_ = live.New(nil).Run(ctx, "test", func(t *rt.Task) error {
		out = f(t)
		return nil
	})
	return out
}

func (h *house) sight() act.Sight {
	tell := func(f func()) {
		h.mu.Lock()
		defer h.mu.Unlock()
		f()
		close(h.change)
		h.change = make(chan struct{})
	}
	return act.Sight{
		Up:   func(v string) { tell(func() { h.ups = append(h.ups, v) }) },
		Home: func(x *act.Home) { tell(func() { h.told = x; h.homes++ }) },
		States: func(list []act.State) {
			tell(func() {
				for _, s := range list {
					h.states[s.Entity] = s
				}
			})
		},
	}
}

// watching watches until the test ends, and returns when the vocabulary is there.
func watching(t *testing.T, s *hometest.Server, c Config) *house {
	t.Helper()
	h := client(t, s, c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, func(task *rt.Task) error { return h.Watch(task, h.sight()) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, rt.ErrStopped) {
			t.Logf("watch: %v", err)
		}
	})
	h.await(func() bool { return h.told != nil })
	return h
}

// await waits until done says so; it is called under the lock.
func (h *house) await(done func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	for {
		h.mu.Lock()
		ok, change := done(), h.change
		h.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-change:
		case <-ctx.Done():
			h.t.Fatal("it never happened")
		}
	}
}

// do translates a command and carries it out.
func (h *house) do(c act.Command) []act.Outcome {
	h.t.Helper()
	h.mu.Lock()
	calls, err := h.Calls(c, h.told, h.states)
	h.mu.Unlock()
	if err != nil {
		h.t.Fatalf("%v: %v", c, err)
	}
	var out []act.Outcome
	for _, call := range calls {
		out = append(out, run(h.t.Context(), func(t *rt.Task) act.Outcome { return h.Do(t, call, thread.Thread{ID: "req-1"}) }))
	}
	return out
}

func command(intent string, targets []string, slots ...act.Slot) act.Command {
	return act.Command{Intent: intent, Backend: "home", Targets: targets, Slots: slots}
}

func number(name string, n float64, unit string) act.Slot {
	return act.Slot{Name: name, Value: act.Value{Number: &n, Unit: unit}}
}

func word(name, text string) act.Slot { return act.Slot{Name: name, Value: act.Value{Text: text}} }
