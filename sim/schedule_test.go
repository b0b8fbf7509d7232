//go:build !race

package sim

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

func bookOf(t testing.TB, text string) *runbook.Runbook {
	t.Helper()
	rb, problems := runbook.Parse([]byte(text), "test.hcl", language.Options{})
	if problems.HasErrors() {
		t.Fatal(problems.Err())
	}
	return rb
}

const some = `
fault "unplug" "often" {
  at     = "1m"
  every  = "2m"
  jitter = "30s"
}
fault "kill" "once" {
  at = "5m"
}
`

func TestAScheduleIsAFunctionOfScenarioAndSeed(t *testing.T) {
	rb := bookOf(t, house)
	swarming := some + "swarm {\n  every = \"20s\"\n}\n"
	a, b := schedule.Of(scene(t, "1h", swarming), rb, 7), schedule.Of(scene(t, "1h", swarming), rb, 7)
	if len(a) < 50 || !reflect.DeepEqual(a, b) {
		t.Errorf("two schedules of one seed, of %d and %d faults, differ", len(a), len(b))
	}
	if c := schedule.Of(scene(t, "1h", swarming), rb, 8); reflect.DeepEqual(a, c) {
		t.Error("another seed gives the same schedule")
	}
	if !slices.IsSortedFunc(a, func(x, y occurrence) int { return int(x.Begin - y.Begin) }) {
		t.Error("it is not in order of time")
	}
	// What is written is where it is, whatever is written beside it.
	named := func(list []occurrence, name string) (at []time.Duration) {
		for _, o := range list {
			if o.Name == name {
				at = append(at, o.Begin)
			}
		}
		return at
	}
	alone := named(schedule.Of(scene(t, "1h", some), rb, 7), "fault.unplug.often")
	if with := named(a, "fault.unplug.often"); len(alone) != 29 || !slices.Equal(alone, with) {
		t.Errorf("unplug comes at %v alone, and at %v with a swarm", alone, with)
	}
}

func TestNothingBeginsAfterTheHealPointNorLastsBeyondIt(t *testing.T) {
	sc := scene(t, "30m", some+"swarm {\n  every = \"5s\"\n  most = \"5m\"\n}\n")
	for seed := range uint64(20) {
		for _, o := range schedule.Of(sc, bookOf(t, house), seed) {
			if o.Begin >= sc.Head.Heal+30*time.Second || o.End > max(sc.Head.Heal, o.Begin) { // jitter comes after the time that is written
				t.Errorf("seed %d: %s lasts from %v to %v; the heal point is %v", seed, o.Name, o.Begin, o.End, sc.Head.Heal)
			}
		}
	}
}

func TestTheSwarmDrawsOnlyWhatThereIs(t *testing.T) {
	bare := strings.NewReplacer("heartbeat \"whisper\" { stt = stt.whisper }\n", "", "webhook \"light\" {\n  url    = \"http://light.local/on\"\n  events = [\"wake\", \"recording\", \"transcript\", \"delivery\", \"incident\", \"mute\", \"health\"]\n  max_retry_delay = \"8s\"\n}\n", "", "  webhook = webhook.light\n", "").Replace(house)
	tests := []struct {
		name, book, swarm string
		never, ever       []scenario.Kind
	}{
		{"a house", house, "", nil, []scenario.Kind{scenario.WebhookDown, scenario.HeartbeatDown, scenario.Unplug, scenario.Kill, scenario.STTDown, scenario.NodePanic}},
		{"no webhook, no heartbeat", bare, "", []scenario.Kind{scenario.WebhookDown, scenario.WebhookSlow, scenario.HeartbeatDown, scenario.HeartbeatRefused}, []scenario.Kind{scenario.Unplug}},
		{"weights", house, "  weights = { kill = 1, unplug = 3 }\n", []scenario.Kind{scenario.STTDown, scenario.NodePanic, scenario.DiskFull}, []scenario.Kind{scenario.Unplug, scenario.Kill}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rb := bookOf(t, test.book)
			sc := scene(t, "2h", "swarm {\n  every = \"10s\"\n"+test.swarm+"}\n")
			drawn := map[scenario.Kind]int{}
			fewest, most := 1000, 0
			for seed := range uint64(20) {
				kinds := map[scenario.Kind]bool{}
				for _, o := range schedule.Of(sc, rb, seed) {
					drawn[o.Kind]++
					kinds[o.Kind] = true
					if want := schedule.Targets(o.Kind, rb); o.Kind.Info().Target != "" && !slices.Contains(want, o.Target) {
						t.Errorf("%s is aimed at %q, which is none of %v", o.Kind, o.Target, want)
					}
				}
				fewest, most = min(fewest, len(kinds)), max(most, len(kinds))
			}
			for _, k := range test.never {
				if drawn[k] > 0 {
					t.Errorf("%s was drawn %d times", k, drawn[k])
				}
			}
			for _, k := range test.ever {
				if drawn[k] == 0 {
					t.Errorf("%s was never drawn: %v", k, drawn)
				}
			}
			if fewest == most {
				t.Errorf("every seed has drawn %d kinds: they are to be subsets", most)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	if n := len(schedule.Times(schedule.Stream(1, "x"), 0, 1, 0, 0, time.Hour)); n != schedule.Most {
		t.Errorf("%d times: they have to be bounded", n)
	}
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string, least int) time.Duration {
			return time.Duration(rapid.IntRange(least, 1000).Draw(t, name)) * time.Millisecond
		}
		at, every, late, until := span("at", 0), span("every", 0), span("late", 0), span("until", 1)
		most := rapid.IntRange(0, 10).Draw(t, "most")
		list := schedule.Times(schedule.Stream(rapid.Uint64().Draw(t, "seed"), "x"), at, every, late, most, until)
		for n, due := range list {
			if begin := at + time.Duration(n)*every; due < begin || due > begin+late || begin >= until {
				t.Fatalf("the %d. time is %v: not within %v of %v, or not before %v", n+1, due, late, begin, until)
			}
		}
		switch {
		case at >= until && len(list) > 0, most > 0 && len(list) > most, every == 0 && len(list) > 1:
			t.Fatalf("%d times", len(list))
		case at < until && len(list) == 0:
			t.Fatal("there is no time at all")
		}
	})
}
