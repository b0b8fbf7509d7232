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

// Parts is the world that graphs are put into: real adapters, or models of them. Each function makes something for
// the block of the runbook that it is passed, because an appliance may switch to another runbook while it runs.
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
	// Turn controls when webhooks may use their folders; nil where no folder belongs to a removed
	// webhook.
	Turn *outbox.Turn

	Events node.Events // where to report what happens, besides the history
	Meters node.Events // where to report what each hop is like
}

// Inference opens networks: real ones, or models of them.
type Inference struct {
	Extractor func() (node.Extractor, error)
	Gate      func() (node.Gate, error)
	Trim      func()       // releases what loading needed; nil for nothing
	Ready     func() error // why a gate cannot be opened; nil if it always can
	// Model returns what a model file says: its classes, their labels, and the classes that never
	// fire.
	Model func(*runbook.Runbook, runbook.Model) (wake.Model, error)
	Head  func(*runbook.Runbook, runbook.Model) (node.Classifier, error)
	// Fetch downloads models that Model did not find: its error was a *models.UnfetchedError. An apply calls it, and so does a
	// start, when there is no task yet and t is nil. It ends within that time, or when the task is told to stop. Nil where
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

// holds is the capacity of a mailbox of the graph, and whether its writers wait for room.
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

// events is where a node reports what happens.
func (a *assembly) events(writer string) node.Events {
	return outs[event.Event](a, writer, "events").With(a.Events.Boxes()...)
}
