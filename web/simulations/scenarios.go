package simulations

import (
	"io"
	"path/filepath"
	"strings"

	"orac/appliance/statedir"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

// Scenario is something that can be run.
type Scenario struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`

	path string // its file; empty for Quiet
}

// Quiet is the name of the quiet run of the runbook's own file, which is always available.
const Quiet = "quiet"

// Bounds of the search.
const (
	maxScenarios = 200
	maxFiles     = 1000 // per folder
)

// Scenarios returns the quiet run of the runbook and the scenarios beside the runbook: in its folder scenarios, and in
// examples/scenarios. If a file is in both, the first counts; one with the name of the quiet run is left out.
func Scenarios(runbookFile string) []Scenario {
	list := []Scenario{{Name: Quiet, Doc: "The file of this appliance's runbook as it is now. Nothing is played and nothing breaks, so nothing may happen and nothing may grow."}}
	seen := map[string]bool{Quiet: true}
	for _, dir := range []string{"scenarios", filepath.Join("examples", "scenarios")} {
		files, _ := filepath.Glob(filepath.Join(escaped(filepath.Dir(runbookFile)), dir, "*.hcl")) // the pattern is valid
		for _, path := range files[:min(len(files), maxFiles)] {
			name := strings.TrimSuffix(filepath.Base(path), ".hcl")
			if len(list) == maxScenarios || seen[name] {
				continue
			}
			if s, ok := read(name, path); ok {
				seen[name] = true
				list = append(list, s)
			}
		}
	}
	return list
}

// escaped returns a pattern that matches only this folder.
func escaped(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// read reads a scenario's file. Anything else, such as a runbook that scenarios use, is skipped.
func read(name, path string) (Scenario, bool) {
	f, _, err := statedir.Regular(path)
	if err != nil {
		return Scenario{}, false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, language.MaxFileSize+1))
	if err != nil || len(text) > language.MaxFileSize || !scenario.Is(text) {
		return Scenario{}, false
	}
	s := Scenario{Name: name, path: path}
	if parsed, _ := scenario.Parse(text, path, language.Options{}); parsed != nil {
		s.Doc = parsed.Head.Doc
	}
	return s, true
}
