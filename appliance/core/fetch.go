package core

import (
	"errors"
	"strings"
	"time"

	"orac/appliance/rt"
	"orac/appliance/status"
)

// fetches lists what must be fetched before a prepared graph can run.
func (p *Prepared) fetches() (list []status.Fetch) {
	for _, l := range p.lacks {
		list = append(list, status.Fetch{Block: string(l.Block), Host: l.Host, SHA256: l.SHA256, Model: strings.Join(l.Names, ", ")})
	}
	return list
}

// complete fetches what a prepared graph lacks, and prepares it again. t is nil before anything runs.
func (r *Runner) complete(t *rt.Task, p *Prepared, within time.Duration) (*Prepared, error) {
	if len(p.lacks) == 0 {
		return p, nil
	}
	if r.parts.Fetch == nil {
		return nil, p.whole()
	}
	if err := r.parts.Fetch(t, p.lacks, within); err != nil {
		return nil, err
	}
	p, err := r.Prepare(p.graph)
	if err == nil {
		err = p.whole()
	}
	return p, err
}

// whole returns nil if a prepared graph can run as it is.
func (p *Prepared) whole() error {
	if len(p.lacks) == 0 {
		return nil
	}
	var names []string
	for _, l := range p.lacks {
		names = append(names, string(l.Block))
	}
	return errors.New(strings.Join(names, ", ") + ": the model is not in the store; orac apply fetches it, and so does a start of the appliance")
}

// fetch downloads the models that a plan names, within that time, and returns the graph that they
// complete.
func (s *Steward) fetch(t *rt.Task, plan status.Plan, ready *Prepared, within time.Duration, step func(string, ...any)) (*Prepared, error) {
	for _, f := range plan.Fetches {
		step("fetching %s", f.Words())
	}
	if len(ready.lacks) == 0 {
		return ready, nil
	}
	err := s.one.interruptible(t, "fetch", func(t *rt.Task) (err error) {
		ready, err = s.Runner.complete(t, ready, within)
		return err
	})
	if err != nil {
		return nil, &status.Refusal{Code: status.Stuck, Message: err.Error(), Hint: "nothing was changed"}
	}
	return ready, nil
}
