package appliance_test

import (
	"strings"
	"testing"

	"orac/appliance"
	"orac/appliance/status"
	"orac/runbook"
)

const bare = `
appliance "room" {}
device "microphone" "usb" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "room" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
}
`

func graphOf(t *testing.T, text string) *appliance.Graph {
	t.Helper()
	rb, problems := runbook.Parse([]byte(text), "room.hcl", runbook.Options{})
	if problems.HasErrors() {
		t.Fatal(problems.Error())
	}
	g, err := appliance.Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestSettingsOfTheWholeAreChanges: what no node goes by but the appliance does is planned, and so applied.
func TestSettingsOfTheWholeAreChanges(t *testing.T) {
	for _, c := range []struct{ add, address, attribute string }{
		{"memory {\n  restart = \"500MiB\"\n}\n", "memory", "restart"},
		{"apply {\n  health_gate = \"30s\"\n}\n", "apply", "health_gate"},
		{"watchdog {\n  node_stall = \"9s\"\n}\n", "watchdog", "node_stall"},
	} {
		p := appliance.Plan(graphOf(t, bare), graphOf(t, bare+c.add))
		var changed []status.Component
		for _, x := range p.Components {
			if x.Action != status.Keep {
				changed = append(changed, x)
			}
		}
		if !p.Changes || len(changed) != 1 || changed[0].Address != c.address || changed[0].Action != status.Update ||
			len(changed[0].Because) != 1 || changed[0].Because[0].Name != c.attribute || changed[0].Because[0].Line != strings.Count(bare, "\n")+2 {
			t.Errorf("%s: changes %v: %+v", c.address, p.Changes, changed)
		}
	}
	if p := appliance.Plan(graphOf(t, bare), graphOf(t, bare+"\n# a word\nmemory {}\n")); p.Changes {
		t.Errorf("defaults that are spelt out are a change: %+v", p)
	}
}
