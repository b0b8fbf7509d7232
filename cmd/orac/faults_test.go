package main

import (
	"fmt"
	"strings"
	"testing"

	"orac/chaos/play"
	"orac/runbook/scenario"
	"orac/runbook/testkit"
	"orac/sim"
)

// TestThePageOfFaultsIsCurrent writes the table of all kinds of faults, with what the simulator and the chaos runner say of each.
func TestThePageOfFaultsIsCurrent(t *testing.T) {
	var b strings.Builder
	b.WriteString("# The kinds of faults\n\nThis page is generated from the tables of the code (`make docs`). [Add a fault](../../appliance/README.md#add-a-fault) says how a kind is added.\n" +
		"`orac schema --scenario --markdown` lists the attributes of each; `orac chaos --list` says which of them this machine can make.\n\n")
	b.WriteString("| kind | endangers | in `orac sim` | in `orac chaos` |\n|---|---|---|---|\n")
	for _, k := range scenario.Kinds() {
		family := k.Family.Name
		if k.Harmless {
			family = "nothing"
		}
		modelled, ok := sim.How(k.Kind)
		if !ok {
			modelled = "not modelled: " + k.Unmodelled
		}
		real := "cannot be made: " + k.Unreal
		if mk, err := play.MakerOf(k.Kind); err == nil {
			real = mk.How
			if mk.Differs != "" {
				real += ". *" + mk.Differs + "*"
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Kind, family, modelled, real)
	}
	testkit.Golden(t, "../../sim/trial/FAULTS.md", b.String())
}
