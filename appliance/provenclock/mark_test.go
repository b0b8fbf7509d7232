package provenclock

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// device is a machine with its true time, and a clock that shows whatever it likes.
type device struct {
	now   time.Duration // true time
	ran   time.Duration // of it, with ORAC at work
	off   time.Duration // by how much the wall clock is wrong
	mark  Mark
	saved Mark
	unit  time.Duration // the magnitude of the times that the machine is off
}

// point is what Clock.Age tells, with the disk as it is.
func (d *device) point() (Point, bool) {
	return Point{d.mark.Age, d.mark.Age + d.mark.Owed}, d.mark.settled && !d.saved.finds(d.mark)
}

func (d *device) step(passed time.Duration, first, proven bool) {
	d.mark, _ = d.mark.Step(Reading{Passed: passed, Wall: epoch.Add(d.now).Add(d.off), Proven: proven, First: first})
}

// live lets the machine go through a random life: it runs, sleeps, is off, is killed, loses its mark, and its clock jumps. proven
// says whether the kernel vouches for the clock at a moment. Each moment is followed by a look. A disk may refuse the mark.
func (d *device) live(t *rapid.T, proven func() bool, look func()) {
	first := true
	for range rapid.IntRange(1, 60).Draw(t, "steps") {
		passed := time.Duration(0)
		switch rapid.IntRange(0, 8).Draw(t, "what") {
		case 0, 1: // it runs
			passed = time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "runs"))
			d.now, d.ran = d.now+passed, d.ran+passed
		case 7: // for as long as a look takes to come
			passed = lookEvery
			d.now, d.ran = d.now+passed, d.ran+passed
		case 8: // it sleeps: the monotonic clock stands
			d.now += time.Duration(rapid.Int64Range(int64(2*tolerance), int64(2*d.unit)).Draw(t, "sleeps"))
		case 2: // it is off
			off := time.Duration(rapid.Int64Range(0, int64(2*d.unit)).Draw(t, "is off"))
			d.now += off
			if rapid.Bool().Draw(t, "has no battery") { // its clock stands meanwhile
				d.off -= off
			}
			if rapid.Bool().Draw(t, "in good order") {
				d.saved = d.mark
			}
			d.mark, first = d.saved, true
		case 3: // it is killed, and started again at once
			d.mark, first = d.saved, true
		case 4:
			d.off = time.Duration(rapid.Int64Range(-int64(80*365*24*time.Hour), int64(80*365*24*time.Hour)).Draw(t, "jumps"))
		case 5:
			d.off = 0
		case 6: // somebody deletes the file
			if rapid.IntRange(0, 5).Draw(t, "loses") == 0 {
				d.mark, d.saved, first = Mark{}, Mark{}, true
			}
		}
		d.step(passed, first, proven())
		first = false
		if rapid.Bool().Draw(t, "saves") {
			d.saved = d.mark
		}
		look()
	}
}

// units are magnitudes of times off and of retentions: where the two are alike, an error of the one shows in the other.
var units = []time.Duration{time.Hour, 24 * time.Hour, 45 * 24 * time.Hour, 365 * 24 * time.Hour}

// things are what a machine keeps, and Ages of them over the ends of processes.
type things struct {
	ages, kept Ages
	born       map[string]time.Duration // when they came, by any clock of the test
	retention  time.Duration
}

func newThings(t *rapid.T, d *device) *things {
	d.unit = rapid.SampledFrom(units).Draw(t, "unit")
	retention := time.Duration(rapid.Int64Range(int64(d.unit)/4, int64(d.unit)).Draw(t, "retention"))
	return &things{Ages{}, Ages{}, map[string]time.Duration{}, retention}
}

// look lets things come and go, sees them if the age is known, and gives the age of each that is due, as now says.
func (s *things) look(t *rapid.T, d *device, now time.Duration) (due map[string]time.Duration) {
	if rapid.Bool().Draw(t, "something new") {
		s.born[fmt.Sprint("thing ", len(s.born))] = now
	}
	if rapid.IntRange(0, 9).Draw(t, "a process") == 0 {
		s.ages = ParseAges(s.kept.Encode())
	}
	p, known := d.point()
	if !known {
		return nil
	}
	if s.ages.See(p, slices.Collect(maps.Keys(s.born))) {
		s.kept = maps.Clone(s.ages)
	}
	due = map[string]time.Duration{}
	for name, at := range s.born {
		if s.ages.Due(name, p.Age, s.retention) {
			due[name] = now - at
		}
	}
	return due
}

// TestNothingYoungIsDue: whatever the wall clock does, as long as the kernel vouches for it only when it is right, nothing is
// ever taken to be older than it is.
func TestNothingYoungIsDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := device{}
		s := newThings(t, &d)
		d.live(t, func() bool { return d.off == 0 && rapid.Bool().Draw(t, "synchronised") }, func() {
			for name, age := range s.look(t, &d, d.now) {
				if age < s.retention {
					t.Fatalf("%s is %v old, is kept for %v, and is due", name, age, s.retention)
				}
			}
			if d.mark.Age > d.now {
				t.Fatalf("after %v the age is %v", d.now, d.mark.Age)
			}
		})
	})
}

// TestNothingIsDueBeforeItRanForLong: even if the kernel vouches for any clock, what came when the machine had run for so long is
// due when it has run for its retention by 1 + CatchUp, and not before.
func TestNothingIsDueBeforeItRanForLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := device{}
		s := newThings(t, &d)
		d.live(t, func() bool { return rapid.Bool().Draw(t, "vouches") }, func() {
			for name, ran := range s.look(t, &d, d.ran) {
				if most := (1 + CatchUp) * ran; most < s.retention {
					t.Fatalf("it ran for %v since %s came, which is kept for %v, and is due", ran, name, s.retention)
				}
			}
		})
	})
}

// TestADayAgesByAFewDays: even if the kernel vouches for any clock. So no day deletes more than what 1 + CatchUp days have made.
func TestADayAgesByAFewDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := device{unit: rapid.SampledFrom(units).Draw(t, "unit")}
		d.live(t, func() bool { return rapid.Bool().Draw(t, "vouches") }, func() {
			if most := (1 + CatchUp) * d.ran; d.mark.Age > most {
				t.Fatalf("it ran for %v, and the age is %v", d.ran, d.mark.Age)
			}
		})
	})
}

// TestTimeOffCounts where it is proven, over some days, and is taken back when it proves false.
func TestTimeOffCounts(t *testing.T) {
	const day = 24 * time.Hour
	d := device{}
	d.step(0, true, true)
	d.now += 30 * day
	d.step(0, true, false) // it starts without the network,
	d.now += time.Minute
	d.step(time.Minute, false, true) // and has it a minute later
	if d.mark.Age != time.Minute || d.mark.Owed != 30*day {
		t.Fatalf("%+v", d.mark)
	}
	for range 10 {
		d.now += day
		d.step(day, false, true)
	}
	if d.mark.Age != d.now || d.mark.Owed != 0 {
		t.Errorf("after ten days the age is %v of %v, and %v are owed", d.mark.Age, d.now, d.mark.Owed)
	}
	wrong := func(first bool) {
		d.off = 40 * 365 * day // a wrong server of time
		d.step(0, first, true)
		if d.mark.Age != d.now || (d.mark.Owed != 0) != first {
			t.Errorf("first %v: %+v", first, d.mark)
		}
	}
	right := func() {
		d.off, d.now = 0, d.now+day
		d.step(day, false, true)
		if d.mark.Owed != 0 || d.mark.Age > d.now+CatchUp*day {
			t.Errorf("what was false is still owed: %+v", d.mark)
		}
	}
	wrong(false) // which a process that has seen things does not believe
	right()
	if d.mark.Age != d.now {
		t.Errorf("the age is %v of %v", d.mark.Age, d.now)
	}
	wrong(true)
	right()
}

// TestAProofThatComesLate: time off is found by the first proof of a process, within settleAfter; a later one finds none, not even in
// the next process, and begins anew.
func TestAProofThatComesLate(t *testing.T) {
	const off = 30 * 24 * time.Hour
	for name, c := range map[string]struct {
		proofs []time.Duration // since the start
		known  []bool          // after a minute, after settleAfter
		owed   time.Duration   // in the next process, which is proven at once
	}{
		"at once":            {[]time.Duration{0}, []bool{true, true}, off},
		"in time":            {[]time.Duration{settleAfter - time.Minute}, []bool{false, true}, off},
		"late":               {[]time.Duration{settleAfter + time.Minute}, []bool{false, true}, 0},
		"never":              {nil, []bool{false, true}, 0},
		"at once, and later": {[]time.Duration{0, time.Minute, settleAfter + time.Minute}, []bool{true, true}, off},
	} {
		d := device{}
		d.step(0, true, true)
		d.now += off
		d.mark, _ = d.mark.Step(Reading{Wall: epoch.Add(d.now), Proven: slices.Contains(c.proofs, 0), First: true})
		var known []bool
		for n := range 12 {
			d.now += time.Minute
			proven := slices.Contains(c.proofs, time.Duration(n+1)*time.Minute)
			if d.off = -off; proven { // it has no battery
				d.off = 0
			}
			d.step(time.Minute, false, proven)
			if n == 0 || n == 9 {
				known = append(known, d.mark.settled)
			}
		}
		d.off = 0
		d.step(0, true, true)
		if total := d.mark.Age + d.mark.Owed; !slices.Equal(known, c.known) || total != c.owed+12*time.Minute {
			t.Errorf("%s: known %v, %v in all", name, known, total)
		}
	}
}

// TestJumps: what is told, and what is as usual.
func TestJumps(t *testing.T) {
	was := Mark{Wall: epoch}
	for name, c := range map[string]struct {
		mark Mark
		r    Reading
		want time.Duration
	}{
		"none before":            {Mark{}, Reading{Wall: epoch, First: true}, 0},
		"a minute passes":        {was, Reading{Wall: epoch.Add(time.Minute), Passed: time.Minute}, 0},
		"it is corrected":        {was, Reading{Wall: epoch.Add(time.Minute + 59*time.Second), Passed: time.Minute}, 0},
		"forwards":               {was, Reading{Wall: epoch.Add(time.Hour), Passed: time.Minute}, 59 * time.Minute},
		"back":                   {was, Reading{Wall: epoch.Add(-time.Hour), Passed: time.Minute}, -61 * time.Minute},
		"off for a night":        {was, Reading{Wall: epoch.Add(9 * time.Hour), First: true}, 0},
		"off for a month":        {was, Reading{Wall: epoch.Add(720 * time.Hour), First: true, Proven: true}, 0},
		"off for a month?":       {was, Reading{Wall: epoch.Add(720 * time.Hour), First: true}, 720 * time.Hour},
		"no battery":             {was, Reading{Wall: time.Unix(0, 0), First: true}, time.Unix(0, 0).Sub(epoch)},
		"further than can be":    {was, Reading{Wall: epoch.AddDate(900, 0, 0), First: true}, mostAge},
		"further back than can ": {was, Reading{Wall: epoch.AddDate(-900, 0, 0), Passed: time.Hour}, -mostAge - time.Hour},
	} {
		_, j := c.mark.Step(c.r)
		switch {
		case j == nil && c.want != 0:
			t.Errorf("%s: nothing is told", name)
		case j != nil && (j.By != c.want || j.Start != c.r.First || j.Proven != c.r.Proven):
			t.Errorf("%s: %+v", name, j)
		}
	}
}

// TestParse: what was written is read, and nothing that cannot be.
func TestParse(t *testing.T) {
	want := Mark{Age: 5 * time.Hour, Owed: time.Hour, Wall: epoch, Anchor: epoch, Then: 6 * time.Hour}
	text, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Parse(text); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "{", "\x00\x00", `{"age_ns":-1}`, `{"age_ns":9223372036854775807}`, `{"owed_ns":9223372036854775807}`, `{"then_ns":-5}`} {
		if got, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func FuzzParseAges(f *testing.F) {
	f.Add([]byte("5 a.wav\n-9223372036854775808 b\n x\n7\n1 \n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a := ParseAges(text)
		if !maps.Equal(a, ParseAges(a.Encode())) {
			t.Errorf("%v is not read again", a)
		}
		a.See(Point{Age: time.Hour, Born: time.Hour}, []string{"new"})
		for name, at := range a {
			if a.Due(name, time.Hour, time.Hour) != (time.Hour-at >= time.Hour) {
				t.Error(name, at)
			}
		}
	})
}

// TestSynchronised: the kernel vouches, for the time that the process is shown, and it is after the build.
func TestSynchronised(t *testing.T) {
	at := time.Unix(1_800_000_000, 250_000_000)
	x := func(status int32, usec int64) *unix.Timex {
		x := &unix.Timex{Status: status}
		x.Time.Sec, x.Time.Usec = 1_800_000_000, usec
		return x
	}
	for name, c := range map[string]struct {
		state int
		x     *unix.Timex
		wall  time.Time
		want  bool
	}{
		"yes":                  {unix.TIME_OK, x(0, 250_000), at, true},
		"yes, in nanoseconds":  {unix.TIME_OK, x(unix.STA_NANO, 250_000_000), at, true},
		"never synchronised":   {unix.TIME_ERROR, x(0, 250_000), at, false},
		"no more synchronised": {unix.TIME_OK, x(unix.STA_UNSYNC, 250_000), at, false},
		"another clock":        {unix.TIME_OK, x(0, 250_000), at.Add(time.Hour), false},
		"before the build":     {unix.TIME_OK, x(0, 250_000), at, false},
	} {
		built := at.Add(-time.Hour)
		if name == "before the build" {
			built = at.Add(time.Second)
		}
		if got := synchronised(c.state, c.x, c.wall, built); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	_ = Kernel(time.Now())(time.Now()) // whatever it says here, it answers
	if Kernel(time.Now().Add(time.Hour))(time.Now()) {
		t.Error("a clock before the build is proven")
	}
}
