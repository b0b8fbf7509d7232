package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/journal"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// handle acts on a request. Its error is that of the task.
func (n *Topic) handle(t *rt.Task, j *deed) error {
	n.running, j.begun = j, t.Now()
	n.idle.Take(rt.NewCell(false))
	n.counts.Asked++
	n.beats.used = t.Wall()
	j.Said = saidAt(j)
	if j.given = j.ID != ""; !j.given {
		j.ID = n.nextID(t)
	}
	until := t.Now().Add(n.c.Timeout)
	a := act.Answer{ID: j.ID, Topic: n.Topic, Text: j.Text, Said: j.Said, Came: j.at}
	if age := j.at.Sub(j.Said) + t.Now().Sub(j.came); age > n.c.Expires || j.Undated {
		n.expired(t, j, a, &act.ExpiredError{Age: age, Most: n.c.Expires, Undated: j.Undated})
		return nil
	}
	r, err := n.read(t, j, until)
	if err != nil {
		return err
	}
	a.Reading, a.Model, a.ReadAt = r.Reading, r.model, t.Wall()
	a.Understood = r.Tier != act.NoTier
	p, known := n.Age.now(t)
	e := n.journal.Begin(j.Request, p, known)
	e.Answer = a
	switch {
	case r.Tier == act.NoTier:
		e.Answer.Reason = r.Why
		if r.err != nil { // a server that is busy or slow is no misunderstanding
			_, busy := errors.AsType[*act.BusyError](r.err)
			_, late := errors.AsType[*act.TimeoutError](r.err)
			if !j.DryRun && (busy || late) {
				n.refuse(t, j, a, r.err)
				return nil
			}
		}
	case r.Tier == act.Correction:
		if err := n.correct(t, j, &e, until); err != nil {
			return err
		}
	default:
		if err := n.carry(t, j, &e, r.Commands, until); err != nil {
			return err
		}
	}
	if !j.DryRun {
		if r.Tier != act.Correction && r.Tier != act.NoTier {
			n.memory.keep(t.Now(), j.Session, r.remember, e.Answer)
		}
		if r.learns != "" && n.c.Learn > 0 && verified(e.Answer.Outcomes) {
			n.learnt.add(t, act.LearntAnswer{Topic: n.Topic, Text: j.Text, Area: j.Area, Commands: r.Commands, Version: r.learns}, t.Wall(), n.c.Learn)
		}
	}
	n.finish(t, j, &e)
	return nil
}

// refuse answers a request that was not acted on. Nothing is noted: it may come again.
func (n *Topic) refuse(t *rt.Task, j *deed, a act.Answer, cause error) {
	a.Refused, a.Reason = true, fmt.Sprint(cause)
	n.tell(t, j.Request, a, t.Now().Sub(j.came))
	n.drop(j)
	j.reply(t, answered{Answer: a, err: cause})
}

// expired refuses a request that comes too late, for ever: the same ID is answered the same.
func (n *Topic) expired(t *rt.Task, j *deed, a act.Answer, cause *act.ExpiredError) {
	n.counts.Expired++
	a.Expired = cause
	if !j.DryRun {
		p, known := n.Age.now(t)
		e := n.journal.Begin(j.Request, p, known)
		a.Refused, a.Reason = true, cause.Error()
		a.Speech = act.Speech(a)
		e.Answer, e.Done = a, true
		if n.journal.Save(t, &e) != nil {
			t.Trace("journal refused")
		}
	}
	n.refuse(t, j, a, cause)
}

// saidAt is when the last word was spoken. A clock that jumped does not make a command of the future.
func saidAt(j *deed) time.Time {
	if j.Said.IsZero() || j.Said.After(j.at) {
		return j.at
	}
	return j.Said
}

// finish completes an answer, and keeps and tells it. j is nil if nobody waits for it.
func (n *Topic) finish(t *rt.Task, j *deed, e *journal.Entry) {
	a := &e.Answer
	conclude(a)
	n.custom(a)
	e.Done, e.Calling = true, 0
	n.current = nil
	if j == nil || !j.DryRun {
		if err := n.journal.Save(t, e); err != nil {
			t.Trace("journal refused")
		}
		n.count(*a)
		took := time.Duration(0)
		if j != nil {
			took = t.Now().Sub(j.came)
			n.pace = (3*n.pace + t.Now().Sub(j.begun)) / 4
		}
		n.tell(t, e.Request, *a, took)
	}
	if j != nil {
		n.drop(j)
		j.reply(t, answered{Answer: *a})
	}
	if n.running == j {
		n.running = nil
	}
	n.show()
}

// custom lets an intent of the runbook say its own words, once it is proven to be done.
func (n *Topic) custom(a *act.Answer) {
	a.Speech = act.Speech(*a)
	if !a.Verified || len(a.Reading.Commands) != 1 || len(a.Undone) > 0 {
		return
	}
	if c, ok := n.c.Calls[a.Reading.Commands[0].Intent]; ok && c.Reply != "" {
		if text, ok := act.Said(c.Reply, a.Reading.Commands[0]); ok {
			a.Speech = text
		}
	}
}

func (n *Topic) count(a act.Answer) {
	c := &n.counts
	if !a.Understood {
		c.NotUnderstood++
		return
	}
	c.Understood++
	if a.Executed {
		c.Executed++
	}
	if a.Verified {
		c.Verified++
	}
	for _, o := range append(slices.Clone(a.Outcomes), a.Undone...) {
		switch o.Verdict {
		case act.Failed:
			c.Failed++
		case act.Unproven:
			c.Unproven++
		case act.Unknown:
			c.Unknown++
		}
	}
}

// conclude says what the outcomes come to.
func conclude(a *act.Answer) {
	list := a.Outcomes
	if a.Reading.Tier == act.Correction {
		list = a.Undone
	}
	a.Executed, a.Verified = len(list) > 0, verified(list)
	for _, o := range list {
		if !o.Verdict.Good() && o.Verdict != act.Unproven {
			a.Executed = false
		}
		if a.Reason == "" && !o.Verdict.Good() {
			a.Reason = o.Reason
		}
		if o.Answered.After(a.ExecutedAt) {
			a.ExecutedAt = o.Answered
		}
		if o.Proof.After(a.VerifiedAt) {
			a.VerifiedAt = o.Proof
		}
	}
	if !a.Executed {
		a.ExecutedAt = time.Time{}
	}
	if !a.Verified {
		a.VerifiedAt = time.Time{}
	}
}

// verified tells whether all outcomes are successes.
func verified(list []act.Outcome) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(o act.Outcome) bool { return !o.Verdict.Good() })
}

// step is a call that a command needs, or why it cannot be made.
type step struct {
	call    act.Call
	own     *act.Command // it is done here
	refused string
}

// plan translates commands into calls, and changes nothing.
func (n *Topic) plan(t *rt.Task, commands []act.Command, until rt.Instant) (steps []step, err error) {
	for _, c := range commands {
		if c.Backend == "" {
			steps = append(steps, step{call: act.Call{Intent: c.Intent, Service: "orac." + c.Intent}, own: &c})
			continue
		}
		refused := step{call: act.Call{Backend: c.Backend, Intent: c.Intent, Targets: c.Targets}}
		to, ok := n.c.Reach[c.Backend]
		if !ok {
			refused.refused = "backend." + c.Backend + " is not one of this topic"
			steps = append(steps, refused)
			continue
		}
		ask := planCalls{command: c, reply: rt.NewMailbox[planned]("planned", 1)}
		if own, ok := n.c.Calls[c.Intent]; ok && own.Backend == c.Backend {
			ask.template = &own.Template
		}
		if !to.TrySend(t, ask) {
			refused.refused = "backend." + c.Backend + " is busy"
			steps = append(steps, refused)
			continue
		}
		p, err := awaited(t, n, ask.reply, min(until, t.Now().Add(askPatience)))
		switch {
		case errors.Is(err, rt.ErrTimeout):
			refused.refused = "backend." + c.Backend + " does not answer: it may be restarting"
		case err != nil:
			return nil, err
		case p.err != nil:
			refused.refused = p.err.Error()
		case len(p.calls) == 0:
			refused.refused = "there is nothing to call"
		}
		if refused.refused != "" {
			steps = append(steps, refused)
			continue
		}
		for _, call := range p.calls {
			steps = append(steps, step{call: call})
		}
	}
	return steps, nil
}

// carry has commands carried out, in order. A command that fails stops only those that name the same things; one whose fate is not known
// when the time is over stops all.
func (n *Topic) carry(t *rt.Task, j *deed, e *journal.Entry, commands []act.Command, until rt.Instant) error {
	steps, err := n.plan(t, commands, until)
	if err != nil {
		return err
	}
	failed := map[string]bool{} // entities
	for i, s := range steps {
		o := act.Outcome{Call: s.call, Verdict: act.NotTried}
		switch {
		case s.refused != "":
			o.Verdict, o.Reason = act.Failed, s.refused
		case j.DryRun:
			o.Reason = "a dry run"
		case t.Now() >= until:
			o.Reason = fmt.Sprintf("the time for it (%v) was over", n.c.Timeout)
		case slices.ContainsFunc(s.call.Targets, func(id string) bool { return failed[id] }):
			o.Reason = "what came before it failed"
		case s.own != nil:
			o = n.own(t, j, i, *s.own)
		default:
			if o, err = n.call(t, j, e, s.call, until); err != nil {
				return err
			}
		}
		if e.Answer.Outcomes = append(e.Answer.Outcomes, o); !o.Verdict.Good() && o.Verdict != act.Unproven {
			for _, id := range s.call.Targets {
				failed[id] = true
			}
		}
	}
	return nil
}

// call makes a call: the journal says so before. Its error is that of the task, and the entry then stays as it is: nobody knows what
// came of the call.
func (n *Topic) call(t *rt.Task, j *deed, e *journal.Entry, call act.Call, until rt.Instant) (act.Outcome, error) {
	o := act.Outcome{Call: call}
	to, ok := n.c.Reach[call.Backend]
	if !ok {
		return act.Outcome{Call: call, Verdict: act.NotTried, Reason: "backend." + call.Backend + " is gone"}, nil
	}
	if !call.Asks { // a question may be asked again
		about := *e
		about.Answer.Outcomes = append(slices.Clone(e.Answer.Outcomes), act.Outcome{Call: call, Sent: t.Wall()})
		about.Calling = len(about.Answer.Outcomes)
		if err := n.journal.Save(t, &about); err != nil && j.given {
			n.retry = min(n.retry, t.Now())
			return act.Outcome{Call: call, Verdict: act.NotTried, Reason: "it cannot be noted on the disk, so it is not done: " + err.Error()}, nil
		}
		*e = about
		e.Answer.Outcomes = e.Answer.Outcomes[:len(e.Answer.Outcomes)-1]
		kept := about
		n.current = &kept
	}
	o.Sent = t.Wall()
	j.made++
	o.Number = j.made
	ask := doCall{call: call, thread: n.c.Sampling.Onward(j.Thread(), event.CallStep(j.at, j.made)), until: until, reply: rt.NewMailbox[act.Outcome]("outcome", 1)}
	if !to.TrySend(t, ask) {
		o.Sent, o.Verdict, o.Reason = time.Time{}, act.NotTried, "backend."+call.Backend+" is busy"
		return o, nil
	}
	t.Trace("call")
	got, err := awaited(t, n, ask.reply, until.Add(callGrace))
	switch {
	case errors.Is(err, rt.ErrTimeout), errors.Is(err, rt.ErrClosed):
		ask.reply.Close(t)
		o.Verdict, o.Reason = act.Unknown, fmt.Sprintf("backend.%s did not answer in time: it may have done it", call.Backend)
		return o, nil
	case err != nil:
		return o, err
	}
	got.Number = o.Number
	return got, nil
}

// callGrace is how much longer a topic waits than a backend may take, which answers in time.
const callGrace = time.Second
