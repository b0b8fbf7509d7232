package appliance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"orac/appliance/audio"
	"orac/appliance/audio/capture"
	"orac/appliance/audio/wav"
	"orac/appliance/memory"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/models"
	"orac/models/infer"
	"orac/models/wake"
	"orac/runbook"
)

// World gives a graph its real adapters: the capture process and files for sound, ONNX Runtime for inference, HTTP and
// commands for services, a state directory for what must last.
func World(rb *runbook.Runbook, state *State, store models.Store) (*Parts, error) {
	e := &engine{store: store, dir: rb.Dir, ready: map[runbook.Address]*infer.Head{}}
	if err := e.load(); err != nil {
		return nil, err
	}
	return &Parts{
		FS: state.FS, InstanceID: instanceID(rb), History: state.Store,
		Source:    func(a runbook.Address) (audio.Source, error) { return input(rb, a) },
		Extractor: e.extractor, Gate: e.gate, Model: e.model, Head: e.head,
		STT:   func(s runbook.STT) (stt.Client, error) { return client(rb, s, state.Temp) },
		Heart: func(h runbook.Heartbeat) (notify.Heart, error) { return heart(rb, h) },
		Hook:  hook,
	}, nil
}

func instanceID(rb *runbook.Runbook) string {
	if rb.Appliance.InstanceID != "" {
		return rb.Appliance.InstanceID
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = rb.Appliance.Name
	}
	return "hey-orac-" + host
}

// input is the source of a device.
func input(rb *runbook.Runbook, a runbook.Address) (audio.Source, error) {
	if m, ok := rb.Microphone(a); ok {
		backend := m.Backend
		if backend == "auto" {
			backend = ""
		}
		return capture.New(capture.Spec{
			Selector: capture.Selector{Match: m.Match, Identity: m.Identity, ID: m.ID},
			Backend:  backend, Channels: m.Channels, StartTimeout: m.StartTimeout,
		}), nil
	}
	w, ok := rb.WAV(a)
	if !ok {
		panic("BUG: no device " + a)
	}
	// A file that is wrong now is wrong before anything runs.
	first, err := wav.Open(w.Path)
	if err != nil {
		return nil, err
	}
	if err := first.Close(); err != nil {
		return nil, err
	}
	ends := map[string]audio.End{"stop": audio.EndStop, "silence": audio.EndSilence, "loop": audio.EndLoop}
	return &audio.Player{
		Name: w.Path, Load: func() (audio.Sound, error) { return wav.Open(w.Path) },
		Fast: w.Pace == "fast", End: ends[w.End], Gap: w.Gap,
	}, nil
}

func client(rb *runbook.Runbook, s runbook.STT, temp string) (stt.Client, error) {
	if s.Protocol == "exec" {
		command, err := program(rb, s)
		if err != nil {
			return nil, err
		}
		return stt.NewExec(stt.ExecConfig{Command: command, Timeout: s.Timeout, TempDir: temp})
	}
	return stt.NewOrac(stt.OracConfig{
		URL: s.URL, Timeout: s.Timeout, Token: s.Token, Language: s.Language, Task: s.Task, ForwardToCore: s.ForwardToCore,
	})
}

// program is the command of a service with the path of its program: a name is looked up, a path is relative to the runbook.
func program(rb *runbook.Runbook, s runbook.STT) ([]string, error) {
	path := s.Command[0]
	if strings.Contains(path, "/") {
		var err error
		if path, err = filepath.Abs(rb.Resolve(path)); err != nil {
			return nil, err
		}
	}
	path, err := exec.LookPath(path)
	if err != nil {
		return nil, fmt.Errorf("%s: command: %w; install the program, or give its path relative to the runbook", s.Address, err)
	}
	return append([]string{path}, s.Command[1:]...), nil
}

func heart(rb *runbook.Runbook, h runbook.Heartbeat) (notify.Heart, error) {
	s, _ := rb.STT(h.STT)
	return notify.NewHeartbeat(notify.HeartbeatConfig{URL: rb.HeartbeatURL(h), Timeout: h.Timeout, Token: s.Token})
}

func hook(w runbook.Webhook) (notify.Hook, error) {
	c := notify.WebhookConfig{URL: w.URL.Reveal(), Timeout: w.Timeout, Headers: map[string]wire.Secret{}}
	for name, v := range w.Headers {
		c.Headers[name] = v
	}
	return notify.NewWebhook(c)
}

// engine opens networks of one inference library.
type engine struct {
	store   models.Store
	dir     string // that relative paths start from
	runtime *infer.Runtime
	files   struct{ mel, embedding, vad string }

	mu    sync.Mutex // guards everything that follows
	ready map[runbook.Address]*infer.Head
}

func (e *engine) load() error {
	library, err := e.store.Path("onnxruntime")
	if err != nil {
		return err
	}
	if e.files.mel, err = e.store.Path("melspectrogram"); err != nil {
		return err
	}
	if e.files.embedding, err = e.store.Path("embedding_model"); err != nil {
		return err
	}
	e.runtime, err = infer.Open(library)
	return err
}

func (e *engine) extractor() (node.Extractor, error) {
	x, err := e.runtime.OpenExtractor(infer.Config{Mel: e.files.mel, Embedding: e.files.embedding})
	if err != nil {
		return nil, err
	}
	memory.Trim() // what loading needed, listening does not
	return x, nil
}

// model opens a head to learn its classes, and keeps it for the node that asks first: a model that cannot be loaded is
// known before anything runs.
func (e *engine) model(m runbook.Model) (wake.Model, error) {
	f, h, err := e.open(m)
	if err != nil {
		return wake.Model{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if old := e.ready[m.Address]; old != nil {
		_ = old.Close() // another listener has asked before
	}
	e.ready[m.Address] = h
	return wake.Model{Classes: h.Classes(), Labels: f.Labels, Ignored: f.Ignored}, nil
}

func (e *engine) head(m runbook.Model) (node.Classifier, error) {
	e.mu.Lock()
	h := e.ready[m.Address]
	delete(e.ready, m.Address)
	e.mu.Unlock()
	if h != nil {
		return h, nil
	}
	_, h, err := e.open(m)
	return h, err
}

func (e *engine) open(m runbook.Model) (models.File, *infer.Head, error) {
	f, err := e.store.Resolve(context.Background(), m.Source, m.SHA256, e.dir)
	if err != nil {
		return f, nil, fmt.Errorf("%s: %w", m.Address, err)
	}
	h, err := e.runtime.OpenHead(f.Path)
	if err != nil {
		return f, nil, fmt.Errorf("%s: %w", m.Address, err)
	}
	return f, h, nil
}

// gate is Silero's voice detection with openWakeWord's delay.
func (e *engine) gate() (node.Gate, error) {
	file, err := e.store.Path("silero_vad")
	if err != nil {
		return nil, err
	}
	v, err := e.runtime.OpenVAD(file)
	if err != nil {
		return nil, err
	}
	memory.Trim()
	return &voice{VAD: v}, nil
}

type voice struct {
	*infer.VAD
	gate wake.Gate
}

func (v *voice) Push(pcm *[audio.HopSamples]int16) (float32, error) {
	chunks, err := v.VAD.Push(pcm)
	if err != nil {
		return 0, err
	}
	return v.gate.Push(chunks), nil
}

func (v *voice) Reset() {
	v.VAD.Reset()
	v.gate.Reset()
}
