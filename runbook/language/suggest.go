package language

import (
	"slices"

	"github.com/agext/levenshtein"
)

// Suggest returns a sentence that names the candidate nearest to name, `Did you mean "threshold"?
// `, or "" if none is near. Near means a Levenshtein distance of at most a third of the length,
// rounded up, so that two letters of four may have changed places.
func Suggest(name string, candidates []string) string {
	if len(name) > 100 {
		return ""
	}
	best, distance := "", min((len(name)+2)/3+1, len(name))
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
