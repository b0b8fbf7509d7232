package sim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/audio"
	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/incident"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/rt/virtual"
)

// hung blocks for ever from its 40th hop on.
type hung struct {
	loudness
	n   int
	let chan struct{}
}

func (h *hung) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	if h.n++; h.n >= 40 {
		<-h.let
	}
	return h.loudness.Push(pcm, out)
}

type hungHead struct {
	listens
	let chan struct{}
}

func (h *hungHead) Push(e *[96]float32) ([]float32, bool, error) {
	<-h.let
	return h.listens.Push(e)
}

// onGoroutines runs a rig on the live driver, where code may hang as it does in a library.
func onGoroutines(t *testing.T, ctx context.Context, r *rig, script func(k *rt.Task, run *core.Runner, p *graph.Parts, watch *rt.Mailbox[event.Event])) (err error) {
	watch := rt.NewMailbox[event.Event]("w", 4096)
	p := r.parts(watch)
	return live.New(nil).Run(ctx, "orac", func(k *rt.Task) error {
		ru, err := core.NewRunner(compile(t, r.book), p)
		if err != nil {
			return err
		}
		k.Go("script", func(k *rt.Task) error { script(k, ru, p, watch); return nil })
		return ru.Run(k)
	})
}

// A node that takes nothing of what waits for it is seen, and started again; long before its mailbox is full, if the runbook says so.
func TestAStuckExtractorIsSeenAndStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		book := room + "watchdog {\n  node_stall = \"1s\"\n}\n"
		r := &rig{book: book, source: plays(speech(400, 100)), service: &service{}, inference: loud(), disk: virtual.NewDisk(1 << 30)}
		r.inference.Extractor = func() (node.Extractor, error) { return &hung{let: let}, nil }
		ctx, cancel := context.WithTimeout(context.Background(), 120*time.Second)
		defer cancel()
		_ = onGoroutines(t, ctx, r, func(k *rt.Task, ru *core.Runner, p *graph.Parts, watch *rt.Mailbox[event.Event]) {
			log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
			m := &core.Monitor{Runner: ru, Log: log, FS: r.disk, Events: watch, Evidence: func() string { return "all stacks" }}
			began := k.Wall()
			k.Go("monitor", m.Run)
			_ = k.Sleep(60 * time.Second)
			list := log.Recent(k.Now(), 1000)
			if len(list) == 0 {
				t.Fatal("there was no incident")
			}
			first := list[len(list)-1]
			if first.Component != "features.file" || !strings.Contains(first.Cause, "no progress on what waits") || !slices.Contains(first.Actions, "started again") ||
				first.Evidence != "all stacks" || first.Detected.Sub(began) > 40*audio.HopTime+1500*time.Millisecond {
				t.Errorf("the first of %d incidents: %+v", len(list), first)
			}
			close(let)
		})
	})
}

// More nodes hang than the leak budget allows: the appliance ends so that the process can be replaced.
func TestTooManyLeaksEndTheAppliance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		two := strings.NewReplacer(
			`appliance "room" {}`, "appliance \"room\" {}\nwatchdog { leak_budget = 1 }",
			"[model.hey_jarvis]", "[model.hey_jarvis, model.alexa]",
			`listener "room"`, "model \"alexa\" { source = \"catalog:alexa\" }\nlistener \"room\"",
		).Replace(room)
		r := &rig{book: two, source: plays(speech(400, 100)), service: &service{}, inference: loud()}
		r.inference.Head = func(graph.ModelFile) (node.Classifier, error) { return &hungHead{let: let}, nil }
		ended := make(chan error, 1)
		began := time.Now()
		go func() {
			ended <- onGoroutines(t, context.Background(), r, func(k *rt.Task, ru *core.Runner, p *graph.Parts, w *rt.Mailbox[event.Event]) {
				_ = k.Sleep(5 * time.Second)
				ru.Restart(k, "head.file.hey_jarvis")
				ru.Restart(k, "head.file.alexa")
			})
		}()
		select {
		case err := <-ended:
			if !errors.Is(err, core.ErrReexec) || time.Since(began) > 30*time.Second {
				t.Errorf("ended after %v with %v", time.Since(began), err)
			}
		case <-time.After(10 * time.Minute):
			t.Error("10 minutes after the leak budget was exceeded the process was not replaced")
			close(let)
			<-ended
			return
		}
		close(let)
	})
}

// A node that hangs does not keep the appliance from stopping in time.
func TestAStopIsInTimeWhateverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		r := &rig{book: room, source: plays(speech(400, 100)), service: &service{}, inference: loud()}
		r.inference.Extractor = func() (node.Extractor, error) { return &hung{let: let}, nil }
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		ended := make(chan error, 1)
		began := time.Now()
		go func() {
			ended <- onGoroutines(t, ctx, r, func(k *rt.Task, _ *core.Runner, _ *graph.Parts, _ *rt.Mailbox[event.Event]) {})
		}()
		select {
		case err := <-ended:
			if took := time.Since(began) - 20*time.Second; took > 5*time.Second || err != nil {
				t.Errorf("ended %v after the stop with %v", took, err)
			}
		case <-time.After(10 * time.Minute):
			t.Error("10 minutes after SIGTERM it still runs")
			close(let)
			<-ended
			return
		}
		close(let)
	})
}

type deadSource struct{ let chan struct{} }

func (d deadSource) Open(t *rt.Task) (audio.Stream, error) { <-d.let; return nil, errors.New("gone") }

// The code of a hung node cannot be built again just now: that is tried again, and ends nothing.
func TestCodeThatCannotBeBuiltIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		r := &rig{book: room, source: deadSource{let}, service: &service{}, inference: loud()}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		waiting := false
		err := onGoroutines(t, ctx, r, func(k *rt.Task, ru *core.Runner, p *graph.Parts, w *rt.Mailbox[event.Event]) {
			_ = k.Sleep(5 * time.Second)
			p.Source = func(graph.Device) (audio.Source, error) {
				return nil, errors.New("x.wav: no such file")
			}
			ru.Restart(k, "source.file")
			_ = k.Sleep(20 * time.Second)
			close(let) // it ends after all, and what it claimed is free
			_ = k.Sleep(10 * time.Second)
			for _, v := range ru.Views() {
				waiting = waiting || v.Node.Address == "source.file" && strings.Contains(fmt.Sprint(v.Err), "no such file")
			}
		})
		if err != nil || !waiting {
			t.Errorf("the appliance ended with %v; the source is tried again: %v", err, waiting)
		}
	})
}

// An abandoned instance that wakes up takes nothing from its successor.
func TestAnAbandonedReaderTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		m := rt.NewMailbox[int]("pieces", 8)
		_ = live.New(nil).Run(context.Background(), "x", func(k *rt.Task) error {
			old := k.Supervise("old", 1, func(k *rt.Task) error {
				<-let                                                 // a write that hangs
				for v, ok := m.TryRecv(k); ok; v, ok = m.TryRecv(k) { // spool.takeRest
					t.Errorf("the abandoned instance took %d", v)
				}
				return nil
			})
			old.Stop()
			k.Abandon(old)
			m.Push(k, 1)
			m.Push(k, 2)
			close(let)
			_ = k.Sleep(time.Second)
			if m.Stats().Len != 2 {
				t.Error("pieces are gone for the new instance")
			}
			return nil
		})
	})
}

// Nothing can be swapped any more when the runner has ended, and nobody waits for it.
func TestASwapAfterTheEndIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{book: room, source: plays(speech(4, 100)), service: &service{}, inference: loud()}
		p := r.parts(rt.NewMailbox[event.Event]("w", 4096))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		_ = live.New(nil).Run(ctx, "orac", func(k *rt.Task) error {
			ru, err := core.NewRunner(compile(t, r.book), p)
			if err != nil {
				return err
			}
			if err := ru.Run(k); err != nil {
				t.Error(err)
			}
			pr, err := ru.Prepare(ru.Graph())
			if err != nil {
				return err
			}
			began := k.Now()
			err = ru.Swap(k, pr)
			if err == nil || k.Now().Sub(began) > time.Second {
				t.Errorf("after %v: %v", k.Now().Sub(began), err)
			}
			return nil
		})
	})
}

// A swap back comes while the old instance is still stopping: the node runs again.
func TestASwapBackWhileTheOldOneStops(t *testing.T) {
	changed := strings.Replace(twoRooms, `identity = "hall"`, `identity = "new"`, 1)
	for seed := range uint64(10) {
		house(t, seed, func(k *rt.Task, r *core.Runner) error {
			_ = k.Sleep(10 * time.Second)
			back, err := r.Prepare(r.Graph())
			if err != nil {
				return err
			}
			if err := swapTo(t, k, r, changed); err != nil {
				return err
			}
			if err := r.Swap(k, back); err != nil {
				return err
			}
			_ = k.Sleep(60 * time.Second)
			ok := false
			for _, v := range r.Views() {
				ok = ok || v.Node.Address == "source.hall" && v.State == reconcile.Running
			}
			if !ok {
				t.Errorf("seed %d: source.hall never runs again", seed)
			}
			return nil
		})
	}
}
