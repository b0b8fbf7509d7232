package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync/atomic"

	"orac/appliance"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/status"
	"orac/appliance/stt"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/audit"
	"orac/web/esphome"
	denials "orac/web/gate"
	"orac/web/mdns"
	"orac/web/orders"
	"orac/web/wyoming"
	"orac/web/wyomingsatellite"
)

// voiceDoors are the services that an appliance offers to other programs. They are nodes of its graph; this gives them the network.
type voiceDoors struct {
	daemon  atomic.Pointer[appliance.Daemon] // nil until there is one
	request status.PlanRequest               // how the runbook is applied; set before daemon
}

// orders is what carries out what clients want, and how the runbook is applied.
func (d *voiceDoors) orders() (orders.Appliance, status.PlanRequest, bool) {
	daemon := d.daemon.Load()
	if daemon == nil {
		return nil, status.PlanRequest{}, false
	}
	return daemon, d.request, true
}

// attach gives a world its doors. log and record are of the appliance; refusals are counted until ctx ends.
func (d *voiceDoors) attach(ctx context.Context, p *graph.Parts, record *audit.Log, log *slog.Logger) {
	counted := denials.NewDenials(ctx, record, log)
	refused := func(block runbook.Address, from netip.Addr, why string) {
		counted.Add(audit.Record{Who: "nobody", From: from.String(), Action: "connect", Target: string(block), Outcome: audit.Denied, Why: why})
	}
	p.Version = version()
	adopted, taken := log.With("part", "esphome"), log.With("part", "wyoming_satellite")
	book := &orders.Book{Log: record, Appliance: d.orders}
	p.Orders = book.Of
	byESPHome := esphome.Options{
		Orders: book, Refused: refused, Announce: mdns.Announce(adopted), Log: adopted,
	}
	byWyoming := wyomingsatellite.Options{Refused: refused, Announce: mdns.Announce(taken), Log: taken}
	p.Satellite = func(block runbook.Address, listen string, key language.Secret) (node.SatelliteDoor, error) {
		if block.Type() == string(graph.WyomingSatellite) {
			return byWyoming.Satellite(block, listen), nil
		}
		return byESPHome.Satellite(block, listen, key)
	}
	log = log.With("part", "wyoming")
	p.Door = wyoming.Options{
		Transcribe: func(ctx context.Context, engine runbook.Address, u stt.Utterance, pcm []int16) (stt.Result, error) {
			daemon := d.daemon.Load()
			if daemon == nil {
				return stt.Result{}, errors.New("the appliance is starting")
			}
			return daemon.Transcribe(ctx, engine, u, pcm)
		},
		Refused: refused, Announce: mdns.Announce(log), Log: log,
	}.Door
}
