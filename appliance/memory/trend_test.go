package memory

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
)

const mib = 1 << 20

// slopeOf feeds what memory was after each time since the start, every five minutes for so long, and gives MiB an hour.
func slopeOf(t *testing.T, long time.Duration, bytes func(since time.Duration) float64) float64 {
	t.Helper()
	var trend Trend
	for at := time.Duration(0); at <= long; at += spacing {
		trend.Add(rt.Instant(at), int64(bytes(at)))
	}
	slope, known := trend.Slope()
	if !known {
		t.Fatalf("no slope after %v", long)
	}
	return slope / mib
}

func TestSlope(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	cases := []struct {
		name  string
		bytes func(time.Duration) float64
		want  float64 // MiB an hour
	}{
		{"flat", func(time.Duration) float64 { return 100 * mib }, 0},
		{"a steady leak", func(d time.Duration) float64 { return 100*mib + 3*mib*d.Hours() }, 3},
		{"a leak under noise of 2 MiB", func(d time.Duration) float64 { return 100*mib + 3*mib*d.Hours() + 2*mib*noise.NormFloat64() }, 3},
		{"noise alone", func(time.Duration) float64 { return 100*mib + 2*mib*noise.NormFloat64() }, 0},
		{"a leak that comes in steps of 1 MiB every 20 minutes", func(d time.Duration) float64 {
			return 100*mib + mib*math.Floor(d.Minutes()/20)
		}, 3},
		{"what comes back", func(d time.Duration) float64 { return 200*mib - 3*mib*d.Hours() }, -3},
		{"the growth of the warm-up does not count", func(d time.Duration) float64 { return 100*mib + 100*mib*min(1, d.Minutes()/29) }, 0},
	}
	for _, c := range cases {
		if got := slopeOf(t, 6*time.Hour, c.bytes); math.Abs(got-c.want) > 0.5 {
			t.Errorf("%s: %.2f MiB/h, want %.2f", c.name, got, c.want)
		}
	}
}

// TestStepIsNoGrowth: one step of any height, at any time, in a window of any length.
func TestStepIsNoGrowth(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		long := time.Duration(rapid.IntRange(90, 600).Draw(r, "minutes")) * time.Minute
		step := time.Duration(rapid.IntRange(0, 600).Draw(r, "step at")) * time.Minute
		height := rapid.Float64Range(-200*mib, 200*mib).Draw(r, "height")
		if got := slopeOf(t, long, func(d time.Duration) float64 {
			if d >= step {
				return 300*mib + height
			}
			return 300 * mib
		}); got != 0 {
			r.Fatalf("%.3f MiB/h", got)
		}
	})
}

func TestSlopeIsUnknownAtFirst(t *testing.T) {
	var trend Trend
	for at := time.Duration(0); at < warmUp+time.Hour; at += 10 * time.Second {
		trend.Add(rt.Instant(at), 100*mib)
		if _, known := trend.Slope(); known {
			t.Fatalf("known after %v", at)
		}
	}
	trend.Add(rt.Instant(warmUp+time.Hour), 100*mib)
	if _, known := trend.Slope(); !known {
		t.Error("unknown after the warm-up and an hour")
	}
	for at := warmUp + time.Hour; at < 1000*time.Hour; at += time.Minute {
		trend.Add(rt.Instant(at), 100*mib)
	}
	if len(trend.values) != window || cap(trend.values) > 2*window {
		t.Errorf("%d values, room for %d", len(trend.values), cap(trend.values))
	}
}

var limits = Limits{Warn: 400 * mib, Restart: 450 * mib}

func TestDecisions(t *testing.T) {
	type step struct {
		mib, slope           float64
		warn, restart, again bool
	}
	cases := []struct {
		name  string
		steps []step
	}{
		{"small", []step{{100, 0, false, false, false}}},
		{"a warning ends 5 % below its limit", []step{
			{399, 0, false, false, false}, {400, 0, true, false, false}, {390, 0, true, false, false}, {379, 0, false, false, false}, {390, 0, false, false, false}}},
		{"growth warns a day ahead and ends a day and a half ahead", []step{
			{210, 9, false, false, false}, {210, 10, true, false, false}, {210, 7, true, false, false}, {210, 6, false, false, false}, {210, 7, false, false, false}}},
		{"shrinking", []step{{390, -50, false, false, false}}},
		{"three in a row restart", []step{
			{450, 0, true, false, true}, {460, 0, true, false, true}, {455, 0, true, true, false}, {455, 0, true, true, false}}},
		{"a command that comes and goes does not", []step{
			{900, 0, true, false, true}, {900, 0, true, false, true}, {100, 0, false, false, false}, {900, 0, true, false, true}}},
	}
	for _, c := range cases {
		var j Judge
		for i, s := range c.steps {
			v := j.Decide(int64(s.mib*mib), s.slope*mib, limits)
			want := Verdict{Warn: s.warn, Restart: s.restart, Again: s.again, Why: v.Why}
			if diff := cmp.Diff(want, v); diff != "" || (v.Why != "") != s.warn {
				t.Errorf("%s, step %d: %q\n%s", c.name, i, v.Why, diff)
			}
		}
	}
}

func TestWhyHasTheNumbers(t *testing.T) {
	var j Judge
	if why, want := j.Decide(210*mib, 10*mib, limits).Why, "memory is 210.0 MiB and grows by 10.0 MiB an hour: the restart limit of 450.0 MiB is reached in 24 h"; why != want {
		t.Errorf("%q", why)
	}
}

// TestWatch: measured at once, every five minutes, and every two seconds while the limit is exceeded.
func TestWatch(t *testing.T) {
	d := virtual.New(1, time.Unix(0, 0), nil)
	defer d.Close()
	measured := []int64{100 * mib, 0, 500 * mib, 500 * mib, 500 * mib}
	var told []string
	root := rt.New(d, "root", func(k *rt.Task) error {
		w := Watch{
			Measure: func() (int64, error) {
				n := measured[0]
				measured = measured[1:]
				if n == 0 {
					return 0, errors.New("no /proc")
				}
				return n, nil
			},
			Settings: func() Settings { return Settings{limits, 5 * time.Minute} },
			Found: func(k *rt.Task, m status.Memory, v Verdict, err error) {
				told = append(told, fmt.Sprint(k.Now(), " ", m.Resident/mib, " ", v.Restart, " ", err))
				if v.Restart {
					k.Stop()
				}
			},
		}
		return w.Run(k)
	})
	d.Run(rt.Never)
	want := []string{"0s 100 false <nil>", "5m0s 0 false no /proc", "10m0s 500 false <nil>", "10m2s 500 false <nil>", "10m4s 500 true <nil>"}
	if diff := cmp.Diff(want, told); diff != "" || !errors.Is(root.Err(), rt.ErrStopped) {
		t.Errorf("%v\n%s", root.Err(), diff)
	}
}
