package rollout

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"orac/appliance/event"
)

const (
	keptPlans   = 8 // that can be carried out
	planKept    = time.Hour
	planAtOnce  = 4 // members that are asked at a time
	healthyIn   = 2 * time.Minute
	healthyLook = 3 * time.Second
	healthyRow  = 2 // looks in a row
	settleIn    = 2 * time.Minute
)

// Roller makes plans of pushes and carries them out, one at a time.
type Roller struct {
	Members func() []Member
	Issuer  func() string // the address of this issuer, which members trust
	Look    func(member string)
	Tell    func(node string, what event.Body)
	Record  func(*Push)                                          // writes into the audit log how a push ended; nil: nobody does
	As      func(ctx context.Context, by string) context.Context // notes in whose name members are asked; nil: nobody needs to know
	Log     *slog.Logger
	Journal *Journal
	Pace    Pace

	mu    sync.Mutex // guards everything that follows
	ctx   context.Context
	plans []*Push // newest last
	last  *Push   // that is carried out, or was; nil: none was
	stop  context.CancelFunc
	work  sync.WaitGroup
}

// What may be wrong with a request for a push.
var (
	ErrBusy   = errors.New("another push is being carried out")
	ErrNoPlan = errors.New("there is no such plan, or it is older than an hour: plan again")
	ErrNone   = errors.New("there is no push that could be undone")
)

// Run carries out pushes until ctx ends. One that is under way is interrupted then: the journal says how far it came.
func (r *Roller) Run(ctx context.Context) {
	r.Open(ctx)
	<-ctx.Done()
	r.work.Wait()
}

// Open lets pushes be carried out until ctx ends. Run does it.
func (r *Roller) Open(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ctx = ctx
	if r.last == nil {
		r.last = r.Journal.Last()
	}
}

// Plan asks the chosen members what a push would do, and changes nothing.
func (r *Roller) Plan(ctx context.Context, ask Ask, by string) (*Push, error) {
	if err := ask.check(); err != nil {
		return nil, err
	}
	list, err := ask.chosen(r.Members())
	if err != nil {
		return nil, err
	}
	p := &Push{What: ask.words(), Command: ask.Command, By: by, Made: r.Pace.now().UTC().Round(time.Second), State: Planned, Parallel: max(1, ask.Parallel), Steps: make([]Step, len(list))}
	r.Pace.each(len(list), planAtOnce, func(i int) { p.Steps[i] = r.planOne(ctx, ask, list[i]) })
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.judge()
	p.seal()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plans = slices.DeleteFunc(r.plans, func(o *Push) bool { return o.ID == p.ID || r.Pace.since(o.Made) > planKept })
	if r.plans = append(r.plans, p); len(r.plans) > keptPlans {
		r.plans = slices.Delete(r.plans, 0, 1)
	}
	return p.copy(), nil
}

// judge says why a plan cannot be carried out.
func (p *Push) judge() {
	for _, s := range p.Steps {
		if s.Stage == Blocked {
			p.Why = s.Member + ": " + s.Why
			return
		}
	}
	if s := p.Steps[0]; s.Stage == Pending {
		p.Why = s.Member + ", which would be the first, is away: choose another canary, or wait"
	}
}

// planOne asks one member.
func (r *Roller) planOne(ctx context.Context, ask Ask, m Member) Step {
	s := Step{Member: m.Name}
	fail := func(err error) Step {
		if s.Stage, s.Why = Blocked, Line(err.Error(), 400); KindOf(err) == Away {
			s.Stage = Pending
		}
		return s
	}
	seen, err := m.Remote.Look(ctx)
	if err != nil {
		return fail(err)
	}
	s.before, s.Was = seen, seen.Generation
	if s.Stage = Ready; ask.Command != nil {
		s.Lines = []string{ask.words()}
		return s
	}
	own, err := m.Remote.Runbook(ctx)
	if err != nil {
		return fail(err)
	}
	if s.source, err = ask.text(own.Source); err == nil {
		err = keepsTrust(s.source, r.Issuer(), m.Name)
	}
	if err != nil {
		return fail(err)
	}
	s.Base, s.Hash = own.Hash, hashOf(s.source)
	if s.Base == s.Hash && own.Applied {
		s.Stage = Same
		return s
	}
	plan, err := m.Remote.Plan(ctx, s.source)
	if err != nil {
		return fail(err)
	}
	s.Plan, s.Lines = plan.Hash, plan.Lines
	if plan.Blocked != "" {
		s.Stage, s.Why = Blocked, plan.Blocked
	}
	return s
}

// Start carries out a plan that was shown. It returns at once.
func (r *Roller) Start(id, by string) (*Push, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.plans, func(p *Push) bool { return p.ID == id })
	switch {
	case r.ctx == nil || r.ctx.Err() != nil:
		return nil, cannot("The appliance is stopping.")
	case r.last != nil && r.last.Active():
		return nil, ErrBusy
	case i < 0 || r.Pace.since(r.plans[i].Made) > planKept:
		return nil, ErrNoPlan
	case r.plans[i].Why != "":
		return nil, cannot("%s", r.plans[i].Why)
	}
	p := r.plans[i]
	r.plans = slices.Delete(r.plans, i, i+1)
	p.State, p.By, p.Began = Running, by, r.Pace.now().UTC().Round(time.Second)
	if err := r.Journal.Note(p); err != nil {
		return nil, cannot("The journal of pushes cannot be written, so nothing was begun: %v", err)
	}
	r.last = p
	r.begin(by, func(ctx context.Context) { r.carryOut(ctx, p) })
	return p.copy(), nil
}

// begin starts the work of a push. The caller holds the lock.
func (r *Roller) begin(by string, work func(context.Context)) {
	ctx := r.ctx
	if r.As != nil {
		ctx = r.As(ctx, by)
	}
	halt, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.work.Add(1)
	r.Pace.start(func() {
		defer r.work.Done()
		defer stop()
		work(context.WithValue(ctx, haltKey{}, halt))
		if ctx.Err() != nil {
			r.leftOff()
		}
	})
}

// leftOff notes that the work of a push has ended before the push: the appliance ends, or is no issuer for a while. Nobody carries it on,
// so it must not keep others waiting.
func (r *Roller) leftOff() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.last.Active() {
		return
	}
	interrupt(r.last, "ORAC ended, or was no issuer any more,")
	if err := r.Journal.Note(r.last); err != nil {
		r.Log.Error("cannot write the journal of pushes", "push", r.last.ID, "cause", err)
	}
}

type haltKey struct{}

// halted tells whether somebody has stopped a push, or the appliance ends. A member that is being changed is not left in the middle.
func halted(ctx context.Context) bool {
	return ctx.Err() != nil || ctx.Value(haltKey{}).(context.Context).Err() != nil
}

// Stop lets a push change no further member. The one that is being changed is waited for.
func (r *Roller) Stop() (*Push, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil || !r.last.Active() {
		return nil, cannot("No push is being carried out.")
	}
	if r.last.State == Running {
		r.last.State = Stopping
	}
	r.stop()
	return r.last.copy(), nil
}

// Last is the push that is carried out, or was last; nil if there was none.
func (r *Roller) Last() *Push {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		return nil
	}
	return r.last.copy()
}

// Active tells whether a push is being carried out.
func (r *Roller) Active() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last != nil && r.last.Active()
}

// Doing says what a push is doing with each member now.
func (r *Roller) Doing() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := map[string]string{}
	if r.last == nil || !r.last.Active() {
		return m
	}
	for _, s := range r.last.Steps {
		if s.Stage == Changing || s.Stage == Checking {
			m[s.Member] = string(s.Stage)
		}
	}
	return m
}

// note changes a step, writes the journal and tells everybody. It returns an error if the journal could not be written.
func (r *Roller) note(p *Push, i int, stage Stage, why string) error {
	r.mu.Lock()
	s := &p.Steps[i]
	s.Stage, s.Why = stage, Line(why, 400)
	err := r.Journal.Note(p)
	told := event.Pushed{Push: p.ID, What: p.What, Member: s.Member, State: string(stage), Why: s.Why, Bad: stage.Sense() == Bad}
	r.mu.Unlock()
	r.tell(told)
	if err != nil {
		r.Log.Error("cannot write the journal of pushes", "push", p.ID, "cause", err)
	}
	return err
}

// end ends a push.
func (r *Roller) end(p *Push, state Whole, why string) {
	r.mu.Lock()
	p.State, p.Why, p.Ended = state, why, r.Pace.now().UTC().Round(time.Second)
	for i := range p.Steps {
		p.Steps[i].source = "" // nobody needs it any more
		if p.Steps[i].Stage == Ready {
			p.Steps[i].Stage = Untouched
		}
	}
	err := r.Journal.Note(p)
	ended := p.copy()
	r.mu.Unlock()
	if err != nil {
		r.Log.Error("cannot write the journal of pushes", "push", p.ID, "cause", err)
	}
	if r.Record != nil {
		r.Record(ended)
	}
	r.tell(event.Pushed{Push: p.ID, What: p.What, State: string(state), Why: why, Bad: state != Over && state != TakenBack})
}

func (r *Roller) tell(what event.Body) {
	if r.Tell != nil {
		r.Tell("push", what)
	}
}
