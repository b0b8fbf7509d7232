package sim

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/runbook/scenario"
	"orac/sim/trial/report"
)

const busy = `
sound "command" {
  at    = "5s"
  every = "10s"
}
swarm {
  from  = "5s"
  every = "10s"
}
`

func simulated(t testing.TB, ctx context.Context, sc *scenario.Scenario, o Options) report.Report {
	t.Helper()
	r, err := Simulate(ctx, []*scenario.Scenario{sc}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTheSameSeedWhateverRunsBeside runs seeds together on many cores, alone, and with one processor.
func TestTheSameSeedWhateverRunsBeside(t *testing.T) {
	sc := scene(t, "2m", busy)
	seeds := []uint64{1, 2, 3}
	hashes := func(r report.Report) (list []string) {
		for _, run := range r.Scenarios[0].Runs {
			if run.Verdict == report.NotSame {
				t.Errorf("seed %d differs from itself: %s", run.Seed, run.Differs)
			}
			list = append(list, run.Hash+" "+strconv.Itoa(run.Records))
		}
		return list
	}
	together := hashes(simulated(t, t.Context(), sc, Options{Seeds: seeds, Workers: 8, Twice: 1}))
	if slices.Sort(together); len(slices.Compact(slices.Clone(together))) != len(seeds) {
		t.Errorf("two seeds gave the same run: %v", together)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	alone := hashes(simulated(t, t.Context(), sc, Options{Seeds: seeds, Workers: 1, Twice: -1}))
	if slices.Sort(alone); !slices.Equal(alone, together) {
		t.Errorf("together %v, alone %v", together, alone)
	}
}

// TestARunThatDiffersIsNoticed has a sound last longer with every run: the second run of a seed is then another one.
func TestARunThatDiffersIsNoticed(t *testing.T) {
	s, j := prepared(t, scene(t, "1m", "sound \"command\" {\n  every = \"15s\"\n}\n"))
	n := 0
	sounds := j.options.sounds
	j.options.sounds = func(play string, x scenario.Sound) ([]int16, error) {
		n++
		x.Command += time.Duration(n) * time.Second
		return sounds(play, x)
	}
	s.Twice = 1
	r, err := s.one(j, 0)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != report.NotSame || !strings.Contains(r.Differs, "record ") || !strings.Contains(r.Differs, "\n+ ") {
		t.Errorf("%s: %q", r.Verdict, r.Differs)
	}
	s.Twice = -1
	if r, err = s.one(j, 0); err != nil || r.Verdict == report.NotSame {
		t.Errorf("a run that was made once differs: %v %v", r.Verdict, err)
	}
}

func TestTheLimitsOfARunAreKept(t *testing.T) {
	for name, test := range map[string]struct {
		limits scenario.Limits
		why    string
	}{
		"time":   {scenario.Limits{Wall: time.Nanosecond, Events: 100}, "limits.wall"},
		"memory": {scenario.Limits{Memory: 1, Events: 100}, "limits.memory"},
	} {
		t.Run(name, func(t *testing.T) {
			sc := scene(t, "2h", "")
			sc.Limits = test.limits
			_, r := rehearse(t, sc, 1)
			if r.Verdict != report.Unknown || len(r.Unsupported) != 1 || !strings.Contains(r.Unsupported[0], test.why) || r.Virtual >= 7200 {
				t.Errorf("%s after %v s: %v", r.Verdict, r.Virtual, r.Unsupported)
			}
		})
	}
}

func TestItEndsEarlyWhenItIsAskedTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seeds := make([]uint64, 50)
	for i := range seeds {
		seeds[i] = uint64(i + 1)
	}
	last := Progress{}
	r := simulated(t, ctx, scene(t, "2m", busy), Options{Seeds: seeds, Workers: 1, Twice: -1, Progress: func(p Progress) {
		if last = p; p.Done == 3 {
			cancel()
		}
	}})
	s := r.Scenarios[0]
	if r.Ended == "" || len(s.Runs) < 3 || len(s.Runs) > 5 || s.Asked != 50 {
		t.Errorf("ended %q after %d of %d runs", r.Ended, len(s.Runs), s.Asked)
	}
	if last.Of != 50 || last.Virtual < 6*time.Minute {
		t.Errorf("progress: %+v", last)
	}
}

// TestProgressWithinARun: a long run tells how far it is, which only grows, and all is done in the end.
func TestProgressWithinARun(t *testing.T) {
	var shares []float64
	simulated(t, t.Context(), scene(t, "10m", ""), Options{Workers: 1, Progress: func(p Progress) {
		shares = append(shares, p.Share)
	}})
	if !slices.IsSorted(shares) || len(slices.Compact(slices.Clone(shares))) < 20 || shares[len(shares)-1] != 1 {
		t.Errorf("ten minutes, run twice: %v", shares)
	}
}

func TestAFaultThatFindsNothingIsUnsupported(t *testing.T) {
	_, r := rehearse(t, scene(t, "1m", "fault \"node_panic\" \"it\" {\n  target = \"features.attic\"\n  at = \"10s\"\n}\n"), 1)
	if r.Verdict != report.Unknown || len(r.Unsupported) != 1 {
		t.Errorf("%s: %v", r.Verdict, r.Unsupported)
	}
}

// TestSmallest: what breaks as soon as some elements are together is shrunk to these.
func TestSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		list := make([]string, n)
		for i := range list {
			list[i] = strconv.Itoa(i)
		}
		guilty := rapid.SliceOfNDistinct(rapid.SampledFrom(list), 1, min(n, 4), rapid.ID[string]).Draw(t, "guilty")
		tries := 0
		got := smallest(slices.Clone(list), func(l []string) bool {
			tries++
			return !slices.ContainsFunc(guilty, func(g string) bool { return !slices.Contains(l, g) })
		})
		slices.Sort(guilty)
		slices.Sort(got)
		if !slices.Equal(got, guilty) || tries > 400 {
			t.Fatalf("shrunk to %v after %d tries; it takes %v", got, tries, guilty)
		}
	})
	tries := 0
	many := make([]string, 3000)
	smallest(many, func([]string) bool { tries++; return tries%7 == 0 })
	if tries > 400 {
		t.Errorf("it took %d tries", tries)
	}
}

// TestShrinkFindsTheFaultThatMatters: of a swarm and a fault that breaks a promise, the fault remains.
func TestShrinkFindsTheFaultThatMatters(t *testing.T) {
	sc := scene(t, "4m", busy+"fault \"apply\" \"guilty\" {\n  at = \"100s\"\n  block = \"model.hey_jarvis\"\n  set = { threshold = 0.7 }\n}\nsteady \"unchanged\" {\n  holds = applied == 0\n}\n")
	r := simulated(t, t.Context(), sc, Options{Seeds: []uint64{5}, Shrink: true, Twice: -1})
	run := r.Scenarios[0].Runs[0]
	if len(run.Faults) < 4 || len(run.Shrunk) != 1 || run.Shrunk[0].Kind != string(scenario.Apply) {
		t.Errorf("of %d faults %v remain", len(run.Faults), run.Shrunk)
	}
	if want := "orac sim test.hcl --seed 5"; run.Command != want {
		t.Errorf("%q repeats it; want %q", run.Command, want)
	}
}
