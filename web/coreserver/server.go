package coreserver

import (
	"context"
	"strconv"
	"time"

	"orac/appliance/act"
	"orac/runbook"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/peers"
	"orac/web/schema"
)

// Appliance is what a server asks of the appliance.
type Appliance interface {
	// CoreServer is the acting side behind a core_server block; false if none runs.
	CoreServer(block runbook.Address) (act.Core, bool)
}

// Options are what servers share.
type Options struct {
	App Appliance
	peers.Options
}

// Server answers the requests to one core_server block.
type Server struct {
	*peers.Server
	app      Appliance
	metrics  *metrics
	room     *peers.Budget // bodies that are being received
	limiters map[Category]*edge.Limiter
	answer   time.Duration // from the end of a text to the answer
	doc      []byte
}

// maxReceiving bounds the memory of all bodies that are being received, in bytes.
const maxReceiving = 16 << 20

// New makes the server of a block. It ends with ctx.
func New(ctx context.Context, o Options, block runbook.Address) *Server {
	s := &Server{app: o.App, room: peers.NewBudget(maxReceiving), answer: 45 * time.Second, limiters: map[Category]*edge.Limiter{System: {}, Generation: {}, Backends: {}}, doc: Document(o.Version)}
	var routes []peers.Route
	for _, r := range Routes() {
		r.Count = func(c *peers.Call) error { return s.count(c, r.Category) }
		r.Run = func(c *peers.Call) error { return r.run(&call{c, s}) }
		if most := r.body; most > 0 {
			r.Route.Body = func(*peers.Settings) int64 { return most }
		}
		routes = append(routes, r.Route)
	}
	s.Server = peers.New(ctx, kind, o.Options, block, routes)
	s.metrics = newMetrics(s)
	return s
}

// most is how many requests of a category a caller may make in a minute.
func most(b peers.Block, c Category) int {
	switch c {
	case Generation:
		return b.PerPeer / 5
	case Backends:
		return b.PerPeer / 20
	}
	return b.PerPeer
}

// count counts a request of a category against its caller, or against the address of a stranger.
func (s *Server) count(c *peers.Call, of Category) error {
	owner := "address " + auth.Network(c.From)
	if c.Who.Known() {
		owner = c.Who.Subject()
	}
	most := most(c.Settings.Block, of)
	v := s.limiters[of].Take(owner, most)
	v.Tell(c.W.Header())
	c.W.Header()["Ratelimit-Policy"] = []string{strconv.Itoa(most) + `;w=60;comment="` + string(of) + `"`}
	if !v.OK {
		return v.Problem(" of the category " + string(of))
	}
	return nil
}

// call is one request to this server.
type call struct {
	*peers.Call
	server *Server
}

// core returns what acts.
func (c *call) core() (act.Core, error) {
	core, ok := c.server.app.CoreServer(c.server.Address)
	if !ok {
		return nil, schema.Fail(schema.Stopping, "The server is being changed.").After(time.Second)
	}
	return core, nil
}
