package play

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"orac/appliance/graph"
	"orac/chaos"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/runbook"
)

// engine returns the process of the engine that a fault affects.
func (w *World) engine(o occurrence) (process.Process, error) {
	a, err := w.Running()
	if err != nil {
		return process.Process{}, err
	}
	s, ok := w.book.rb.STT(runbook.Address("stt." + o.Target))
	if !ok || !s.Embedded() {
		return process.Process{}, fmt.Errorf("no engine of stt %q runs in the appliance", o.Target)
	}
	return a.Engine("--model=" + graph.Speech{Model: s.Model}.Catalogued())
}

// engineFault is an instantaneous fault of the process of an engine. Nothing of it is left when that process has ended.
func engineFault(w *World, o occurrence, do func(process.Process) error) (*broken, error) {
	p, err := w.engine(o)
	if err != nil {
		return nil, err
	}
	return &broken{steps: []journal.Step{{Do: journal.Kill, Process: p}}, apply: func() error { return do(p) }}, nil
}

func killEngine(w *World, o occurrence) (*broken, error) {
	return engineFault(w, o, func(p process.Process) error { return p.Signal(unix.SIGKILL) })
}

func stopEngine(w *World, o occurrence) (*broken, error) {
	return engineFault(w, o, func(p process.Process) error { return p.Signal(unix.SIGSTOP) })
}

func trashEngine(w *World, o occurrence) (*broken, error) {
	return engineFault(w, o, chaos.WriteGarbage)
}

func swellEngine(w *World, o occurrence) (*broken, error) {
	p, err := w.engine(o)
	if err != nil {
		return nil, err
	}
	b, err := w.swells(p, o)
	if err != nil {
		return nil, err
	}
	grow := b.apply
	b.apply = func() error {
		alive := p.Alive()
		if err := grow(); !alive || !errors.Is(err, process.ErrGone) {
			return err
		}
		return nil // the appliance has killed it for its memory before it had all of that
	}
	return b, nil
}
