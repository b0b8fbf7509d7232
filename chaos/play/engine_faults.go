package play

import (
	"errors"
	"fmt"

	"orac/appliance/graph"
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
