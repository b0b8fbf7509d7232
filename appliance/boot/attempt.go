package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"orac/appliance"
	"orac/appliance/evaluation"
	"orac/appliance/generation"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/statedir"
	"orac/models"
	"orac/runbook"
	"orac/runbook/language"
)

// draft is a runbook that could run.
type draft struct {
	runbook  *runbook.Runbook
	source   []byte
	warnings language.Diagnostics
	problem  error // why it cannot run
}

// read reads the runbook's file and evaluates it. open opens the state directory, and returns its key: see Language.Begin.
func read(l *evaluation.Language, file string, open func(stateDir string) []byte) (d draft) {
	d.source, d.warnings = runbook.Vocabulary.Read(file, language.Options{})
	if d.warnings == nil {
		d.runbook, d.warnings = l.Begin(file, d.source, open)
	}
	return d.checked(l)
}

// checked looks for what the files that the runbook names lack.
func (d draft) checked(l *evaluation.Language) draft {
	if d.runbook != nil {
		d.warnings = append(d.warnings, l.Check(d.runbook)...)
	}
	d.problem = d.warnings.Err()
	return d
}

// ask reads the file and opens the state directory. Its error means that nothing can run.
func (s *start) ask() (draft, error) {
	if dir := s.o.Was.State; dir != "" {
		if err := s.open(dir); err != nil {
			return draft{}, err
		}
	} else if named := s.o.StateDir; named != "" {
		if err := statedir.Usable(named); err != nil { // before secrets are looked for in it: each would be reported as missing
			return draft{}, err
		}
	}
	var locked error
	d := read(s.language, s.o.File, func(dir string) []byte {
		if s.State == nil {
			locked = s.open(dir)
		}
		return s.language.HashKey
	})
	switch {
	case locked != nil:
		return d, locked
	case s.State != nil:
		return d, nil
	}
	dir := s.o.StateDir
	if dir == "" {
		dir = SpelledState(s.o.File)
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) { // no appliance ever ran, so nothing can run instead
		return d, d.problem
	}
	if err := s.open(dir); err != nil {
		if _, hostile := errors.AsType[*statedir.Refusal](err); hostile {
			return d, err
		}
		return d, d.problem
	}
	if s.o.StateDir == "" {
		s.guess = Guessed(s.o.Name, dir)
	}
	return d, nil
}

// look looks at the kept generations. Its error is that of a disk that cannot be read.
func (s *start) look(ctx context.Context, asked draft) (f found, err error) {
	f.usable = asked.problem == nil
	err = s.generations(ctx, func(t *rt.Task, kept *generation.Store) (err error) {
		for _, r := range kept.Reports() {
			s.aloud(false, fmt.Sprintf("generation %d was damaged and is set aside: %s", r.Number, r.Cause))
		}
		if number := s.o.Was.Generation; number > 0 {
			g, err := kept.Load(t, number)
			if err != nil {
				s.aloud(true, fmt.Sprintf("cannot read generation %d, which was running: %v; using %s instead", number, err, s.o.Name))
			} else {
				f.ran = number
				f.same = f.usable && g.File == asked.runbook.File && g.Inputs.Hash() == asked.runbook.Inputs().Hash()
				s.Log.Logger().Warn("the process was replaced", "why", s.o.Was.Why, "generation", number)
			}
		}
		f.kept, err = kept.Candidates(t)
		return err
	})
	switch {
	case err != nil && f.usable:
		err = nil // the file can run without them
	case err != nil:
		s.o.Say(Notice{Err: asked.problem})
	}
	return f, err
}

// generations opens the kept generations for f. Its error is that of a disk that cannot be read, or of f.
func (s *start) generations(ctx context.Context, f func(*rt.Task, *generation.Store) error) error {
	return live.New(nil).Run(ctx, "generations", func(t *rt.Task) error {
		kept, err := generation.Open(t, s.State.FS)
		if err != nil {
			return err
		}
		return f(t, kept)
	})
}

// try builds the appliance of an attempt, and says aloud what runs if that is not the file.
func (s *start) try(ctx context.Context, a attempt, file draft) error {
	if a.generation == 0 {
		s.warn(file)
		err := s.build(ctx, file, a)
		if err == nil && a.instead() {
			s.aloud(true, fmt.Sprintf("THE APPLIANCE RUNS %s INSTEAD.", s.o.Name))
		}
		return err
	}
	var g *generation.Generation
	err := s.generations(ctx, func(t *rt.Task, kept *generation.Store) (err error) {
		g, err = kept.Load(t, a.generation)
		return err
	})
	if err != nil {
		return err
	}
	d := draft{source: g.Source}
	d.runbook, d.warnings = s.language.Replay(g)
	if d = d.checked(s.language); d.problem == nil {
		s.warn(d)
		d.problem = s.build(ctx, d, a)
	}
	if d.problem != nil {
		if a.instead() {
			return fmt.Errorf("generation %d cannot be used either: %w", a.generation, d.problem)
		}
		return fmt.Errorf("generation %d, which was running, cannot be used: %w", a.generation, d.problem)
	}
	switch a.why {
	case unapplied:
		s.aloud(false, fmt.Sprintf("%s has changed and was not applied (see: orac plan); generation %d keeps running", s.o.Name, a.generation))
	case broken:
		s.aloud(false, fmt.Sprintf("%s cannot be used (orac validate says why); generation %d keeps running", s.o.Name, a.generation))
	default:
		s.aloud(true, fmt.Sprintf("%s cannot be used. THE APPLIANCE RUNS GENERATION %d OF %s INSTEAD.\n  Fix the errors above, check with orac plan, then orac apply.",
			s.o.Name, a.generation, g.Applied.Local().Format(time.DateTime)))
	}
	return nil
}

func (s *start) warn(d draft) {
	if len(d.warnings) > 0 {
		s.o.Say(Notice{Err: d.warnings})
	}
}

// aloud says something to the person and to the log.
func (s *start) aloud(grave bool, text string) {
	s.o.Say(Notice{Text: text, Grave: grave})
	s.Log.Logger().Warn(text)
}

// build opens what a runbook needs, and builds an appliance from it.
func (s *start) build(ctx context.Context, d draft, a attempt) (err error) {
	if s.Models, err = s.o.Models(d.runbook); err != nil {
		return err
	}
	if err := models.Missing(s.Models, appliance.Needs(d.runbook)); err != nil {
		return err
	}
	parts, err := appliance.World(ctx, s.o.Version, s.State, s.Models)
	if err != nil {
		return err
	}
	ended := s.record(ctx, d.runbook)
	s.o.Attach(parts)
	s.Daemon, err = appliance.NewDaemon(appliance.Options{
		Runbook: d.runbook, Source: d.source, LastGood: a.lastGood(), Version: s.o.Version, State: s.State, Parts: parts,
		Log: s.Log, Level: s.level, LogFile: s.file, Language: s.language, Beside: s.side, Alive: s.o.Alive, Replaced: s.o.Was.replaced(), Runs: Runs,
	})
	ended(err)
	return err
}

// record lets the side note what the start changes, which may be permissions. A start that changes nothing leaves no record.
func (s *start) record(ctx context.Context, rb *runbook.Runbook) (ended func(error)) {
	same, number := false, 0 // unless the disk tells
	_ = s.generations(ctx, func(t *rt.Task, kept *generation.Store) error {
		number, _ = kept.Current(t) // 0, if it is not known
		same = kept.IsInForce(t, rb.Inputs())
		return nil
	})
	if same {
		return func(error) {}
	}
	return s.side.Record(number, rb)
}
