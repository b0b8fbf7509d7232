// Package simulations runs `orac sim` for callers of the API, and keeps the results.
//
// Guarantees:
//
//   - A simulation takes nothing that the appliance needs: one runs at a time, as a child, on one core, at the lowest priority,
//     for ten minutes, in 256 MiB that do not count as the appliance's, and never while the disk is nearly full.
//   - The choices come from a list: a scenario beside the runbook, a number of seeds, a length. No text of a request becomes part
//     of a command line.
//   - Its progress can be seen while it runs. If it is stopped or runs out of time, it reports the results up to then.
//   - The last runs and their reports survive a restart, up to 20 runs and 64 MiB. Whatever is in their folder, reading it never
//     fails anything, and a report is never mistaken for that of another run.
package simulations

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"orac/appliance/statedir"
)

// Bounds of a simulation and of what is kept.
const (
	MaxSeeds = 50
	MaxTime  = 10 * time.Minute
	MaxFor   = 30 * 24 * time.Hour // of virtual time

	memoryLimit = "256MiB"
	maxOutput   = 64 << 10 // bytes kept of its output
	maxReport   = 32 << 20 // bytes of one file
	maxRuns     = 20
	maxBytes    = 64 << 20  // of all files
	leastFree   = 128 << 20 // free bytes on the disk that a start needs
)

// What may prevent a simulation.
var (
	ErrBusy       = errors.New("a simulation is running already")
	ErrImpossible = errors.New("simulations cannot run here")
	ErrFull       = errors.New("the disk is nearly full")
	ErrUnknown    = errors.New("there is no such simulation")
)

// States of a simulation.
const (
	Running = "running"
	Ended   = "ended"
)

// Simulation is one run of `orac sim`.
type Simulation struct {
	Number   int       `json:"number"`
	Scenario string    `json:"scenario"`
	Seeds    int       `json:"seeds" doc:"It ran with the seeds from 1 to this number."`
	For      string    `json:"for,omitempty" doc:"Virtual time of each run; empty: as the scenario says."`
	Who      string    `json:"who"`
	State    string    `json:"state" doc:"running or ended"`
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended,omitzero"`
	Progress *Progress `json:"progress,omitempty" doc:"How far it is, as soon as that is known; after the end, how far it came."`
	Verdict  string    `json:"verdict,omitempty" doc:"The report's verdict: kept, broken, unknown, not deterministic."`
	Exit     int       `json:"exit" doc:"Exit code of orac sim: 0 kept, 1 broken, 2 unknown, 3 not deterministic, 64 it could not start; -1 it was killed. Meaningful only after the end."`
	Failed   string    `json:"failed,omitempty" doc:"Why it was ended from outside."`
	Report   bool      `json:"report" doc:"Whether there is a report."`
	Output   string    `json:"output,omitempty" doc:"The end of its output, for admins: it may quote the runbook. Left out of lists."`
}

// Progress is how far a simulation is, as reported by `orac sim --progress`.
type Progress struct {
	Scenario string  `json:"scenario"`
	Seed     uint64  `json:"seed" doc:"Seed of a running run, or of the last that ended."`
	Done     int     `json:"done" doc:"Runs that have ended."`
	Of       int     `json:"of" doc:"Runs in all."`
	Share    float64 `json:"share" doc:"Share of the work that is done, 0 to 1."`
	Virtual  float64 `json:"virtual_seconds"`
	Wall     float64 `json:"wall_seconds"`
	Broken   int     `json:"broken" doc:"How many promises were broken."`
}

// Running tells whether it is running.
func (s Simulation) Running() bool { return s.State == Running }

// Took returns how long it took, or has taken so far.
func (s Simulation) Took() time.Duration {
	if s.Running() {
		return time.Since(s.Began).Round(time.Second)
	}
	return s.Ended.Sub(s.Began).Round(100 * time.Millisecond)
}

// Left returns roughly how much longer it will take; 0 if unknown.
func (s Simulation) Left() time.Duration {
	p := s.Progress
	if !s.Running() || p == nil || p.Share < 0.005 || p.Wall < 1 { // so small a part says nothing about the rest
		return 0
	}
	return time.Duration(p.Wall * (1 - p.Share) / p.Share * float64(time.Second)).Round(time.Second)
}

// Options say where simulations run and with which program. With the zero value none can run.
type Options struct {
	Dir     string       // for reports; created if missing
	Program string       // the path of orac
	Env     []string     // of the children; nil: that of this process
	Log     *slog.Logger // nil: none
}

// Runner runs simulations. Its methods are safe for concurrent use.
type Runner struct {
	ctx context.Context
	o   Options

	mu      sync.Mutex    // guards everything that follows
	list    []*Simulation // newest first
	current *child        // nil if none runs
	next    int
}

// New makes a runner, which reads what earlier runs have left. Its children end with ctx.
func New(ctx context.Context, o Options) *Runner {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Runner{ctx: ctx, o: o, next: 1}
	if o.Dir != "" {
		r.recall()
	}
	return r
}

// Possible tells whether simulations can run here.
func (r *Runner) Possible() bool { return r.o.Program != "" && r.o.Dir != "" }

// List returns the simulations, newest first, without their output.
func (r *Runner) List() []Simulation {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Simulation, 0, len(r.list))
	for _, s := range r.list {
		one := r.now(s)
		one.Output = ""
		out = append(out, one)
	}
	return out
}

// Get returns one simulation.
func (r *Runner) Get(number int) (Simulation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.find(number); s != nil {
		return r.now(s), nil
	}
	return Simulation{}, ErrUnknown
}

// now returns the present state of a simulation. The caller holds the lock.
func (r *Runner) now(s *Simulation) Simulation {
	one := *s
	if s.Running() && r.current != nil {
		one.Output, one.Progress = r.current.said.String(), r.current.progress()
	}
	return one
}

func (r *Runner) find(number int) *Simulation {
	if i := slices.IndexFunc(r.list, func(s *Simulation) bool { return s.Number == number }); i >= 0 {
		return r.list[i]
	}
	return nil
}

// Order is a request for a simulation.
type Order struct {
	Scenario Scenario          // one of Scenarios
	Runbook  string            // the path of the appliance's own runbook, for its quiet run
	Vars     map[string]string // of the runbook
	Seeds    int               // 1 to MaxSeeds
	For      string            // in the format of orac sim; empty: as the scenario says
	Who      string
}

// Start begins a simulation.
func (r *Runner) Start(o Order) (Simulation, error) {
	if !r.Possible() {
		return Simulation{}, ErrImpossible
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.current != nil:
		return Simulation{}, ErrBusy
	case r.ctx.Err() != nil:
		return Simulation{}, r.ctx.Err()
	}
	dir, err := statedir.Open(r.o.Dir)
	if err != nil {
		return Simulation{}, err
	}
	defer dir.Close()
	if free, err := dir.Free(); err == nil && free < leastFree {
		return Simulation{}, ErrFull
	}
	s := &Simulation{Number: r.next, Scenario: o.Scenario.Name, Seeds: o.Seeds, For: o.For, Who: o.Who, State: Running, Began: time.Now()}
	r.forget(s.Number) // any files there are not of this run
	if err := r.keep(s); err != nil {
		return Simulation{}, err
	}
	c, err := r.begin(o, s)
	if err != nil {
		r.forget(s.Number)
		return Simulation{}, err
	}
	r.next++
	r.current = c
	r.list = slices.Insert(r.list, 0, s)
	r.prune()
	r.o.Log.Info("a simulation begins", "number", s.Number, "scenario", s.Scenario, "seeds", s.Seeds, "who", s.Who)
	go r.await(c, s)
	return *s, nil
}

// await waits for the child, which ends with the runner's context.
func (r *Runner) await(c *child, s *Simulation) {
	exit, failed := c.wait()
	verdict, reported := r.verdict(s.Number)
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(c.ended)
	s.State, s.Ended, s.Exit, s.Failed = Ended, time.Now(), exit, failed
	s.Output, s.Progress, s.Verdict, s.Report = c.said.String(), c.progress(), verdict, reported
	r.current = nil
	if err := r.keep(s); err != nil {
		r.o.Log.Warn("cannot save the result of a simulation: a restart would lose it", "number", s.Number, "cause", err)
	}
	r.prune()
	r.o.Log.Info("a simulation has ended", "number", s.Number, "exit", exit, "verdict", verdict, "failed", failed)
}

// Stop ends a simulation, which then reports what it has. One that has already ended stays as it
// is.
func (r *Runner) Stop(number int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.find(number)
	if s == nil {
		return ErrUnknown
	}
	if s.Running() && r.current != nil {
		r.current.stop(errStopped)
	}
	return nil
}

// Close waits until no child is left. The context must have ended before.
func (r *Runner) Close() {
	r.mu.Lock()
	c := r.current
	r.mu.Unlock()
	if c != nil {
		<-c.ended
	}
}
