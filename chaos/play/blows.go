package play

import (
	"fmt"

	"golang.org/x/sys/unix"

	"orac/chaos"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/runbook/scenario"
)

// blows are what befalls a process.
var blows = map[scenario.Blow]func(process.Process) error{
	scenario.Killed:  func(p process.Process) error { return p.Signal(unix.SIGKILL) },
	scenario.Frozen:  func(p process.Process) error { return p.Signal(unix.SIGSTOP) },
	scenario.Garbled: chaos.WriteGarbage,
}

// struck says how a blow is made.
func struck(i scenario.Info) string {
	if i.Target == scenario.EngineTarget {
		return fmt.Sprintf("the process of the engine gets %s", i.Blow)
	}
	return fmt.Sprintf("the capture process gets %s", i.Blow)
}

// strike is an instantaneous fault of the capture process, or of that of an engine. Nothing of it is left when that process has ended.
func strike(w *World, o occurrence) (*broken, error) {
	i := o.Kind.Info()
	find := w.worker
	if i.Target == scenario.EngineTarget {
		find = w.engine
	}
	p, err := find(o)
	if err != nil {
		return nil, err
	}
	return &broken{steps: []journal.Step{{Do: journal.Kill, Process: p}}, apply: func() error { return blows[i.Blow](p) }}, nil
}
