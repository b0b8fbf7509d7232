package wake

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// heard is one hop of a history.
type heard struct {
	rms    float64
	voice  float32
	scores []Scores
}

// naive decides what fires in the last hop of a history from the whole history
// and the list of what fired before: the rules of doc.go, word by word.
func naive(r Rules, past []heard, cooling map[string]time.Duration, rowsFrom map[string]int) []string {
	now := len(past) - 1
	at := time.Duration(now) * hopTime
	type candidate struct {
		name  string
		score float32
	}
	var all []candidate
	for i, m := range r.Models {
		if until, ok := cooling[m.Name]; ok && at < until {
			continue
		}
		best := candidate{score: -1}
		for c := range max(m.Classes, 1) {
			row := 0
			for h := now; h >= rowsFrom[m.Name] && counts(r, m, past, h, i, c); h-- {
				row++
			}
			if v := past[now].scores[i].Values[c]; row >= max(m.Patience, 1) && v > best.score {
				best = candidate{fmt.Sprintf("%s/%s", m.Name, m.label(c)), v}
			}
		}
		if best.name != "" {
			all = append(all, best)
			cooling[m.Name], rowsFrom[m.Name] = at+m.Cooldown, now+1
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	if !r.MultiTrigger && len(all) > 1 {
		all = all[:1]
	}
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	return names
}

func counts(r Rules, m Model, past []heard, hop, model, class int) bool {
	loud := r.RMSFilter == 0
	for h := max(0, hop-rmsHops+1); h <= hop; h++ {
		loud = loud || past[h].rms >= r.RMSFilter
	}
	s := past[hop].scores[model]
	return loud && !s.Masked && (m.VADThreshold == 0 || past[hop].voice >= m.VADThreshold) &&
		s.Values[class] >= m.Threshold && !slices.Contains(m.Ignored, class)
}

func TestTriggerIsTheNaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hundredth := rapid.Custom(func(t *rapid.T) float32 { return float32(rapid.IntRange(0, 100).Draw(t, "hundredths")) / 100 })
		r := Rules{MultiTrigger: rapid.Bool().Draw(t, "multi"), RMSFilter: float64(rapid.IntRange(0, 2).Draw(t, "filter"))}
		for i := range rapid.IntRange(1, 3).Draw(t, "models") {
			m := Model{Name: string(rune('a' + i)), Threshold: max(.01, hundredth.Draw(t, "threshold")), Patience: rapid.IntRange(0, 3).Draw(t, "patience"),
				Cooldown: time.Duration(rapid.IntRange(0, 5).Draw(t, "cooldown")) * hopTime, Classes: rapid.IntRange(1, 3).Draw(t, "classes")}
			if rapid.Bool().Draw(t, "vad") {
				m.VADThreshold = hundredth.Draw(t, "vad_threshold")
			}
			if m.Classes > 1 && rapid.Bool().Draw(t, "ignore") {
				m.Ignored = []int{0}
			}
			r.Models = append(r.Models, m)
		}
		tr, err := New(r)
		if err != nil {
			t.Fatal(err)
		}
		var past []heard
		cooling, rowsFrom := map[string]time.Duration{}, map[string]int{}
		for hop := range rapid.IntRange(1, 60).Draw(t, "hops") {
			h := heard{rms: float64(rapid.IntRange(0, 2).Draw(t, "rms")), voice: hundredth.Draw(t, "voice")}
			for _, m := range r.Models {
				s := Scores{Masked: rapid.IntRange(0, 9).Draw(t, "mask") == 0}
				for range max(m.Classes, 1) {
					s.Values = append(s.Values, hundredth.Draw(t, "score"))
				}
				h.scores = append(h.scores, s)
			}
			past = append(past, h)
			var got []string
			for _, d := range tr.Step(int64(hop), time.Duration(hop)*hopTime, h.rms, h.voice, h.scores) {
				got = append(got, fmt.Sprintf("%s/%s", d.Model, d.Class))
			}
			if want := naive(r, past, cooling, rowsFrom); !slices.Equal(got, want) {
				t.Fatalf("hop %d: fired %v, the rules say %v\n%+v", hop, got, want, r)
			}
		}
	})
}
