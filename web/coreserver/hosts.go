package coreserver

import (
	"context"
	"log/slog"

	"orac/runbook"
	"orac/web/edge"
	"orac/web/peers"
)

// NewHosts makes the listeners of all core_server blocks. others are the blocks of other kinds.
func NewHosts(stateDir string, log *slog.Logger, say func(string), others func(*runbook.Runbook) []peers.Block) *peers.Hosts {
	return &peers.Hosts{Title: "Core server", Of: Blocks, Others: others, Declared: Declared, StateDir: stateDir, Log: log, Say: say}
}

// Site makes what serves a block, for peers.Hosts.Run.
func (o Options) Site(ctx context.Context, block runbook.Address) edge.Site {
	return New(ctx, o, block)
}
