package coreserver

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"orac/appliance/act"
	"orac/runbook"
	"orac/web/edge"
	"orac/web/peers"
	"orac/web/schema"
	"orac/web/sttserver"
)

// kind is this type of server.
var kind = peers.Kind{
	Title: "Core server", Audience: Audience, Prefix: "orac_core", Unnamed: "core.request", Blocks: Blocks, Arrive: 20 * time.Second, MaxBody: maxKnob,
	Problem: problemFor,
	Target: func(c *peers.Call) string {
		return cmp.Or(c.R.PathValue("id"), c.R.PathValue("topic"), c.R.URL.Query().Get("topic_id"))
	},
}

// problemFor converts an error into a problem, for a legacy peer with the statuses of the existing service.
func problemFor(c *peers.Call, err error) *schema.Problem {
	p := problemOf(err)
	if topic, ok := errors.AsType[*act.TopicError](err); ok && c.Legacy() {
		q := *p
		if q.Status = http.StatusNotFound; topic.Off {
			q.Status = http.StatusForbidden
		}
		return &q
	}
	return p
}

// NewHosts makes the listeners of all core_server blocks.
func NewHosts(stateDir string, log *slog.Logger, say func(string)) *peers.Hosts {
	return &peers.Hosts{Kind: kind, Others: sttserver.Blocks, StateDir: stateDir, Log: log, Say: say}
}

// Site makes what serves a block, for peers.Hosts.Run.
func (o Options) Site(ctx context.Context, block runbook.Address) edge.Site {
	return New(ctx, o, block)
}

// Blocks lists the servers of a runbook.
func Blocks(rb *runbook.Runbook) (list []peers.Block) {
	for _, b := range rb.CoreServers {
		list = append(list, peers.Block{
			Address: b.Address, Listen: b.Listen, TLS: b.TLS, PlainHTTP: b.PlainHTTP, MaxConnections: b.MaxConnections, Members: b.Members, PerPeer: b.PerPeer, Legacy: b.Legacy, Origins: rb.Web.Origins,
		})
	}
	return list
}
