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
	"strings"
	"sync"
	"syscall"
	"time"

	"orac/chaos/process"
)

// Event is an event as `orac run --json` tells it, or a line of its standard error (kind "stderr", in Text).
type Event struct {
	Seen                                    time.Time `json:"-"` // when it was read
	Kind, Node, Cause, Utterance, Text      string
	Why, Way, Outcome, STT, Identity, Where string
	Seconds                                 float64
	Device, Model, Wake, Listener           string
	Opens                                   int
	OK, On, Cut                             bool
}

// String is the event for people.
func (e Event) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s%s%s", e.Seen.Format("15:04:05.000"), e.Kind, e.Node, e.Cause, e.Why, e.Text))
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
	readers.Go(func() { a.read(out, decodeEvent) })
	readers.Go(func() {
		a.read(said, func(line []byte) (Event, error) { return Event{Kind: "stderr", Text: string(line)}, nil })
	})
	go func() {
		readers.Wait()
		_ = a.cmd.Wait() // how it ended is in cmd.ProcessState
		if clock != nil {
			clock.Close()
		}
		close(a.ended)
		a.tell(Event{Kind: "ended", Text: a.cmd.ProcessState.String()})
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

func decodeEvent(line []byte) (e Event, err error) { return e, json.Unmarshal(line, &e) }

func (a *Appliance) read(from io.Reader, decode func([]byte) (Event, error)) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if e, err := decode(lines.Bytes()); err == nil {
			a.tell(e)
		}
	}
	_, _ = io.Copy(io.Discard, from) // a line that is too long shall not hold the appliance up
}

func (a *Appliance) tell(e Event) {
	e.Seen = time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, e)
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
			if e.Kind == "ended" {
				return e, fmt.Errorf("the appliance ended (%s) before: %s; it said: %s", e.Text, what, a.lastWords())
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
			if f(e); e.Kind == "ended" {
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

// Kind awaits an event of one kind.
func (a *Appliance) Kind(ctx context.Context, mark int, most time.Duration, kind string) (Event, error) {
	return a.Await(ctx, mark, most, kind, func(e Event) bool { return e.Kind == kind })
}

// lastWords is the last line of its standard error.
func (a *Appliance) lastWords() (text string) {
	for _, e := range a.Since(0) {
		if e.Kind == "stderr" {
			text = e.Text
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
		if n, _ := fmt.Sscanf(e.Text, "goroutine %d ", &id); e.Kind == "stderr" && n == 1 {
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
