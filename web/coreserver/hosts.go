package coreserver

import (
	"context"
	"log/slog"

	"orac/runbook"
	"orac/web/edge"
	"orac/web/peers"
	"orac/web/sttserver"
)

// NewHosts makes the listeners of all core_server blocks.
func NewHosts(stateDir string, log *slog.Logger, say func(string)) *peers.Hosts {
	return &peers.Hosts{Title: "Core server", Of: Blocks, Others: sttserver.Blocks, Declared: Declared, StateDir: stateDir, Log: log, Say: say}
}

// Site makes what serves a block, for peers.Hosts.Run.
func (o Options) Site(ctx context.Context, block runbook.Address) edge.Site {
	return New(ctx, o, block)
}
