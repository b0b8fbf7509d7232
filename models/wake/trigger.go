package wake

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Model holds the rules for one model.
type Model struct {
	Name         string
	Threshold    float32       // in (0, 1]
	Patience     int           // hops in a row; 0 and 1 both mean the first
	Cooldown     time.Duration // 0: may fire in every hop
	VADThreshold float32       // in [0, 1]; 0: no voice gate
	Classes      int           // scores per hop; 0 means 1
	Labels       []string      // of the classes; missing ones are class_0, class_1, …
	Ignored      []int         // classes that never fire ("none of them")
}

// Rules are the rules of one device. The order of the models is the order of
// the scores that Step accepts, and decides between equal scores.
type Rules struct {
	Models       []Model
	MultiTrigger bool
	RMSFilter    float64 // int16 scale; 0: off
}

// Scores are the results of a head for a hop.
type Scores struct {
	Values []float32 // one per class
	Masked bool      // the window is not filled yet
}

// Detection is a wake word that was heard.
type Detection struct {
	Model string        // Model.Name
	Index int           // of the model in Rules.Models
	Class string        // label; empty for a model of one class
	Score float32       // in the hop that fired
	Voice float32       // voice score of the gate in that hop
	Hop   int64         // as given to Step
	At    time.Duration // as given to Step
}

// rmsHops is the number of hops whose level the RMS filter looks at: the window
// of openWakeWord's 16-frame heads, 1.28 s.
const rmsHops = 16

// Trigger holds the state of one device's models. It is not safe for concurrent
// use.
type Trigger struct {
	rules  Rules
	models []state
	levels [rmsHops]float64
	next   int
	fired  []Detection // reused
}

// state is what one model remembers.
type state struct {
	run   []int // per class: hops in a row that counted
	until time.Duration
	quiet bool // a cooldown is running; it ends at until
}

// New makes a trigger in its initial state.
func New(r Rules) (*Trigger, error) {
	t := &Trigger{}
	if err := t.Update(r); err != nil {
		return nil, err
	}
	return t, nil
}

// Update replaces the rules. Models that stay, matched by name and number of
// classes, keep their patience and their cooldown; a running cooldown keeps its
// end. On an error nothing changes.
func (t *Trigger) Update(r Rules) error {
	if err := r.check(); err != nil {
		return err
	}
	r.Models = slices.Clone(r.Models)
	states := make([]state, len(r.Models))
	for i := range r.Models {
		m := &r.Models[i]
		m.Classes, m.Patience = max(m.Classes, 1), max(m.Patience, 1)
		j := slices.IndexFunc(t.rules.Models, func(old Model) bool { return old.Name == m.Name && old.Classes == m.Classes })
		if j >= 0 {
			states[i] = t.models[j]
		} else {
			states[i].run = make([]int, m.Classes)
		}
	}
	t.rules, t.models = r, states
	t.fired = make([]Detection, 0, len(r.Models))
	return nil
}

func (r Rules) check() error {
	seen := map[string]bool{}
	for _, m := range r.Models {
		switch {
		case m.Name == "" || seen[m.Name]:
			return fmt.Errorf("trigger: the model name %q is empty or used twice", m.Name)
		case !(m.Threshold > 0 && m.Threshold <= 1):
			return fmt.Errorf("trigger: model %s: threshold %v is not in (0, 1]", m.Name, m.Threshold)
		case !(m.VADThreshold >= 0 && m.VADThreshold <= 1):
			return fmt.Errorf("trigger: model %s: vad_threshold %v is not in [0, 1]", m.Name, m.VADThreshold)
		case m.Cooldown < 0 || m.Patience < 0 || m.Classes < 0:
			return fmt.Errorf("trigger: model %s: cooldown, patience and classes cannot be negative", m.Name)
		}
		seen[m.Name] = true
	}
	if r.RMSFilter < 0 || math.IsNaN(r.RMSFilter) {
		return fmt.Errorf("trigger: rms_filter %v is negative", r.RMSFilter)
	}
	return nil
}

// Rules returns the rules in force, with defaults filled in. The slices belong
// to the trigger.
func (t *Trigger) Rules() Rules { return t.rules }

// Reset forgets levels, patience and cooldowns.
func (t *Trigger) Reset() {
	t.levels, t.next = [rmsHops]float64{}, 0
	for i := range t.models {
		clear(t.models[i].run)
		t.models[i].quiet = false
	}
}

// Step processes one hop: its number, the time of its end, its RMS (int16 scale), the gate's voice
// score (0 when there is no VAD) and one Scores per model, in the order of the rules. It returns what
// fired, highest score first; the slice is valid until the next Step.
func (t *Trigger) Step(hop int64, at time.Duration, rms float64, voice float32, scores []Scores) []Detection {
	if len(scores) != len(t.models) {
		panic(fmt.Sprintf("BUG: %d scores for %d models", len(scores), len(t.models)))
	}
	t.levels[t.next], t.next = rms, (t.next+1)%rmsHops
	loud := t.rules.RMSFilter == 0 || slices.Max(t.levels[:]) >= t.rules.RMSFilter
	t.fired = t.fired[:0]
	for i := range t.models {
		m, st := &t.rules.Models[i], &t.models[i]
		open := loud && !scores[i].Masked && (m.VADThreshold == 0 || voice >= m.VADThreshold)
		class := st.count(m, scores[i].Values, open)
		if st.quiet && at >= st.until {
			st.quiet = false
		}
		if class < 0 || st.quiet {
			continue
		}
		t.fired = append(t.fired, Detection{Model: m.Name, Index: i, Class: m.label(class),
			Score: scores[i].Values[class], Voice: voice, Hop: hop, At: at})
	}
	for _, d := range t.fired {
		st := &t.models[d.Index]
		st.until, st.quiet = at+t.rules.Models[d.Index].Cooldown, true
		clear(st.run)
	}
	if len(t.fired) > 1 {
		slices.SortStableFunc(t.fired, func(a, b Detection) int {
			if a.Score > b.Score {
				return -1
			} else if a.Score < b.Score {
				return 1
			}
			return 0
		})
		if !t.rules.MultiTrigger {
			t.fired = t.fired[:1]
		}
	}
	return t.fired
}

// count advances the patience of every class and returns the highest class
// whose patience is reached, or -1.
func (s *state) count(m *Model, values []float32, open bool) int {
	best := -1
	for c := range s.run {
		if !open || !(values[c] >= m.Threshold) || slices.Contains(m.Ignored, c) {
			s.run[c] = 0
			continue
		}
		s.run[c]++
		if s.run[c] >= m.Patience && (best < 0 || values[c] > values[best]) {
			best = c
		}
	}
	return best
}

// label returns the name of a class; it is empty when there is only one class.
func (m *Model) label(class int) string {
	if m.Classes == 1 {
		return ""
	}
	if class < len(m.Labels) {
		return m.Labels[class]
	}
	return "class_" + strconv.Itoa(class)
}
