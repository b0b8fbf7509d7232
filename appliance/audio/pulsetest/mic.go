package pulsetest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	rate  = 16000
	piece = 10 * time.Millisecond // what is written at once: an unpaced writer loses sound
	late  = 200 * time.Millisecond
)

// Mic is a virtual microphone: a source of the server that hears silence, or what is played to it, in real time, 16
// kHz mono int16. It hears whether it is plugged in or not; what it hears unplugged is lost.
type Mic struct {
	server *Server
	Name   string // of the source: its identity
	title  string
	fifo   string
	loaded bool

	stop, stopped chan struct{}
	given         atomic.Int64 // bytes that the server has received

	mu    sync.Mutex // guards the fields below
	queue []played
	shape Shape
	gave  func([]byte)
}

type played struct {
	rest []int16
	done chan struct{}
}

// Plug adds a microphone. name is the name of the source, its identity; title is what people read.
func (s *Server) Plug(name, title string) (*Mic, error) {
	m := &Mic{server: s, Name: name, title: title, fifo: filepath.Join(s.dir, fmt.Sprintf("mic%d.fifo", len(s.mics))),
		stop: make(chan struct{}), stopped: make(chan struct{})}
	s.mics = append(s.mics, m)
	go m.run()
	return m, m.Load()
}

func (m *Mic) arguments() []string {
	return []string{"source_name=" + m.Name, "file=" + m.fifo, fmt.Sprintf("rate=%d", rate), "channels=1", "format=s16le",
		// PulseAudio takes this apart twice: as the module's argument, and as a list of properties.
		fmt.Sprintf(`source_properties="device.description='%s'"`, m.title)}
}

// Load plugs the microphone in (again); the server assigns a new index.
func (m *Mic) Load() error {
	if m.loaded {
		return fmt.Errorf("microphone %s is loaded already", m.Name)
	}
	if _, err := m.server.Control(append([]string{"load-module", "module-pipe-source"}, m.arguments()...)...); err != nil {
		return err
	}
	m.loaded = true
	return nil
}

// Unload unplugs the microphone.
func (m *Mic) Unload() error {
	if err := m.server.unload("source_name=" + m.Name); err != nil {
		return fmt.Errorf("microphone %s: %w", m.Name, err)
	}
	m.loaded = false
	return nil
}

// Index is the number of the source in the server at present.
func (m *Mic) Index() (string, error) {
	sources, err := m.server.Control("list", "short", "sources")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(sources) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[1] == m.Name {
			return fields[0], nil
		}
	}
	return "", fmt.Errorf("microphone %s is not loaded", m.Name)
}

// Given is how much sound the server has received so far. On a busy machine it is less than the time that has passed: sound that
// comes late is lost before it can be heard.
func (m *Mic) Given() time.Duration {
	return time.Duration(m.given.Load()) * time.Second / (2 * rate)
}

// Gave calls f with all sound that the server receives from now on, byte for byte, from the goroutine that writes
// it.
func (m *Mic) Gave(f func([]byte)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gave = f
}

// Play makes the microphone hear pcm, after what it was given before. The channel closes when pcm has been
// heard.
func (m *Mic) Play(pcm []int16) <-chan struct{} {
	done := make(chan struct{})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queue = append(m.queue, played{pcm, done})
	return done
}

func (m *Mic) end() {
	close(m.stop)
	<-m.stopped
}

// run writes into the FIFO until stop.
func (m *Mic) run() {
	defer close(m.stopped)
	tick := time.NewTicker(piece)
	defer tick.Stop()
	fd := -1
	defer func() {
		if fd >= 0 {
			_ = syscall.Close(fd)
		}
	}()
	next := time.Now()
	for {
		select {
		case <-m.stop:
			return
		case <-tick.C:
		}
		if time.Since(next) > late {
			next = time.Now() // the machine slept: no sound of that time
		}
		for ; time.Now().After(next); next = next.Add(m.pace()) {
			for _, b := range m.formed(m.hear()) {
				fd = m.write(fd, b)
			}
		}
	}
}

// write returns the file descriptor to use next; -1: the FIFO has no reader at present.
func (m *Mic) write(fd int, b []byte) int {
	if fd < 0 {
		var err error
		if fd, err = syscall.Open(m.fifo, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0); err != nil {
			return -1
		}
	}
	// Full: a frozen server does not read, and sound is lost meanwhile.
	n, err := syscall.Write(fd, b)
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		_ = syscall.Close(fd)
		return -1
	}
	if n > 0 {
		m.given.Add(int64(n))
		m.mu.Lock()
		gave := m.gave
		m.mu.Unlock()
		if gave != nil {
			gave(b[:n])
		}
	}
	return fd
}

// hear returns the next piece of what was played, over the background.
func (m *Mic) hear() []int16 {
	m.mu.Lock()
	shape := m.shape
	m.mu.Unlock()
	pcm := make([]int16, rate*int(piece)/int(time.Second))
	if shape.Background != nil {
		shape.Background(pcm)
	}
	m.mix(pcm)
	if shape.Instead != nil {
		shape.Instead(pcm)
	}
	return pcm
}

// mix adds the next piece of what is played.
func (m *Mic) mix(pcm []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for at := 0; len(m.queue) > 0 && at < len(pcm); {
		q := &m.queue[0]
		n := min(len(pcm)-at, len(q.rest))
		for i, s := range q.rest[:n] {
			pcm[at+i] = int16(max(-32768, min(32767, int(pcm[at+i])+int(s))))
		}
		at += n
		if q.rest = q.rest[n:]; len(q.rest) == 0 {
			close(q.done)
			m.queue = m.queue[1:]
		}
	}
}
