// Package node holds the code of the runtime graph's nodes: source, ring, features, voice, head, trigger, recorder, spool,
// delivery, engine, probe, heartbeat, webhook, history, and the servers of other machines.
//
// It is written only on the runtime seam, so it runs in real and in virtual time alike. What each node guarantees:
//
//   - A node in the path from sound to detection waits only for sound: it pushes, and if the next node is too slow the
//     oldest hop is dropped and counted.
//   - A node behind the trigger never makes a node before it wait.
//   - A node that ends with an error can be restarted by calling Run of the same value again: what must survive that is in
//     its mailboxes or on disk.
package node

import (
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// Node is a piece of the graph.
type Node interface {
	// Run works until it is told to stop (rt.ErrStopped), until its input is over (nil), or until it cannot continue
	// (any other error; the supervisor restarts it).
	Run(t *rt.Task) error
}

// Updater is a node that accepts new settings, and new readers, while it runs. Update receives a node of the same kind
// and address, built from another runbook; it may be called from anywhere and never waits.
type Updater interface{ Update(fresh Node) }

// Drainer is a node that can be told that the appliance is stopping: it then begins nothing new.
type Drainer interface{ Drain() }

// Idler is a node that may be in the middle of something that must not be cut off. Idle may be called from anywhere.
type Idler interface{ Idle() bool }

// Troubled is a node that goes on although it cannot do its work. Trouble says why; "" if it can. It may be called from anywhere.
type Troubled interface{ Trouble() string }

// What the runner and the monitor ask of some kinds.
var (
	_ = []Updater{
		(*Source)(nil), (*Ring)(nil), (*Features)(nil), (*VoiceGate)(nil), (*Head)(nil), (*Trigger)(nil), (*Recorder)(nil),
		(*Spool)(nil), (*Delivery)(nil), (*Engine)(nil), (*Probe)(nil), (*Heartbeat)(nil), (*Webhook)(nil), (*History)(nil), (*STTServer)(nil), (*Forward)(nil), (*Wyoming)(nil), (*ESPHome)(nil),
		(*Topic)(nil), (*Backend)(nil), (*LanguageModel)(nil), (*CoreServer)(nil), (*Login)(nil), (*Player)(nil), (*Responder)(nil), (*Traces)(nil), (*MQTT)(nil),
	}
	_ = []Drainer{(*Recorder)(nil), (*Spool)(nil), (*STTServer)(nil), (*Topic)(nil)}
	_ = []Idler{(*Delivery)(nil), (*STTServer)(nil), (*Forward)(nil), (*Topic)(nil), (*Player)(nil), (*ESPHome)(nil)}
	_ = []Troubled{(*Wyoming)(nil), (*Engine)(nil), (*ESPHome)(nil)}
)

// Events is where a node reports what happened.
type Events = *rt.Out[event.Event]

// say publishes an event of the node that t runs.
func say(t *rt.Task, out Events, node string, body event.Body) {
	if len(out.Boxes()) > 0 {
		out.Push(t, event.Event{At: t.Wall(), Node: node, Body: body})
	}
}

// MaxClasses is the most classes a head may have.
const MaxClasses = 16

// Feature is what the extractor made from a hop.
type Feature struct {
	Seq       int64
	At        rt.Instant
	RMS       float32
	Reset     bool // see audio.Hop
	Embedding [96]float32
}

// Vote is what a head, or the voice gate, says about a hop.
type Vote struct {
	Seq    int64
	At     rt.Instant // of the hop
	RMS    float32
	From   string // name of the model; Voice for the voice gate
	N      int    // values used
	Masked bool
	Absent bool                // the voter ends: nobody waits for it until it votes again
	Values [MaxClasses]float32 // one per class; the gate's only one
}

// Voice is the name of the voice gate among the voters; no model has this name.
const Voice = "(voice)"

// Wake is a detection on its way to the nodes that act on it.
type Wake struct {
	ID        string
	Seq       int64 // hop
	At        time.Time
	Device    string
	Listener  string
	Model     string
	Class     string
	WakeWord  string
	Topic     string
	Score     float32
	Threshold float32
	Multi     bool               // the listener reports every model that fires
	Scores    map[string]float64 // of every model of the listener, in that hop
}

// Follow asks a ring for sound: everything from a hop on, as far back as the ring reaches, until the mailbox is closed.
type Follow struct {
	From int64
	To   *rt.Mailbox[*audio.Hop]
}
