package coreserver

import (
	"context"
	"log/slog"

	"orac/runbook"
	"orac/web/edge"
	"orac/web/peers"
)

// NewHosts makes the listeners of all core_server blocks.
func NewHosts(stateDir string, log *slog.Logger, say func(string)) *peers.Hosts {
	return &peers.Hosts{Title: "Core server", Of: Blocks, Others: others, Declared: Declared, StateDir: stateDir, Log: log, Say: say}
}

// others are the servers of other types in a runbook.
func others(rb *runbook.Runbook) (list []peers.Block) {
	for _, b := range rb.STTServers {
		list = append(list, peers.Block{Address: b.Address, Listen: b.Listen})
	}
	return list
}

// Site makes what serves a block, for peers.Hosts.Run.
func (o Options) Site(ctx context.Context, block runbook.Address) edge.Site {
	return New(ctx, o, block)
}
