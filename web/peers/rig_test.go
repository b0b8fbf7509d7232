package peers_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/peers"
	"orac/web/peers/peertest"
	"orac/web/schema"
)

// house is the block under test. Blocks of stt_server stand for those of any type.
const house = runbook.Address("stt_server.house")

const (
	work = "test.work"
	see  = "test.see"
)

// declared is a type of server with a route of each kind.
var declared = peers.Kind{
	Title: "test server", Audience: "orac-test", Prefix: "orac_test", Unnamed: "test.request", Arrive: 20 * time.Second, MaxBody: 4 << 10,
	Blocks: func(rb *runbook.Runbook) (list []peers.Block) {
		for _, b := range rb.STTServers {
			list = append(list, peers.Block{Address: b.Address, Listen: b.Listen, MaxConnections: b.MaxConnections, PerPeer: b.PerPeer, Legacy: b.Legacy, Origins: rb.Web.Origins})
		}
		return list
	},
	Problem: func(_ *peers.Call, err error) *schema.Problem { return schema.ProblemOf(err) },
	Target:  func(c *peers.Call) string { return c.R.PathValue("id") },
}

var tested = peertest.Kind{Audience: "orac-test", Permissions: []string{work, see}, Type: "application/json", Host: "test"}

// rig is a server that counts what it was asked to do.
type rig struct {
	*peertest.Rig
	server *peers.Server // without a listener
	room   *peers.Budget
	did    atomic.Int64
	full   *peertest.Full // nil: work is done at once
}

func (r *rig) routes() []peers.Route {
	seen := func(c *peers.Call) error { return c.JSON(http.StatusOK, peers.WordOut{Status: "seen"}) }
	return []peers.Route{
		{Method: "GET", Path: "/live", Right: peers.Right{Open: true}, Run: (*peers.Call).Live},
		{Method: "GET", Path: "/ready", Right: peers.Right{Anybody: true, Legacy: true}, Run: func(c *peers.Call) error { return c.Ready(peers.Healthy, peers.Unhealthy) }},
		{Method: "GET", Path: "/things/{id}", Right: peers.Right{Permission: see, Role: auth.Viewer}, Run: seen},
		{Method: "POST", Path: "/v1/work", Right: peers.Right{Permission: work, Role: auth.Operator, Legacy: true}, Body: func(*peers.Settings) int64 { return 64 << 10 }, Run: r.work},
		{Method: "POST", Path: "/load", Right: peers.Right{Permission: work, Role: auth.Operator, Legacy: true}, Change: "test.load", ByPeople: true, Run: seen},
		{Method: "DELETE", Path: "/things/{id}", Right: peers.Right{Role: auth.Admin}, Change: "test.drop", Run: seen},
		{Method: "GET", Path: "/metrics", Right: peers.Right{Role: auth.Viewer}, Run: (*peers.Call).Metrics},
	}
}

func (r *rig) work(c *peers.Call) error {
	room := r.room.Hold(c.Who.Subject())
	defer room.Release()
	if _, err := c.Read(room); err != nil {
		return err
	}
	ctx, cancel := c.Answering(time.Minute)
	defer cancel()
	if r.full != nil && !r.full.Wait(ctx) {
		return schema.Fail(schema.QueueFull, "Full.").After(time.Second)
	}
	r.did.Add(1)
	c.Beat(nil)
	return c.JSON(http.StatusOK, peers.WordOut{Status: "done"})
}

func newRig(t testing.TB, change ...func(*runbook.Runbook)) *rig {
	t.Helper()
	rb := tested.Declared(t)
	peertest.Account(rb, "worker", "orac-test", work, see)
	peertest.Account(rb, "watcher", "orac-test", see)
	peertest.Account(rb, "nothing", "orac-test")
	peertest.Account(rb, "elsewhere", "orac-stt", work, see)
	rb.STTServers = []runbook.STTServer{{Address: house, Name: "house", Listen: "127.0.0.1:0", MaxConnections: 100, PerPeer: 10_000, Legacy: []runbook.Address{"peer.old"}}}
	for _, f := range change {
		f(rb)
	}
	r := &rig{Rig: peertest.New(t, tested, rb), room: peers.NewBudget(1 << 20)}
	r.server = peers.New(r.Context, declared, r.Options(), house, r.routes())
	r.server.Use(rb)
	r.Handler = r.server
	return r
}

// listening serves the rig's runbook over the network, and returns its address.
func (r *rig) listening() (url string) {
	r.T.Helper()
	return r.Listening(&peers.Hosts{Kind: declared, StateDir: r.Dir, Log: r.Log}, func(ctx context.Context, block runbook.Address) edge.Site {
		return peers.New(ctx, declared, r.Options(), block, r.routes())
	})
}

func (r *rig) asker() peertest.Asker {
	return peertest.Asker{URL: r.listening(), Path: "/ready", Token: r.Token("worker")}
}
