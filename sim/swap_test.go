//go:build !race

package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// TestAThresholdChangeDropsNoFrame changes a threshold while a command is spoken: nothing is started again, no mailbox
// drops a value, and the new threshold holds.
func TestAThresholdChangeDropsNoFrame(t *testing.T) {
	for seed := range uint64(10) {
		var before, after map[string]rt.Generation
		deafened := strings.Replace(twoRooms, "threshold = 0.5", "threshold = 0.95", 1) // the model of a wake scores 0.9
		r := house(t, seed, func(k *rt.Task, r *core.Runner) error {
			_ = k.Sleep(34 * time.Second)
			before = generations(r)
			if err := swapTo(t, k, r, deafened); err != nil {
				return err
			}
			_ = k.Sleep(40 * time.Second)
			after = generations(r)
			for _, n := range r.Graph().Nodes {
				for _, s := range r.Inbox(n.Address) {
					if s.Dropped > 0 {
						return fmt.Errorf("%s dropped %d", s.Name, s.Dropped)
					}
				}
			}
			if taken := r.Inbox("features.usb")[0].Taken; taken < 920 { // 74 s of hops, less what is under way
				return fmt.Errorf("only %d hops came to the extractor", taken)
			}
			return nil
		})
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("seed %d: started again: %v, then %v", seed, before, after)
		}
		kitchen := 0
		for _, e := range r.Events {
			if w, ok := e.Body.(event.Wake); ok && w.Listener == "kitchen" {
				kitchen++
				if e.At.Sub(world(t, nil).Epoch) > 35*time.Second {
					t.Errorf("seed %d: it still wakes below the new threshold", seed)
				}
			}
		}
		if kitchen == 0 {
			t.Errorf("seed %d: it never woke at all", seed)
		}
	}
}

// TestAChangeLeavesOthersUntouched gives the hall another microphone: the kitchen does not notice.
func TestAChangeLeavesOthersUntouched(t *testing.T) {
	changed := strings.Replace(twoRooms, `identity = "hall"`, `identity = "new"`, 1)
	for seed := range uint64(10) {
		house(t, seed, func(k *rt.Task, r *core.Runner) error {
			_ = k.Sleep(30 * time.Second)
			plan := graph.Plan(r.Graph(), compile(t, changed))
			for _, c := range plan.Components {
				if want := map[bool]status.Action{true: status.Restart, false: status.Keep}[c.Address == "source.hall"]; c.Action != want {
					return fmt.Errorf("the plan says %s of %s; want %s", c.Action, c.Address, want)
				}
				if c.Address == "source.hall" && (len(c.Because) != 1 || c.Because[0].Name != "identity" || c.Because[0].Line != 4) {
					return fmt.Errorf("because of %+v", c.Because)
				}
			}
			before := generations(r)
			if err := swapTo(t, k, r, changed); err != nil {
				return err
			}
			_ = k.Sleep(10 * time.Second)
			after := generations(r)
			for address, g := range before {
				if restarted := after[address] != g; restarted != (address == "source.hall") {
					return fmt.Errorf("%s: instance %d, then %d", address, g, after[address])
				}
			}
			return nil
		})
	}
}

// TestListenersComeAndGo adds a listener with another model, takes one away, and goes back.
func TestListenersComeAndGo(t *testing.T) {
	more := strings.Replace(twoRooms, `listener "hall"`, `listener "kitchen_alexa" {
  device  = device.microphone.usb
  models  = [model.alexa, model.hey_jarvis]
  deliver = [stt.whisper]
}
listener "hall"`, 1)
	fewer := twoRooms[:strings.Index(twoRooms, `listener "hall"`)] + twoRooms[strings.Index(twoRooms, `stt "whisper"`):]
	for seed := range uint64(10) {
		r := house(t, seed, func(k *rt.Task, r *core.Runner) error {
			for _, step := range []struct {
				text string
				want []string // listeners that wake within the next 20 s
			}{
				{more, []string{"hall", "kitchen", "kitchen_alexa"}}, {fewer, []string{"kitchen"}}, {twoRooms, []string{"hall", "kitchen"}},
			} {
				if err := k.Sleep(10 * time.Second); err != nil {
					return err
				}
				if err := swapTo(t, k, r, step.text); err != nil {
					return err
				}
				if err := k.Sleep(20 * time.Second); err != nil {
					return err
				}
				var running []string
				for _, v := range r.Views() {
					if l, ok := strings.CutPrefix(v.Node.Address, "trigger."); ok && v.State == reconcile.Running {
						running = append(running, l)
					}
				}
				slices.Sort(running)
				if !slices.Equal(running, step.want) {
					return fmt.Errorf("running: %v, want %v", running, step.want)
				}
			}
			return nil
		})
		heard := map[string]bool{}
		for _, e := range r.Events {
			switch b := e.Body.(type) {
			case event.Wake:
				heard[b.Listener] = true
			case event.NodeFailed:
				t.Errorf("seed %d: %s failed: %s", seed, e.Node, b.Cause)
			}
		}
		if !heard["kitchen"] || !heard["kitchen_alexa"] {
			t.Errorf("seed %d: heard %v", seed, heard)
		}
	}
}
