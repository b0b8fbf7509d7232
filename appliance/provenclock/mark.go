// Package provenclock says how old things are, independently of the machine's wall clock. Everything that deletes by age asks it.
//
// The age of a state directory is its own timeline: it begins at 0 when the directory is first used, and is never compared with a
// wall time. It grows while ORAC runs, by the monotonic clock. The time between two runs counts only if the wall clock was proven
// before it, and is proven again by settleAfter after the start: the kernel calls it synchronised with the network, and it is not
// before the build of this program.
//
// Time between two runs is owed first. It becomes age over some days, while ORAC runs (CatchUp). A thing is noted at the age plus
// what is owed, and is due by the age only (Point). Until a process knows how much time passed before it, its age is not known:
// nothing is noted, and nothing is deleted by age.
//
// Guarantees:
//
//   - While the kernel is right about the wall clock, no thing seems older than it is. So nothing is deleted whose true age is
//     below its retention, however the wall clock jumps, and however processes end.
//   - Even if the kernel vouches for a wrong clock, a day of running ages nothing by more than 1 + CatchUp days. Time that was
//     owed and proves false is taken back.
//   - Without proof the age falls behind the true time: things are then deleted late.
//   - It never runs backwards in a process. A process that is killed loses at most SaveEvery of it. A damaged or missing file
//     begins a new timeline: users of ages move them with it (see Ages), and nothing seems older than it is.
//
// A machine may sleep while a process runs. Time asleep does not count, so things are deleted later. Sleep of less than tolerance
// that no proven clock has seen may make a thing seem older, by at most tolerance in each process.
package provenclock

import (
	"encoding/json"
	"errors"
	"time"
)

// Mark is what a clock knows and keeps beyond the end of the process.
type Mark struct {
	Age  time.Duration `json:"age_ns"`  // proven
	Owed time.Duration `json:"owed_ns"` // proven time in which nothing ran and that does not count yet: see CatchUp
	Wall time.Time     `json:"wall"`    // when it was last looked at

	// Anchor is a proven wall time, and Then the age, with what was owed, at that time. Zero: there was none yet.
	Anchor time.Time     `json:"anchor,omitzero"`
	Then   time.Duration `json:"then_ns"`

	// The fields below are about the present process, and is not kept.
	ran     time.Duration // since its first reading
	settled bool          // no more time off will be found: see settleAfter
}

// Point is a moment on the timeline of a clock.
type Point struct {
	// Age is how old the state directory is, without what is owed: it decides when a thing is due.
	Age time.Duration
	// Born is Age plus what is owed: a thing that is first seen now is noted there, so earlier owed time does not age it.
	Born time.Duration
}

// Reading is what the clocks of a machine show.
type Reading struct {
	Passed time.Duration // by the monotonic clock, since the last reading; 0 for the first of a process
	Wall   time.Time
	Proven bool // the wall clock is synchronised
	First  bool // of a process
}

// Jump is a step of the wall clock for no known reason.
type Jump struct {
	By     time.Duration // forwards, or back if negative; 100 years at most
	Start  bool          // it was found when the process started
	Proven bool          // of the clock after it
}

const (
	// CatchUp is how many days of owed time count per day of running, at most.
	CatchUp = 3
	// settleAfter is how long a process waits for a proven clock. Only the first proof in that time finds time in which nothing
	// ran. Until then nothing is noted, so nothing noted becomes older by it.
	settleAfter = 10 * time.Minute
	// tolerance is how much a synchronised clock may be corrected without having been wrong.
	tolerance = time.Minute
	// longestOff is how long a machine may have been off without a proven clock before that is
	// reported.
	longestOff = 24 * time.Hour
	// mostOwed is more than the longest retention.
	mostOwed = 2 * 366 * 24 * time.Hour
)

// Step returns what is known after a reading, and a jump if there was one.
func (m Mark) Step(r Reading) (Mark, *Jump) {
	jump := m.jump(r)
	if r.First {
		m.ran, m.settled = 0, false
	}
	passed := max(0, r.Passed)
	m.ran += passed
	m.Age += passed
	counts := min(m.Owed, CatchUp*passed)
	m.Age, m.Owed, m.Wall = m.Age+counts, m.Owed-counts, r.Wall
	off, before := m.off(), m.settled
	m.settled = before || r.Proven || m.ran >= settleAfter
	switch {
	case r.Proven:
		if before { // the clock was wrong, or the machine slept: things were noted since
			off = min(0, off)
		}
		m.Owed = min(max(0, m.Owed+off), mostOwed)
		m.Anchor, m.Then = r.Wall, m.Age+m.Owed
	case !m.settled:
	case !before, off > tolerance, jump != nil && jump.By > 0: // this anchor would make noted things, or those noted from now on, older
		m.Anchor, m.Then = time.Time{}, 0
	}
	return m, jump
}

// off is the time that the wall clock adds to what is known, since the anchor; it is negative where the clock is behind.
func (m Mark) off() time.Duration {
	if m.Anchor.IsZero() {
		return 0
	}
	return m.Then + between(m.Anchor, m.Wall) - m.Age - m.Owed
}

// finds tells whether a process that begins with this mark may find time off that a later mark has given up. Things noted by then
// would become older by it.
func (m Mark) finds(later Mark) bool {
	if m.Anchor.IsZero() {
		return false
	}
	return later.Anchor.IsZero() || between(m.Anchor, later.Anchor)-(later.Then-m.Then) > tolerance
}

// jump reports a step between two readings. A machine that was off finds its clock ahead: that is reported only if it
// is long and nothing proves it.
func (m Mark) jump(r Reading) *Jump {
	if m.Wall.IsZero() {
		return nil
	}
	by := between(m.Wall, r.Wall)
	if !r.First {
		by -= r.Passed
	}
	if by > -tolerance && (by < tolerance || r.First && (r.Proven || by < longestOff)) {
		return nil
	}
	return &Jump{By: by, Start: r.First, Proven: r.Proven}
}

// between is the time from one wall time to another, within mostAge.
func between(from, to time.Time) time.Duration { return min(max(-mostAge, to.Sub(from)), mostAge) }

// Parse reads a mark as encode writes it. An error means that it is damaged.
func Parse(text []byte) (m Mark, err error) {
	if err := json.Unmarshal(text, &m); err != nil {
		return Mark{}, err
	}
	if m.Age < 0 || m.Age > mostAge || m.Owed < 0 || m.Owed > mostOwed || m.Then < 0 || m.Then > mostAge+mostOwed {
		return Mark{}, errors.New("it holds an age that cannot be")
	}
	return m, nil
}

// mostAge is more than any machine runs: a hundred years.
const mostAge = 100 * 366 * 24 * time.Hour

func (m Mark) encode() ([]byte, error) {
	text, err := json.Marshal(m)
	return append(text, '\n'), err
}
