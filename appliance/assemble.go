package appliance

import (
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/models/wake"
	"orac/runbook"
)

// Parts is the world that graphs are put into: real adapters, or models of them. What it makes is for a block of the
// runbook that it is given, since an appliance may be given another runbook while it runs.
type Parts struct {
	FS         rt.FS // of the state directory
	InstanceID string

	Source func(rb *runbook.Runbook, device runbook.Address) (audio.Source, error)
	Inference

	STT     func(*runbook.Runbook, runbook.STT) (stt.Client, error)
	Heart   func(*runbook.Runbook, runbook.Heartbeat) (notify.Heart, error)
	Hook    func(runbook.Webhook) (notify.Hook, error)
	History node.Book
	// Age is how old the state directory is: see provenclock.Clock.Age.
	Age node.Age
	// Turn is that of webhooks at their folders; nil where no folder is of a webhook that was removed.
	Turn *outbox.Turn

	Events node.Events // where to say what happens; besides the history
	Meters node.Events // where to say what each hop is like
}

// Inference opens networks: real ones, or models of them.
type Inference struct {
	Extractor func() (node.Extractor, error)
	Gate      func() (node.Gate, error)
	Trim      func()       // releases what loading needed; nil for nothing
	Ready     func() error // why a gate cannot be opened; nil if it always can
	// Model gives what the file of a model says: its classes, their labels, and those that never fire.
	Model func(*runbook.Runbook, runbook.Model) (wake.Model, error)
	Head  func(*runbook.Runbook, runbook.Model) (node.Classifier, error)
	// Fetch downloads models that Model has not found: its error was a *models.UnfetchedError. It is called by an apply, and at a
	// start, when there is no task yet: t is nil then. It ends within that time, or when the task is told to stop. Nil where
	// nothing is fetched: a graph that lacks a model does not run there.
	Fetch func(t *rt.Task, list []runbook.Model, within time.Duration) error
}

// assembly is a graph being put into its world.
type assembly struct {
	*Parts
	graph *Graph
	boxes map[box]mailbox
	lacks []lacking
}

// box names a mailbox: what a node reads.
type box struct{ reader, carries string }

// mailbox is a rt.Mailbox of any type.
type mailbox interface {
	Close(*rt.Task)
	Fit(t *rt.Task, capacity int, patient bool)
	Stats() rt.Stats
}

// inbox is the mailbox in which a node reads something.
func inbox[T any](a *assembly, reader, carries string) *rt.Mailbox[T] {
	key := box{reader, carries}
	if m, ok := a.boxes[key]; ok {
		return m.(*rt.Mailbox[T])
	}
	make := rt.NewMailbox[T]
	capacity, patient := a.graph.holds(key)
	if patient {
		make = rt.NewPatientMailbox[T]
	}
	m := make(carries+" to "+reader, capacity)
	a.boxes[key] = m
	return m
}

// holds is how much the mailbox of a graph holds, and whether who writes to it waits for room.
func (g *Graph) holds(b box) (capacity int, patient bool) {
	capacity = 1
	for _, e := range g.Edges {
		if e.To == b.reader && e.Carries == b.carries {
			capacity, patient = max(capacity, e.Capacity), patient || e.Waits
		}
	}
	return capacity, patient
}

// outs is where a node writes something.
func outs[T any](a *assembly, writer, carries string) *rt.Out[T] {
	var boxes []*rt.Mailbox[T]
	for _, e := range a.graph.from(writer, carries) {
		boxes = append(boxes, inbox[T](a, e.To, carries))
	}
	return rt.NewOut(boxes...)
}

// events is where a node says what happens.
func (a *assembly) events(writer string) node.Events {
	return outs[event.Event](a, writer, "events").With(a.Events.Boxes()...)
}
