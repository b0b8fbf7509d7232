package node

import (
	"errors"
	"time"

	"orac/appliance/act"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// LanguageModel asks a language model, one question at a time. The others wait in a bounded queue; who finds no room is told at once.
type LanguageModel struct {
	Name   string // address of the node
	Model  string // name of the block
	Config *rt.Cell[LanguageModelConfig]
	Asks   *rt.Mailbox[ModelAsk]
	Events Events

	// The fields below outlive an instance.
	mark    any
	waiting []ModelAsk
	state   act.ModelState
	shown   rt.Cell[act.ModelState]
}

// LanguageModelConfig are the settings of a LanguageModel.
type LanguageModelConfig struct {
	Client  act.LanguageModel
	URL     string
	Timeout time.Duration
	Queue   int
}

// ModelAsk is a question, or the news that an answer was rejected.
type ModelAsk struct {
	act.Question
	Until    rt.Instant
	Reply    *rt.Mailbox[chosen]
	Rejected bool
}

type chosen struct {
	text []byte
	err  error
}

// Update implements Updater.
func (n *LanguageModel) Update(fresh Node) { n.Config.Take(fresh.(*LanguageModel).Config) }

// Shown is the state. It may be called from anywhere.
func (n *LanguageModel) Shown() act.ModelState { return n.shown.Get() }

// Run implements Node.
func (n *LanguageModel) Run(t *rt.Task) error {
	c, _ := n.Config.Changed(&n.mark)
	var call *rt.Task
	done := rt.NewMailbox[chosen]("done", 1)
	for {
		if fresh, changed := n.Config.Changed(&n.mark); changed {
			c = fresh
		}
		if call == nil {
			call = n.begin(t, c, done)
		}
		n.state.Name, n.state.URL, n.state.Waiting = n.Model, c.URL, len(n.waiting)
		n.shown.Take(rt.NewCell(n.state))
		which, err := rt.Select(t, rt.Never, done, n.Asks)
		if err != nil {
			n.dismiss(t)
			return err
		}
		switch which {
		case 0:
			if a, ok := done.TryRecv(t); ok {
				call = nil
				n.answered(t, a.err)
			}
		case 1:
			a, ok := n.Asks.TryRecv(t)
			switch {
			case !ok && n.Asks.Closed():
				n.dismiss(t)
				return nil
			case !ok:
			case a.Rejected:
				n.state.Rejected++
			case len(n.waiting) >= c.Queue:
				t.Trace("busy")
				a.Reply.TrySend(t, chosen{err: &act.BusyError{What: n.Name, RetryAfter: max(time.Second, c.Timeout/4)}})
			default:
				n.waiting = append(n.waiting, a)
			}
		}
	}
}

func (n *LanguageModel) dismiss(t *rt.Task) {
	for _, a := range n.waiting {
		a.Reply.TrySend(t, chosen{err: &act.BusyError{What: n.Name, RetryAfter: time.Second}})
	}
	n.waiting = nil
}

// begin asks the next question, in a task of its own that answers by the deadline.
func (n *LanguageModel) begin(t *rt.Task, c LanguageModelConfig, done *rt.Mailbox[chosen]) *rt.Task {
	for len(n.waiting) > 0 {
		a := n.waiting[0]
		n.waiting = n.waiting[1:]
		if a.Reply.Closed() || t.Now() >= a.Until {
			a.Reply.TrySend(t, chosen{err: &act.TimeoutError{What: n.Name, Limit: c.Timeout}})
			continue
		}
		n.state.Asked++
		name := n.Name
		return t.Go("ask", func(t *rt.Task) error {
			out := rt.NewMailbox[chosen]("answer", 1)
			inner := t.Go("choose", func(t *rt.Task) error {
				text, err := c.Client.Choose(t, a.Question)
				out.TrySend(t, chosen{text, err})
				return nil
			})
			err := t.Wait(inner, min(a.Until, t.Now().Add(c.Timeout)))
			r, ok := out.TryRecv(t)
			switch {
			case ok:
			case errors.Is(err, rt.ErrTimeout):
				r.err = &act.TimeoutError{What: name, Limit: c.Timeout}
			default:
				r.err = errors.New("the question was lost")
			}
			a.Reply.TrySend(t, r)
			return done.Send(t, chosen{err: r.err})
		})
	}
	return nil
}

// answered tells when the model begins to fail, and when it works again.
func (n *LanguageModel) answered(t *rt.Task, err error) {
	cause := ""
	if err != nil {
		cause = err.Error()
	}
	if (cause == "") != (n.state.Error == "") {
		say(t, n.Events, n.Name, event.ModelHealth{Model: n.Model, OK: err == nil, Cause: cause})
	}
	n.state.Error = cause
}
