package sttserver

import (
	"context"
	"log/slog"
	"time"

	"orac/runbook"
	"orac/web/edge"
	"orac/web/peers"
	"orac/web/schema"
)

// kind is this type of server.
var kind = peers.Kind{
	Title: "speech-to-text server", Audience: Audience, Prefix: "orac_stt", Unnamed: "stt.request", Blocks: Blocks, Arrive: 20 * time.Second, MaxBody: 4 << 10,
	Problem: func(_ *peers.Call, err error) *schema.Problem { return problemOf(err) },
	Target:  func(c *peers.Call) string { return c.R.PathValue("filename") },
}

// NewHosts makes the listeners of all stt_server blocks.
func NewHosts(stateDir string, log *slog.Logger, say func(string)) *peers.Hosts {
	return &peers.Hosts{Kind: kind, StateDir: stateDir, Log: log, Say: say}
}

// Site makes what serves a block, for peers.Hosts.Run.
func (o Options) Site(ctx context.Context, block runbook.Address) edge.Site {
	return New(ctx, o, block)
}

// Blocks lists the servers of a runbook.
func Blocks(rb *runbook.Runbook) (list []peers.Block) {
	for _, b := range rb.STTServers {
		list = append(list, peers.Block{Address: b.Address, Listen: b.Listen, TLS: b.TLS, PlainHTTP: b.PlainHTTP, MaxConnections: b.MaxConnections, Members: b.Members, PerPeer: b.PerPeer, Legacy: b.Legacy})
	}
	return list
}
