package play

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orac/chaos/journal"
	"orac/runbook/language"
	"orac/sim/trial/judge"
	"orac/sim/trial/tally"
)

const (
	// patience is how long a fault waits for something to break, such as a capture process that is being started.
	patience = 3 * time.Second
	// undoTime is the limit for undoing a fault. The watchdog ends a run that takes longer.
	undoTime = 30 * time.Second
	retry    = 100 * time.Millisecond
)

// breaks makes a fault at its time and undoes it, whatever happens.
func (r *run) breaks(ctx context.Context, o occurrence) {
	b, err := r.ready(ctx, o)
	if err != nil {
		if ctx.Err() == nil {
			r.failed(o, err)
		}
		return
	}
	if !r.w.watchdog.Alive() {
		r.failed(o, errors.New("the watchdog is gone, and faults need it"))
		return
	}
	if !o.Lasts() {
		r.happens(ctx, o, b)
		return
	}
	entry, err := r.w.journal.Begin(o.Name, o.End-o.Begin+undoTime, b.steps...)
	if err != nil {
		r.failed(o, err)
		return
	}
	m := r.begin(o, b)
	if err = b.apply(); err != nil {
		r.failed(o, err)
	} else {
		r.sleep(ctx, max(o.End, r.clock()))
	}
	r.takeBack(o, b, entry)
	r.end(o, m)
}

// happens makes an instantaneous fault: the appliance must cope with it, and what is left of it is undone with the world.
func (r *run) happens(ctx context.Context, o occurrence, b *broken) {
	if _, err := r.w.journal.Begin(o.Name, 0, b.steps...); err != nil {
		r.failed(o, err)
		return
	}
	act, err := r.w.journal.Begin(o.Name+", while it is made", undoTime+applyTime)
	if err != nil {
		r.failed(o, err)
		return
	}
	m := r.begin(o, b)
	if err = errors.Join(b.apply(), act.Undo()); err != nil {
		r.failed(o, err)
	}
	r.end(o, m)
	if b.undo != nil { // its effect continues by itself
		<-ctx.Done()
		r.takeBack(o, b, nil)
	}
}

// ready prepares a fault as soon as there is something to break.
func (r *run) ready(ctx context.Context, o occurrence) (b *broken, err error) {
	mk, err := MakerOf(o.Kind)
	if err != nil {
		return nil, err
	}
	for until := time.Now().Add(patience); ; time.Sleep(retry) {
		if b, err = mk.prepare(r.w, o); err == nil || ctx.Err() != nil || time.Now().After(until) {
			return b, err
		}
	}
}

// takeBack undoes a fault. It retries: undoing may need something that a different fault has taken away.
func (r *run) takeBack(o occurrence, b *broken, entry *journal.Entry) {
	for until := time.Now().Add(undoTime - 5*time.Second); ; time.Sleep(retry) {
		var err error
		if b.undo != nil {
			err = b.undo()
		}
		if entry != nil {
			err = errors.Join(err, entry.Undo())
		}
		switch {
		case err == nil || r.w.life.Err() != nil: // what is left is undone with the world
			return
		case time.Now().After(until):
			r.mu.Lock()
			r.die(fmt.Errorf("%s could not be undone: %w", o.Name, err))
			r.mu.Unlock()
			return
		}
	}
}

// made is a fault that was begun.
type made struct {
	id, at int // its numbers for the judge and in the report
	over   []*tally.Stretch
}

// begin reports that a fault begins, and notes what it disturbs.
func (r *run) begin(o occurrence, b *broken) made {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, kind := r.clock(), o.Kind.Info()
	f := r.fault(o)
	f.Begin = now.Seconds()
	if b.how != "" {
		f.How = b.how
	}
	m := made{at: len(r.out.Faults)}
	r.out.Faults = append(r.out.Faults, f)
	if !kind.Harmless {
		r.lasting++
	}
	r.event("fault", "world", o.Name)
	r.o.Say(fmt.Sprintf("%s %s", o.Kind, o.Target))
	if mk, _ := MakerOf(o.Kind); kind.Family.Unheard || mk.shakes {
		m.over = append(m.over, r.account.Trouble(now))
	}
	if kind.Family.Answers {
		s := &tally.Stretch{From: now}
		r.cuts, m.over = append(r.cuts, s), append(m.over, s)
	}
	if kind.Family.Refuses {
		r.refusing++
	}
	m.id = r.judge.Began(now, judge.Fault{Address: o.Address, Kind: o.Kind, Target: o.Target, Lasts: o.Lasts()})
	return m
}

// end reports that what a fault took away is back.
func (r *run) end(o occurrence, m made) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, kind := r.clock(), o.Kind.Info()
	if !kind.Harmless {
		r.lasting--
	}
	r.judge.Ended(now, m.id)
	if o.Lasts() {
		r.out.Faults[m.at].End = now.Seconds()
		r.event("mended", "world", o.Name)
	}
	for _, s := range m.over {
		s.To = now
	}
	if kind.Family.Refuses {
		r.refusing--
		r.diskBad = now
	}
}

// failed notes a fault that could not be made: the request was not carried out, and nobody knows what the fault would have shown.
func (r *run) failed(o occurrence, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Unsupported = append(r.out.Unsupported, fmt.Sprintf("%s at %s could not be made: %v", o.Name, language.FormatDuration(o.Begin.Round(time.Millisecond)), err))
	for i := range r.out.Faults {
		if f := &r.out.Faults[i]; f.Name == o.Name && f.Begin >= o.Begin.Seconds() && f.Fidelity == "real" {
			f.Fidelity, f.How = "unsupported", err.Error()
			return
		}
	}
	f := r.fault(o)
	f.Fidelity, f.How = "unsupported", err.Error()
	r.out.Faults = append(r.out.Faults, f)
}
