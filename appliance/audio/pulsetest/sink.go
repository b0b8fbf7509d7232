package pulsetest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// SinkRate is the sample rate of a Sink that PlugSink adds.
const SinkRate = 48000

// Form is what a Sink takes, as int16.
type Form struct{ Rate, Channels int }

// Sink is a virtual loudspeaker: a null sink.
type Sink struct {
	Form
	server *Server
	Name   string // of the sink: its identity
	title  string
	loaded bool
}

// PlugSink adds a mono loudspeaker. name is the name of the sink, its identity; title is what people read.
func (s *Server) PlugSink(name, title string) (*Sink, error) {
	return s.PlugSinkOf(name, title, Form{SinkRate, 1})
}

// PlugSinkOf adds a loudspeaker of a form.
func (s *Server) PlugSinkOf(name, title string, f Form) (*Sink, error) {
	k := &Sink{Form: f, server: s, Name: name, title: title}
	s.sinks = append(s.sinks, k)
	return k, k.Load()
}

func (k *Sink) arguments() []string {
	return []string{"sink_name=" + k.Name, fmt.Sprintf("rate=%d", k.Rate), fmt.Sprintf("channels=%d", k.Channels), "format=s16le", "norewinds=1",
		fmt.Sprintf(`sink_properties="device.description='%s'"`, k.title)}
}

// Load plugs the loudspeaker in (again); the server assigns a new index.
func (k *Sink) Load() error {
	if k.loaded {
		return fmt.Errorf("speaker %s is loaded already", k.Name)
	}
	if _, err := k.server.Control(append([]string{"load-module", "module-null-sink"}, k.arguments()...)...); err != nil {
		return err
	}
	k.loaded = true
	return nil
}

// Unload unplugs the loudspeaker.
func (k *Sink) Unload() error {
	if err := k.server.unload("sink_name=" + k.Name); err != nil {
		return fmt.Errorf("speaker %s: %w", k.Name, err)
	}
	k.loaded = false
	return nil
}

// Recording is what a loudspeaker plays, from its start on.
type Recording struct {
	cmd   *exec.Cmd
	grown chan struct{} // holds a token after more was recorded

	mu     sync.Mutex // guards the fields below
	pcm    []int16
	stamps []stamp
}

type stamp struct {
	samples int
	at      time.Time
}

// recordLatency is how much sound the recorder gets at once.
const recordLatency = 10 * time.Millisecond

// Record begins to record what the loudspeaker plays. The first sound comes a little later: see Recording.Len.
func (k *Sink) Record() (*Recording, error) {
	cmd := exec.Command("parec", "--server=unix:"+k.server.socket(), "--device="+k.Name+".monitor", "--raw", "--format=s16le",
		fmt.Sprintf("--rate=%d", k.Rate), fmt.Sprintf("--channels=%d", k.Channels), fmt.Sprintf("--latency-msec=%d", recordLatency.Milliseconds()))
	cmd.Env = append(os.Environ(), k.server.Env()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("parec is needed: run make deps (%w)", err)
	}
	r := &Recording{cmd: cmd, grown: make(chan struct{}, 1)}
	go r.read(out)
	return r, nil
}

func (r *Recording) read(from io.Reader) {
	var odd []byte
	for b := make([]byte, 4096); ; {
		n, err := from.Read(b)
		now := time.Now()
		odd = append(odd, b[:n]...)
		r.mu.Lock()
		for ; len(odd) >= 2; odd = odd[2:] {
			r.pcm = append(r.pcm, int16(uint16(odd[0])|uint16(odd[1])<<8))
		}
		r.stamps = append(r.stamps, stamp{len(r.pcm), now})
		r.mu.Unlock()
		select {
		case r.grown <- struct{}{}:
		default: // there is a token already
		}
		if err != nil {
			return
		}
	}
}

// Grown gives a token after more was recorded.
func (r *Recording) Grown() <-chan struct{} { return r.grown }

// Len is how much was recorded so far, in samples of all channels.
func (r *Recording) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pcm)
}

// Sound is what was recorded so far; samples of one moment are beside each other.
func (r *Recording) Sound() []int16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]int16(nil), r.pcm...)
}

// At is when a sample had arrived, some milliseconds after it was played.
func (r *Recording) At(sample int) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stamps {
		if s.samples > sample {
			return s.at
		}
	}
	return time.Time{}
}

// End stops recording.
func (r *Recording) End() {
	_ = r.cmd.Process.Kill() // it may have ended
	_ = r.cmd.Wait()
}

// unload unloads the module with an argument.
func (s *Server) unload(argument string) error {
	modules, err := s.Control("list", "short", "modules")
	if err != nil {
		return err
	}
	for line := range strings.Lines(modules) {
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[2] == argument {
			_, err := s.Control("unload-module", fields[0])
			return err
		}
	}
	return fmt.Errorf("%s is not loaded", argument)
}
