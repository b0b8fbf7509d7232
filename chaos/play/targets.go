package play

import (
	"slices"

	"orac/runbook"
	"orac/runbook/scenario"
)

// what is broken by a kind of fault.
var (
	deviceKinds = []scenario.Kind{scenario.ReadBlocks, scenario.OpenHangs, scenario.ListHangs, scenario.Drops, scenario.ShortReads, scenario.WrongRate,
		scenario.Stuck, scenario.Silence, scenario.Noise, scenario.Clipping, scenario.Unplug, scenario.WorkerKill, scenario.WorkerStop, scenario.WorkerTrash}
	sttKinds = []scenario.Kind{scenario.STTDown, scenario.STTSlow, scenario.STTReset, scenario.STTEmpty, scenario.STTTrash, scenario.STTLies,
		scenario.STTLate, scenario.STTUnauthorized, scenario.STTHolds}
	instants = []scenario.Kind{scenario.ReadBlocks, scenario.WorkerKill, scenario.WorkerStop, scenario.WorkerTrash, scenario.NodePanic,
		scenario.MemoryLeak, scenario.MemoryRise, scenario.ClockJump, scenario.Apply}
)

// lasts tells whether a kind of fault takes time.
func lasts(k scenario.Kind) bool { return !slices.Contains(instants, k) }

// targets are the names that the target of a kind of fault can be, the first one first.
func targets(k scenario.Kind, rb *runbook.Runbook) (names []string) {
	switch {
	case slices.Contains(deviceKinds, k):
		return devices(rb)
	case slices.Contains(sttKinds, k):
		for _, s := range rb.STTs {
			names = append(names, s.Name)
		}
	case k == scenario.HeartbeatDown || k == scenario.HeartbeatNo:
		for _, h := range rb.Heartbeats {
			names = append(names, h.Name)
		}
	case k == scenario.WebhookDown || k == scenario.WebhookSlow:
		for _, h := range rb.Webhooks {
			names = append(names, h.Name)
		}
	}
	return names
}

// devices are those that are listened to, in order of the runbook; microphones first, since only they can break.
func devices(rb *runbook.Runbook) (names []string) {
	heard := func(a runbook.Address) bool {
		return slices.ContainsFunc(rb.Listeners, func(l runbook.Listener) bool { return l.Device == a })
	}
	for _, m := range rb.Microphones {
		if heard(m.Address) {
			names = append(names, m.Name)
		}
	}
	for _, w := range rb.WAVs {
		if heard(w.Address) {
			names = append(names, w.Name)
		}
	}
	return names
}
