package graph

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// TestStatusFollowsTheSound: whatever order instances are in, as after applies, status shows a node behind all that feed it, and
// what has left the graph last.
func TestStatusFollowsTheSound(t *testing.T) {
	rb, problems := runbook.Parse([]byte(`
appliance "x" {}
device "microphone" "a" { match = "a" }
device "microphone" "b" { match = "b" }
model "m" { source = "catalog:alexa" }
listener "one" {
  device  = device.microphone.a
  models  = [model.m]
  deliver = [stt.w]
}
listener "two" {
  device  = device.microphone.b
  models  = [model.m]
  deliver = [stt.w]
}
stt "w" { url = "http://stt.local:7272" }
heartbeat "h" { stt = stt.w }
`), "x.hcl", language.Options{HashKey: make([]byte, 32)})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	g, err := Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	var nodes []status.Node
	for _, n := range g.Nodes {
		nodes = append(nodes, status.Node{Address: n.Address})
	}
	rapid.Check(t, func(t *rapid.T) {
		got := rapid.Permutation(append(slices.Clone(nodes), status.Node{Address: "source.gone"})).Draw(t, "instances")
		g.Sort(got)
		var order []string
		for _, n := range got {
			order = append(order, n.Address)
		}
		said := strings.Join(order, " ")
		const want = "source.a ring.a features.a head.a.m trigger.one recorder.one spool delivery.w "
		if !strings.HasPrefix(said, want) {
			t.Fatalf("the order is %s", said)
		}
		second := []string{"source.b", "ring.b", "features.b", "head.b.m", "trigger.two", "recorder.two"}
		if !slices.IsSortedFunc(second, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) }) {
			t.Fatalf("the second microphone goes another way: %s", said)
		}
		if order[len(order)-1] != "source.gone" {
			t.Fatalf("what is being stopped does not come last: %s", said)
		}
	})
}
