package api

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/record"
	"orac/appliance/store"
	"orac/runbook"
	"orac/web/auth"
	"orac/web/schema"
)

// verdicts are false wakes and good ones with these scores.
func verdicts(wrong, right []float64) (list []store.Judged) {
	for _, s := range wrong {
		list = append(list, store.Judged{Score: s, FalseWake: true})
	}
	for _, s := range right {
		list = append(list, store.Judged{Score: s})
	}
	return list
}

// spread is n scores from one to another.
func spread(n int, from, to float64) (list []float64) {
	for i := range n {
		list = append(list, from+(to-from)*float64(i)/float64(max(1, n-1)))
	}
	return list
}

func TestSuggest(t *testing.T) {
	good := spread(20, 0.80, 0.99)
	for name, c := range map[string]struct {
		wrong, right       []float64
		state              string
		suggestion         float64 // 0 for none
		stay, misses       int     // of the suggestion
		needFalse, needTru int
		offers             []string
	}{
		"nothing is known":             {nil, nil, "fine", 0, 0, 0, 0, 0, nil},
		"no false wake":                {nil, good, "fine", 0, 0, 0, 0, 0, nil},
		"kept away already":            {[]float64{0.3, 0.4, 0.49}, good, "fine", 0, 0, 0, 0, 0, nil},
		"one false wake of 0.98":       {[]float64{0.98}, []float64{0.94, 0.97}, "few", 0, 0, 0, 2, 8, nil},
		"one, and many good":           {[]float64{0.98}, good, "few", 0, 0, 0, 2, 0, nil},
		"many, and few good":           {spread(9, 0.5, 0.98), spread(9, 0.9, 0.99), "few", 0, 0, 0, 0, 1, nil},
		"old false wakes do not count": {[]float64{0.3, 0.4, 0.55}, good, "few", 0, 0, 0, 2, 0, nil},
		"apart":                        {[]float64{0.52, 0.61, 0.6}, good, "threshold", 0.63, 0, 0, 0, 0, []string{"model.m threshold=0.63"}},
		"no room for the margin":       {[]float64{0.52, 0.61, 0.6}, spread(10, 0.62, 0.9), "threshold", 0.62, 0, 0, 0, 0, []string{"model.m threshold=0.62"}},
		"most are apart":               {[]float64{0.52, 0.55, 0.6, 0.98}, good, "threshold", 0.62, 1, 0, 0, 0, []string{"model.m threshold=0.62"}},
		"one miss for three":           {[]float64{0.81, 0.82, 0.83}, append([]float64{0.7}, spread(19, 0.9, 0.99)...), "threshold", 0.85, 0, 1, 0, 0, []string{"model.m threshold=0.85"}},
		"one miss for too few":         {[]float64{0.51, 0.52, 0.83}, append([]float64{0.7}, spread(19, 0.9, 0.99)...), "threshold", 0.54, 1, 0, 0, 0, []string{"model.m threshold=0.54"}},
		"two misses are too many":      {spread(30, 0.81, 0.83), append([]float64{0.7, 0.71}, spread(18, 0.9, 0.99)...), "other", 0, 0, 0, 0, 0, []string{"model.m patience=2", "listener.hall vad_threshold=0.5", "listener.kitchen vad_threshold=0.7"}},
		"as good as the good ones":     {[]float64{0.97, 0.98, 0.98}, good, "other", 0, 0, 0, 0, 0, []string{"model.m patience=2", "listener.hall vad_threshold=0.5", "listener.kitchen vad_threshold=0.7"}},
		"a little helps":               {[]float64{0.55, 0.98, 0.98}, good, "other", 0.57, 2, 0, 0, 0, []string{"model.m threshold=0.57", "model.m patience=2", "listener.hall vad_threshold=0.5", "listener.kitchen vad_threshold=0.7"}},
		"scores of 1":                  {[]float64{1, 1, 1}, spread(10, 1, 1), "other", 0, 0, 0, 0, 0, []string{"model.m patience=2", "listener.hall vad_threshold=0.5", "listener.kitchen vad_threshold=0.7"}},
	} {
		m := runbook.Model{Address: "model.m", Name: "m", Threshold: 0.5, Patience: 1}
		models := []runbook.Address{m.Address}
		got := suggest(m, []runbook.Listener{
			{Address: "listener.hall", Models: models}, {Address: "listener.kitchen", Models: models, VADThreshold: 0.5},
			{Address: "listener.strict", Models: models, VADThreshold: 0.8}, {Address: "listener.other"},
		}, verdicts(c.wrong, c.right))
		var offers []string
		for _, o := range got.Offers {
			offers = append(offers, o.Block+" "+o.Attribute+"="+o.Value)
		}
		var s float64
		stay := 0
		if got.Suggestion != nil {
			s, stay = *got.Suggestion, got.Costs[1].False
		}
		if got.State != c.state || s != c.suggestion || stay != c.stay || got.Misses != c.misses || got.MissingFalse != c.needFalse || got.MissingTrue != c.needTru || !slices.Equal(offers, c.offers) {
			t.Errorf("%s: %+v (%v), offers %v", name, got, s, offers)
		}
	}
	patient := suggest(runbook.Model{Threshold: 0.5, Patience: longestPatience}, nil, verdicts(spread(5, 0.98, 0.99), good))
	if patient.State != "other" || len(patient.Offers) != 0 {
		t.Errorf("a patient model: %+v", patient)
	}
}

// TestASuggestionPaysAndIsSupported: whatever was judged, a suggestion is higher than the present threshold, costs less, costs
// least of all, leaves the good ones, and does not depend on the order of the verdicts.
func TestASuggestionPaysAndIsSupported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		score := rapid.Custom(func(t *rapid.T) float64 {
			return float64(float32(rapid.IntRange(0, 100).Draw(t, "hundredths")) / 100) // as the history has it
		})
		wrong, right := rapid.SliceOfN(score, 0, 12).Draw(t, "false"), rapid.SliceOfN(score, 0, 60).Draw(t, "true")
		m := runbook.Model{Threshold: float64(rapid.IntRange(1, 100).Draw(t, "threshold")) / 100, Patience: 1}
		list := verdicts(wrong, right)
		got := suggest(m, nil, list)
		if again := suggest(m, nil, rapid.Permutation(list).Draw(t, "order")); fmt.Sprint(again.State, again.Costs, again.Offers) != fmt.Sprint(got.State, got.Costs, got.Offers) {
			t.Fatalf("another order: %+v, %+v", got, again)
		}
		fires := func(list []float64, at float64) (n int) {
			for _, s := range list {
				if float32(s) >= float32(at) {
					n++
				}
			}
			return n
		}
		nowFalse, nowTrue := fires(wrong, m.Threshold), fires(right, m.Threshold)
		if got.True != len(right) || got.False != len(wrong) {
			t.Fatalf("it has counted %d and %d", got.True, got.False)
		}
		least := math.MaxInt
		for h := range 100 {
			at := float64(h) / 100
			if missed := nowTrue - fires(right, at); at > m.Threshold && missed*20 <= nowTrue {
				least = min(least, fires(wrong, at)+2*missed)
			}
		}
		enough := nowFalse >= 3 && nowTrue >= 10
		if got.Suggestion == nil {
			if enough && least < nowFalse {
				t.Fatalf("there is one that costs %d in place of %d", least, nowFalse)
			}
			return
		}
		s := *got.Suggestion
		missed, stay := nowTrue-fires(right, s), fires(wrong, s)
		switch {
		case !enough:
			t.Fatal("too little was known")
		case s <= m.Threshold || s > 0.99 || math.Abs(s*100-math.Round(s*100)) > 1e-9:
			t.Fatalf("it suggests %v in place of %v", s, m.Threshold)
		case missed*20 > nowTrue:
			t.Fatalf("%v misses %d of %d", s, missed, nowTrue)
		case stay+2*missed != least || least >= nowFalse:
			t.Fatalf("%v costs %d, the least is %d, now it is %d", s, stay+2*missed, least, nowFalse)
		case got.Misses != missed || got.Costs[1].Missed != missed || got.Costs[1].False != stay || got.Costs[0].False != nowFalse:
			t.Fatalf("it says %+v", got)
		}
		for _, c := range got.Costs {
			if c.FalseRate < 0 || c.FalseRate > 1 || c.MissRate < 0 || c.MissRate > 1 {
				t.Fatalf("rates of %+v", c)
			}
		}
	})
}

// TestThresholdsAreSuggested: by the route, with what the history has.
func TestThresholdsAreSuggested(t *testing.T) {
	rig := newRig(t)
	judge := func(list []store.Judged) (id string) {
		for i, j := range list {
			id = fmt.Sprint("d", time.Now().UnixNano(), "-", i)
			rig.must(rig.app.Store.AddDetection(record.Detection{ID: id, At: time.Now(), Model: "hey_jarvis", Score: j.Score, Threshold: 0.5}))
			if w := rig.call(auth.Operator, "PUT", "/api/detections/"+id+"/verdict", map[string]bool{"false_wake": j.FalseWake}); w.Code != 204 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		return id
	}
	ask := func() Threshold {
		list := get[[]Threshold](rig, rig.call(auth.Viewer, "GET", "/api/thresholds", nil), 200)
		if len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		return list[0]
	}
	judge(verdicts([]float64{0.98}, []float64{0.94}))
	if got := ask(); got.Suggestion != nil || got.State != "few" || got.MissingFalse != 2 || got.MissingTrue != 9 {
		t.Errorf("one false wake: %+v", got)
	}
	judge(verdicts([]float64{0.52, 0.61, 0.6}, spread(10, 0.7, 0.99)))
	got := ask()
	if got.Suggestion == nil || *got.Suggestion != 0.63 || got.Misses != 0 || got.False != 4 || got.True != 11 || got.Lowest != 0.7 || got.Highest != 0.98 || len(got.Costs) != 2 || got.Costs[1].False != 1 {
		t.Errorf("%+v", got)
	}
	if len(got.Offers) != 1 || got.Offers[0].Block != "model.hey_jarvis" || got.Offers[0].Value != "0.63" || got.Offers[0].Was != "0.5" {
		t.Errorf("%+v", got.Offers)
	}
	rig.problem("no such detection", rig.call(auth.Operator, "PUT", "/api/detections/none/verdict", map[string]bool{"false_wake": true}), schema.NotFound)
}
