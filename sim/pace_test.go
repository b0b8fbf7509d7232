//go:build !race

package sim_test

import (
	"fmt"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// TestAnotherPaceFitsTheMailboxes: a file that is heard as a microphone would is changed to be heard as fast as it can be, while
// the other nodes run on. Their mailboxes become small and patient, so that not a hop of it is lost; and large again on the way
// back.
func TestAnotherPaceFitsTheMailboxes(t *testing.T) {
	for seed := range uint64(10) {
		r := &rig{service: &service{takes: 300 * time.Millisecond}}
		events := rt.NewMailbox[event.Event]("events of the test", 1<<14)
		compiled, parts := compile(t, room), r.parts(events)
		sound := speech(command(20)...)
		hurry := false
		parts.Source = func(d graph.Device) (audio.Source, error) {
			p := plays(sound)
			if p.Fast = hurry && d.WAV.Pace == "fast"; !p.Fast {
				p.End = audio.EndLoop
			}
			return p, nil
		}
		script := func(k *rt.Task, runner *core.Runner, run *rt.Task) error {
			_ = k.Sleep(10 * time.Second)
			before := generations(runner)
			if err := sized(runner, 32, 128); err != nil {
				return err
			}
			for _, step := range []struct {
				book        string
				hops, votes int
			}{{hasty, 4, 4}, {room, 32, 128}} {
				if err := swapTo(t, k, runner, step.book); err != nil {
					return err
				}
				_ = k.Sleep(5 * time.Second)
				if err := sized(runner, step.hops, step.votes); err != nil {
					return err
				}
			}
			after := generations(runner)
			delete(before, "source.file")
			delete(after, "source.file")
			if fmt.Sprint(before) != fmt.Sprint(after) {
				return fmt.Errorf("started again: %v, then %v", before, after)
			}
			hurry = true
			taken := runner.Inbox("features.file")[0].Taken
			if err := swapTo(t, k, runner, hasty); err != nil {
				return err
			}
			if err := k.Wait(run, k.Now().Add(time.Minute)); err != nil {
				return err
			}
			for _, n := range runner.Graph().Nodes {
				for _, s := range runner.Inbox(n.Address) {
					if s.Dropped > 0 {
						return fmt.Errorf("%s dropped %d", s.Name, s.Dropped)
					}
				}
			}
			if taken = runner.Inbox("features.file")[0].Taken - taken; taken < uint64(len(sound)/audio.HopSamples) {
				return fmt.Errorf("only %d hops of the file came to the extractor", taken)
			}
			recorded := 0
			for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
				if _, is := e.Body.(event.RecordingEnded); is {
					recorded++
				}
			}
			if recorded < 20 {
				return fmt.Errorf("%d commands were recorded; the file alone has 20", recorded)
			}
			return nil
		}
		d := virtual.New(seed, started, nil)
		root := rt.New(d, "orac", func(k *rt.Task) error {
			runner, err := core.NewRunner(compiled, parts)
			if err != nil {
				return err
			}
			return script(k, runner, k.Go("runner", runner.Run))
		})
		d.Run(rt.Instant(3 * time.Minute))
		if !root.Done() || root.Err() != nil {
			t.Errorf("seed %d: done %v, %v", seed, root.Done(), root.Err())
		}
		d.Close()
	}
}

// sized makes sure of the capacity of the mailboxes on the way from sound to detection.
func sized(r *core.Runner, hops, votes int) error {
	for address, want := range map[string]int{"ring.file": hops, "features.file": hops, "head.file.hey_jarvis": hops, "trigger.room": votes} {
		if s := r.Inbox(address)[0]; s.Cap != want {
			return fmt.Errorf("%s holds %d, not %d", s.Name, s.Cap, want)
		}
	}
	return nil
}
