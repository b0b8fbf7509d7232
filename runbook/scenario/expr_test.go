package scenario

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// conditions parses a scenario that promises them, in order.
func conditions(t testing.TB, texts ...string) []Steady {
	t.Helper()
	src := "locals {\n  three = 3\n  node = \"source.usb\"\n}\nscenario \"x\" {\n  runbook = \"orac.hcl\"\n  for = \"1h\"\n}\n"
	for i, text := range texts {
		src += "steady \"s" + strings.Repeat("x", i) + "\" {\n  holds = " + text + "\n}\n"
	}
	s, ds := Parse([]byte(src), "x.hcl", testWorld())
	if s == nil {
		t.Fatal(ds)
	}
	return s.Steady
}

func TestEval(t *testing.T) {
	s := State{
		Time: 61.5, Up: true, Health: "degraded", Faults: 1, Restarts: 3, Memory: 5 << 20,
		Components: map[string]string{"stt.whisper": "unhealthy"},
		Nodes:      map[string]Node{"source.usb": {State: "running", Taken: 7, Restarts: 2}},
	}
	for text, want := range map[string]bool{
		`time > 61 && time < 62`:                                  true,
		`up && !healed`:                                           true,
		`health == "healthy"`:                                     false,
		`restarts <= local.three`:                                 true,
		`restarts + 1 <= local.three`:                             false,
		`memory < 10 * 1024 * 1024`:                               true,
		`components["stt.whisper"] == "unhealthy"`:                true,
		`lookup(components, "stt.other", "healthy") == "healthy"`: true,
		`nodes["source.usb"].taken == 7 && nodes["source.usb"].state != "leaked"`: true,
		`try(nodes["source.gone"].state, "none") == "none"`:                       true,
		`nodes[local.node].restarts == 2`:                                         true,
		`contains([for a, n in nodes : n.state], "running")`:                      true,
		`length(nodes) == 1 && contains(keys(components), "stt.whisper")`:         true,
		`faults > 0 ? health != "healthy" : open == 0`:                            true,
	} {
		got, err := conditions(t, text)[0].Holds.Eval(s)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

// TestEveryWordHasAValue evaluates each in an empty state: there is one, of the type that is documented.
func TestEveryWordHasAValue(t *testing.T) {
	for _, w := range words {
		if v := w.get(&State{}, nil); !v.Type().Equals(w.typ) || v.IsNull() {
			t.Errorf("%s is %#v", w.name, v)
		}
	}
}

func TestEvalNamesWhatIsMissing(t *testing.T) {
	_, err := conditions(t, `nodes["source.usb"].taken > 0`)[0].Holds.Eval(State{})
	if err == nil || !strings.HasPrefix(err.Error(), "x.hcl:10: ") {
		t.Errorf("got %v", err)
	}
}

// TestOnlyWhatIsUsedIsMade: a condition is looked at at every step of a run.
func TestOnlyWhatIsUsedIsMade(t *testing.T) {
	for text, want := range map[string]int{
		`lost == 0`: 0,
		`lost == 0 && try(nodes["a"].taken, 0) > nodes["b"].taken`: 2,
		`nodes["a"].taken < length(nodes)`:                         -1,
		`nodes[local.node].taken == 0`:                             -1,
	} {
		e := conditions(t, text)[0].Holds
		for _, u := range e.uses {
			n := len(u.keys)
			if u.keys == nil {
				n = -1
			}
			if u.name == "nodes" && n != want {
				t.Errorf("%s: %d keys of nodes are made", text, n)
			}
		}
	}
}

// TestWatch: it says what Eval says, whatever changes between two looks.
func TestWatch(t *testing.T) {
	for _, text := range []string{
		`lost == 0 && up`, `true`, `try(nodes["a"].taken, 7) == 7 && components["c"] != "unhealthy"`, `nodes["a"].restarts < 2`,
		`!contains([for n in nodes : n.state], "leaked")`, `time < 3 || nodes[local.node].taken > 0`, `length(components) < 2`,
	} {
		e := conditions(t, text)[0].Holds
		rapid.Check(t, func(t *rapid.T) {
			watch := e.Watch()
			for range rapid.IntRange(1, 20).Draw(t, "looks") {
				s := State{Lost: rapid.IntRange(0, 1).Draw(t, "lost"), Up: rapid.Bool().Draw(t, "up"), Time: float64(rapid.IntRange(0, 4).Draw(t, "time"))}
				s.Nodes = rapid.MapOfN(rapid.SampledFrom([]string{"a", "source.usb"}), rapid.Custom(func(t *rapid.T) Node {
					return Node{State: rapid.SampledFrom([]string{"running", "leaked"}).Draw(t, "state"), Taken: int64(rapid.IntRange(6, 7).Draw(t, "taken")), Restarts: rapid.IntRange(0, 3).Draw(t, "restarts")}
				}), 0, 2).Draw(t, "nodes")
				s.Components = rapid.MapOfN(rapid.SampledFrom([]string{"c", "d"}), rapid.SampledFrom([]string{"healthy", "unhealthy"}), 0, 2).Draw(t, "components")
				got, gotErr := watch(s)
				want, wantErr := e.Eval(s)
				if got != want || (gotErr == nil) != (wantErr == nil) {
					t.Fatalf("%s: %v, %v; not %v, %v in %+v", text, got, gotErr, want, wantErr, s)
				}
			}
		})
	}
}

func BenchmarkCondition(b *testing.B) {
	s := State{Nodes: map[string]Node{}}
	for _, name := range strings.Fields("source.usb ring.usb features.usb head.usb.a head.usb.b trigger.k recorder.k spool delivery.w probe.w history") {
		s.Nodes[name] = Node{State: "running"}
	}
	for name, text := range map[string]string{"number": `lost == 0`, "node": `lost == 0 && try(nodes["source.usb"].state, "") != "leaked"`} {
		e := conditions(b, text)[0].Holds
		for how, eval := range map[string]func(State) (bool, error){"eval": e.Eval, "watch": e.Watch()} {
			b.Run(name+"/"+how, func(b *testing.B) {
				for b.Loop() {
					if ok, err := eval(s); !ok || err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
