package sim_test

import (
	"errors"
	"time"

	"orac/appliance/audio"
	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/notify"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/runbook"
)

// World is what a simulated appliance lives in.
type World struct {
	Graph *graph.Graph
	Seed  uint64
	Epoch time.Time // time of day at the start
	Sound map[string][]int16
	// Loop plays the sounds again and again instead of once.
	Loop      bool
	Inference graph.Inference
	Disk      *virtual.Disk
	STT       *STT
	// Watch takes the events that a monitor of the script reads; nil for none.
	Watch *rt.Mailbox[event.Event]
	// Script runs beside the appliance, to change it; nil for none.
	Script func(*rt.Task, *core.Runner) error
	// Trace takes the trace; nil for none.
	Trace func(rt.Record)
}

// Result is what came of a run.
type Result struct {
	Time   time.Duration // virtual
	Hash   uint64        // of the trace
	Events []event.Event // without those of single hops
	Err    error         // how the appliance ended; nil if it did not end, or ended well
	Script error         // how the script ended
	Ended  bool
}

// Run lets the world go on for at most so long, or until the appliance ends.
func (w *World) Run(most time.Duration) Result {
	d := virtual.New(w.Seed, w.Epoch, w.Trace)
	defer d.Close()
	events := rt.NewMailbox[event.Event]("events to the simulator", 1024)
	var r Result
	parts := w.parts(events)
	if w.Watch != nil {
		parts.Events = parts.Events.With(w.Watch)
	}
	root := rt.New(d, "orac", func(t *rt.Task) error {
		listen := t.Shield("simulator", func(t *rt.Task) error {
			for {
				e, err := events.Recv(t, rt.Never)
				if err != nil {
					return err
				}
				r.Events = append(r.Events, e)
			}
		})
		runner, err := core.NewRunner(w.Graph, parts)
		if err != nil {
			return err
		}
		if w.Script != nil {
			script := t.Go("script", func(t *rt.Task) error { return w.Script(t, runner) })
			defer func() { r.Script = script.Err() }()
		}
		err = runner.Run(t)
		events.Close(t)
		_ = t.Outlast(listen, rt.Never) // it ends with the last event
		return err
	})
	r.Time = time.Duration(d.Run(rt.Instant(most)))
	r.Hash, r.Ended = d.Hash(), root.Done()
	if r.Ended {
		r.Err = root.Err()
	}
	return r
}

func (w *World) parts(events *rt.Mailbox[event.Event]) *graph.Parts {
	return &graph.Parts{
		FS: w.Disk, Host: "sim", History: noBook{},
		Source: func(d graph.Device) (audio.Source, error) {
			if d.Microphone != nil && d.Microphone.Identity == "dead" {
				return dead{}, nil
			}
			pcm, ok := w.Sound[d.Name()]
			if !ok {
				return nil, errors.New("no sound is given for " + d.Name())
			}
			p := &audio.Player{Name: d.Name(), Load: func() (audio.Sound, error) { return audio.Samples(pcm), nil }}
			if w.Loop {
				p.End = audio.EndLoop
			}
			return p, nil
		},
		Inference: w.Inference,
		STT: func(s graph.Service, _ wire.Tokens, _ func(string) string) (stt.Client, error) {
			return w.STT.client(s.STT.Name), nil
		},
		Heart:  func(graph.Heart, wire.Tokens) (notify.Heart, error) { return peer{}, nil },
		Hook:   func(runbook.Webhook, wire.Tokens) (notify.Hook, error) { return peer{}, nil },
		Events: rt.NewOut(events),
	}
}

// dead is a model of a microphone that can be named and never opened.
type dead struct{}

func (dead) Open(*rt.Task) (audio.Stream, error) { return nil, errors.New("input/output error") }

// peer is a model of a heartbeat server and of a webhook that say yes after 5 ms.
type peer struct{}

func (peer) Beat(t *rt.Task, b notify.Beat) (int, error) {
	return len(b.Models), t.Sleep(5 * time.Millisecond)
}
func (peer) Send(t *rt.Task, _ notify.Message) error { return t.Sleep(5 * time.Millisecond) }

// noBook is a history that nobody reads.
type noBook struct{}

func (noBook) AddDetection(record.Detection) error                            { return nil }
func (noBook) SaveUtterance(record.Utterance) error                           { return nil }
func (noBook) SaveCommand(record.Command) error                               { return nil }
func (noBook) AddMute(record.Mute) error                                      { return nil }
func (noBook) SaveDelivery(record.Delivery, *record.Transcript) error         { return nil }
func (noBook) Prune(provenclock.Point, bool, time.Duration, int) (int, error) { return 0, nil }
