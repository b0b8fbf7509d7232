package coreserver

import (
	"context"
	"errors"
	"net/http"

	"orac/appliance/act"
	"orac/web/acts"
	"orac/web/peers"
	"orac/web/schema"
)

func (c *call) json(status int, v any) error { return peers.JSON(&c.Call, status, v) }

// fail answers with an error: as a problem document, or as the existing service does.
func (c *call) fail(err error) {
	p := problemOf(err)
	if !c.isLegacy() || c.Sent {
		c.Fail(p)
		return
	}
	if topic, ok := errors.AsType[*act.TopicError](err); ok { // the statuses of the existing service
		q := *p
		if q.Status = http.StatusNotFound; topic.Off {
			q.Status = http.StatusForbidden
		}
		p = &q
	}
	peers.FailAsBefore(&c.Call, p)
}

func problemOf(err error) *schema.Problem { return acts.ProblemOf(err) }

// state asks the appliance.
func (c *call) state() (act.CoreState, error) {
	core, err := c.core()
	if err != nil {
		return act.CoreState{}, err
	}
	ctx, cancel := context.WithTimeout(c.Context(), c.server.times.state)
	defer cancel()
	return core.State(ctx)
}
