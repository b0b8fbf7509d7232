package graph

import (
	"slices"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// Port is a sort of mailbox: what it carries, and how it fills.
type Port struct {
	Name     string
	Capacity int
	Waits    bool // the writer waits for room; otherwise the oldest value is dropped and counted
	Asks     bool // a question to a server: its end is not the end of the reader's work
	Report   bool // no node's work waits for it, and drawn it would hide the other edges
	Onward   bool // it asks, and what is asked is the next step of a command: it is drawn as what flows
	Follows  bool // it runs against the direction of the sound
}

// port is a Port that carries values of one type.
type port[T any] struct{ Port }

// The ports. A hop is 80 ms.
var (
	hops       = port[*audio.Hop]{Port{Name: "hops", Capacity: 32}} // 2.6 s of sound before a slow reader loses some
	embedded   = port[node.Feature]{Port{Name: "features", Capacity: 32}}
	votes      = port[node.Vote]{Port{Name: "votes", Capacity: 128}} // for all heads of a listener together
	wakes      = port[node.Wake]{Port{Name: "wakes", Capacity: 16}}
	follows    = port[node.Follow]{Port{Name: "follows", Capacity: 32, Waits: true, Follows: true}}
	pieces     = port[node.Piece]{Port{Name: "pieces", Capacity: 64, Waits: true}} // 5 s of sound while the disk is slow, then the recorder waits
	requests   = port[node.Request]{Port{Name: "requests", Capacity: 32, Waits: true, Asks: true}}
	healthy    = port[node.Seen]{Port{Name: "healthy", Capacity: 1, Asks: true}}
	sights     = port[node.Sight]{Port{Name: "sights", Capacity: 1, Asks: true, Report: true}}
	happens    = port[event.Event]{Port{Name: "events", Capacity: EventsWaiting, Asks: true, Report: true}}
	jobs       = port[node.EngineJob]{Port{Name: "jobs", Capacity: 4, Waits: true, Asks: true}}
	glimpses   = port[node.EngineJob]{Port{Name: "glimpses", Capacity: 1, Asks: true, Report: true}}
	sounds     = port[node.EngineJob]{Port{Name: "sounds", Capacity: 8, Asks: true}} // of other machines; servers beside the graph write it, too
	asked      = port[node.Ask]{Port{Name: "asked", Capacity: 128, Asks: true}}      // no node writes it: other machines ask
	texts      = port[node.Text]{Port{Name: "texts", Capacity: 64}}
	topics     = port[node.Topics]{Port{Name: "topics", Capacity: 1, Report: true}}            // only the newest counts
	deeds      = port[node.Deed]{Port{Name: "deeds", Capacity: 128, Asks: true, Onward: true}} // beside the queue of a topic, other machines and people write it
	calls      = port[node.BackendAsk]{Port{Name: "calls", Capacity: 128, Asks: true, Onward: true}}
	homes      = port[node.HomeSeen]{Port{Name: "homes", Capacity: 64, Asks: true, Report: true}}
	questions  = port[node.ModelAsk]{Port{Name: "questions", Capacity: 128, Asks: true, Onward: true}}
	beats      = port[node.CoreAsk]{Port{Name: "beats", Capacity: 128, Asks: true}} // no node writes it: other machines do
	tokens     = port[node.TokenAsk]{Port{Name: "tokens", Capacity: 64, Asks: true}}
	plays      = port[node.PlayAsk]{Port{Name: "plays", Capacity: 64, Asks: true, Onward: true}} // programs and people write it, too
	cues       = port[node.Cue]{Port{Name: "cues", Capacity: 16, Asks: true, Onward: true}}
	seenPlayer = port[node.PlayerShown]{Port{Name: "player", Capacity: 1, Asks: true, Report: true}} // only the newest counts
	hookTasks  = port[node.ManageHook]{Port{Name: "tasks", Capacity: 1, Asks: true}}                 // no node writes it: people ask
)

// Ports is the table of ports.
func Ports() []Port {
	return []Port{
		hops.Port, embedded.Port, votes.Port, wakes.Port, follows.Port, pieces.Port, requests.Port, healthy.Port, sights.Port, happens.Port,
		jobs.Port, glimpses.Port, sounds.Port, asked.Port, texts.Port, topics.Port, hookTasks.Port,
		deeds.Port, calls.Port, homes.Port, questions.Port, beats.Port, tokens.Port, plays.Port, cues.Port, seenPlayer.Port,
	}
}

// Port is the sort of mailbox that the edge is.
func (e Edge) Port() Port {
	ports := Ports()
	i := slices.IndexFunc(ports, func(p Port) bool { return p.Name == e.Carries })
	if i < 0 {
		return Port{Name: e.Carries}
	}
	return ports[i]
}

// Opposes tells whether an edge runs against the direction of the sound and of commands: a question, or a recorder that follows a ring.
func (e Edge) Opposes() bool {
	p := e.Port()
	return p.Asks && !p.Onward || p.Follows
}

// EventsWaiting is how many events may wait for a reader.
const EventsWaiting = 1024

// patientHops is how many hops are under way where writers wait for room: few, so that the ring still holds what a recorder asks
// for.
const patientHops = 4

// connect adds the edge from a node to another.
func (p port[T]) connect(c *compiler, from, to string) {
	c.Edges = append(c.Edges, Edge{From: from, To: to, Carries: p.Name, Capacity: p.Capacity, Waits: p.Waits})
}

// flow adds an edge on the way from the sound of a device to detection. A microphone does not wait, so neither does its edge: it
// drops the oldest value. A file that is read as fast as possible does wait.
func (p port[T]) flow(c *compiler, device runbook.Address, from, to string) {
	if w, ok := c.Runbook.WAV(device); ok && w.Pace == "fast" {
		p.Waits, p.Capacity = true, patientHops
	}
	p.connect(c, from, to)
}

// inbox is the mailbox in which a node reads.
func (p port[T]) inbox(a *Assembly, reader string) *rt.Mailbox[T] {
	key := Box{reader, p.Name}
	if m, ok := a.boxes[key]; ok {
		return m.(*rt.Mailbox[T]) // a port carries one type: a test walks the ports
	}
	make := rt.NewMailbox[T]
	capacity, patient := a.graph.holds(key)
	if !slices.ContainsFunc(a.graph.Edges, func(e Edge) bool { return e.To == reader && e.Carries == p.Name }) {
		capacity = p.Capacity // no node writes it
	}
	if patient {
		make = rt.NewPatientMailbox[T]
	}
	m := make(p.Name+" to "+reader, capacity)
	a.boxes[key] = m
	return m
}

// out is where a node writes.
func (p port[T]) out(a *Assembly, writer string) *rt.Out[T] {
	var boxes []*rt.Mailbox[T]
	for _, e := range a.graph.Edges {
		if e.From == writer && e.Carries == p.Name {
			boxes = append(boxes, p.inbox(a, e.To))
		}
	}
	return rt.NewOut(boxes...)
}

// ToldOfHealth are the nodes that are told how the appliance is, and what people do with it.
func (g *Graph) ToldOfHealth() []*Node {
	return slices.Concat(g.Of(Webhook), g.Of(ESPHome), g.Of(WyomingSatellite), g.Of(Responder), g.Of(MQTT))
}

// EventsOf is the mailbox in which a node reads events; nil if it reads none.
func EventsOf(boxes Boxes, reader string) *rt.Mailbox[event.Event] {
	m, _ := boxes[Box{reader, happens.Name}].(*rt.Mailbox[event.Event])
	return m
}
