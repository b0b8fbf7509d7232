package appliance

import (
	"context"

	"orac/appliance/act"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
)

// CoreServer is the acting side behind a core_server block that runs; false if there is none. It stays usable while the graph changes,
// and takes no heartbeats once the block is gone.
func (d *Daemon) CoreServer(address runbook.Address) (act.Core, bool) {
	return actingCore{d, address.Name()}, d.core.CoreServer(address.Name()) != nil
}

// Acting is the acting side of the appliance, for people: it serves no heartbeats.
func (d *Daemon) Acting() act.Core { return actingCore{d: d} }

// actingCore asks the nodes that act, whichever instances they are at the moment.
type actingCore struct {
	d      *Daemon
	server string // name of the block; "" for none
}

// acting does something as a task that ends with ctx.
func acting[T any](ctx context.Context, c actingCore, f func(*rt.Task) (T, error)) (T, error) {
	out, err := do(ctx, c.d, "act", f)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

// Ask implements act.Core.
func (c actingCore) Ask(ctx context.Context, r act.Request) (act.Answer, error) {
	return acting(ctx, c, func(t *rt.Task) (act.Answer, error) {
		n := c.d.core.Topic(r.Topic)
		if n == nil {
			return act.Answer{}, &act.TopicError{Topic: r.Topic}
		}
		return n.Ask(t, r)
	})
}

// Beat implements act.Core.
func (c actingCore) Beat(ctx context.Context, b act.Beat) (act.BeatAnswer, error) {
	return acting(ctx, c, func(t *rt.Task) (act.BeatAnswer, error) {
		n := c.d.core.CoreServer(c.server)
		if n == nil {
			return act.BeatAnswer{}, &status.Refusal{Code: status.Unknown, Message: "the runbook in force has no core_server." + c.server}
		}
		return n.Beat(t, b)
	})
}

// State implements act.Core.
func (c actingCore) State(ctx context.Context) (act.CoreState, error) {
	return c.d.core.Acting(), ctx.Err()
}

// Home implements act.Core.
func (c actingCore) Home(ctx context.Context, backend string) (*act.Home, []act.State, error) {
	s, err := acting(ctx, c, func(t *rt.Task) (node.BackendShown, error) {
		n := c.d.core.Backend(backend)
		if n == nil {
			return node.BackendShown{}, act.ErrNoBackend
		}
		return n.Look(t)
	})
	return s.Home, s.States, err
}

// Commands implements act.Core.
func (c actingCore) Commands(ctx context.Context, topic string, limit int) ([]act.Answer, error) {
	return c.d.core.Commands(topic, limit), ctx.Err()
}

// Forget implements act.Core.
func (c actingCore) Forget(ctx context.Context, topic, text string) (int, error) {
	return acting(ctx, c, func(t *rt.Task) (all int, err error) {
		if topic != "" && c.d.core.Topic(topic) == nil {
			return 0, &act.TopicError{Topic: topic}
		}
		for _, n := range c.d.core.Topics() {
			if topic != "" && n.Topic != topic {
				continue
			}
			count, err := n.Forget(t, text)
			if err != nil {
				return all, err
			}
			all += count
		}
		return all, nil
	})
}

// Learnt implements act.Core.
func (c actingCore) Learnt(ctx context.Context) (list []act.LearntAnswer, err error) {
	for _, n := range c.d.core.Topics() {
		list = append(list, n.Shown().Learnt...)
	}
	return list, ctx.Err()
}

// Refresh implements act.Core.
func (c actingCore) Refresh(ctx context.Context, backend string) error {
	_, err := acting(ctx, c, func(t *rt.Task) (struct{}, error) {
		n := c.d.core.Backend(backend)
		if n == nil {
			return struct{}{}, act.ErrNoBackend
		}
		return struct{}{}, n.Refresh(t)
	})
	return err
}
