package provenclock

import (
	"errors"
	"io/fs"
	"time"

	"orac/appliance/rt"
)

// Dir is the folder of the clock below the state directory, and File the mark in it.
const (
	Dir  = "clock"
	File = "mark"
)

const (
	// lookEvery is how often the clocks are read.
	lookEvery = time.Minute
	// SaveEvery is how often what is known is written down.
	SaveEvery = 10 * time.Minute
	// openEvery is how often to retry a mark that the disk does not return.
	openEvery = 2 * time.Second
	maxMark   = 4 << 10 // bytes
)

// Clock is the clock of an appliance. Run keeps it going; Age and Elapsed may be called by any task.
type Clock struct {
	FS rt.FS // of the state directory
	// Proven tells whether the wall clock is synchronised when it shows that time; nil: it never is.
	Proven func(wall time.Time) bool
	// Jumped is called for jumps of the wall clock; it may be nil.
	Jumped func(*rt.Task, Jump)

	known *rt.Cell[reading]
	// The fields below belong to the task of Run.
	kept   Mark // is on the disk
	unread bool // something else may be there: it could not be read
}

// reading is a mark and when it was made.
type reading struct {
	mark Mark
	at   rt.Instant
	open bool // the mark was read
	sure bool // what is seen now will not seem older than it is: see Mark.finds
}

// New makes a clock that does not know anything yet.
func New(fsys rt.FS, proven func(wall time.Time) bool) *Clock {
	return &Clock{FS: fsys, Proven: proven, known: rt.NewCell(reading{})}
}

// Age is how old the state directory is. It is not known, and ok is false, until the clock runs, its mark was read, and the time
// off before this process was found or given up (settleAfter); also while the disk does not accept that, and right after a
// machine has slept. Then nothing may be deleted by its age, and nothing is noted.
func (c *Clock) Age(t *rt.Task) (p Point, ok bool) {
	r := c.known.Get()
	since := t.Now().Sub(r.at)
	age := r.mark.Age + since
	asleep := between(r.mark.Wall, t.Wall().Round(0)) - since
	return Point{age, age + r.mark.Owed}, r.sure && asleep <= tolerance
}

// Elapsed is the time since the state directory was first used, as far as it is known: owed time counts, and time off that has
// not been found yet does not. It is for counting within a time, never for deleting. ok is false until the mark was read.
func (c *Clock) Elapsed(t *rt.Task) (elapsed time.Duration, ok bool) {
	r := c.known.Get()
	return r.mark.Age + r.mark.Owed + t.Now().Sub(r.at), r.open
}

// Run keeps the clock until the task is told to stop.
func (c *Clock) Run(t *rt.Task) error {
	mark, err := c.read(t)
	for ; err != nil; mark, err = c.read(t) {
		if err := t.Sleep(openEvery); err != nil {
			return err
		}
	}
	last := t.Now()
	c.look(t, mark, last, Reading{First: true})
	c.save(t)
	for saved := last; ; {
		err := t.Sleep(lookEvery)
		now := t.Now()
		jumped := c.look(t, c.known.Get().mark, now, Reading{Passed: now.Sub(last)})
		last = now
		if r := c.known.Get(); err != nil || jumped || r.mark.settled && !r.sure || now.Sub(saved) >= SaveEvery {
			c.save(t)
			saved = now
		}
		if err != nil {
			return err
		}
	}
}

// look reads the clocks, and tells whether the wall clock has jumped.
func (c *Clock) look(t *rt.Task, m Mark, now rt.Instant, r Reading) bool {
	r.Wall = t.Wall().Round(0)
	r.Proven = c.Proven != nil && c.Proven(r.Wall)
	m, jump := m.Step(r)
	c.tell(reading{mark: m, at: now})
	if jump != nil && c.Jumped != nil {
		c.Jumped(t, *jump)
	}
	return jump != nil
}

// tell publishes a reading.
func (c *Clock) tell(r reading) {
	r.open, r.sure = true, r.mark.settled && !c.unread && !c.kept.finds(r.mark)
	c.known.Take(rt.NewCell(r))
}

// read reads the mark. Its error means that the disk may return the mark later; a missing or damaged mark begins
// at 0.
func (c *Clock) read(t *rt.Task) (Mark, error) {
	text, err := c.FS.ReadFile(t, Dir+"/"+File, maxMark)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing && rt.Transient(err) {
		return Mark{}, err
	}
	c.unread = err != nil && !missing
	if c.kept, err = Parse(text); err != nil {
		c.kept = Mark{}
	}
	return c.kept, nil
}

// save writes the mark. If it fails, less time counts than has passed.
func (c *Clock) save(t *rt.Task) {
	r := c.known.Get()
	text, err := r.mark.encode()
	if err != nil || c.FS.MkdirAll(t, Dir) != nil || rt.WriteFile(t, c.FS, Dir, File, text) != nil {
		return // the next save tries again
	}
	c.kept, c.unread = r.mark, false
	c.tell(r)
}
