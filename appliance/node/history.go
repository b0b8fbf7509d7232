package node

import (
	"errors"
	"time"

	"orac/appliance/event"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/rt"
)

// Book is where history is written. Writing a row again does no harm.
type Book interface {
	AddDetection(record.Detection) error
	SaveUtterance(record.Utterance) error
	SaveDelivery(d record.Delivery, text *record.Transcript) error
	SaveCommand(record.Command) error
	AddMute(record.Mute) error
	// Prune deletes what is older than retention at the age p of the state directory, if that age is known (see Age), and then
	// all but the newest maxRows.
	Prune(p provenclock.Point, known bool, retention time.Duration, maxRows int) (deleted int, err error)
}

// Age tells how old the state directory is, by a clock that no step of the wall clock moves. While ok is false the age is not
// known, and nothing is deleted by age. With a nil Age it is never known.
type Age func(t *rt.Task) (p provenclock.Point, ok bool)

func (a Age) now(t *rt.Task) (p provenclock.Point, ok bool) {
	if a == nil {
		return p, false
	}
	return a(t)
}

// History writes what happens into the book, and deletes from it what is too old.
type History struct {
	Name   string // address of the node
	Book   Book
	Age    Age
	Config *rt.Cell[HistoryConfig]
	In     *rt.Mailbox[event.Event]
	Events Events

	lost  int          // events that could not be written since the last successful write
	again func() error // writes the last of them
	count rt.Instant   // when rows are counted while the age is not known
}

// HistoryConfig are the settings of a history.
type HistoryConfig struct {
	Retention time.Duration
	MaxRows   int
}

// Update implements Updater.
func (n *History) Update(fresh Node) { n.Config.Take(fresh.(*History).Config) }

const (
	pruneEvery = time.Hour       // how often to look for old rows
	ageEvery   = 2 * time.Second // how often to ask for an age that is not known yet
	// againEvery is how often to retry a row that was refused: the next row may be long in coming.
	againEvery = 2 * time.Second
)

// Run implements Node.
func (n *History) Run(t *rt.Task) error {
	prune := n.prune(t)
	for {
		until := prune
		if n.lost > 0 {
			until = min(prune, t.Now().Add(againEvery))
		}
		e, err := n.In.Recv(t, until)
		switch {
		case err == nil:
			n.take(t, e)
		case errors.Is(err, rt.ErrTimeout):
			if n.lost > 0 && n.again() == nil {
				n.lost--
				n.back(t)
			}
			if t.Now() >= prune {
				prune = n.prune(t)
			}
		default:
			for e, ok := n.In.TryRecv(t); ok; e, ok = n.In.TryRecv(t) { // what was said before the stop
				n.take(t, e)
			}
			return over(err)
		}
	}
}

// take writes the rows for an event.
func (n *History) take(t *rt.Task, e event.Event) {
	for _, r := range e.Rows() {
		n.write(t, func() error { return n.put(r) })
	}
}

func (n *History) put(r record.Row) error {
	switch {
	case r.Detection != nil:
		return n.Book.AddDetection(*r.Detection)
	case r.Utterance != nil:
		return n.Book.SaveUtterance(*r.Utterance)
	case r.Delivery != nil:
		return n.Book.SaveDelivery(*r.Delivery, r.Transcript)
	case r.Command != nil:
		return n.Book.SaveCommand(*r.Command)
	case r.Mute != nil:
		return n.Book.AddMute(*r.Mute)
	}
	panic("BUG: an event has an empty row")
}

// prune deletes rows that are too old or too many, and returns when to do it next. Rows that are too many are deleted even while
// the age is not known, so an appliance that never runs long enough to know it still does not fill the disk.
func (n *History) prune(t *rt.Task) rt.Instant {
	p, known := n.Age.now(t)
	if !known && t.Now() < n.count {
		return t.Now().Add(ageEvery)
	}
	config := n.Config.Get()
	_, _ = n.Book.Prune(p, known, config.Retention, config.MaxRows) // a disk that refuses this also refuses rows, which is reported
	if n.count = t.Now().Add(pruneEvery); known {
		return n.count
	}
	return t.Now().Add(ageEvery)
}

// write writes a row, and reports when the book begins to refuse rows and when it accepts them
// again.
func (n *History) write(t *rt.Task, row func() error) {
	err := row()
	switch {
	case err != nil:
		n.again = row
		if n.lost++; n.lost == 1 {
			say(t, n.Events, n.Name, event.StoreFailed{Cause: err.Error()})
		}
	case n.lost > 0:
		n.back(t)
	}
}

func (n *History) back(t *rt.Task) {
	say(t, n.Events, n.Name, event.StoreBack{Lost: n.lost})
	n.lost, n.again = 0, nil
}
