package sim

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/rt"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/memo"
	"orac/sim/trace"
	"orac/sim/trial/judge"
	"orac/sim/trial/report"
	"orac/sim/trial/sound"
)

// Simulate runs scenarios and judges them. It returns an error when it cannot do what was asked; broken promises are in the
// report. When ctx ends it stops early, and reports what it has.
func Simulate(ctx context.Context, list []*scenario.Scenario, o Options) (report.Report, error) {
	s := &simulation{Options: o, ctx: ctx, began: time.Now()}
	if len(s.Seeds) == 0 {
		s.Seeds = []uint64{1}
	}
	if s.Workers <= 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	if s.Twice == 0 {
		s.Twice = 10
	}
	r := report.Report{Version: 1, Backend: "sim", Began: s.began}
	var all []*job
	for _, sc := range list {
		j, err := s.job(sc)
		if err != nil {
			return r, err
		}
		all = append(all, j)
		s.of += len(j.variants)
		for i := range j.variants {
			s.whole += j.sc.Head.For
			if s.again(i) {
				s.whole += j.sc.Head.For
			}
		}
	}
	for _, j := range all {
		one, err := s.run(j)
		if err != nil {
			return r, err
		}
		r.Scenarios = append(r.Scenarios, one)
		if ctx.Err() != nil {
			r.Ended = "it was ended early"
			break
		}
	}
	if s.memo != nil {
		_ = s.memo.Close() // nothing was written
	}
	r.Wall = time.Since(s.began).Seconds()
	return r, nil
}

// simulation is one call of Simulate.
type simulation struct {
	Options
	ctx   context.Context
	began time.Time
	memo  *memo.Memo // of real inference; nil until it is needed
	of    int
	whole time.Duration // virtual time of all runs; a run made twice counts twice

	mu      sync.Mutex    // guards everything that follows
	passed  time.Duration // of whole
	done    int
	virtual time.Duration
	breaks  int
}

// job is a scenario and its runs.
type job struct {
	sc       *scenario.Scenario
	options  runOptions
	variants []variant
	kind     string // of inference
}

// variant is one run: its seed, and the change of the disk at which the power fails, if any.
type variant struct {
	seed  uint64
	crash int
	last  bool
}

func (s *simulation) job(sc *scenario.Scenario) (*job, error) {
	one := *sc
	sc = &one
	if s.For > 0 {
		ratio := float64(s.For) / float64(sc.Head.For)
		sc.Head.For, sc.Head.Heal = s.For, time.Duration(float64(sc.Head.Heal)*ratio)
	}
	if s.Runbook != "" {
		path, err := filepath.Abs(s.Runbook)
		if err != nil {
			return nil, err
		}
		sc.Head.Runbook, sc.Head.Text = path, ""
	}
	j := &job{sc: sc}
	j.options.evaluation = s.Options.Options
	j.options.evaluation.Secret, j.options.evaluation.StandIns = func(string) (string, error) { return canary, nil }, true
	rb, text, problems := sc.Runbook(j.options.evaluation)
	if problems.HasErrors() {
		return nil, problems
	}
	j.options.book = book{file: rb.File, text: text, runbook: rb}
	j.options.until, j.options.sounds = s.ctx.Done(), s.sounds(sc)
	if err := s.infer(j); err != nil {
		return nil, err
	}
	for _, seed := range s.Seeds {
		j.variants = append(j.variants, variant{seed: seed})
	}
	if !slices.ContainsFunc(sc.Faults, func(f scenario.Fault) bool { return f.EveryWrite }) {
		return j, nil
	}
	j.variants = nil
	for _, seed := range s.Seeds {
		r, err := once(sc, seed, j.options) // to learn how many changes the power can fail at
		if err != nil {
			return nil, err
		}
		changes := r.Counts["disk_changes"]
		for n := range changes {
			j.variants = append(j.variants, variant{seed: seed, crash: n + 1})
		}
		j.variants = append(j.variants, variant{seed, changes, true})
	}
	return j, nil
}

// infer opens the inference that a scenario asks for.
func (s *simulation) infer(j *job) error {
	switch j.sc.Head.Inference {
	case "real":
		if s.memo == nil {
			real, err := openReal(s.ctx, s.Store)
			if err != nil {
				return fmt.Errorf("%s: %w", j.sc.File, err)
			}
			s.memo = memo.Wrap(real, memo.Limits{})
		}
		// The gate remembers minutes of sound, so every hop of a quiet room would be new to the memo. The gate
		// therefore starts afresh in quiet.
		j.options.inference, j.kind = memo.Fresh(s.memo.Inference(), quietRoom), string(memo.KindMemoised)+"; the voice gate starts afresh after a second of quiet"
	case "recorded":
		f, err := openRecording(j.sc.Head.Recording)
		if err != nil {
			return fmt.Errorf("%s: recording: %w", j.sc.File, err)
		}
		defer f.Close()
		r, err := memo.Recorded(f)
		if err != nil {
			return fmt.Errorf("%s: recording %s: %w", j.sc.File, j.sc.Head.Recording, err)
		}
		j.options.inference, j.kind = r.Inference(), string(memo.KindRecorded)
	default:
		j.options.inference, j.kind = memo.Modelled(), string(memo.KindModelled)
	}
	return nil
}

// quietRoom is the RMS below which a hop is quiet for the voice gate: above the background of a scenario, below any speech.
const quietRoom = 150

// run runs all variants of a job, several at a time.
func (s *simulation) run(j *job) (report.Scenario, error) {
	began := time.Now()
	out := report.Scenario{
		Name: j.sc.Head.Name, File: j.sc.File, Line: judge.Line(j.sc, j.sc.Head.Address), Doc: j.sc.Head.Doc, For: j.sc.Head.For.Seconds(),
		Inference: j.kind, Asked: len(j.variants),
	}
	out.Promises, out.Sometimes = judge.Declared(j.sc)
	runs := make([]*report.Run, len(j.variants))
	errs := make([]error, len(j.variants))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(s.Workers, len(j.variants)) {
		workers.Go(func() {
			for i := range next {
				r, err := s.one(j, i)
				if runs[i], errs[i] = &r, err; err == nil {
					s.tell(j, r)
				}
			}
		})
	}
	for i := range j.variants {
		select {
		case next <- i:
		case <-s.ctx.Done():
		}
		if s.ctx.Err() != nil {
			break
		}
	}
	close(next)
	workers.Wait()
	for i, r := range runs {
		if r == nil {
			continue
		}
		if errs[i] != nil {
			return out, errs[i]
		}
		out.Runs = append(out.Runs, *r)
		out.Virtual += r.Virtual
		if s.again(i) {
			out.Repeated++
		}
	}
	out.Wall = time.Since(began).Seconds()
	if s.Shrink {
		if i := slices.IndexFunc(out.Runs, func(r report.Run) bool { return r.Verdict == report.Broken }); i >= 0 {
			out.Runs[i].Shrunk = s.shrink(j, j.variants[i], out.Runs[i])
		}
	}
	report.Collect(&out)
	return out, nil
}

// again tells whether the i-th run is made twice to compare.
func (s *simulation) again(i int) bool { return s.Twice > 0 && i%s.Twice == 0 }

// one makes one run, or two to compare.
func (s *simulation) one(j *job, i int) (report.Run, error) {
	v := j.variants[i]
	o := j.options
	o.crash, o.last = v.crash, v.last
	var kept *trace.Writer
	if s.Trace != nil {
		w, err := s.Trace(j.sc.Head.Name, v.seed)
		if err != nil {
			return report.Run{}, err
		}
		defer w.Close()
		kept = trace.NewWriter(w)
		o.trace = kept.Record
	}
	r, err := s.once(j, v, o)
	if err != nil {
		return r, err
	}
	if kept != nil {
		if err := kept.Close(); err != nil {
			return r, err
		}
	}
	r.Command = command(j.sc, v, s.Options)
	if s.again(i) && s.ctx.Err() == nil {
		o.trace = nil
		second, err := s.once(j, v, o)
		if err != nil {
			return r, err
		}
		if s.ctx.Err() == nil && (second.Hash != r.Hash || second.Records != r.Records) {
			r.Verdict, r.Differs = report.NotSame, s.part(j, v)
		}
	}
	return r, nil
}

// once makes one run and reports its progress.
func (s *simulation) once(j *job, v variant, o runOptions) (report.Run, error) {
	left := j.sc.Head.For
	o.passed = func(d time.Duration) {
		left -= d
		s.pass(j, v, d, d)
	}
	r, err := once(j.sc, v.seed, o)
	s.pass(j, v, left, 0) // the part that a run left out when it ended early
	return r, err
}

// part runs a variant twice with its trace, and says where the two differ first.
func (s *simulation) part(j *job, v variant) string {
	var list [2][]rt.Record
	for i := range list {
		o := j.options
		o.crash, o.last = v.crash, v.last
		o.trace = func(r rt.Record) {
			if len(list[i]) < mostCompared {
				list[i] = append(list[i], r)
			}
		}
		if _, err := once(j.sc, v.seed, o); err != nil {
			return err.Error()
		}
	}
	if d, _ := trace.DiffRecords(list[0], list[1], 0); len(d.A) > 0 && len(d.B) > 0 {
		return fmt.Sprintf("record %d:\n- %s\n+ %s", d.Record, trace.Line(d.A[0]), trace.Line(d.B[0]))
	}
	return fmt.Sprintf("one has %d records, the other %d", len(list[0]), len(list[1]))
}

// mostCompared bounds the records that are kept to find where two runs differ.
const mostCompared = 2_000_000

// tell reports that a run has ended.
func (s *simulation) tell(j *job, r report.Run) {
	s.mu.Lock()
	s.done++
	s.breaks += len(r.Breaks)
	s.mu.Unlock()
	s.say(j, r.Seed)
}

// pass reports that some of the work is done, and how much virtual time it took.
func (s *simulation) pass(j *job, v variant, work, virtual time.Duration) {
	s.mu.Lock()
	s.passed += work
	s.virtual += virtual
	s.mu.Unlock()
	s.say(j, v.seed)
}

// say reports the progress of the simulation.
func (s *simulation) say(j *job, seed uint64) {
	if s.Progress == nil {
		return
	}
	s.mu.Lock()
	p := Progress{
		Scenario: j.sc.Head.Name, Seed: seed, Done: s.done, Of: s.of, Virtual: s.virtual, Wall: time.Since(s.began), Breaks: s.breaks,
		Share: min(1, float64(s.passed)/float64(max(s.whole, 1))),
	}
	s.mu.Unlock()
	s.Progress(p)
}

// command returns the command that repeats a run.
func command(sc *scenario.Scenario, v variant, o Options) string {
	text := "orac sim " + sc.File
	if o.Runbook != "" {
		text += " -f " + o.Runbook
	}
	text += fmt.Sprint(" --seed ", v.seed)
	if o.For > 0 {
		text += " --for " + language.FormatDuration(o.For)
	}
	return text
}

// sounds returns a function that makes the sounds of a scenario.
func (s *simulation) sounds(sc *scenario.Scenario) func(string, scenario.Sound) ([]int16, error) {
	return func(play string, x scenario.Sound) ([]int16, error) {
		switch play {
		case "speech":
			if sc.Head.Inference != "modelled" {
				return nil, errors.New("real networks hear nothing in modelled speech: give play the path of a WAV file, or set inference = \"modelled\"")
			}
			pcm := sound.Word(x.Model)
			if x.Command > 0 {
				pcm = sound.Join(pcm, sound.Silence(200*time.Millisecond), sound.Command(x.Command, 1))
			}
			return pcm, nil
		case "noise":
			return sound.Noise{Seed: 3, RMS: x.Level}.Of(max(x.Command, time.Second)), nil
		}
		f, err := wav.Open(play)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readAll(f)
	}
}
