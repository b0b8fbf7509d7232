package sim_test

import (
	"cmp"
	"errors"
	"strings"
	"testing"
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

// rig is an appliance whose parts a test chooses, in virtual time. What it leaves nil is well behaved.
type rig struct {
	book      string
	disk      rt.FS
	source    audio.Source
	inference graph.Inference
	service   stt.Client
	stop      rt.Instant // when the appliance is told to stop; 0: never
	trace     func(rt.Record)

	events []event.Event
	ended  bool
	at     rt.Instant // when it ended
	err    error
}

// room is a listener on a device that plays at the pace of a microphone.
const room = `
appliance "room" {}
device "wav" "file" {
  path = "x.wav"
  pace = "realtime"
}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "room" {
  device  = device.wav.file
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
stt "whisper" {
  url       = "http://stt.example:7272"
  streaming = false
}
`

// hasty is the same, with a file that is heard as fast as it can be.
var hasty = strings.Replace(room, `"realtime"`, `"fast"`, 1)

// started is the wall clock's time at instant 0.
var started = time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)

func (r *rig) parts(events *rt.Mailbox[event.Event]) *graph.Parts {
	if r.inference.Extractor == nil {
		r.inference = loud()
	}
	if r.disk == nil {
		r.disk = virtual.NewDisk(1 << 30)
	}
	return &graph.Parts{
		FS: r.disk, Host: "rig", History: forgetful{}, Inference: r.inference, Events: rt.NewOut(events),
		Source: func(graph.Device) (audio.Source, error) { return r.source, nil },
		STT:    func(graph.Service, wire.Tokens, func(string) string) (stt.Client, error) { return r.service, nil },
		Heart:  func(graph.Heart, wire.Tokens) (notify.Heart, error) { return nil, errors.New("no heart") },
		Hook:   func(runbook.Webhook, wire.Tokens) (notify.Hook, error) { return nil, errors.New("no hook") },
	}
}

// root is the appliance and the reader of its events.
func (r *rig) root(t testing.TB) func(*rt.Task) error {
	events := rt.NewMailbox[event.Event]("events of the rig", 1<<14)
	compiled, parts := compile(t, r.book), r.parts(events)
	return func(k *rt.Task) error {
		reader := k.Shield("reader", func(k *rt.Task) error {
			for {
				e, err := events.Recv(k, rt.Never)
				if err != nil {
					return err
				}
				r.events = append(r.events, e)
			}
		})
		r.err = core.Run(k, compiled, parts)
		r.ended, r.at = true, k.Now()
		events.Close(k)
		_ = k.Outlast(reader, rt.Never)
		return nil
	}
}

// run lets it go on until it ends, at most so long.
func (r *rig) run(t testing.TB, seed uint64, most time.Duration) *rig {
	t.Helper()
	d := virtual.New(seed, started, r.trace)
	defer d.Close()
	root := rt.New(d, "orac", r.root(t))
	if r.stop > 0 {
		d.Run(r.stop)
		root.Stop()
	}
	d.Run(rt.Instant(most))
	return r
}

// bodies are the events of one kind.
func bodies[B event.Body](r *rig) (list []B) {
	for _, e := range r.events {
		if b, ok := e.Body.(B); ok {
			list = append(list, b)
		}
	}
	return list
}

// recorded are the IDs of the utterances that were recorded, in order.
func (r *rig) recorded() (ids []string) {
	for _, e := range bodies[event.RecordingEnded](r) {
		ids = append(ids, e.Utterance)
	}
	return ids
}

// forgetful is a history that nobody reads.
type forgetful struct{}

func (forgetful) AddDetection(record.Detection) error                            { return nil }
func (forgetful) SaveUtterance(record.Utterance) error                           { return nil }
func (forgetful) SaveCommand(record.Command) error                               { return nil }
func (forgetful) AddMute(record.Mute) error                                      { return nil }
func (forgetful) SaveDelivery(record.Delivery, *record.Transcript) error         { return nil }
func (forgetful) Prune(provenclock.Point, bool, time.Duration, int) (int, error) { return 0, nil }

// service is a model of a speech-to-text service that takes its time.
type service struct {
	takes  time.Duration
	down   func(rt.Instant) bool
	answer func(*rt.Task) error // instead of taking its time
	text   string               // what it understands; empty means "something"

	began   []call // each try
	heard   []string
	samples []int
}

type call struct {
	id string
	at rt.Instant
}

func (s *service) Transcribe(t *rt.Task, u stt.Utterance, pcm []int16) (stt.Result, error) {
	s.began = append(s.began, call{u.ID, t.Now()})
	if s.down != nil && s.down(t.Now()) {
		return stt.Result{}, &wire.Error{Op: "connect", Kind: stt.Unreachable, Cause: errors.New("connection refused")}
	}
	answer := s.answer
	if answer == nil {
		answer = func(t *rt.Task) error { return t.Sleep(s.takes) }
	}
	if err := answer(t); err != nil {
		return stt.Result{}, err
	}
	s.heard, s.samples = append(s.heard, u.ID), append(s.samples, len(pcm))
	return stt.Result{Text: cmp.Or(s.text, "something")}, nil
}

func (s *service) Health(t *rt.Task) (stt.Health, error) {
	if s.down != nil && s.down(t.Now()) {
		return stt.Health{}, errors.New("connection refused")
	}
	return stt.Health{Status: "healthy"}, nil
}

// plays is a device that plays a sound once.
func plays(pcm []int16) *audio.Player {
	return &audio.Player{Name: "file", Load: func() (audio.Sound, error) { return audio.Samples(pcm), nil }}
}

// command is the sound of a wake word and a command, 4.1 s after which comes a pause of 4 s.
func command(n int) (parts []float64) {
	for range n {
		parts = append(parts, 2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0)
	}
	return parts
}
