package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"orac/web/audit"
	"orac/web/auth"
	"orac/web/schema"
	"orac/web/simulations"
)

// TestASimulationByTheAPI: begun, watched, read, on record under the name of what is run.
func TestASimulationByTheAPI(t *testing.T) {
	rig := newRig(t)
	list := get[ScenarioList](rig, rig.call(auth.Operator, "GET", "/api/scenarios", nil), 200)
	if !list.Possible || len(list.Scenarios) != 1 || list.Scenarios[0].Name != simulations.Quiet {
		t.Errorf("%+v", list)
	}
	begun := get[simulations.Simulation](rig, rig.call(auth.Admin, "POST", "/api/simulations", SimulationInput{"quiet", 3, "2h"}), 201)
	if begun.Number != 2 || !begun.Running() || begun.Who != "admin" || begun.Seeds != 3 || begun.For != "2h" {
		t.Errorf("%+v", begun)
	}
	records := rig.records("chaos.run")
	if len(records) != 2 || records[0].Outcome != audit.Done || records[0].Target != "quiet" || records[0].Who != "admin" {
		t.Errorf("%+v", records)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s := get[simulations.Simulation](rig, rig.call(auth.Operator, "GET", "/api/simulations/2", nil), 200)
		if !s.Running() {
			if s.Report || s.Exit != 0 {
				t.Errorf("it ended as %+v", s)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not end")
		}
	}
	if w := rig.call(auth.Admin, "POST", "/api/simulations/2/stop", nil); w.Code != http.StatusNoContent {
		t.Errorf("a stop: %d %s", w.Code, w.Body)
	}
	all := get[[]simulations.Simulation](rig, rig.call(auth.Operator, "GET", "/api/simulations", nil), 200)
	if len(all) != 2 || all[0].Number != 2 || all[1].Output != "" {
		t.Errorf("%+v", all)
	}
	// What it has said may quote lines of the runbook, applied or not.
	if s := get[simulations.Simulation](rig, rig.call(auth.Admin, "GET", "/api/simulations/1", nil), 200); s.Output == "" {
		t.Error("an admin does not see what it has said")
	}
	if s := get[simulations.Simulation](rig, rig.call(auth.Operator, "GET", "/api/simulations/1", nil), 200); s.Output != "" {
		t.Errorf("an operator sees what it has said: %q", s.Output)
	}
	w := rig.call(auth.Operator, "GET", "/api/simulations/1/report", nil)
	if csp := w.Header().Get("Content-Security-Policy"); w.Code != 200 || !strings.Contains(csp, "sandbox") || !strings.Contains(csp, "style-src 'sha256-") || strings.Contains(csp, "unsafe") {
		t.Errorf("the report comes with %d, %q", w.Code, csp)
	}
	if w := rig.call(auth.Operator, "GET", "/api/simulations/1/report.json", nil); w.Code != 200 || !json.Valid(w.Body.Bytes()) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/api/simulations/3", "/api/simulations/2/report", "/api/simulations/2/report.json"} {
		rig.problem(path, rig.call(auth.Operator, "GET", path, nil), schema.NotFound)
	}
	for what, in := range map[string]any{
		"none": SimulationInput{"quiet", 0, ""}, "too many": SimulationInput{"quiet", 51, ""}, "too long": SimulationInput{"quiet", 1, "31d"}, "too short": SimulationInput{"quiet", 1, "59s"},
		"a word": SimulationInput{"quiet", 1, "--json"}, "more": map[string]any{"scenario": "quiet", "seeds": 1, "file": "/etc/passwd"},
	} {
		rig.problem(what, rig.call(auth.Admin, "POST", "/api/simulations", in), schema.InvalidInput)
	}
	for _, name := range []string{"../orac", rig.app.File, "storm", "-f"} {
		rig.problem(name, rig.call(auth.Admin, "POST", "/api/simulations", SimulationInput{name, 1, ""}), schema.NotFound)
	}
}

// TestSamplesByTheAPI: a range of them, as lists of one length.
func TestSamplesByTheAPI(t *testing.T) {
	rig := newRig(t)
	s := get[SystemSamples](rig, rig.call(auth.Viewer, "GET", "/api/system/samples", nil), 200)
	if len(s.At) != 1 || s.Memory[0] != 80<<20 || s.CPU[0] != nil || s.DiskFree[0] <= 0 || s.Spooled[0] != 1000 || s.Waiting[0] != 2 || s.Every != 10 {
		t.Fatalf("%+v", s)
	}
	for query, want := range map[string]int{
		"from=1": 1, "from=1&to=2": 0, "to=1": 0, "from=253402300799": 0, "from=" + itoa(s.At[0]) + "&to=" + itoa(s.At[0]): 1, "from=" + itoa(s.At[0]+1): 0,
	} {
		if got := get[SystemSamples](rig, rig.call(auth.Viewer, "GET", "/api/system/samples?"+query, nil), 200); len(got.At) != want || got.Memory == nil {
			t.Errorf("%s: %+v", query, got)
		}
	}
	for _, query := range []string{"from=-1", "from=x", "to=253402300800", "limit=3"} {
		rig.problem(query, rig.call(auth.Viewer, "GET", "/api/system/samples?"+query, nil), schema.InvalidInput)
	}
}

func itoa(n int64) string {
	text, _ := json.Marshal(n) // a number
	return string(text)
}

// TestWhatTheGraphIsMadeOf: nodes, edges, and the listeners with their devices and models.
func TestWhatTheGraphIsMadeOf(t *testing.T) {
	rig := newRig(t)
	g := get[GraphOut](rig, rig.call(auth.Viewer, "GET", "/api/graph", nil), 200)
	if len(g.Nodes) < 5 || len(g.Edges) < 5 || g.Nodes[0].Address == "" || g.Edges[0].Full == "" {
		t.Errorf("%+v", g)
	}
	l := get[[]Listener](rig, rig.call(auth.Viewer, "GET", "/api/listeners", nil), 200)
	if len(l) != 1 || l[0].Name != "kitchen" || l[0].Device != "usb" || l[0].Recording || len(l[0].Models) != 1 || l[0].Models[0].Name != "hey_jarvis" {
		t.Errorf("%+v", l)
	}
}
