// Package scenario is the language of scenarios: what plays, what breaks, and what is promised.
//
// It is a vocabulary of package language, with all the guarantees of the engine. It knows no runtime: the simulator and the chaos
// runner read the same Scenario.
package scenario
