package appliance

import (
	"errors"
	"slices"
	"strings"

	"orac/appliance/graph"
	"orac/appliance/status"
	"orac/models"
	"orac/models/moonshine"
	"orac/runbook"
)

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
	for _, s := range graph.Engines(rb) {
		if missing, ok := errors.AsType[*models.MissingError](models.Missing(store, moonshine.Needs(speechOf(s)))); ok {
			list = append(list, status.Fetch{Block: string(s.Address), Host: missing.Host, Model: strings.Join(missing.Names, ", ")})
		}
	}
	return list
}
