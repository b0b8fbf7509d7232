package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"orac/appliance/event"
	"orac/chaos/process"
)

// Event is an event as `orac run --json` prints it, or one of the process: a Stderr or the Ended.
type Event struct {
	Seen time.Time // when it was read
	event.Event
}

// Stderr is a line that the appliance printed on standard error.
type Stderr struct{ Text string }

// Ended is the last event: how the process ended.
type Ended struct{ How string }

// Kind implements event.Body.
func (Stderr) Kind() string { return "stderr" }

// Kind implements event.Body.
func (Ended) Kind() string { return "ended" }

// String describes the event to a person.
func (e Event) String() string {
	var text string
	switch b := e.Body.(type) {
	case Stderr:
		text = b.Text
	case Ended:
		text = b.How
	default:
		text = e.Node + " " + e.Words().String()
	}
	return fmt.Sprintf("%s %s %s", e.Seen.Format("15:04:05.000"), e.Body.Kind(), text)
}

// Appliance is a running orac. Its methods may be called from anywhere.
type Appliance struct {
	Began time.Time

	cmd   *exec.Cmd
	self  process.Process
	clock *Clock        // of its own; nil: the machine's
	ended chan struct{} // closed when the process was reaped

	mu      sync.Mutex // guards what follows
	events  []Event
	changed chan struct{} // closed and replaced with every event
}

// Orac is the binary in a world: where its runbook and its state are. Its methods may be called from anywhere.
type Orac struct {
	Binary string
	Dir    string   // in which it is started
	Env    []string // besides that of this process
	File   string   // the runbook
	State  string   // the state directory
	// Within starts processes, such as in a network of their own; nil: as any other.
	Within func(func() error) error
}

// Start runs `orac run --json` on the runbook, with more arguments. It ends with ctx, and when this process does.
func (o Orac) Start(ctx context.Context, args ...string) (*Appliance, error) {
	return o.start(ctx, nil, args)
}

// StartWithClock is Start for an appliance whose clock ClockStep can step. The error wraps ErrUnsupported where that cannot be.
func (o Orac) StartWithClock(ctx context.Context, args ...string) (*Appliance, error) {
	return o.start(ctx, &Clock{}, args)
}

func (o Orac) start(ctx context.Context, clock *Clock, args []string) (*Appliance, error) {
	a := &Appliance{clock: clock, ended: make(chan struct{}), changed: make(chan struct{})}
	a.cmd = o.command(ctx, append([]string{"run", "--json", "-f", o.File}, args...)...)
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a rig that is killed leaves nobody behind
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := a.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	a.Began = time.Now()
	launch := a.cmd.Start
	if clock != nil {
		launch = func() error { return clock.start(a.cmd) }
	}
	within := o.Within
	if within == nil {
		within = func(f func() error) error { return f() }
	}
	if err := within(launch); err != nil {
		return nil, err
	}
	if a.self, err = process.Of(a.cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, a.cmd.Process.Kill(), a.cmd.Wait())
	}
	var readers sync.WaitGroup
	readers.Go(func() {
		a.read(out, func(line []byte) (e event.Event, err error) { return e, json.Unmarshal(line, &e) })
	})
	readers.Go(func() {
		a.read(said, func(line []byte) (event.Event, error) { return event.Event{Body: Stderr{string(line)}}, nil })
	})
	go func() {
		readers.Wait()
		_ = a.cmd.Wait() // how it ended is in cmd.ProcessState
		if clock != nil {
			clock.Close()
		}
		close(a.ended)
		a.tell(event.Event{Body: Ended{a.cmd.ProcessState.String()}})
	}()
	return a, nil
}

// command is a run of the binary in this world.
func (o Orac) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.Binary, args...)
	cmd.Dir = o.Dir
	cmd.Env = append(os.Environ(), o.Env...)
	return cmd
}

// read tells the lines that can be decoded: a newer appliance may have kinds of events that nobody here knows.
func (a *Appliance) read(from io.Reader, decode func([]byte) (event.Event, error)) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if e, err := decode(lines.Bytes()); err == nil {
			a.tell(e)
		}
	}
	_, _ = io.Copy(io.Discard, from) // a line that is too long does not hold the appliance up
}

func (a *Appliance) tell(e event.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, Event{time.Now(), e})
	close(a.changed)
	a.changed = make(chan struct{})
}

// Mark is how many events were seen: Await looks at later ones only.
func (a *Appliance) Mark() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.events)
}

// Since are the events after a mark.
func (a *Appliance) Since(mark int) []Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Event(nil), a.events[mark:]...)
}

// Last are the last n events.
func (a *Appliance) Last(n int) []Event {
	all := a.Since(0)
	return all[max(0, len(all)-n):]
}

// Await returns the first matching event after a mark. It waits at most this long; the error says what it waited
// for.
func (a *Appliance) Await(ctx context.Context, mark int, most time.Duration, what string, fits func(Event) bool) (Event, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for {
		a.mu.Lock()
		events, changed := a.events[mark:], a.changed
		a.mu.Unlock()
		for _, e := range events {
			if fits(e) {
				return e, nil
			}
			if end, ended := e.Body.(Ended); ended {
				return e, fmt.Errorf("the appliance ended (%s) before: %s; it said: %s", end.How, what, a.lastWords())
			}
		}
		mark += len(events)
		select {
		case <-changed:
		case <-ctx.Done():
			return Event{}, fmt.Errorf("waited %v in vain for: %s", most, what)
		}
	}
}

// Follow calls f with every event, in order, until the appliance has ended or ctx does.
func (a *Appliance) Follow(ctx context.Context, f func(Event)) {
	for mark := 0; ; {
		a.mu.Lock()
		events, changed := a.events[mark:], a.changed
		a.mu.Unlock()
		for _, e := range events {
			f(e)
			if _, ended := e.Body.(Ended); ended {
				return
			}
		}
		if mark += len(events); len(events) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// Next awaits an event of the type T that fits; with a nil fits, any of them.
func Next[T event.Body](ctx context.Context, a *Appliance, mark int, most time.Duration, fits func(T) bool) (seen time.Time, body T, err error) {
	e, err := a.Await(ctx, mark, most, body.Kind(), func(e Event) bool {
		b, ok := e.Body.(T)
		return ok && (fits == nil || fits(b))
	})
	if err == nil {
		body = e.Body.(T)
	}
	return e.Seen, body, err
}

// lastWords is the last line of its standard error.
func (a *Appliance) lastWords() (text string) {
	for _, e := range a.Since(0) {
		if said, ok := e.Body.(Stderr); ok {
			text = said.Text
		}
	}
	return text
}

// PID is its process.
func (a *Appliance) PID() int { return a.self.PID }

// Process is its process, which starting itself again does not change.
func (a *Appliance) Process() process.Process { return a.self }

// Ended is closed when it has ended.
func (a *Appliance) Ended() <-chan struct{} { return a.ended }

// Kill ends it as a power cut does, and waits until it is gone.
func (a *Appliance) Kill() error { return a.end(syscall.SIGKILL) }

// Stop ends it as a service manager does, and waits until it is gone.
func (a *Appliance) Stop() error { return a.end(syscall.SIGTERM) }

// Dump makes it print the stacks of all its goroutines on standard error and end (SIGQUIT), and counts them.
func (a *Appliance) Dump() (goroutines int, err error) {
	mark := a.Mark()
	if err := a.end(syscall.SIGQUIT); err != nil {
		return 0, err
	}
	for _, e := range a.Since(mark) {
		var id int
		said, _ := e.Body.(Stderr)
		if n, _ := fmt.Sscanf(said.Text, "goroutine %d ", &id); n == 1 {
			goroutines++
		}
	}
	return goroutines, nil
}

func (a *Appliance) end(s os.Signal) error {
	if err := a.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-a.ended:
		return nil
	case <-time.After(10 * time.Second):
		_ = a.cmd.Process.Kill()
		<-a.ended // SIGKILL ends it, and its children with its pipes
		return fmt.Errorf("the appliance did not end within 10 s of %v", s)
	}
}
