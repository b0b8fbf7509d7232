package sim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/models/wake"
	"orac/runbook"
	"orac/runbook/language"
)

const kitchen = `
appliance "kitchen" {}
device "microphone" "usb" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
model "alexa" { source = "catalog:alexa" }
listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis, model.alexa]
  deliver = [stt.whisper]
}
stt "whisper" { url = "http://stt.example:7272" }
heartbeat "stt" { stt = stt.whisper }
`

func compile(t testing.TB, text string) *graph.Graph {
	t.Helper()
	rb, problems := runbook.Parse([]byte(text), "test.hcl", language.Options{})
	if problems.HasErrors() {
		t.Fatal(problems.Error())
	}
	g, err := graph.Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// loudness is a model of inference for tests of the graph: a hop's embedding is its level, and the head of hey_jarvis says
// yes to a hop above 20000.
type loudness struct{ window int }

func (*loudness) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	out[0] = audio.RMS(pcm[:])
	return nil
}
func (*loudness) Reset() error { return nil }
func (*loudness) Close() error { return nil }

type listens struct {
	heard int
	score [1]float32
	yes   float32
}

func (h *listens) Push(e *[96]float32) ([]float32, bool, error) {
	h.heard++
	h.score[0] = 0
	if e[0] > 20000 {
		h.score[0] = h.yes
	}
	return h.score[:], h.heard < 16, nil
}
func (h *listens) Reset()       { h.heard = 0 }
func (h *listens) Close() error { return nil }

type alwaysVoice struct{}

func (alwaysVoice) Push(*[audio.HopSamples]int16) (float32, error) { return 1, nil }
func (alwaysVoice) Reset()                                         {}
func (alwaysVoice) Close() error                                   { return nil }

func loud() graph.Inference {
	return graph.Inference{
		Extractor: func() (node.Extractor, error) { return &loudness{}, nil },
		Gate:      func() (node.Gate, error) { return alwaysVoice{}, nil },
		Model:     func(graph.ModelFile) (wake.Model, error) { return wake.Model{}, nil },
		Head: func(m graph.ModelFile) (node.Classifier, error) {
			h := &listens{yes: 0.9}
			if m.Name != "hey_jarvis" {
				h.yes = 0.1
			}
			return h, nil
		},
	}
}

// speech makes a sound of parts: seconds of square wave at a level; a wake word is anything above 20000.
func speech(parts ...float64) []int16 {
	var pcm []int16
	for i := 0; i < len(parts); i += 2 {
		for n := range int(parts[i] * audio.Rate) {
			v := int16(parts[i+1])
			if n/16%2 == 1 {
				v = -v
			}
			pcm = append(pcm, v+int16(n%7)) // no two hops alike
		}
	}
	return pcm
}

func world(t testing.TB, sound []int16) *World {
	return &World{
		Graph: compile(t, kitchen), Seed: 1, Epoch: time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC),
		Sound: map[string][]int16{"usb": sound}, Inference: loud(), Disk: virtual.NewDisk(1 << 30),
		STT: &STT{Delay: 300 * time.Millisecond},
	}
}

func kinds(r Result) (list []string) {
	for _, e := range r.Events {
		list = append(list, e.Body.Kind())
	}
	return list
}

func TestACommandIsDeliveredWhileItIsSpoken(t *testing.T) {
	w := world(t, speech(3, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	r := w.Run(time.Minute)
	if !r.Ended || r.Err != nil {
		t.Fatalf("ended %v, %v; events %v", r.Ended, r.Err, kinds(r))
	}
	if len(w.STT.Heard) != 1 {
		t.Fatalf("the server heard %v; events %v", w.STT.Heard, kinds(r))
	}
	heard := w.STT.Heard[0]
	var woke, ended time.Time
	for _, e := range r.Events {
		switch e.Body.(type) {
		case event.Wake:
			woke = e.At
		case event.RecordingEnded:
			ended = e.At
		}
	}
	first := w.Epoch.Add(time.Duration(heard.First))
	if d := first.Sub(woke); d < 0 || d > 2*audio.HopTime {
		t.Errorf("from the wake to the first sound at the server: %v; want at most two hops", d)
	}
	if !first.Before(ended) {
		t.Error("the sound came only after the recording had ended")
	}
	// The command ends 5.1 s after the start; 0.7 s of silence later, at the next hop, so does the recording, which
	// began 1 s before the wake at 3.04 s or so.
	if s := float64(heard.Samples) / audio.Rate; s < 3.5 || s > 4.1 {
		t.Errorf("%.2f s were recorded", s)
	}
	if files := w.Disk.Files(); len(files) != 0 {
		t.Errorf("left in the spool: %v", files)
	}
}

func TestTheSameSeedGivesTheSameTrace(t *testing.T) {
	run := func(seed uint64) (Result, []string) {
		var lines []string
		w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
		w.Seed, w.Loop = seed, true
		w.STT.Down = func(at rt.Instant) bool { return at > rt.Instant(60*time.Second) && at < rt.Instant(90*time.Second) }
		w.Trace = func(r rt.Record) { lines = append(lines, fmt.Sprintf("%v %s %s %v", r.At, r.Task, r.What, r.Args)) }
		return w.Run(5 * time.Minute), lines
	}
	a, first := run(7)
	b, second := run(7)
	if a.Hash != b.Hash || !slices.Equal(first, second) {
		t.Errorf("two runs differ: %x and %x", a.Hash, b.Hash)
	}
	if c, _ := run(8); c.Hash == a.Hash {
		t.Error("another seed gave the same trace")
	}
	if len(first) < 100 {
		t.Errorf("the trace has only %d records", len(first))
	}
}

func TestNothingIsLostWhileTheServerIsAway(t *testing.T) {
	for seed := range uint64(20) {
		w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
		w.Seed, w.Loop = seed, true
		back := rt.Instant(100 * time.Second)
		w.STT.Down = func(at rt.Instant) bool { return at > rt.Instant(20*time.Second) && at < back }
		r := w.Run(3 * time.Minute)
		var recorded []string
		for _, e := range r.Events {
			if b, ok := e.Body.(event.RecordingEnded); ok && e.At.Before(w.Epoch.Add(150*time.Second)) {
				recorded = append(recorded, b.Utterance)
			}
		}
		var heard []string
		for _, h := range w.STT.Heard {
			heard = append(heard, h.ID)
		}
		if len(recorded) < 15 || len(heard) < len(recorded) || !slices.Equal(heard[:len(recorded)], recorded) {
			t.Fatalf("seed %d: recorded %d %v\nheard %d %v", seed, len(recorded), recorded, len(heard), heard)
		}
		i := slices.IndexFunc(w.STT.Heard, func(h Heard) bool { return h.At > back })
		if d := w.STT.Heard[i].At.Sub(back); d > 10*time.Second {
			t.Errorf("seed %d: the first delivery came %v after the server was back", seed, d)
		}
	}
}
