package graph

import (
	"reflect"
	"slices"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

const heard = `appliance "kitchen" {}
device "microphone" "usb" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
stt "whisper" { url = "http://stt.local:7272" }
`

// TestTracesCostNoHop: with a traces block, all that passes sound and detects is built from the same, and nothing reads of it but events. Only
// what talks to peers knows of the block, and the events of each hop (see event.Meter) go to none of its readers.
func TestTracesCostNoHop(t *testing.T) {
	compile := func(text string) *Graph {
		rb, problems := runbook.Parse([]byte(text), "x.hcl", language.Options{})
		testkit.Must(t, problems.Err())
		g, err := Compile(rb)
		testkit.Must(t, err)
		return g
	}
	without, with := compile(heard), compile(heard+"traces { url = \"http://collector.local:4318\" }\n")
	if len(with.Nodes) != len(without.Nodes)+1 || without.Node("traces") != nil {
		t.Fatalf("%d nodes, and %d with traces", len(without.Nodes), len(with.Nodes))
	}
	changed := 0
	for _, n := range without.Nodes {
		m := with.Node(n.Address)
		if reflect.DeepEqual(n.Identity, m.Identity) && reflect.DeepEqual(n.Settings, m.Settings) {
			continue
		}
		if changed++; n.Kind.Role.CarriesSound() {
			t.Errorf("%s is built from something else", n.Address)
		}
	}
	if changed != 1 { // delivery.whisper, which tells its service the trace
		t.Errorf("%d nodes are built from something else", changed)
	}
	edges := func(g *Graph) []Edge {
		return slices.DeleteFunc(slices.Clone(g.Edges), func(e Edge) bool { return e.Carries == happens.Name })
	}
	if !reflect.DeepEqual(edges(without), edges(with)) {
		t.Error("an edge that carries no events differs")
	}
	for _, e := range with.Edges {
		if e.To == "traces" && (e.Carries != happens.Name || e.Waits) {
			t.Errorf("%+v", e)
		}
	}
}
