// Package scenario is the language of scenarios: what plays, what breaks, and what is promised.
//
// It shares the runbook's language tooling and its guarantees: diagnostics with file, line and column; all problems at once;
// no input crashes it or costs more than its limits. It knows no runtime: the simulator and the chaos runner read the same
// Scenario.
package scenario
