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
	// lookEvery is how often the clocks are looked at.
	lookEvery = time.Minute
	// SaveEvery is how often what is known is written down.
	SaveEvery = 10 * time.Minute
	// openEvery is how often a mark is tried again that the disk does not give.
	openEvery = 2 * time.Second
	maxMark   = 4 << 10 // bytes
)

// Clock is the clock of an appliance. Run keeps it going; Age may be called by any task.
type Clock struct {
	FS rt.FS // of the state directory
	// Proven tells whether the wall clock is synchronised when it shows that time; nil: it never is.
	Proven func(wall time.Time) bool
	// Jumped is told of jumps of the wall clock; nil: nobody is.
	Jumped func(*rt.Task, Jump)

	known *rt.Cell[reading]
}

// reading is a mark and when it was made.
type reading struct {
	mark Mark
	at   rt.Instant
	open bool // the mark was read
}

// New makes a clock that does not know anything yet.
func New(fsys rt.FS, proven func(wall time.Time) bool) *Clock {
	return &Clock{FS: fsys, Proven: proven, known: rt.NewCell(reading{})}
}

// Age is how old the state directory is. It is not known, and ok false, until the clock runs and its mark was read: then
// nothing may be deleted.
func (c *Clock) Age(t *rt.Task) (age time.Duration, ok bool) {
	r := c.known.Get()
	return r.mark.Age + t.Now().Sub(r.at), r.open
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
	c.look(t, mark, Reading{First: true})
	c.save(t)
	for saved := t.Now(); ; {
		err := t.Sleep(lookEvery)
		now := t.Now()
		jumped := c.look(t, c.known.Get().mark, Reading{Passed: now.Sub(last)})
		last = now
		if err != nil || jumped || now.Sub(saved) >= SaveEvery {
			c.save(t)
			saved = now
		}
		if err != nil {
			return err
		}
	}
}

// look reads the clocks, and tells whether the wall clock has jumped.
func (c *Clock) look(t *rt.Task, m Mark, r Reading) bool {
	r.Wall = t.Wall().Round(0)
	r.Proven = c.Proven != nil && c.Proven(r.Wall)
	m, jump := m.Step(r)
	c.known.Take(rt.NewCell(reading{m, t.Now(), true}))
	if jump != nil && c.Jumped != nil {
		c.Jumped(t, *jump)
	}
	return jump != nil
}

// read reads the mark. The error is that of a disk that may give it later; what is missing or damaged begins at 0.
func (c *Clock) read(t *rt.Task) (Mark, error) {
	text, err := c.FS.ReadFile(t, Dir+"/"+File, maxMark)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && rt.Transient(err) {
		return Mark{}, err
	}
	m, err := Parse(text)
	if err != nil {
		return Mark{}, nil
	}
	return m, nil
}

// save writes the mark. Without it less time has passed than did.
func (c *Clock) save(t *rt.Task) {
	text, err := c.known.Get().mark.encode()
	if err == nil && c.FS.MkdirAll(t, Dir) == nil {
		_ = rt.WriteFile(t, c.FS, Dir, File, text) // tried again with the next
	}
}
