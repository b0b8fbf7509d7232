package wake

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const hopTime = 80 * time.Millisecond

// run feeds one row of scores per hop to models with one class each and lists
// what fired as "hop:model".
func run(t *testing.T, tr *Trigger, from int, rows ...[]float32) string {
	t.Helper()
	var fired []string
	for i, row := range rows {
		scores := make([]Scores, len(row))
		for m, v := range row {
			scores[m] = Scores{Values: []float32{v}}
		}
		for _, d := range tr.Step(int64(from+i), time.Duration(from+i)*hopTime, 1000, 1, scores) {
			fired = append(fired, fmt.Sprintf("%d:%s", d.Hop, d.Model))
		}
	}
	return strings.Join(fired, " ")
}

func column(values ...float32) [][]float32 {
	var rows [][]float32
	for _, v := range values {
		rows = append(rows, []float32{v})
	}
	return rows
}

func TestThresholdPatienceCooldown(t *testing.T) {
	for name, tc := range map[string]struct {
		model  Model
		scores []float32
		want   string
	}{
		"at the threshold":          {Model{Threshold: 0.5, Cooldown: time.Hour}, []float32{0.49, 0.5, 0.9}, "1:a"},
		"never reached":             {Model{Threshold: 0.5}, []float32{0.49, 0.499}, ""},
		"patience fires on the nth": {Model{Threshold: 0.5, Patience: 3, Cooldown: time.Hour}, []float32{.6, .6, .6, .6}, "2:a"},
		"patience needs a row":      {Model{Threshold: 0.5, Patience: 3}, []float32{.6, .6, .4, .6, .6, .4}, ""},
		"cooldown holds":            {Model{Threshold: 0.5, Cooldown: 3 * hopTime}, []float32{.6, .6, .6, .1, .6, .6}, "0:a 4:a"},
		"a high score fires again":  {Model{Threshold: 0.5, Cooldown: 2 * hopTime}, []float32{.6, .6, .6, .6, .6}, "0:a 2:a 4:a"},
		"no cooldown":               {Model{Threshold: 0.5}, []float32{.6, .6, .6}, "0:a 1:a 2:a"},
		"patience and cooldown":     {Model{Threshold: 0.5, Patience: 2, Cooldown: 3 * hopTime}, []float32{.6, .6, .6, .6, .6, .6}, "1:a 4:a"},
	} {
		tc.model.Name = "a"
		tr, err := New(Rules{Models: []Model{tc.model}})
		if err != nil {
			t.Fatal(err)
		}
		if got := run(t, tr, 0, column(tc.scores...)...); got != tc.want {
			t.Errorf("%s: fired %q, want %q", name, got, tc.want)
		}
	}
}

func TestSeveralModels(t *testing.T) {
	rows := [][]float32{{.1, .1}, {.6, .9}, {.9, .6}, {.9, .9}, {.9, .9}}
	models := []Model{{Name: "a", Threshold: .5, Cooldown: 2 * hopTime}, {Name: "b", Threshold: .5, Cooldown: 2 * hopTime}}
	for multi, want := range map[bool]string{
		false: "1:b 3:a",         // the highest; equal: the first; the loser cools down too
		true:  "1:b 1:a 3:a 3:b", // all, highest first
	} {
		tr, err := New(Rules{Models: models, MultiTrigger: multi})
		if err != nil {
			t.Fatal(err)
		}
		if got := run(t, tr, 0, rows...); got != want {
			t.Errorf("multi_trigger=%v: fired %q, want %q", multi, got, want)
		}
	}
}

func TestMaskVoiceAndLevel(t *testing.T) {
	tr, err := New(Rules{Models: []Model{{Name: "a", Threshold: .5, VADThreshold: .4}}, RMSFilter: 50})
	if err != nil {
		t.Fatal(err)
	}
	high := []float32{.9}
	steps := []struct {
		rms    float64
		voice  float32
		masked bool
		fires  bool
	}{
		{10, 1, false, false},   // too quiet
		{50, 1, true, false},    // masked
		{50, .39, false, false}, // no voice
		{50, .4, false, true},
		{0, 1, false, true}, // quiet now, loud within the window of a head
	}
	for i, s := range steps {
		got := tr.Step(int64(i), time.Duration(i)*hopTime, s.rms, s.voice, []Scores{{Values: high, Masked: s.masked}})
		if (len(got) == 1) != s.fires {
			t.Errorf("step %d %+v: fired %v", i, s, got)
		}
	}
	for i := range rmsHops { // the last loud hop leaves the window
		got := tr.Step(int64(10+i), time.Duration(10+i)*hopTime, 0, 1, []Scores{{Values: high}})
		if (len(got) == 1) != (i < rmsHops-2) {
			t.Errorf("quiet hop %d: fired %v", i, got)
		}
	}
}

func TestClasses(t *testing.T) {
	tr, err := New(Rules{Models: []Model{{Name: "timer", Threshold: .3, Patience: 2, Cooldown: time.Second,
		Classes: 4, Labels: []string{"none", "1_minute", "5_minute"}, Ignored: []int{0}}}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for hop, v := range [][]float32{{.9, .4, 0, 0}, {.9, 0, .4, 0}, {.1, .4, .5, .4}, {.1, .1, .3, .6}} {
		for _, d := range tr.Step(int64(hop), 0, 0, 0, []Scores{{Values: v}}) {
			got = append(got, fmt.Sprintf("%d:%s %.1f", d.Hop, d.Class, d.Score))
		}
	}
	if s := strings.Join(got, " "); s != "2:5_minute 0.5" {
		t.Errorf("fired %q", s)
	}
	if l := tr.Rules().Models[0].label(3); l != "class_3" {
		t.Errorf("label %q", l)
	}
}

func TestUpdateKeepsState(t *testing.T) {
	a := Model{Name: "a", Threshold: .5, Patience: 3, Cooldown: 10 * hopTime}
	tr, err := New(Rules{Models: []Model{a}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, tr, 0, column(.6, .6)...)
	b := a
	b.Name, b.Patience = "b", 1
	a.Threshold = .55
	if err := tr.Update(Rules{Models: []Model{b, a}, MultiTrigger: true}); err != nil {
		t.Fatal(err)
	}
	if got := run(t, tr, 2, []float32{.1, .6}); got != "2:a" { // the third hop in a row
		t.Errorf("patience was lost: %q", got)
	}
	if err := tr.Update(Rules{Models: []Model{a}}); err != nil {
		t.Fatal(err)
	}
	if got := run(t, tr, 3, column(.9, .9, .9, .9, .9, .9, .9, .9, .9, .9)...); got != "12:a" {
		t.Errorf("cooldown was lost: %q", got)
	}
	tr.Reset()
	if got := run(t, tr, 13, column(.9, .9, .9)...); got != "15:a" {
		t.Errorf("after a reset: %q", got)
	}
}

func TestBadRules(t *testing.T) {
	ok := Model{Name: "a", Threshold: .5}
	tr, err := New(Rules{Models: []Model{ok}})
	if err != nil {
		t.Fatal(err)
	}
	nan := float32(0)
	nan /= nan
	for want, r := range map[string]Rules{
		"used twice":    {Models: []Model{ok, ok}},
		"empty":         {Models: []Model{{Threshold: .5}}},
		"threshold 0":   {Models: []Model{{Name: "a"}}},
		"threshold 1.5": {Models: []Model{{Name: "a", Threshold: 1.5}}},
		"threshold NaN": {Models: []Model{{Name: "a", Threshold: nan}}},
		"vad_threshold": {Models: []Model{{Name: "a", Threshold: .5, VADThreshold: 2}}},
		"negative":      {Models: []Model{{Name: "a", Threshold: .5, Cooldown: -1}}},
		"rms_filter":    {RMSFilter: -1},
	} {
		if err := tr.Update(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if got := run(t, tr, 0, column(.6)...); got != "0:a" {
		t.Errorf("a refused update changed something: %q", got)
	}
}

func TestNoAllocationWithoutDetection(t *testing.T) {
	tr, err := New(Rules{Models: []Model{{Name: "a", Threshold: .5, Cooldown: time.Hour}, {Name: "b", Threshold: .9, Classes: 7}}, RMSFilter: 50})
	if err != nil {
		t.Fatal(err)
	}
	scores := []Scores{{Values: []float32{.9}}, {Values: make([]float32, 7)}}
	var g Gate
	if n := testing.AllocsPerRun(100, func() { tr.Step(1, 1, 100, g.Push([2]float32{.1, .2}), scores) }); n != 0 {
		t.Errorf("%v allocations a hop", n)
	}
}

// TestGate checks the indexing list[-7:-4] against its definition.
func TestGate(t *testing.T) {
	var g Gate
	var list []float32
	for hop := range 40 {
		chunks := [2]float32{float32(hop*37%11) / 11, float32(hop*53%7) / 7}
		list = append(list, (chunks[0]+chunks[1])/2)
		want := float32(0)
		for i := max(0, len(list)-7); i < len(list)-4; i++ {
			want = max(want, list[i])
		}
		if got := g.Push(chunks); got != want {
			t.Errorf("hop %d: %v, want %v", hop, got, want)
		}
	}
	g.Reset()
	if got := g.Push([2]float32{1, 1}); got != 0 {
		t.Errorf("after a reset: %v", got)
	}
}
