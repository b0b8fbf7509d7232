package sttserver

import (
	"context"
	"log/slog"

	"orac/runbook"
	"orac/web/edge"
	"orac/web/peers"
)

// NewHosts makes the listeners of all stt_server blocks.
func NewHosts(stateDir string, log *slog.Logger, say func(string)) *peers.Hosts {
	return &peers.Hosts{Title: "speech-to-text server", Of: Blocks, Declared: Declared, StateDir: stateDir, Log: log, Say: say}
}

// Site makes what serves a block, for peers.Hosts.Run.
func (o Options) Site(ctx context.Context, block runbook.Address) edge.Site {
	return New(ctx, o, block)
}

// Blocks lists the servers of a runbook.
func Blocks(rb *runbook.Runbook) (list []peers.Block) {
	for _, b := range rb.STTServers {
		list = append(list, blockOf(b))
	}
	return list
}

func blockOf(b runbook.STTServer) peers.Block {
	return peers.Block{Address: b.Address, Listen: b.Listen, TLS: b.TLS, PlainHTTP: b.PlainHTTP, MaxConnections: b.MaxConnections, Members: b.Members, PerPeer: b.PerPeer, Legacy: b.Legacy}
}

// maxBody bounds the body of a request that takes none, in bytes.
const maxBody = 4 << 10

// Declared is what a runbook says about a server, in the terms of a listener; nothing if it declares none.
func Declared(rb *runbook.Runbook, block runbook.Address) runbook.Web {
	b, _ := rb.STTServer(block)
	return blockOf(b).Web(rb, usual.arrive, maxBody)
}
