package graph_test

import (
	"slices"
	"strings"
	"testing"

	"orac/appliance/graph"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
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

func graphOf(t *testing.T, text string) *graph.Graph {
	t.Helper()
	rb, problems := runbook.Parse([]byte(text), "room.hcl", language.Options{})
	if problems.HasErrors() {
		t.Fatal(problems.Error())
	}
	g, err := graph.Compile(rb)
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
		p := graph.Plan(graphOf(t, bare), graphOf(t, bare+c.add))
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
	if p := graph.Plan(graphOf(t, bare), graphOf(t, bare+"\n# a word\nmemory {}\n")); p.Changes {
		t.Errorf("defaults that are spelt out are a change: %+v", p)
	}
}

// TestABareMemberIsAChange: a member block without attributes lets an appliance into the house. That it comes and that it goes is planned,
// although no attribute says so: whoever removes it would otherwise be told that there is nothing to apply.
func TestABareMemberIsAChange(t *testing.T) {
	with := bare + "member \"kitchen\" {}\n"
	for action, p := range map[status.Action]status.Plan{
		status.Add:    graph.Plan(graphOf(t, bare), graphOf(t, with)),
		status.Remove: graph.Plan(graphOf(t, with), graphOf(t, bare)),
	} {
		at := slices.IndexFunc(p.Components, func(c status.Component) bool { return c.Address == "member.kitchen" })
		if !p.Changes || at < 0 || p.Components[at].Action != action || graph.Touches(p) {
			t.Errorf("%s: changes %v: %+v", action, p.Changes, p.Components)
		}
	}
	if p := graph.Plan(graphOf(t, with), graphOf(t, with)); p.Changes {
		t.Errorf("the same is a change: %+v", p)
	}
}

// TestThePlanOfWhoMayDoWhat: the web server is started again for what it listens to and by nothing else; people come and go; and
// nothing that is heard is touched.
func TestThePlanOfWhoMayDoWhat(t *testing.T) {
	t.Setenv("ORAC_SECRET_HASH", "$2a$12$abcdefghijklmnopqrstuuDJaVpWmJQnzm8W0Xk0y3N7mVxD6Wk1O")
	t.Setenv("ORAC_SECRET_OTHER", "$2a$12$abcdefghijklmnopqrstuuDJaVpWmJQnzm8W0Xk0y3N7mVxD6Wk1P")
	web := func(listen, more string) string { return "web {\n  listen = \"" + listen + "\"\n" + more + "}\n" }
	anna := "user \"anna\" {\n  role = \"admin\"\n  password_hash = secret(\"hash\")\n}\n"
	for name, c := range map[string]struct {
		old, fresh, address string
		action              status.Action
	}{
		"a server comes":   {"", web("127.0.0.1:7171", ""), "web", status.Restart},
		"it moves":         {web("127.0.0.1:7171", ""), web("127.0.0.1:7172", ""), "web", status.Restart},
		"TLS":              {web("127.0.0.1:7171", ""), web("127.0.0.1:7171", "tls {\n  self_signed = true\n}\n"), "web", status.Restart},
		"a limit":          {web("127.0.0.1:7171", ""), web("127.0.0.1:7171", "limits {\n  viewer = 7\n}\n"), "web", status.Update},
		"an origin":        {web("127.0.0.1:7171", ""), web("127.0.0.1:7171", "origins = [\"https://home.test\"]\n"), "web", status.Update},
		"somebody comes":   {"", anna, "user.anna", status.Add},
		"somebody goes":    {anna, "", "user.anna", status.Remove},
		"another password": {anna, strings.Replace(anna, "hash\")", "other\")", 1), "user.anna", status.Update},
		"a lifetime":       {"", "auth {\n  token_lifetime = \"1h\"\n}\n", "auth", status.Update},
	} {
		p := graph.Plan(graphOf(t, bare+c.old), graphOf(t, bare+c.fresh))
		for _, x := range p.Components {
			switch {
			case x.Address == c.address && x.Action != c.action:
				t.Errorf("%s: %s is %q", name, x.Address, x.Action)
			case x.Address != c.address && x.Action != status.Keep:
				t.Errorf("%s touches %s", name, x.Address)
			}
			for _, a := range x.Because {
				if strings.Contains(a.Old+a.New+a.Source, "$2a$") {
					t.Errorf("%s shows a hash: %+v", name, a)
				}
			}
		}
		if !p.Changes || len(p.Deaf) != 1 || p.Deaf[0].For != 0 {
			t.Errorf("%s: changes %v, deaf %v", name, p.Changes, p.Deaf)
		}
	}
}

// TestThePlanSaysHowRecordingsGo: a setting that a stream cannot carry changes the way, and the plan says so and why.
func TestThePlanSaysHowRecordingsGo(t *testing.T) {
	service := func(more string) *graph.Graph {
		return graphOf(t, strings.Replace(bare, "models = [model.hey_jarvis]", "models = [model.hey_jarvis]\n  deliver = [stt.s]", 1)+
			"stt \"s\" {\n  url = \"http://stt.test\"\n"+more+"}\n")
	}
	for _, c := range []struct{ old, fresh, why string }{
		{"", "  language = \"en\"\n", "from now on recordings go by HTTP: a stream cannot carry language"},
		{"  language = \"en\"\n", "  language = \"de\"\n", ""},
		{"  language = \"en\"\n", "  forward_to_core = true\n", "from now on recordings go by HTTP: a stream cannot carry forward_to_core"},
		{"  task = \"translate\"\n", "", "from now on recordings are streamed"},
		{"  streaming = false\n", "  timeout = \"40s\"\n", "from now on recordings are streamed"},
		{"", "  streaming = false\n", "from now on recordings go by HTTP: streaming = false"},
	} {
		for _, component := range graph.Plan(service(c.old), service(c.fresh)).Components {
			if component.Address == "delivery.s" && (component.Why != c.why || component.Action != status.Update) {
				t.Errorf("%q → %q: %s because %q, want %q", c.old, c.fresh, component.Action, component.Why, c.why)
			}
		}
	}
}
