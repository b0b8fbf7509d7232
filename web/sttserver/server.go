package sttserver

import (
	"context"
	"time"

	"orac/appliance/sttrole"
	"orac/runbook"
	"orac/web/peers"
	"orac/web/schema"
)

// Appliance is what a server asks of the appliance.
type Appliance interface {
	// STTServer is what answers for a stt_server block; false if none runs.
	STTServer(block runbook.Address) (sttrole.Server, bool)
}

// Options are what servers share.
type Options struct {
	App Appliance
	peers.Options
}

// Server answers the requests to one stt_server block.
type Server struct {
	*peers.Server
	app     Appliance
	metrics *metrics
	sounds  *peers.Budget // what is being received
	beats   *peers.Budget // heartbeats that are being received: they do not wait for sounds
	times   times
}

// times are how long the parts of a request may take, once it has arrived.
type times struct {
	idle   time.Duration // between two messages of a stream
	answer time.Duration // from the end of the sound to the answer
}

var usual = times{idle: 10 * time.Second, answer: 50 * time.Second}

// maxReceiving bounds the memory of all sounds that are being received, in bytes: enough for a hundred at once. maxBeating bounds that of
// heartbeats.
const (
	maxReceiving = 64 << 20
	maxBeating   = 8 << 20
)

// New makes the server of a block. ctx ends its streams.
func New(ctx context.Context, o Options, block runbook.Address) *Server {
	s := &Server{app: o.App, sounds: peers.NewBudget(maxReceiving), beats: peers.NewBudget(maxBeating), times: usual}
	var routes []peers.Route
	for _, r := range Routes() {
		r.Run = func(c *peers.Call) error { return r.run(&call{c, s}) }
		routes = append(routes, r.Route)
	}
	s.Server = peers.New(ctx, kind, o.Options, block, routes)
	s.metrics = newMetrics(s)
	return s
}

// call is one request to this server.
type call struct {
	*peers.Call
	server *Server
}

// block is what the runbook said about the server when the request came.
func (c *call) block() runbook.STTServer {
	b, _ := c.Settings.Runbook.STTServer(c.server.Address)
	return b
}

// role returns what answers for the block.
func (c *call) role() (sttrole.Server, error) {
	r, ok := c.server.app.STTServer(c.server.Address)
	if !ok {
		return nil, schema.Fail(schema.Stopping, "The server is being changed.").After(time.Second)
	}
	return r, nil
}

// peer is who asks, as the appliance is told.
func (c *call) peer() sttrole.Peer {
	return sttrole.Peer{Name: c.Who.Subject(), Address: c.From.String(), Legacy: c.Legacy()}
}

// maxUpload bounds the body of a sound in one request: stereo of 48 kHz in 32 bits, and what is around it.
func maxUpload(set *peers.Settings) int64 {
	b, _ := set.Runbook.STTServer(set.Address)
	return int64(b.MaxSound/time.Millisecond)*48*2*4 + 64<<10
}

// maxSamples is the longest sound in samples.
func (c *call) maxSamples() int {
	return min(sttrole.MaxSamples, int(c.block().MaxSound/time.Millisecond)*sttrole.Rate/1000)
}
