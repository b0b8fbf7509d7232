package health

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"orac/appliance/rt"
)

// history is a drawn run of an appliance: facts with their instants, in order.
func history(t *rapid.T) []told {
	kinds := []string{"source", "head", "stt", "unheard of"}
	names := []string{"a", "b", "c", "d", "e"}
	var at time.Duration
	var facts []told
	for range rapid.IntRange(0, 40).Draw(t, "facts") {
		at += time.Duration(rapid.IntRange(0, 3000).Draw(t, "pause")) * ms
		i := rapid.IntRange(0, len(names)-1).Draw(t, "component")
		facts = append(facts, told{at, Fact{
			Component: names[i], Kind: kinds[i%len(kinds)],
			Level:     rapid.SampledFrom([]Level{Healthy, Healthy, Degraded, Unhealthy}).Draw(t, "level"),
			Why:       fmt.Sprint("fact ", len(facts)),
			DependsOn: rapid.SliceOfN(rapid.SampledFrom(names), 0, 3).Draw(t, "needs"), // circles and itself included
		}})
	}
	return facts
}

// TestProperties: what the package promises, after every fact and at any time between.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := history(t)
		m, twin := New(testRules), New(testRules) // the twin is told the same, and asked only at the end
		last := map[string]Component{}
		for i, f := range facts {
			m.Observe(rt.Instant(f.at), noon.Add(f.at), f.Fact)
			twin.Observe(rt.Instant(f.at), noon.Add(f.at), f.Fact)
			until := f.at + 5*time.Second
			if i+1 < len(facts) {
				until = facts[i+1].at
			}
			for at := f.at; at <= until; at += 250 * ms {
				r := m.Report(rt.Instant(at), noon.Add(at))
				check(t, m, r, last)
			}
			check(t, m, m.Report(rt.Instant(until), noon.Add(until)), last) // what clears as the next fact comes was seen
			if i+1 == len(facts) {
				if diff := cmp.Diff(m.Report(rt.Instant(until), noon), twin.Report(rt.Instant(until), noon)); diff != "" {
					t.Fatalf("asking more often changes the answer:\n%s", diff)
				}
			}
		}
	})
}

// check holds one report against the promises, and against the report before.
func check(t *rapid.T, m *Model, r Report, last map[string]Component) {
	if !slices.IsSortedFunc(r.Components, func(a, b Component) int { return int(a.Name[0]) - int(b.Name[0]) }) {
		t.Fatalf("not sorted: %+v", r)
	}
	by := map[string]Component{}
	deaf, wrong := false, false
	for _, c := range r.Components {
		by[c.Name] = c
		wrong = wrong || c.Level != Healthy
		deaf = deaf || c.Level == Unhealthy && m.components[c.Name].rule.Sound
	}
	want := Healthy
	if wrong {
		want = Degraded
	}
	if deaf {
		want = Unhealthy
	}
	if r.Level != want {
		t.Fatalf("%s although it should be %s: %+v", r.Level, want, r.Components)
	}
	for _, c := range r.Components {
		if was, ok := last[c.Name]; ok && (c.Since.Before(was.Since) || c.Level == was.Level && !c.Since.Equal(was.Since)) {
			t.Fatalf("since went from %+v to %+v", was, c)
		}
		if c.Since.After(r.At) {
			t.Fatalf("since is in the future: %+v", c)
		}
		last[c.Name] = c
		if c.Level == Healthy && (c.Why != "" || c.Behind != "") || c.Level != Healthy && c.Why == "" {
			t.Fatalf("why does not fit: %+v", c)
		}
		if c.Behind == "" {
			continue
		}
		cause, ok := by[c.Behind]
		if !ok || c.Behind == c.Name || cause.Behind != "" || rank(cause.Level) < rank(c.Level) {
			t.Fatalf("%+v is hidden behind %+v", c, cause)
		}
	}
}

// TestSteadyTruthShows: whatever came before, once facts stay the same the report says the same as they do.
func TestSteadyTruthShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := New(testRules)
		truth := map[string]Level{}
		var end time.Duration
		for _, f := range history(t) {
			m.Observe(rt.Instant(f.at), noon.Add(f.at), f.Fact)
			truth[f.Component], end = f.Level, f.at
		}
		end += 3 * time.Second // the longest time to show or to clear of testRules is 2 s, and one may follow the other
		m.Report(rt.Instant(end), noon.Add(end))
		end += 3 * time.Second
		for _, c := range m.Report(rt.Instant(end), noon.Add(end)).Components {
			if c.Level != truth[c.Name] {
				t.Fatalf("%+v shows; the truth is %s", c, truth[c.Name])
			}
		}
	})
}
