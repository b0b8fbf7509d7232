package sim

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/runbook/scenario"
)

// engine is a model of the engine of a speech-to-text block: its processes, one after the other, and the faults that they all have.
type engine struct {
	ailments
	m       *machine
	name    string
	process *understander // the newest; nil if there was none
}

// understander is a model of a process that understands speech. As a simulated service does, it says how long the sound was.
type understander struct {
	*engine
	cancelled bool  // the current job
	frozen    bool  // it does nothing until it is killed
	grown     int64 // bytes of memory beyond those that it needs
	death     error // why it has ended; nil: it has not
}

// Measured on the real one.
const (
	engineLoads  = 1200 * time.Millisecond // from the start of its process to the loaded model
	engineBegins = 60 * time.Millisecond   // of each job
	engineSpeed  = 14                      // times faster than the sound lasts
	engineMemory = 200 << 20
)

var errCancelled = errors.New("nobody waits for it any more")

// engine makes the engine of a block for one process of the appliance.
func (m *machine) engine(s graph.Speech) (func(*rt.Task) (node.EngineProcess, error), error) {
	e := m.engineOf(s.Name)
	return func(*rt.Task) (node.EngineProcess, error) {
		e.process = &understander{engine: e}
		return e.process, nil
	}, nil
}

// engineOf returns the engine of a block by its name.
func (m *machine) engineOf(name string) *engine {
	e, ok := m.engines[name]
	if !ok {
		e = &engine{m: m, name: name}
		m.engines[name] = e
	}
	return e
}

// end ends the process, if it runs.
func (u *understander) end(cause error) {
	if u.death == nil {
		u.death = cause
	}
}

// Load implements node.EngineProcess.
func (u *understander) Load(t *rt.Task) error {
	if u.has(scenario.EngineBroken) {
		u.end(errors.New("the model cannot be read: input/output error"))
		return u.death
	}
	return u.work(t, engineLoads)
}

// work takes time, until the process ends or its job is cancelled.
func (u *understander) work(t *rt.Task, takes time.Duration) error {
	const step = 20 * time.Millisecond
	u.cancelled = false
	for until := t.Now().Add(takes); t.Now() < until || u.frozen; {
		pause := step
		if left := until.Sub(t.Now()); left > 0 {
			pause = min(step, left)
		}
		if err := t.Sleep(pause); err != nil {
			return err
		}
		switch {
		case u.death != nil:
			return u.death
		case u.cancelled && !u.frozen:
			return errCancelled
		}
	}
	return nil
}

// Transcribe implements node.EngineProcess.
func (u *understander) Transcribe(t *rt.Task, job node.EngineJob) (stt.Result, error) {
	if u.death != nil {
		return stt.Result{}, u.death
	}
	length := audio.Time(len(job.PCM))
	if err := u.work(t, engineBegins+length/engineSpeed+u.later()); err != nil {
		return stt.Result{}, err
	}
	if len(job.PCM) == 0 { // a stream that began too late carried nothing
		return stt.Result{Silence: true, Language: "en"}, nil
	}
	if !job.Partial {
		u.m.account.understood(u.m.now(), u.name, job.Utterance, job.PCM)
	}
	return stt.Result{Text: fmt.Sprintf("%d samples", len(job.PCM)), Confidence: 1, Language: "en", Duration: length}, nil
}

// later is how much longer than usual each job takes.
func (e *engine) later() time.Duration {
	if x := e.of(scenario.EngineSlow); x != nil {
		return x.Delay
	}
	return 0
}

// Cancel implements node.EngineProcess.
func (u *understander) Cancel() { u.cancelled = true }

// Kill implements node.EngineProcess.
func (u *understander) Kill() { u.end(errors.New("the engine's process ended: signal: killed")) }

// Alive implements node.EngineProcess.
func (u *understander) Alive() bool { return u.death == nil }

// Resident implements node.EngineProcess.
func (u *understander) Resident() (int64, error) { return engineMemory + u.grown, nil }

// Close implements node.EngineProcess.
func (u *understander) Close(*rt.Task) { u.Kill() }

// onEngine makes a fault of the process of an engine that happens at an instant. One that was let go has nothing to break.
func onEngine(how string, do func(*understander, *occurrence)) maker {
	return maker{how: how,
		can: func(m *machine, o *occurrence) bool {
			p := m.engineOf(o.Target).process
			return m.driver != nil && p != nil && p.Alive()
		},
		do: func(m *machine, o *occurrence) func() { do(m.engineOf(o.Target).process, o); return nil },
	}
}
