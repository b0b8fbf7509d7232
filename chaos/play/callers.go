package play

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"orac/appliance/act"
	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/runbook/scenario"
	"orac/sim/trial/deeds"
	"orac/sim/trial/schedule"
)

// callers are others who ask topics of the appliance, in order, each command again under the same ID until it is answered; and what came of
// it. The run's mutex guards it.
type callers struct {
	*deeds.Book
	asked, served int
	numbers       int
	open          map[*deeds.Command]bool // not answered yet
	due           []func(at time.Duration)
}

const (
	// quietEnd is how long before the end callers fall silent, so that all can be answered.
	quietEnd = 20 * time.Second
	// mostPause is the longest pause of a caller before it asks again.
	mostPause = 8 * time.Second
	// mostAsked bounds the commands of one caller that wait.
	mostAsked = 1000
)

// callAll has all callers ask until the end. Each names a topic: a scenario for a live appliance has no others.
func (r *run) callAll(ctx context.Context) {
	for _, c := range r.sc.Callers {
		said := make(chan *deeds.Command, mostAsked)
		r.busy.Go(func() { r.speak(ctx, c, said) })
		r.busy.Go(func() {
			for {
				select {
				case x := <-said:
					r.ask(ctx, c, x)
				case <-ctx.Done():
					return
				}
			}
		})
	}
}

// speak says the commands of a caller at their times.
func (r *run) speak(ctx context.Context, c scenario.Caller, said chan<- *deeds.Command) {
	times := schedule.Times(schedule.Stream(r.o.Seed, "caller "+c.Name), c.At, c.Every, c.Jitter, c.Times, r.sc.Head.For-quietEnd)
	for n, at := range times[:min(len(times), mostAsked)] {
		if !r.sleep(ctx, at) {
			return
		}
		r.mu.Lock()
		number := int(c.Length*audio.Rate/time.Second) + r.callers.numbers
		r.callers.numbers++
		x := deeds.Phrase(r.w.book.rb, c.Topic, number, (n+1)%3 == 0)
		x.ID, x.Said = fmt.Sprintf("%s-%d", c.Name, n+1), r.clock()
		r.callers.Add(&x, number)
		r.callers.asked++
		r.callers.open[&x] = true
		r.mu.Unlock()
		said <- &x
	}
}

// ask asks until there is an answer, or it is clear that the command has expired.
func (r *run) ask(ctx context.Context, c scenario.Caller, x *deeds.Command) {
	pause := 500 * time.Millisecond
	for {
		q := act.Request{ID: x.ID, Topic: c.Topic, Text: x.Text, From: c.Name, Said: r.began.Add(x.Said).Add(r.w.stepped())}
		code, body, err := r.w.Ask(ctx, http.MethodPost, "ask", q)
		var a act.Answer
		switch {
		case ctx.Err() != nil:
			return
		case err != nil: // it does not run, or ended before it answered
		case code == http.StatusOK && json.Unmarshal(body, &a) == nil:
			r.answered(x, &a)
			return
		case x.Most > 0 && r.clock()-x.Said > x.Most: // it is refused, whatever comes
			r.answered(x, nil)
			return
		}
		if !r.sleep(ctx, r.clock()+pause) {
			return
		}
		pause = min(2*pause, mostPause)
	}
}

// answered notes an answer; it is judged when the record of the backends was read after it.
func (r *run) answered(x *deeds.Command, a *act.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.callers.served++
	delete(r.callers.open, x)
	if a != nil {
		r.callers.due = append(r.callers.due, func(at time.Duration) { r.callers.Answered(at, x, *a) })
	}
}

// reported notes what the appliance tells everybody of a command. The caller holds mu.
func (r *run) reported(e event.Acted) {
	r.callers.due = append(r.callers.due, func(at time.Duration) { r.callers.Reported(at, e) })
}

// looksAtHomes reads what the homes have done, and judges what was said before that.
func (r *run) looksAtHomes() {
	r.mu.Lock()
	due := r.callers.due
	r.callers.due = nil
	r.mu.Unlock()
	read := true
	for _, b := range r.w.book.rb.Backends {
		s := r.w.services[b.Address]
		if s == nil || s.house == nil {
			continue
		}
		list, calls, err := s.house.Deeds(s.calls)
		if err != nil {
			read = false
			continue
		}
		s.calls = calls
		r.mu.Lock()
		for _, d := range list {
			r.callers.Does(d.At.Sub(r.began), b.Name, d.Data, d.Request)
		}
		r.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !read { // it ended with the run
		r.callers.due = append(due, r.callers.due...)
		return
	}
	for _, judge := range due {
		judge(r.clock())
	}
}

// unanswered breaks the promise that everybody is answered. The caller holds mu.
func (r *run) unanswered(end time.Duration) {
	for x := range r.callers.open {
		r.judge.Break(end, "lost", x.ID+" was sent, and never answered")
	}
}
