package node

import (
	"errors"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/models/wake"
	"orac/runbook"
)

// Wyoming serves a voice service to other programs by the Wyoming protocol. The sockets are in the door, an adapter; the node keeps
// the door open, and tells how it is.
type Wyoming struct {
	Name   string // address of the node
	Listen string // host:port
	Config *rt.Cell[WyomingConfig]
	Door   Door
	Events Events

	trouble rt.Cell[string] // why the door is not open
	open    rt.Cell[bool]
	said    rt.Cell[[]status.VoiceAnswer] // newest first; the slices are never changed
	tally   rt.Cell[tally]
}

// tally is how many requests were answered, and how many failed.
type tally struct{ answered, failed int }

// mostSaid is how many of the last answers are shown.
const mostSaid = 20

// Counted is a Door that tells how many clients it has. It may be called from anywhere.
type Counted interface {
	Clients() (connections, streams int)
}

// Shown is the state of the service. It may be called from anywhere.
func (n *Wyoming) Shown() status.VoiceService {
	count := n.tally.Get()
	s := status.VoiceService{
		Name: n.Config.Get().Block.Name, Open: n.open.Get(), Error: n.trouble.Get(), Answers: n.said.Get(), Answered: count.answered, Failed: count.failed,
	}
	if d, ok := n.Door.(Counted); ok && s.Open {
		s.Connections, s.Streams = d.Clients()
	}
	return s
}

// Status is Shown in short. It may be called from anywhere.
func (n *Wyoming) Status() status.Voice {
	s := n.Shown()
	return status.Voice{
		Name: s.Name, Serves: n.Config.Get().Block.Serve, Listen: n.Listen, Open: s.Open, Exposed: !runbook.IsLoopback(n.Listen),
		Connections: s.Connections, Streams: s.Streams, Answered: s.Answered, Failed: s.Failed, Error: s.Error,
	}
}

// told passes on what the door tells, and remembers the answers.
func (n *Wyoming) told(t *rt.Task, b event.Body) {
	if a, ok := b.(event.Answered); ok {
		count := n.tally.Get()
		if a.Cause == "" {
			count.answered++
		} else {
			count.failed++
		}
		n.tally.Take(rt.NewCell(count))
		last := n.said.Get()
		fresh := make([]status.VoiceAnswer, 0, mostSaid)
		fresh = append(fresh, status.VoiceAnswer{At: t.Wall(), Address: a.Address, Text: clip(a.Text), Model: a.Model, Cause: a.Cause, Seconds: a.Seconds, Took: a.Took})
		n.said.Take(rt.NewCell(append(fresh, last[:min(len(last), mostSaid-1)]...)))
	}
	n.tell(t, b)
}

// WyomingConfig is what a Wyoming service serves, and within which limits. Every connection goes by the values that hold when it
// needs them: a change ends none.
type WyomingConfig struct {
	Block     runbook.Wyoming
	Appliance string // its name
	Language  string // that the engine understands; for speech to text
	Words     []ServedWord
	// Extractor and Head open networks of the models. They may be called from anywhere.
	Extractor func() (Extractor, error)
	Head      func(model string) (Classifier, error)
}

// ServedWord is a model that clients may use.
type ServedWord struct {
	Model    wake.Model // its rules
	WakeWord string     // what to say
}

// Door is a place on the network where a service is offered.
type Door interface {
	// Serve listens and answers until the task is told to stop (rt.ErrStopped) or the door fails. opened is called once it
	// listens; tell reports what happened. settings returns what holds now, and may be called from anywhere.
	Serve(t *rt.Task, settings func() WyomingConfig, opened func(), tell func(event.Body)) error
}

// Update implements Updater.
func (n *Wyoming) Update(fresh Node) { n.Config.Take(fresh.(*Wyoming).Config) }

// openAgain is how soon a door that could not be opened is tried again.
const openAgain = 2 * time.Second

// Run implements Node.
func (n *Wyoming) Run(t *rt.Task) error {
	shut := ""
	for {
		opened := func() {
			shut = ""
			n.trouble.Take(rt.NewCell(shut))
			n.open.Take(rt.NewCell(true))
			t.Trace("open")
			n.tell(t, event.DoorOpened{Listen: n.Listen, Serves: n.Config.Get().Block.Serve})
		}
		err := n.Door.Serve(t, n.Config.Get, opened, func(b event.Body) { n.told(t, b) })
		n.open.Take(rt.NewCell(false))
		if err == nil || errors.Is(err, rt.ErrStopped) {
			return err
		}
		if why := err.Error(); why != shut { // said once, not every two seconds
			shut = why
			n.trouble.Take(rt.NewCell(shut))
			n.tell(t, event.DoorFailed{Listen: n.Listen, Cause: shut, Retry: "every " + openAgain.String()})
		}
		if err := t.Sleep(openAgain); err != nil {
			return err
		}
	}
}

// Trouble implements Troubled.
func (n *Wyoming) Trouble() string {
	if why := n.trouble.Get(); why != "" {
		return "it cannot be served at " + n.Listen + ": " + why
	}
	return ""
}

// Unvisited is a door in a world without a network: it is open, and nobody comes.
type Unvisited struct{}

// Serve implements Door.
func (Unvisited) Serve(t *rt.Task, _ func() WyomingConfig, opened func(), _ func(event.Body)) error {
	opened()
	for {
		if err := t.Sleep(time.Hour); err != nil {
			return err
		}
	}
}

func (n *Wyoming) tell(t *rt.Task, body event.Body) { say(t, n.Events, n.Name, body) }
