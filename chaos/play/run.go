package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/status"
	"orac/chaos"
	"orac/runbook/scenario"
	"orac/sim/trial/deeds"
	"orac/sim/trial/judge"
	"orac/sim/trial/report"
	"orac/sim/trial/schedule"
	"orac/sim/trial/tally"
)

// Options say how scenarios are run.
type Options struct {
	Binary string // the orac to break; "" is this program
	Tools  string // the program with the hidden commands; "" is this program
	Models string // the folder of models; "" lets the binary decide
	Sounds string // the folder of spoken words that `make deps` creates
	Temp   string // where folders of runs are made; "" is the system's
	Seed   uint64
	// Say is called now and then with a line for people: what is broken at the moment.
	Say func(string)
}

// run is one run of a scenario.
type run struct {
	w     *World
	sc    *scenario.Scenario
	o     Options
	began time.Time       // time 0
	busy  sync.WaitGroup  // goroutines that end with the run
	ears  sync.WaitGroup  // goroutines that follow the appliance until the run is over
	heard context.Context // of ears

	mu      sync.Mutex // guards what follows
	judge   *judge.Judge
	account *account
	callers callers
	out     report.Run
	sounds  []said           // what the appliance has said of sounds
	cuts    []*tally.Stretch // when services or the process were disturbed
	lasting int              // faults that last now and are not harmless

	refusing int           // faults that last now and with which the disk may refuse what is written
	diskBad  time.Duration // when it last did
	refused  time.Duration // the longest time in which a server has refused every token

	up                  bool
	bootedAt, stoppedAt time.Duration
	image               time.Time // when the process started, or last replaced itself
	reexecs, holders    int
	now                 status.Status               // as last seen
	sound               map[string]counter          // by device
	incidents           map[string]*report.Incident // by ID
	incidentIn          []string                    // their IDs, in order
	memory              int64
	tasks               int
	lastWords           string // on standard error
	fatal               error
	giveUp              func() // ends the run early; nil before the run has begun
}

// counter continues the count when its source starts again from zero.
type counter struct{ before, last uint64 }

func (c *counter) see(n uint64) {
	if n < c.last {
		c.before += c.last
	}
	c.last = n
}

func (r *run) clock() time.Duration { return time.Since(r.began) }

// Run runs a scenario once. The error concerns the request or this machine; the report says what the appliance has done. The
// end of ctx ends the run early.
func Run(ctx context.Context, sc *scenario.Scenario, o Options) (out report.Run, err error) {
	if o, err = o.complete(); err != nil {
		return out, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := build(ctx, sc, o)
	if err != nil {
		return out, fmt.Errorf("the world of %s: %w", sc.File, err)
	}
	defer func() {
		if closed := w.Close(); closed != nil {
			err = errors.Join(err, fmt.Errorf("cleaning up after %s: %w", sc.File, closed))
		}
	}()
	r := &run{w: w, sc: sc, o: o, judge: judge.New(sc), sound: map[string]counter{}, incidents: map[string]*report.Incident{}}
	r.account = newAccount(r)
	r.callers = callers{Book: deeds.New(r.judge), open: map[*deeds.Command]bool{}}
	w.again = r.boot
	var deafen func()
	r.heard, deafen = context.WithCancel(ctx)
	defer func() { deafen(); r.ears.Wait() }()
	r.out = report.Run{Seed: o.Seed, Faults: []report.Fault{}, Events: []report.Event{}, Incidents: []report.Incident{}, Health: []report.Step{}}
	all := schedule.Of(sc, w.book.rb, o.Seed)
	list := r.possible(slices.Clone(all))
	if len(all) > 0 && len(list) == 0 { // waiting would show nothing
		return r.out, nil
	}
	if err := r.prepareSounds(); err != nil {
		return out, err
	}
	if err := r.start(ctx); err != nil {
		return out, err
	}
	r.perform(ctx, list)
	return r.finish(ctx)
}

func (o Options) complete() (Options, error) {
	self, err := os.Executable()
	if err != nil {
		return o, err
	}
	if o.Binary == "" {
		o.Binary = self
	}
	if o.Tools == "" {
		o.Tools = self
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	return o, nil
}

// possible keeps the faults that can be made here, and notes the others.
func (r *run) possible(list []occurrence) []occurrence {
	why := map[string]error{}
	return slices.DeleteFunc(list, func(o occurrence) bool {
		key := string(o.Kind) + " " + o.Target
		err, known := why[key]
		if !known {
			err = r.w.supported(o)
			why[key] = err
		}
		if err == nil {
			return false
		}
		f := r.fault(o)
		f.Fidelity, f.How = "unsupported", err.Error()
		r.out.Faults = append(r.out.Faults, f)
		if text := fmt.Sprintf("%s: %v", o.Kind, err); !slices.Contains(r.out.Unsupported, text) {
			r.out.Unsupported = append(r.out.Unsupported, text)
		}
		return true
	})
}

// fault returns an occurrence in the form of a report.
func (r *run) fault(o occurrence) report.Fault {
	mk, _ := MakerOf(o.Kind) // a kind without one is unsupported, and says why instead of how
	return report.Fault{Name: o.Name, Kind: string(o.Kind), Target: o.Target, Fidelity: "real", How: mk.How, Begin: o.Begin.Seconds()}
}

// perform makes everything happen at its time, until the end.
func (r *run) perform(ctx context.Context, list []occurrence) {
	end, stop := context.WithDeadline(ctx, r.began.Add(r.sc.Head.For))
	defer stop()
	r.mu.Lock()
	r.giveUp = stop
	r.mu.Unlock()
	r.busy.Go(func() { r.playAll(end) })
	for _, name := range sorted(r.w.homes) {
		r.busy.Go(func() { r.w.homes[name].live(end, r) })
	}
	r.callAll(end)
	r.busy.Go(func() { r.look(end) })
	r.busy.Go(func() { r.poll(end) })
	r.busy.Go(func() { r.measure(end) })
	for _, o := range list {
		if !r.sleep(end, o.Begin) {
			break
		}
		r.busy.Go(func() { r.breaks(end, o) })
	}
	<-end.Done()
	r.busy.Wait()
}

// sleep waits until a time of the run; it returns false if the run ends before.
func (r *run) sleep(ctx context.Context, until time.Duration) bool {
	timer := time.NewTimer(time.Until(r.began.Add(until)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// look calls the judge whenever it is due.
func (r *run) look(ctx context.Context) {
	for next := time.Duration(0); r.sleep(ctx, next); {
		r.mu.Lock()
		now := r.clock()
		r.account.Sweep(now)
		r.judge.See(now, r)
		next = min(r.judge.Next(now), now+lookMost)
		if next < now+lookLeast {
			next = now + lookLeast
		}
		r.mu.Unlock()
	}
}

const (
	// lookLeast and lookMost bound the time between two calls of the judge.
	lookLeast, lookMost = 50 * time.Millisecond, time.Second
	mostEvents          = 5000
	mostSteps           = 2000
)

// event adds an event to the timeline. The caller holds mu.
func (r *run) event(kind, lane, text string) {
	r.draw(report.Event{At: r.clock().Seconds(), Lane: lane, Kind: kind, Text: text})
}

func (r *run) draw(e report.Event) {
	if len(r.out.Events) < mostEvents {
		r.out.Events = append(r.out.Events, e)
	}
}

// finish judges the end.
func (r *run) finish(ctx context.Context) (report.Run, error) {
	kept := r.w.spooled()
	r.pollOnce(context.WithoutCancel(ctx))
	r.pollIncidents(context.WithoutCancel(ctx))
	r.hear()
	r.looksAtHomes()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fatal != nil {
		return r.out, r.fatal
	}
	end := r.clock()
	if end < r.sc.Head.For {
		r.out.Unsupported = append(r.out.Unsupported, fmt.Sprintf("the run ended early, after %v of %v", end.Round(time.Second), r.sc.Head.For))
	}
	r.account.Sweep(end + time.Hour)
	// What ends now is in the spool before or after its last event was read.
	for _, what := range r.account.Lost(append(kept, r.w.spooled()...)) {
		r.judge.Break(end, "lost", what)
	}
	r.unanswered(end)
	r.listened(end)
	r.judge.Finish(end, r)
	r.judge.Safe(end, "lost", "sound", "aloud", "finished", "once", "twice", "order", "silence", "masked", "holders", "cooldown", "runs")
	return r.report(end), nil
}

// startTime is how long the appliance may take until it is listening.
const startTime = time.Minute

// start starts the appliance for the first time. Time 0 is when it is listening: in the simulator, starting takes no time.
func (r *run) start(ctx context.Context) error {
	r.began = time.Now()
	if err := r.boot(); err != nil {
		return err
	}
	if err := r.started(ctx); err != nil {
		return err
	}
	r.pollOnce(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = time.Now()
	r.bootedAt = 0
	r.out.Events, r.out.Health = r.out.Events[:0], r.out.Health[:0]
	clear(r.account.Opened)
	return nil
}

// started waits until the appliance listens, or, if it has nothing that does, until all is well.
func (r *run) started(ctx context.Context) error {
	a, err := r.w.Running()
	if err != nil {
		return err
	}
	if len(r.w.book.rb.Listeners) > 0 {
		if _, _, err = chaos.Next[event.Listening](ctx, a, 0, startTime, nil); err != nil {
			return fmt.Errorf("it never listened: %w", err)
		}
		return nil
	}
	for until := time.Now().Add(startTime); ; time.Sleep(pollEvery) {
		s, err := r.w.Status(ctx)
		switch {
		case err == nil && s.Health.Level == health.Healthy:
			return nil
		case ctx.Err() != nil || time.Now().After(until):
			return fmt.Errorf("it was never well: %s %w", s.Health.Level, err)
		}
	}
}

// die ends the run early, because its results can no longer be trusted. The caller holds mu.
func (r *run) die(err error) {
	r.fatal = errors.Join(r.fatal, err)
	if r.giveUp != nil {
		r.giveUp()
	}
}

// boot starts the appliance and follows its events, from its start to its end.
func (r *run) boot() error {
	a, err := r.w.Start(r.w.life)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.up, r.bootedAt, r.image = true, max(0, a.Began.Sub(r.began)), a.Began
	r.event("start", "process", "")
	r.mu.Unlock()
	r.ears.Go(func() {
		a.Follow(r.heard, func(e chaos.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.take(a, e)
		})
	})
	return nil
}
