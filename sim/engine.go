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
)

// understander is a model of the process of an engine. As a simulated service does, it says how long the sound was.
type understander struct {
	m     *machine
	name  string
	ended bool
	over  bool // the current call was cancelled
}

// Measured on the real one.
const (
	engineLoads  = 1200 * time.Millisecond // from the start of its process to the loaded model
	engineBegins = 60 * time.Millisecond   // of each job
	engineSpeed  = 14                      // times faster than the sound lasts
	engineMemory = 200 << 20
)

var errEnded = errors.New("the engine's process ended")

func (m *machine) engine(s graph.Speech) (func(*rt.Task) (node.EngineProcess, error), error) {
	return func(*rt.Task) (node.EngineProcess, error) { return &understander{m: m, name: s.Name}, nil }, nil
}

// Load implements node.EngineProcess.
func (u *understander) Load(t *rt.Task) error { return u.work(t, engineLoads) }

// work takes time, until the process is killed or its job is cancelled.
func (u *understander) work(t *rt.Task, takes time.Duration) error {
	const step = 20 * time.Millisecond
	u.over = false
	for until := t.Now().Add(takes); t.Now() < until; {
		if err := t.Sleep(min(step, until.Sub(t.Now()))); err != nil {
			return err
		}
		if u.ended || u.over {
			return errEnded
		}
	}
	return nil
}

// Transcribe implements node.EngineProcess.
func (u *understander) Transcribe(t *rt.Task, job node.EngineJob) (stt.Result, error) {
	length := audio.Time(len(job.PCM))
	if err := u.work(t, engineBegins+length/engineSpeed); err != nil {
		return stt.Result{}, err
	}
	if !job.Partial {
		u.m.account.Answered(u.m.now(), u.name, job.Utterance, len(job.PCM))
	}
	return stt.Result{Text: fmt.Sprintf("%d samples", len(job.PCM)), Confidence: 1, Language: "en", Duration: length}, nil
}

// Cancel implements node.EngineProcess.
func (u *understander) Cancel() { u.over = true }

// Kill implements node.EngineProcess.
func (u *understander) Kill() { u.ended = true }

// Alive implements node.EngineProcess.
func (u *understander) Alive() bool { return !u.ended }

// Resident implements node.EngineProcess.
func (u *understander) Resident() (int64, error) { return engineMemory, nil }

// Close implements node.EngineProcess.
func (u *understander) Close(*rt.Task) { u.ended = true }
