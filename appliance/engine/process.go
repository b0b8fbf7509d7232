package engine

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"orac/appliance/audio"
	"orac/appliance/child"
	"orac/appliance/memory"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

const (
	closeAsked  = 100 * time.Millisecond // for a worker that was asked to end
	closeForced = 200 * time.Millisecond // for one that was killed
	cancelTime  = 50 * time.Millisecond
)

// Spec says which engine to start.
type Spec struct {
	Model  string // of the catalogue
	Models string // the folder of the store
	// Worker is the command to run, without the worker's own arguments; empty is this program's stt-worker command.
	Worker []string
}

// environment is what a worker is given: what finding and loading libraries takes. Whatever else this process was started with,
// secrets for one, is not its business.
func environment() (list []string) {
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "TZ"} {
		if value, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+value)
		}
	}
	return append(list, "LANG=C.UTF-8", "GOMAXPROCS=1", "GOTRACEBACK=single")
}

// Process is a worker. One task at a time uses it; Cancel and Resident may be called by another one meanwhile.
type Process struct {
	*child.Process
	task    *rt.Task
	ready   *rt.Mailbox[ready]
	answers *rt.Mailbox[answer]
	death   error         // why the worker ended; set before the mailboxes close
	last    atomic.Uint64 // number of the last job
	sent    atomic.Uint64 // number of the last job that was sent completely
	apart   func()        // ends the exclusion from the appliance's memory
}

// Start starts a worker. It returns at once: see Load.
func Start(t *rt.Task, s Spec) (*Process, error) {
	c, err := child.Start(child.Spec{
		Name: Command, What: "the engine's process", Command: s.Worker, Args: []string{"--model=" + s.Model, "--models=" + s.Models}, Env: environment(),
	})
	if err != nil {
		return nil, err
	}
	p := &Process{
		Process: c, ready: rt.NewMailbox[ready]("engine ready", 1), answers: rt.NewMailbox[answer]("engine answers", 2),
		apart: memory.Apart(c.PID()),
	}
	p.task = t.Go("engine", p.pump)
	return p, nil
}

// pump carries what the worker says to the mailboxes, until the worker ends or the task is stopped.
func (p *Process) pump(t *rt.Task) error {
	defer p.apart()
	defer p.answers.Close(t)
	defer p.ready.Close(t)
	p.death = p.Attend(t, p.carry)
	return nil
}

// carry returns the reason why there is nothing more to carry; io.EOF if the worker just ended.
func (p *Process) carry(t *rt.Task) error {
	frames := child.Reader{Protocol: fromWorker, R: p.Stdout}
	for loaded := false; ; {
		kind, payload, err := frames.Next()
		if err != nil {
			return err
		}
		switch {
		case kind == kindError:
			var f failure
			if err := child.ParseJSON(payload, &f); err != nil {
				return err
			}
			return child.Reported(f.Message, nil)
		case kind == kindReady && !loaded:
			var r ready
			if err := child.ParseJSON(payload, &r); err != nil {
				return err
			}
			loaded = true
			p.ready.TrySend(t, r)
		case kind == kindAnswer && loaded:
			var a answer
			if err := child.ParseJSON(payload, &a); err != nil {
				return err
			}
			if a.Job != p.last.Load() || !p.answers.TrySend(t, a) {
				return fmt.Errorf("%w: an answer to job %d, which nobody waits for", child.ErrGarbage, a.Job)
			}
		default:
			return child.Unexpected(kind)
		}
	}
}

// Load waits until the model is loaded. An error is that of the worker, or of the task.
func (p *Process) Load(t *rt.Task) error {
	_, err := p.ready.Recv(t, rt.Never) // whoever waits for it kills a worker that takes too long
	return p.died(err)
}

func (p *Process) died(err error) error {
	if errors.Is(err, rt.ErrClosed) {
		return p.death
	}
	return err
}

// Transcribe returns what the engine understands of a sound of 16 kHz: a result, *stt.Error of kind Engine or Refused if the engine
// fails on it and goes on, ErrCancelled, or the reason why the worker is of no more use.
func (p *Process) Transcribe(t *rt.Task, pcm []int16) (stt.Result, error) {
	if len(pcm) > maxSamples {
		return stt.Result{}, &stt.Error{Op: "transcribe", Address: "the engine", Kind: stt.Refused, Cause: fmt.Errorf("more than %v of sound", audio.Time(maxSamples))}
	}
	number := p.last.Add(1)
	began := t.Now()
	undo := t.OnStop(p.Kill) // for a worker that does not read
	_, err := p.Stdin.Write(jobFrame(number, pcm))
	undo()
	p.sent.Store(number)
	if t.Stopping() {
		return stt.Result{}, rt.ErrStopped
	}
	var a answer
	if err == nil {
		a, err = p.answers.Recv(t, rt.Never) // as above
	} else {
		p.Kill() // it does not read any more: learn why
		for err = nil; err == nil; {
			_, err = p.answers.Recv(t, rt.Never)
		}
	}
	switch {
	case err != nil:
		return stt.Result{}, p.died(err)
	case a.Job != number:
		p.Kill()
		return stt.Result{}, fmt.Errorf("%w: an answer to job %d, not %d", child.ErrGarbage, a.Job, number)
	case a.Cancelled:
		return stt.Result{}, ErrCancelled
	case a.Error != "":
		kind := stt.Engine
		if a.Refused {
			kind = stt.Refused
		}
		return stt.Result{}, &stt.Error{Op: "transcribe", Address: "the engine", Kind: kind, Cause: child.Reported(a.Error, nil)}
	}
	r, err := a.result()
	if err != nil {
		p.Kill()
		return r, err
	}
	r.Language, r.Duration, r.ProcessingTime = "en", audio.Time(len(pcm)), t.Now().Sub(began)
	return r, nil
}

// ErrCancelled ends a Transcribe that was cancelled.
var ErrCancelled = errors.New("nobody waits for it any more")

// Cancel asks the worker to end the job that it is working on, which may have been answered by then. A worker that does not even
// read is killed. It takes at most cancelTime.
func (p *Process) Cancel() {
	number := p.last.Load()
	_ = p.Stdin.SetWriteDeadline(time.Now().Add(cancelTime)) // pipes have deadlines
	if p.sent.Load() == number {
		if _, err := p.Stdin.Write(cancelFrame(number)); err == nil {
			_ = p.Stdin.SetWriteDeadline(time.Time{})
			return
		}
	}
	p.Kill()
}

// Resident is the memory of the worker, in bytes.
func (p *Process) Resident() (int64, error) { return memory.Resident(p.PID()) }

// Alive tells whether the worker has not ended. When it has, Why tells the reason.
func (p *Process) Alive() bool { return !p.answers.Closed() }

// Why is the reason why a worker that is not alive has ended.
func (p *Process) Why() error { return p.death }

// Close ends the worker, and takes at most 300 ms.
func (p *Process) Close(t *rt.Task) {
	_ = p.Stdin.Close() // asks the worker to end; it fails if that has happened already
	if err := t.Outlast(p.task, t.Now().Add(closeAsked)); errors.Is(err, rt.ErrTimeout) {
		p.task.Stop()
		_ = t.Outlast(p.task, t.Now().Add(closeForced)) // the owner waits for the rest
	}
}
