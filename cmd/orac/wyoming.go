package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync/atomic"

	"orac/appliance"
	"orac/appliance/graph"
	"orac/appliance/stt"
	"orac/runbook"
	"orac/web/audit"
	denials "orac/web/gate"
	"orac/web/mdns"
	"orac/web/wyoming"
)

// voiceDoors are the services that an appliance offers to other programs. They are nodes of its graph; this gives them the network.
type voiceDoors struct {
	daemon atomic.Pointer[appliance.Daemon] // nil until there is one
}

// attach gives a world its doors. log and record are of the appliance; refusals are counted until ctx ends.
func (d *voiceDoors) attach(ctx context.Context, p *graph.Parts, record *audit.Log, log *slog.Logger) {
	log = log.With("part", "wyoming")
	refused := denials.NewDenials(ctx, record, log)
	p.Door = wyoming.Options{
		Transcribe: func(ctx context.Context, engine runbook.Address, u stt.Utterance, pcm []int16) (stt.Result, error) {
			daemon := d.daemon.Load()
			if daemon == nil {
				return stt.Result{}, errors.New("the appliance is starting")
			}
			return daemon.Transcribe(ctx, engine, u, pcm)
		},
		Refused: func(block runbook.Address, from netip.Addr, why string) {
			refused.Add(audit.Record{Who: "nobody", From: from.String(), Action: "connect", Target: string(block), Outcome: audit.Denied, Why: why})
		},
		Announce: mdns.Announce(log), Log: log,
	}.Door
}
