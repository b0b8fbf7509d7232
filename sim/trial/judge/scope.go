package judge

import (
	"strings"

	"orac/runbook/scenario"
)

// What a promise of recovery can mean.
const (
	Sound     = "sound"     // hops reach the models
	Health    = "health"    // the appliance calls itself healthy
	Delivered = "delivered" // no utterance is waiting
)

// family is what a kind of fault affects.
type family int

const (
	harmless family = iota // not really a fault: the appliance must not react
	device                 // sound stops, or what arrives is not sound
	mild                   // sound continues, but changed
	hidden                 // shows only if a device is opened meanwhile
	service
	heartbeat
	webhook
	disk
	node
	processor
	memory
	process
	outside // clock, apply
)

var families = map[scenario.Kind]family{
	scenario.ReadBlocks: device, scenario.Stuck: device, scenario.Unplug: device, scenario.AudioDown: device, scenario.Suspended: device,
	scenario.WorkerKill: device, scenario.WorkerStop: device, scenario.WorkerTrash: device,
	scenario.OpenHangs: hidden, scenario.ListHangs: hidden,
	scenario.Drops: mild, scenario.ShortReads: mild, scenario.WrongRate: mild,
	scenario.STTNoStream: harmless, scenario.Silence: harmless, scenario.Noise: harmless, scenario.Clipping: harmless,
	scenario.STTDown: service, scenario.STTSlow: service, scenario.STTReset: service, scenario.STTEmpty: service, scenario.STTTrash: service,
	scenario.STTLies: service, scenario.STTLate: service, scenario.STTUnauthorized: service, scenario.STTHolds: service,
	scenario.STTCut: service, scenario.STTCorrupt: service, scenario.STTSilent: service, scenario.STTPoison: service, scenario.STTEngine: service, scenario.STTStopped: service, scenario.STTEnds: service, scenario.NetDown: service,
	scenario.HeartbeatDown: heartbeat, scenario.HeartbeatNo: heartbeat, scenario.WebhookSlow: webhook, scenario.WebhookDown: webhook,
	scenario.WebhookRefused: webhook, scenario.WebhookGone: webhook, scenario.WebhookPoison: webhook, scenario.WebhookFlood: harmless,
	scenario.DiskFull: disk, scenario.DiskReadOnly: disk, scenario.DiskError: disk, scenario.DiskSlow: disk,
	scenario.NodePanic: node, scenario.NodeStarve: node, scenario.CPUStarve: processor,
	scenario.MemoryLeak: memory, scenario.MemoryRise: memory, scenario.PowerLoss: process, scenario.Kill: process, scenario.OutOfMemory: process,
	scenario.Descriptors: outside, scenario.ClockJump: outside, scenario.Apply: outside,
}

// deaf tells whether sound is certain to stop. If so, probes count only once the appliance has reported it.
func deaf(k scenario.Kind) bool { f := families[k]; return f == device || f == process }

// about tells whether the component that the appliance complains of is affected by a fault.
func about(f Fault, component string) bool {
	is := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if name, ok := strings.CutPrefix(component, p); ok && (f.Target == "" || name == f.Target) {
				return true
			}
		}
		return false
	}
	switch families[f.Kind] {
	case device, mild, hidden:
		return is("source.")
	case service:
		return is("stt.", "delivery.", "probe.")
	case heartbeat:
		return is("heartbeat.")
	case webhook:
		return is("webhook.")
	case disk:
		return component == "disk" || component == "spool" || component == "history"
	case node:
		return component == f.Target
	case processor:
		return component == "loop"
	case memory:
		return component == "memory" || component == "process"
	case process:
		return component == "process"
	}
	return false
}

// disturbs tells whether a fault may prevent the recovery that a promise means.
func disturbs(k scenario.Kind, means string) bool {
	f := families[k]
	switch means {
	case Sound:
		return f == device || f == hidden || f == mild || f == node || f == processor || f == process || f == memory || k == scenario.Apply || k == scenario.Descriptors
	case Delivered:
		return f == service || f == disk || f == node || f == processor || f == process || f == memory || k == scenario.Apply || k == scenario.Descriptors
	}
	return f != harmless
}
