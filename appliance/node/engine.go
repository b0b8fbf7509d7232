package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt"
)

// EngineProcess is a process that understands speech. One task asks it; another one may cancel, measure and kill it meanwhile.
type EngineProcess interface {
	// Load waits until the model is loaded.
	Load(*rt.Task) error
	// Transcribe returns a result, an *stt.Error if the engine fails on this sound and goes on, or the reason why the
	// process is of no more use.
	Transcribe(*rt.Task, EngineJob) (stt.Result, error)
	// Cancel asks it to end the job that it is working on: Transcribe then returns any error.
	Cancel()
	// Kill ends it at once, and every call of it.
	Kill()
	// Alive tells whether the process has not ended by itself.
	Alive() bool
	// Resident is its memory, in bytes.
	Resident() (int64, error)
	// Close ends it. It returns soon, whatever the process does.
	Close(*rt.Task)
}

// EngineJob is a sound to understand.
type EngineJob struct {
	Utterance string // its ID
	PCM       []int16
	Skip      int  // samples at its beginning that hold the wake word
	Partial   bool // the person still speaks
	// Reply gets the one answer. Whoever does not wait any longer closes it: the job then costs nothing more.
	Reply *rt.Mailbox[EngineReply]
}

// EngineReply is the answer to a job. The error is an *stt.Error.
type EngineReply struct {
	stt.Result
	Err error
}

// Engine understands speech in a process of its own. The process is started when the first job comes, or a wake word, so that it is
// ready when the command ends. It is ended when nothing came for a while. One that dies, hangs or takes too much memory is killed
// and started again, and its job fails: whoever asked keeps the sound, and asks again.
//
// When the settings name another model, it is loaded beside the one that works, and takes its place once it is ready: nobody waits for
// it. If it cannot be loaded, the other goes on. So it is when they allow less memory than the process has.
//
// A job of a delivery goes before one from elsewhere. A glimpse, for a partial result, is only worth something while nobody else
// waits.
type Engine struct {
	Name     string // address of the node
	STT      string // name of the block
	Config   *rt.Cell[EngineConfig]
	Jobs     *rt.Mailbox[EngineJob] // of deliveries
	Asked    *rt.Mailbox[EngineJob] // of servers
	Glimpses *rt.Mailbox[EngineJob]
	Wakes    *rt.Mailbox[Wake]
	Events   Events

	process EngineProcess // nil: let go
	most    int64         // bytes that it was allowed when it was started
	model   string        // that it has loaded
	next    *successor    // that takes its place; nil: there is none
	wanted  string        // the model of the settings, when they were last looked at
	trouble string        // why that cannot take the place of the one that runs; "" if it can
	retry   rt.Instant    // not to be tried again before
	used    rt.Instant    // when it was last of use
	fails   int           // in a row: starts and jobs that ended the process
	late    int           // in a row: jobs that took too long
	loads   time.Duration // how long the model took to load; 0: not known
	again   rt.Instant    // not to be started before
	shown   rt.Cell[EngineShown]
}

// EngineConfig are the settings of an engine.
type EngineConfig struct {
	Model     string
	Start     func(*rt.Task) (EngineProcess, error) // a process that loads it
	Idle      time.Duration                         // how long a loaded model is kept without use
	MaxMemory int64                                 // bytes
}

// EngineState is what an engine is doing.
type EngineState string

// The states of an engine.
const (
	EngineLetGo   EngineState = "let go"
	EngineLoading EngineState = "loading"
	EngineReady   EngineState = "ready"
	EngineBusy    EngineState = "busy"
	EngineFailed  EngineState = "failed" // it is started again
)

// EngineShown is the state of an engine for people.
type EngineShown struct {
	State    EngineState
	Model    string // that is loaded, or will be
	Cause    string // why it failed
	Resident int64  // memory of its process, bytes; 0 while there is none
}

const (
	engineLook     = time.Second            // how often an idle process is looked at
	engineBusyLook = 100 * time.Millisecond // and one that loads or works
	loadTime       = 30 * time.Second       // to load a model, from a slow card …
	loadLeast      = 4 * time.Second        // … and one that has been loaded before, or four times as long as it took then
	jobTime        = 2 * time.Second        // to understand a sound, and as long again as the sound lasts
	loadMore       = 2                      // times the memory that is allowed otherwise, while the files of the model are there twice
	maxLate        = 3                      // how often the time of a job is doubled, when it was too short before
	engineDelay    = 30 * time.Second       // longest pause before a process that fails is started again
)

// Shown may be called from anywhere.
func (n *Engine) Shown() EngineShown {
	s := n.shown.Get()
	if s.State == "" {
		s.State = EngineLetGo
	}
	if s.Model == "" {
		s.Model = n.Config.Get().Model
	}
	return s
}

// Status is the state of the engine for people. It may be called from anywhere.
func (n *Engine) Status() status.Engine {
	s := n.Shown()
	return status.Engine{
		Name: n.STT, Model: s.Model, State: string(s.State), Error: s.Cause, Waiting: n.Jobs.Stats().Len + n.Asked.Stats().Len,
		Resident: s.Resident, Most: n.Config.Get().MaxMemory,
	}
}

// Update implements Updater.
func (n *Engine) Update(fresh Node) { n.Config.Take(fresh.(*Engine).Config) }

// Run implements Node.
func (n *Engine) Run(t *rt.Task) error {
	defer n.letGo(t, "")
	boxes := []*rt.Mailbox[EngineJob]{n.Jobs, n.Asked, n.Glimpses}
	n.wanted = n.Config.Get().Model
	for {
		until := t.Now().Add(engineLook)
		if n.process == nil && n.fails > 0 {
			until = n.again
		}
		which, err := rt.Select(t, until, n.Jobs, n.Asked, n.Glimpses, n.Wakes)
		switch {
		case errors.Is(err, rt.ErrTimeout):
			err = n.look(t)
		case err != nil:
			return err
		case which < len(boxes):
			job, ok := boxes[which].TryRecv(t)
			if !ok {
				return nil // closed: nobody asks any more
			}
			err = n.work(t, job, boxes[which] == n.Glimpses)
		default:
			if _, ok := n.Wakes.TryRecv(t); !ok {
				return nil
			}
			n.used = t.Now()
			err = n.load(t)
		}
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
	}
}

// work does a job and answers it. Its error is that of the task, or of the process.
func (n *Engine) work(t *rt.Task, job EngineJob, glimpse bool) error {
	if job.Reply.Closed() {
		return nil
	}
	answer := func(r EngineReply) { job.Reply.TrySend(t, r) } // whoever asked may have gone
	if glimpse && n.process == nil {
		answer(EngineReply{Err: n.fault(stt.Busy, errNotLoaded)})
		return nil
	}
	switch err := n.load(t); {
	case errors.Is(err, rt.ErrStopped):
		answer(EngineReply{Err: n.fault(stt.Busy, errStopped)})
		return err
	case err != nil:
		answer(EngineReply{Err: n.fault(stt.Unreachable, err)})
		return err
	}
	n.show(EngineBusy, "")
	r, err := n.ask(t, job, glimpse)
	n.used = t.Now()
	said, goesOn := errors.AsType[*stt.Error](err)
	switch {
	case err == nil:
		n.fails, n.late = 0, 0
		answer(EngineReply{Result: r})
	case goesOn:
		said.Address = n.STT
		answer(EngineReply{Err: said})
	case errors.Is(err, errYielded):
		answer(EngineReply{Err: n.fault(stt.Busy, err)})
	case errors.Is(err, rt.ErrStopped):
		answer(EngineReply{Err: n.fault(stt.Busy, errStopped)})
		return err
	default:
		n.failed(t, err)
		answer(EngineReply{Err: n.fault(stt.Engine, err)})
		return err
	}
	n.show(EngineReady, "")
	n.settle(t) // it may have become ready meanwhile, and there may be no pause
	return nil
}

var (
	errNotLoaded = errors.New("the model is not loaded")
	errYielded   = errors.New("another recording goes first")
	errStopped   = errors.New("the engine is being stopped")
)

func (n *Engine) fault(kind stt.Kind, cause error) error {
	return &stt.Error{Op: "transcribe", Address: n.STT, Kind: kind, Cause: cause}
}

// ask has the process understand a sound within the time for its length. A job that nobody waits for any more is cancelled, and so is a
// glimpse when something more important comes.
func (n *Engine) ask(t *rt.Task, job EngineJob, glimpse bool) (r stt.Result, err error) {
	within := (jobTime + audio.Time(len(job.PCM))) << n.late
	over := func() bool {
		return job.Reply.Closed() || glimpse && n.Jobs.Stats().Len+n.Asked.Stats().Len > 0
	}
	err = n.attend(t, within, over, func(t *rt.Task) (err error) {
		r, err = n.process.Transcribe(t, job)
		return err
	})
	return r, err
}

// attend waits for a call to the process in a child task. It kills the process when the call takes too long, or the memory too much,
// and cancels the call when it is no longer wanted. over may be nil.
func (n *Engine) attend(t *rt.Task, within time.Duration, over func() bool, call func(*rt.Task) error) error {
	until := t.Now().Add(within)
	task, cancelled := t.Shield("call", call), false
	for {
		err := t.Wait(task, min(until, t.Now().Add(engineBusyLook)))
		var cause error
		switch {
		case task.Done() && cancelled && task.Err() != nil && n.process.Alive():
			return errYielded
		case task.Done():
			return err
		case errors.Is(err, rt.ErrStopped):
			cause = err
		case t.Now() >= until:
			n.late = min(n.late+1, maxLate)
			cause = fmt.Errorf("it gave no answer within %v, and was killed", within.Round(100*time.Millisecond))
		default:
			cause = n.tooLarge()
		}
		if cause != nil {
			n.process.Kill()
			task.Stop()
			_ = t.Outlast(task, t.Now().Add(time.Second)) // a process that even a kill does not end keeps the node from ending
			return cause
		}
		if over != nil && over() {
			n.process.Cancel() // again, in case the call had not begun
			cancelled = true
		}
	}
}
