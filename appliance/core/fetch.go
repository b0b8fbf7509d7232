package appliance

import (
	"errors"
	"slices"
	"strings"
	"time"

	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/models"
	"orac/runbook"
)

// lacking is a model that must be fetched before the graph that uses it can run.
type lacking struct {
	model runbook.Model
	host  string
}

// lack notes, once, that a model must be fetched.
func (a *assembly) lack(m runbook.Model, why *models.UnfetchedError) {
	if !slices.ContainsFunc(a.lacks, func(l lacking) bool { return l.model.Address == m.Address }) {
		a.lacks = append(a.lacks, lacking{m, why.Host})
	}
}

// fetches lists what must be fetched before a prepared graph can run.
func (p *Prepared) fetches() (list []status.Fetch) {
	for _, l := range p.lacks {
		list = append(list, status.Fetch{Block: string(l.model.Address), Host: l.host, SHA256: l.model.SHA256})
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
	var list []runbook.Model
	for _, l := range p.lacks {
		list = append(list, l.model)
	}
	if err := r.parts.Fetch(t, list, within); err != nil {
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
		names = append(names, string(l.model.Address))
	}
	return errors.New(strings.Join(names, ", ") + ": the model is not in the store; orac apply fetches it, and so does a start of the appliance")
}

// fetch downloads the models that a plan names, within that time, and returns the graph that they
// complete.
func (s *Steward) fetch(t *rt.Task, plan status.Plan, ready *Prepared, within time.Duration, step func(string, ...any)) (*Prepared, error) {
	for _, f := range plan.Fetches {
		step("fetching %s from %s, SHA-256 %s", f.Block, f.Host, f.SHA256)
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

// Fetches lists what applying a runbook would fetch into a store, for a plan where no appliance
// runs.
func Fetches(rb *runbook.Runbook, store models.Store) (list []status.Fetch) {
	for _, m := range rb.Models {
		listens := slices.ContainsFunc(rb.Listeners, func(l runbook.Listener) bool { return slices.Contains(l.Models, m.Address) })
		if !m.Enabled || !listens || !strings.HasPrefix(m.Source, "https://") {
			continue
		}
		_, err := store.Resolve(m.Source, m.SHA256, rb.Dir)
		if unfetched, ok := errors.AsType[*models.UnfetchedError](err); ok {
			list = append(list, status.Fetch{Block: string(m.Address), Host: unfetched.Host, SHA256: m.SHA256})
		}
	}
	return list
}
