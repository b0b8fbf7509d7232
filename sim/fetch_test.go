package sim_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/core"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
	"orac/models"
	"orac/models/wake"
	"orac/runbook"
)

// shop is inference whose models at https addresses have to be fetched.
type shop struct {
	graph.Inference
	there   map[runbook.Address]bool
	fetched []runbook.Address
	fails   error
}

func newShop() *shop {
	s := &shop{Inference: loud(), there: map[runbook.Address]bool{}}
	s.Model = func(m graph.ModelFile) (wake.Model, error) {
		if strings.HasPrefix(m.Source, "https://") && !s.there[m.Address] {
			return wake.Model{}, fmt.Errorf("%s: %w", m.Address, &models.UnfetchedError{Host: "models.example", SHA256: m.SHA256})
		}
		return wake.Model{Labels: []string{"none", "five"}}, nil
	}
	s.Fetch = func(_ *rt.Task, list []graph.Lacking, within time.Duration) error {
		if within <= 0 || within > models.FetchTime {
			return fmt.Errorf("within %v", within)
		}
		for _, l := range list {
			s.fetched = append(s.fetched, l.Block)
			s.there[l.Block] = s.fails == nil
		}
		return s.fails
	}
	return s
}

var sum = strings.Repeat("ab", 32)

// quick is twoRooms, whose changes are watched for as short as they may be.
const quick = twoRooms + "\napply { health_gate = \"2s\" }\n"

// elsewhere is quick with a model from an https address.
var elsewhere = strings.Replace(quick, `source = "catalog:alexa"`, "\n  source = \"https://models.example/alexa.onnx\"\n  sha256 = \""+sum+"\"\n", 1)

func (s *shop) house(t *testing.T, text string, script func(*rt.Task, *core.Runner) error) Result {
	t.Helper()
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	w.Graph, w.Loop, w.Inference = compile(t, text), true, s.Inference
	ended := script == nil
	if script != nil {
		w.Script = func(k *rt.Task, r *core.Runner) error {
			err := script(k, r)
			if ended = true; err != nil {
				t.Error(err)
			}
			return err
		}
	}
	w.Sound["hall"] = w.Sound["usb"]
	r := w.Run(40 * time.Second)
	if !ended {
		t.Error("the script has not ended")
	}
	return r
}

// TestAPlanFetchesNothing: a plan names what an apply would fetch, blocks nothing, and asks nobody; the apply fetches it before it
// touches anything, and says so.
func TestAPlanFetchesNothing(t *testing.T) {
	text, s := quick, newShop()
	s.house(t, quick, func(k *rt.Task, r *core.Runner) error {
		st, err := steward(k, r, virtual.NewDisk(1<<30), &text)
		if err != nil {
			return err
		}
		_ = k.Sleep(3 * time.Second) // all of it runs: it goes on while something is fetched
		text = elsewhere
		want := []status.Fetch{{Block: "model.alexa", Host: "models.example", SHA256: sum}}
		p, err := st.Plan(k, status.PlanRequest{Origin: owner})
		if err != nil || len(p.Problems) > 0 || !p.Changes || !slices.Equal(p.Fetches, want) || s.fetched != nil {
			return fmt.Errorf("the plan: %+v, %v; fetched %v", p, err, s.fetched)
		}
		before := generations(r)
		s.fails = errors.New("model.alexa: no")
		var refused *status.Refusal
		if _, err := st.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}, Hash: p.Hash}, silentSteps); !errors.As(err, &refused) || refused.Code != status.Stuck || r.Graph().Runbook.Models[1].SHA256 != "" {
			return fmt.Errorf("an apply whose fetch fails: %v", err)
		}
		if fmt.Sprint(generations(r)) != fmt.Sprint(before) {
			return errors.New("it touched what runs")
		}
		s.fails, s.fetched = nil, nil
		a, err := st.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}, Hash: p.Hash}, func(step string) {
			if s.fetched == nil && !strings.HasPrefix(step, "fetching model.alexa from models.example, SHA-256 "+sum) {
				err = fmt.Errorf("the first step is %q", step)
			}
		})
		if err != nil || !a.OK || !slices.Equal(a.Fetched, want) || !slices.Equal(s.fetched, []runbook.Address{"model.alexa"}) {
			return fmt.Errorf("the apply: %+v, %v; fetched %v", a, err, s.fetched)
		}
		if p, err := st.Plan(k, status.PlanRequest{Origin: owner}); err != nil || p.Changes || p.Fetches != nil {
			return fmt.Errorf("after the apply: %+v, %v", p, err)
		}
		// A model that has gone from the store is fetched again by an apply that changes nothing else.
		s.there, s.fetched = map[runbook.Address]bool{}, nil
		if p, err = st.Plan(k, status.PlanRequest{Origin: owner}); err != nil || !p.Changes || !slices.Equal(p.Fetches, want) || s.fetched != nil {
			return fmt.Errorf("a model that has gone: %+v, %v", p, err)
		}
		before = generations(r)
		if a, err := st.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}, Hash: p.Hash}, silentSteps); err != nil || !a.OK || a.Generation != 2 || fmt.Sprint(generations(r)) != fmt.Sprint(before) {
			return fmt.Errorf("fetching it again: %+v, %v", a, err)
		}
		// A return to a graph whose model has gone is refused by whoever would need it, and fetched by a rollback.
		text = quick
		if a, err := st.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps); err != nil || !a.OK {
			return fmt.Errorf("away from it: %+v, %v", a, err)
		}
		s.there, s.fetched = map[runbook.Address]bool{}, nil
		if p, err = st.PlanRollback(k, status.RollbackRequest{Generation: 2, Origin: owner}); err != nil || !slices.Equal(p.Fetches, want) || s.fetched != nil {
			return fmt.Errorf("the plan of a rollback: %+v, %v", p, err)
		}
		if a, err := st.Rollback(k, status.RollbackRequest{Generation: 2, Hash: p.Hash, Origin: owner}, silentSteps); err != nil || !a.OK || len(s.fetched) != 1 {
			return fmt.Errorf("the rollback: %+v, %v", a, err)
		}
		return nil
	})
}

// TestAClassIsCheckedOnceItsModelIsThere: what a plan cannot know of a model that is not fetched, the apply refuses, and changes nothing.
func TestAClassIsCheckedOnceItsModelIsThere(t *testing.T) {
	text, s := quick, newShop()
	s.house(t, quick, func(k *rt.Task, r *core.Runner) error {
		st, err := steward(k, r, virtual.NewDisk(1<<30), &text)
		if err != nil {
			return err
		}
		text = strings.Replace(elsewhere, "sha256 =", "classes = [\"six\"]\n  sha256 =", 1)
		var refused *status.Refusal
		if a, err := st.Apply(k, status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: owner}}, silentSteps); !errors.As(err, &refused) || !strings.Contains(refused.Message, `no class "six"`) || a.OK {
			return fmt.Errorf("got %+v, %v", a, err)
		}
		return nil
	})
}

// TestAStartFetches: what a runbook names and is not there is fetched before anything runs, or nothing runs.
func TestAStartFetches(t *testing.T) {
	s := newShop()
	if r := s.house(t, elsewhere, nil); r.Err != nil || !slices.Equal(s.fetched, []runbook.Address{"model.alexa"}) {
		t.Errorf("fetched %v, %v", s.fetched, r.Err)
	}
	s = newShop()
	s.Fetch = nil // as in a simulation
	if r := s.house(t, elsewhere, nil); r.Err == nil || !strings.Contains(r.Err.Error(), "model.alexa: the model is not in the store") {
		t.Errorf("where nothing is fetched: %v", r.Err)
	}
	s = newShop()
	s.fails = errors.New("model.alexa: no")
	if r := s.house(t, elsewhere, nil); !errors.Is(r.Err, s.fails) {
		t.Errorf("got %v", r.Err)
	}
}
