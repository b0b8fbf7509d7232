// Package boot starts an appliance: it decides which runbook runs, and brings everything up and down in order.
//
// It guarantees:
//
//   - A start evaluates the runbook's file once. It evaluates a generation only to run that instead.
//   - The file runs. After a re-exec the generation that ran before goes on. If neither can be used, the best kept generation runs.
//     Whenever something else runs than what the file says, Options.Say and the log say so.
//   - A runbook that cannot be evaluated creates no state directory.
//   - The order is: log, state directory (lock, key, history), the side that depends on both (permissions), world, daemon, and then
//     what runs beside it. It comes down in the reverse order, also when the start fails half-way.
package boot

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"orac/appliance"
	"orac/appliance/evaluation"
	"orac/appliance/graph"
	"orac/appliance/logbook"
	"orac/appliance/status"
	"orac/models"
	"orac/runbook"
)

// Options say what to start, and with what.
type Options struct {
	File     string            // the runbook's file, absolute
	Name     string            // what the person calls that file
	Vars     map[string]string // the variables that were given
	StateDir string            // the directory that the person named; "" lets the runbook decide
	Was      Resumed           // what the process before left
	Version  string
	// Say tells the person who started it something.
	Say func(Notice)
	// Models returns where the models of a runbook are.
	Models func(*runbook.Runbook) (models.Store, error)
	// Side makes what depends on the runbook besides the graph.
	Side func(*appliance.State, *slog.Logger) Side
	// Attach connects what wants the events of a world to it.
	Attach func(*graph.Parts)
	// Alive: see appliance.Options.
	Alive func(status.Status)
}

// Notice is a word to the person who starts an appliance: a text, or why something cannot be used.
type Notice struct {
	Text  string
	Grave bool  // something else runs than what was asked for
	Err   error // language.Diagnostics, which may be mere warnings, or any other error
}

// Side is what depends on the runbook besides the graph: the web server and its permissions.
type Side interface {
	appliance.Beside
	// Record notes that a runbook is about to come into force that was not, in place of a generation (0: none is known). ended
	// notes the outcome.
	Record(was int, rb *runbook.Runbook) (ended func(error))
	// Close frees what it holds. Nothing of it runs any more.
	Close()
}

// Appliance is an appliance that is ready to run.
type Appliance struct {
	*appliance.Daemon
	State   *appliance.State
	Log     *logbook.Book
	Models  models.Store
	Request status.PlanRequest // for applying the runbook's file again

	downs []func() // what closes everything that has come up, in the order in which it came up
}

// Start builds an appliance that runs nothing yet. Its error says why there is none; everything else has been said.
func Start(ctx context.Context, o Options) (*Appliance, error) {
	s := newStart(o)
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s.Appliance, nil
}

// Run runs the appliance, and beside it functions that end with their context. It returns when all of them have ended.
func (a *Appliance) Run(ctx context.Context, beside ...func(context.Context)) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, f := range beside {
		running.Go(func() { f(ctx) })
	}
	err := a.Daemon.Run(ctx)
	cancel()
	running.Wait()
	return err
}

// Close brings down what Start brought up. A second call does nothing.
func (a *Appliance) Close() {
	for _, down := range slices.Backward(a.downs) {
		down()
	}
	a.downs = nil
}

// start is a start on its way.
type start struct {
	*Appliance
	o        Options
	level    *slog.LevelVar
	file     *logbook.FileSink
	language *evaluation.Language
	side     Side
	guess    string // says that only the text of a runbook with errors tells the state directory; "" if that is known
}

func newStart(o Options) *start {
	s := &start{o: o, level: &slog.LevelVar{}, Appliance: &Appliance{Request: status.PlanRequest{File: o.File, Vars: o.Vars}}}
	s.Log = logbook.New(logbook.Options{Level: s.level})
	s.file = &logbook.FileSink{Book: s.Log}
	s.downs = append(s.downs, func() { s.file.Close() })
	program, _ := os.Executable() // without it nothing from the network is evaluated; the evaluation reports that
	s.language = &evaluation.Language{StateDir: o.StateDir, Vars: o.Vars, Pool: evaluation.NewPool(program)}
	return s
}

// open opens the state directory, and says what is wrong with it.
func (s *start) open(dir string) error {
	state, err := appliance.OpenState(dir)
	if err != nil {
		return err
	}
	s.State, s.language.StateDir, s.language.HashKey = state, state.Dir, state.HashKey
	s.downs = append(s.downs, state.Close)
	for _, problem := range state.Problems {
		s.o.Say(Notice{Text: problem})
	}
	if aside := state.SetAside; aside != nil {
		s.o.Say(Notice{Text: fmt.Sprintf("the history was damaged (%v); it is kept as %s, and a new one was started", aside.Why, aside.Path)})
	}
	return nil
}

// start finds what there is, decides, and builds the first attempt that can be built.
func (s *start) start(ctx context.Context) error {
	asked, err := s.ask()
	if err != nil {
		return err
	}
	s.side = s.o.Side(s.State, s.Log.Logger())
	s.downs = append(s.downs, s.side.Close)
	found, err := s.look(ctx, asked)
	if err != nil {
		return err
	}
	var why []error // what has failed and has not been said
	if asked.problem != nil {
		why = append(why, asked.problem)
	}
	for _, next := range decide(found) {
		if next.instead() {
			for _, err := range why {
				s.o.Say(Notice{Err: err})
			}
			if why = nil; s.guess != "" {
				s.o.Say(Notice{Text: s.guess})
				s.guess = ""
			}
		}
		err := s.try(ctx, next, asked)
		if err == nil {
			return nil
		}
		if why = append(why, err); ctx.Err() != nil {
			break
		}
	}
	last := len(why) - 1
	for _, err := range why[:last] {
		s.o.Say(Notice{Err: err})
	}
	return why[last]
}
