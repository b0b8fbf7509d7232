package runbook

import (
	"slices"

	"github.com/agext/levenshtein"
)

// suggest gives a sentence that names the candidate nearest to name, " Did you mean
// \"threshold\"?", or "" when none is near: within a third of its length, at least one.
func suggest(name string, candidates []string) string {
	if len(name) > 100 {
		return ""
	}
	best, distance := "", max(1, len(name)/3)+1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := levenshtein.Distance(name, c, nil); d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return `Did you mean "` + best + `"? `
}
