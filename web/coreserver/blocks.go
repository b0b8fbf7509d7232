package coreserver

import (
	"orac/runbook"
	"orac/web/edge"
	"orac/web/peers"
)

// Block is a core_server block.
type Block struct {
	peers.Block
	Generation int // texts a minute that each peer may send
	Backends   int // requests a minute that make backends work
}

// Blocks lists the servers of a runbook.
func Blocks(rb *runbook.Runbook) (list []peers.Block) {
	for _, b := range rb.CoreServers {
		list = append(list, blockFrom(rb, b).Block)
	}
	return list
}

func blockFrom(rb *runbook.Runbook, b runbook.CoreServer) Block {
	return Block{peers.Block{
		Address: b.Address, Listen: b.Listen, TLS: b.TLS, PlainHTTP: b.PlainHTTP, MaxConnections: b.MaxConnections, Members: b.Members, PerPeer: b.PerPeer, Legacy: b.Legacy, Origins: rb.Web.Origins,
	}, b.PerPeer / 5, b.PerPeer / 20}
}

// blockOf returns a block by its address.
func blockOf(rb *runbook.Runbook, address runbook.Address) (Block, bool) {
	for _, b := range rb.CoreServers {
		if b.Address == address {
			return blockFrom(rb, b), true
		}
	}
	return Block{}, false
}

// Declared is what a runbook says about a server, in the terms of a listener; nothing if it declares none.
func Declared(rb *runbook.Runbook, address runbook.Address) runbook.Web {
	b, _ := blockOf(rb, address)
	return b.Web(rb, usual.arrive, maxKnob)
}

var _ edge.Site = (*Server)(nil)
