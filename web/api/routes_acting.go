package api

import (
	"context"
	"net/http"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/appliance/store"
	"orac/web/acts"
	"orac/web/schema"
)

// Acting is the part of an appliance that makes things happen.
type Acting interface {
	// Acting is what acts on texts; nil if nothing of the runbook does.
	Acting() act.Core
}

// acting returns what acts, or the problem that nothing does.
func acting(c *Call) (act.Core, error) {
	core := c.Server.o.App.Acting.Acting()
	if core == nil {
		return nil, schema.Fail(schema.NotFound, "Nothing acts here: the runbook declares no topic with backends, intents, english or a language_model.")
	}
	return core, nil
}

// acted asks the acting side for something that it knows at once.
func acted[T any](c *Call, f func(context.Context, act.Core) (T, error)) (out T, err error) {
	core, err := acting(c)
	if err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(c.Context(), stateTime)
	defer cancel()
	if out, err = f(ctx, core); err != nil {
		return out, acts.ProblemOf(err)
	}
	return out, nil
}

// askTime is how long a text may take, from the request to the answer.
const askTime = 45 * time.Second

// AskInput is a text to act on.
type AskInput struct {
	Topic string `json:"topic" check:"required;pattern=topic"`
	Text  string `json:"text" check:"required;min=1;max=2000"`
	Area  string `json:"area" check:"max=100" doc:"The room where the speaker is."`
}

func (in AskInput) target() string { return in.Topic }

func askText(c *Call, in AskInput) (acts.Answer, error) { return askWith(c, in, false) }

func tryText(c *Call, in AskInput) (acts.Answer, error) { return askWith(c, in, true) }

func askWith(c *Call, in AskInput, dry bool) (acts.Answer, error) {
	core, err := acting(c)
	if err != nil {
		return acts.Answer{}, err
	}
	if len(in.Text) > act.MaxText {
		return acts.Answer{}, acts.ProblemOf(&amount.TooMuchError{What: "bytes of text", Is: len(in.Text), Most: act.MaxText})
	}
	_ = http.NewResponseController(c.W).SetWriteDeadline(time.Now().Add(askTime + time.Second)) // only a test's writer has no deadlines
	ctx, cancel := context.WithTimeout(c.Base, askTime)
	defer cancel()
	who := c.Who.Subject()
	a, err := core.Ask(ctx, act.Request{Topic: in.Topic, Text: in.Text, Area: in.Area, From: who, Session: who, Trace: c.ID, Parent: c.Parent, DryRun: dry})
	if err != nil {
		return acts.Answer{}, acts.ProblemOf(err)
	}
	return acts.AnswerOf(a), nil
}

// CommandsInput selects commands.
type CommandsInput struct {
	Topic  string `query:"topic" check:"pattern=topic"`
	Result string `query:"result" check:"enum=done|unproven|unknown|failed|unclear|refused" doc:"Only those of which this came."`
	Tier   string `query:"tier" check:"enum=correction|sentence|near|learnt|model|handed" doc:"Only those that were understood so."`
	Before int64  `query:"before" check:"min=0" doc:"next of the previous page; default: start with the newest."`
	Limit  int    `query:"limit" check:"min=1;max=200" doc:"50 if it is not given."`
}

// CommandsOut are commands.
type CommandsOut struct {
	Commands []acts.Answer `json:"commands"`
	Next     int64         `json:"next,omitempty"`
	Counts   acts.Counts   `json:"counts" doc:"Since the start."`
	Waiting  int           `json:"waiting" doc:"Texts that wait for their turn."`
}

// getCommands reads the history: it knows what an earlier process did, and what topics did that are gone.
func getCommands(c *Call, in CommandsInput) (out CommandsOut, err error) {
	if in.Limit == 0 {
		in.Limit = 50
	}
	out.Commands = []acts.Answer{}
	if core := c.Server.o.App.Acting.Acting(); core != nil {
		st, err := acted(c, func(ctx context.Context, core act.Core) (act.CoreState, error) { return core.State(ctx) })
		if err != nil {
			return out, err
		}
		out.Counts, out.Waiting = acts.Counts(st.Counts), st.Waiting
	}
	h, err := c.history()
	if err != nil {
		return out, err
	}
	list, next, err := h.Commands(store.Page{Before: in.Before, Limit: in.Limit}, store.Commands{Topic: in.Topic, Result: in.Result, Tier: in.Tier})
	for _, r := range list {
		out.Commands = append(out.Commands, acts.Recorded(r))
	}
	out.Next = next
	return out, historyProblem(err)
}

func getTopics(c *Call, _ schema.None) ([]acts.Topic, error) {
	return acted(c, func(ctx context.Context, core act.Core) ([]acts.Topic, error) {
		st, err := core.State(ctx)
		out := []acts.Topic{}
		for _, t := range st.Topics {
			out = append(out, acts.TopicOf(t))
		}
		return out, err
	})
}

// BackendsOut is who carries commands out, and who is asked when no sentence fits.
type BackendsOut struct {
	Backends []acts.Backend `json:"backends"`
	Models   []acts.Model   `json:"language_models"`
}

func getBackends(c *Call, _ schema.None) (BackendsOut, error) {
	return acted(c, func(ctx context.Context, core act.Core) (BackendsOut, error) {
		st, err := core.State(ctx)
		out := BackendsOut{[]acts.Backend{}, []acts.Model{}}
		for _, b := range st.Backends {
			out.Backends = append(out.Backends, acts.BackendOf(b))
		}
		for _, m := range st.Models {
			out.Models = append(out.Models, acts.ModelOf(m))
		}
		return out, err
	})
}

// BackendInput names a backend.
type BackendInput struct {
	Name string `path:"name" check:"pattern=name"`
}

func (in BackendInput) target() string { return "backend." + in.Name }

func getThings(c *Call, in BackendInput) ([]acts.Thing, error) {
	return acted(c, func(ctx context.Context, core act.Core) ([]acts.Thing, error) {
		h, states, err := core.Home(ctx, in.Name)
		return acts.ThingsOf(h, states), err
	})
}

func refreshBackend(c *Call, in BackendInput) (schema.None, error) {
	return acted(c, func(ctx context.Context, core act.Core) (schema.None, error) {
		return schema.None{}, core.Refresh(ctx, in.Name)
	})
}

func getLearnt(c *Call, _ schema.None) ([]acts.Learnt, error) {
	return acted(c, func(ctx context.Context, core act.Core) ([]acts.Learnt, error) {
		list, err := core.Learnt(ctx)
		out := []acts.Learnt{}
		for _, l := range list {
			out = append(out, acts.LearntOf(l))
		}
		return out, err
	})
}

// ForgetInput names a learnt answer.
type ForgetInput struct {
	Topic string `json:"topic" check:"required;pattern=topic"`
	Text  string `json:"text" check:"required;min=1;max=2000"`
}

func (in ForgetInput) target() string { return in.Topic }

// Forgotten says how many answers were forgotten.
type Forgotten struct {
	Removed int `json:"removed"`
}

func forget(c *Call, in ForgetInput) (Forgotten, error) {
	return acted(c, func(ctx context.Context, core act.Core) (Forgotten, error) {
		n, err := core.Forget(ctx, in.Topic, in.Text)
		if err == nil && n == 0 {
			err = schema.Fail(schema.NotFound, "Nothing was learnt for this text.")
		}
		return Forgotten{n}, err
	})
}

func forgetAll(c *Call, _ schema.None) (Forgotten, error) {
	return acted(c, func(ctx context.Context, core act.Core) (Forgotten, error) {
		n, err := core.Forget(ctx, "", "")
		return Forgotten{n}, err
	})
}
