package control

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"orac/appliance/rollout"
	"orac/appliance/status"
	"orac/web/audit"
	"orac/web/members"
)

// Centre is a daemon that is the centre of a house.
type Centre interface {
	// Members returns what is known of all members.
	Members() ([]members.State, error)
	// PlanPush asks members what a push would do.
	PlanPush(ctx context.Context, ask rollout.Ask) (*rollout.Push, error)
	// Push carries out a plan, StopPush ends that early, UndoPush takes it back. They return at once.
	Push(ctx context.Context, id string) (*rollout.Push, error)
	StopPush(ctx context.Context) (*rollout.Push, error)
	UndoPush(ctx context.Context, id string) (*rollout.Push, error)
	// LastPush returns the push that is carried out, or was last; nil if there was none.
	LastPush() (*rollout.Push, error)
}

// noCentre is the answer of a daemon that has no members.
var noCentre = &status.Refusal{Code: status.Unknown, Message: "this appliance has no members", Hint: "its runbook needs an issuer block, a web block, and a member block for each"}

func (a Audited) house() (*members.Centre, error) {
	if a.Centre == nil || len(a.Centre.List()) == 0 {
		return nil, noCentre
	}
	return a.Centre, nil
}

// Members implements Centre.
func (a Audited) Members() ([]members.State, error) {
	h, err := a.house()
	if err != nil {
		return nil, err
	}
	return h.List(), nil
}

// PlanPush implements Centre. It is not recorded: nothing is changed.
func (a Audited) PlanPush(ctx context.Context, ask rollout.Ask) (*rollout.Push, error) {
	h, err := a.house()
	if err != nil {
		return nil, err
	}
	who, _ := audit.Who(ctx)
	return h.Plan(ctx, ask, who)
}

// Push implements Centre.
func (a Audited) Push(ctx context.Context, id string) (*rollout.Push, error) {
	return a.push(ctx, "members.push", id, func(h *members.Centre, who string) (*rollout.Push, error) { return h.Start(id, who) })
}

// StopPush implements Centre.
func (a Audited) StopPush(ctx context.Context) (*rollout.Push, error) {
	return a.push(ctx, "members.stop", "", func(h *members.Centre, _ string) (*rollout.Push, error) { return h.Stop() })
}

// UndoPush implements Centre.
func (a Audited) UndoPush(ctx context.Context, id string) (*rollout.Push, error) {
	return a.push(ctx, "members.undo", id, func(h *members.Centre, who string) (*rollout.Push, error) { return h.Undo(id, who) })
}

func (a Audited) push(ctx context.Context, action, id string, do func(*members.Centre, string) (*rollout.Push, error)) (*rollout.Push, error) {
	h, err := a.house()
	if err != nil {
		return nil, err
	}
	r := audit.Record{Action: action, Target: id}
	ended, err := a.begin(ctx, &r)
	if err != nil {
		return nil, err
	}
	p, err := do(h, r.Who)
	if err == nil {
		r.After = map[string]any{"what": p.What}
	}
	ended(err)
	return p, err
}

// LastPush implements Centre.
func (a Audited) LastPush() (*rollout.Push, error) {
	h, err := a.house()
	if err != nil {
		return nil, err
	}
	return h.Last(), nil
}

// pushID is what a push is begun or taken back with.
type pushID struct {
	ID string `json:"id"`
}

// houseRoutes are those of a centre.
func (h *handler) houseRoutes(mux *http.ServeMux) {
	centre := func(do func(c Centre, r *http.Request) (any, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if h.centre == nil {
				fail(w, noCentre)
				return
			}
			v, err := do(h.centre, r)
			respond(w, v, pushRefusal(err))
		}
	}
	mux.HandleFunc("GET /v1/members", centre(func(c Centre, _ *http.Request) (any, error) { return c.Members() }))
	mux.HandleFunc("GET /v1/push", centre(func(c Centre, _ *http.Request) (any, error) { return c.LastPush() }))
	mux.HandleFunc("POST /v1/push/stop", centre(func(c Centre, r *http.Request) (any, error) { return c.StopPush(h.by(r)) }))
	for path, do := range map[string]func(Centre, context.Context, string) (*rollout.Push, error){"/v1/push": Centre.Push, "/v1/push/undo": Centre.UndoPush} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			var in pushID
			if err := read(w, r, &in); err != nil {
				fail(w, err)
				return
			}
			centre(func(c Centre, r *http.Request) (any, error) { return do(c, h.by(r), in.ID) })(w, r)
		})
	}
	mux.HandleFunc("POST /v1/push/plan", func(w http.ResponseWriter, r *http.Request) {
		var ask rollout.Ask
		if err := read(w, r, &ask); err != nil {
			fail(w, err)
			return
		}
		// Members may take longer to answer than one write may.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		centre(func(c Centre, r *http.Request) (any, error) {
			p, err := c.PlanPush(audit.By(r.Context(), origin(r).Who(), "socket"), ask)
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.patience))
			return p, err
		})(w, r)
	})
}

// pushRefusal is why a push is not made, for a person.
func pushRefusal(err error) error {
	if why, ok := errors.AsType[*rollout.Cannot](err); ok {
		return &status.Refusal{Code: status.Invalid, Message: why.Why}
	}
	switch {
	case errors.Is(err, rollout.ErrBusy):
		return &status.Refusal{Code: status.Busy, Message: err.Error(), Hint: "wait until it is over, or stop it: orac push --stop"}
	case errors.Is(err, rollout.ErrNoPlan):
		return &status.Refusal{Code: status.Changed, Message: err.Error()}
	case errors.Is(err, rollout.ErrNone):
		return &status.Refusal{Code: status.Unknown, Message: err.Error()}
	}
	return err
}

// Members returns what the appliance knows of its members.
func (c *Client) Members(ctx context.Context) (list []members.State, err error) {
	return list, c.quick(ctx, "members", &list)
}

// PlanPush asks members what a push would do.
func (c *Client) PlanPush(ctx context.Context, ask rollout.Ask) (p *rollout.Push, err error) {
	return p, c.ask(ctx, http.MethodPost, "push/plan", ask, func(body io.Reader) error { return decode(body, &p) })
}

// Push carries out a plan. It returns at once.
func (c *Client) Push(ctx context.Context, id string) (p *rollout.Push, err error) {
	return p, c.quickly(ctx, http.MethodPost, "push", pushID{id}, &p)
}

// LastPush is the push that is carried out, or was last; nil if there was none.
func (c *Client) LastPush(ctx context.Context) (p *rollout.Push, err error) {
	return p, c.quick(ctx, "push", &p)
}

// StopPush lets a push change no further member.
func (c *Client) StopPush(ctx context.Context) (p *rollout.Push, err error) {
	return p, c.quickly(ctx, http.MethodPost, "push/stop", struct{}{}, &p)
}

// UndoPush returns the members that a push has changed to what they ran before. It returns at once.
func (c *Client) UndoPush(ctx context.Context, id string) (p *rollout.Push, err error) {
	return p, c.quickly(ctx, http.MethodPost, "push/undo", pushID{id}, &p)
}
