package sim_test

import (
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/core"
	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
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

const twoRooms = `
appliance "house" {}
device "microphone" "usb" {}
device "microphone" "hall" { identity = "hall" }
model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}
model "alexa" { source = "catalog:alexa" }
listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
listener "hall" {
  device  = device.microphone.hall
  models  = [model.alexa]
  deliver = [stt.whisper]
}
stt "whisper" { url = "http://stt.example:7272" }
`

// house is a world with two rooms, whose script is run.
func house(t *testing.T, seed uint64, script func(*rt.Task, *core.Runner) error) Result {
	t.Helper()
	w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	ended := false
	w.Graph, w.Seed, w.Loop = compile(t, twoRooms), seed, true
	w.Script = func(k *rt.Task, r *core.Runner) error {
		defer func() { ended = true }()
		return script(k, r)
	}
	w.Sound["hall"] = w.Sound["usb"]
	r := w.Run(2 * time.Minute)
	if r.Script != nil {
		t.Errorf("seed %d: %v", seed, r.Script)
	}
	if !ended {
		t.Errorf("seed %d: the script has not ended: it proves nothing", seed)
	}
	return r
}

// generations are those of the running instances, by address.
func generations(r *core.Runner) map[string]rt.Generation {
	m := map[string]rt.Generation{}
	for _, v := range r.Views() {
		if v.State == reconcile.Running {
			m[v.Node.Address] = v.Generation
		}
	}
	return m
}

func swapTo(t *testing.T, k *rt.Task, r *core.Runner, text string) error {
	p, err := r.Prepare(compile(t, text))
	if err != nil {
		return err
	}
	return r.Swap(k, p)
}

// steward makes one that reads its runbook from text.
func steward(k *rt.Task, r *core.Runner, disk *virtual.Disk, text *string) (*core.Steward, error) {
	kept, err := generation.Open(k, disk)
	if err != nil {
		return nil, err
	}
	s := &core.Steward{
		Proposer: core.Proposer{Language: file{text: text}, Running: r.Graph}, Runner: r, Kept: kept,
	}
	return s, s.Begin(k, []byte(*text))
}

// file is a language whose file is a text of the test, and whose secrets are one.
type file struct {
	text   *string
	secret *string // nil: there are none
}

func (f file) Read(string) ([]byte, error) { return []byte(*f.text), nil }

func (f file) Evaluate(_ *rt.Task, e core.Evaluation) (*runbook.Runbook, language.Diagnostics) {
	world := language.Options{HashKey: make([]byte, 32)}
	if f.secret != nil {
		world.Secret = func(string) (string, error) { return *f.secret, nil }
	}
	if e.Within != nil {
		world.Within = &e.Within.Document
	}
	if e.Kept != nil {
		return e.Kept.Parse(world)
	}
	return runbook.Parse(e.Text, "test.hcl", world)
}

func (file) Check(*runbook.Runbook) language.Diagnostics { return nil }

// owner is this machine's user.
var owner = status.OnMachine("test")

func silentSteps(string) {}
