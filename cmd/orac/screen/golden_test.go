package screen

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"orac/appliance/health"
	"orac/appliance/status"
	"orac/runbook/testkit"
)

// golden compares what is drawn on terminals of several widths (0: none) with testdata/NAME.WIDTH.golden, and checks that no
// line is wider than the terminal and that colours change nothing but colours.
func golden(t *testing.T, name string, widths []int, draw func(*Screen)) {
	t.Helper()
	for _, columns := range widths {
		var plain, painted bytes.Buffer
		draw(&Screen{w: &plain, width: columns})
		draw(&Screen{w: &painted, width: columns, colour: true})
		for line := range strings.Lines(plain.String()) {
			if columns > 0 && utf8.RuneCountInString(strings.TrimRight(line, "\n")) > columns {
				t.Errorf("%s at %d columns: too wide: %q", name, columns, line)
			}
			if strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") {
				t.Errorf("%s at %d columns: space at the end: %q", name, columns, line)
			}
		}
		if bare := ansi.Strip(painted.String()); bare != plain.String() {
			t.Errorf("%s at %d columns: colours change more than colours:\n%s", name, columns, cmp.Diff(plain.String(), bare))
		}
		testkit.Golden(t, filepath.Join("testdata", fmt.Sprintf("%s.%d.golden", name, columns)), plain.Bytes())
	}
}

var all = []int{0, 60, 100}

func TestPlan(t *testing.T) {
	threshold := status.Attribute{Block: "model.hey_jarvis", Name: "threshold", Old: "0.5", New: "0.6", File: "orac.hcl", Line: 12, Source: "  threshold = 0.6 # less eager"}
	device := status.Attribute{Block: "device.microphone.usb", Name: "match", Old: `"USB"`, New: `"ReSpeaker 4 Mic Array"`, File: "orac.hcl", Line: 4, Source: `  match = "ReSpeaker 4 Mic Array"`}
	keep := status.Component{Address: "history", Kind: "history", Action: status.Keep}
	golden(t, "plan-mixed", all, func(s *Screen) {
		s.Plan(status.Plan{Runbook: "orac.hcl", Against: "the running appliance", Hash: "4f2a", Changes: true,
			Components: []status.Component{
				{Address: "source.usb", Kind: "source", Action: status.Restart, Because: []status.Attribute{device}},
				{Address: "ring.usb", Kind: "ring", Action: status.Keep},
				{Address: "trigger.kitchen", Kind: "trigger", Action: status.Update, Because: []status.Attribute{threshold}},
				{Address: "heartbeat.stt", Kind: "heartbeat", Action: status.Update, Because: []status.Attribute{threshold}},
				{Address: "delivery.whisper", Kind: "delivery", Action: status.Update, Because: []status.Attribute{
					{Block: "stt.whisper", Name: "token", Old: "(secret)", New: "(secret)", Secret: true, File: "orac.hcl", Line: 30},
					{Block: "stt.whisper", Name: "language", New: `"en"`, File: "orac.hcl", Line: 31, Source: `language = "en"`},
					{Block: "stt.whisper", Name: "url", Old: `"http://the-old-and-quite-long-name-of-a-server.example:7272/prefix"`, New: `"http://the-new-and-quite-long-name-of-a-server.example:7272/prefix"`, File: "orac.hcl", Line: 29, Source: `url = "http://the-new-and-quite-long-name-of-a-server.example:7272/prefix"`},
				}},
				{Address: "webhook.light", Kind: "webhook", Action: status.Add, Why: "it is new"},
				{Address: "probe.archive", Kind: "probe", Action: status.Remove, Why: "nothing in the runbook needs it any more"},
				keep,
			},
			Deaf: []status.Deaf{{Device: "usb", For: 100 * time.Millisecond}, {Device: "hall"}},
		}, false)
	})
	golden(t, "plan-nothing", all, func(s *Screen) {
		s.Plan(status.Plan{Runbook: "orac.hcl", Against: "generation 3", Components: []status.Component{keep}}, false)
	})
	golden(t, "plan-all", []int{60}, func(s *Screen) {
		s.Plan(status.Plan{Runbook: "orac.hcl", Against: "generation 3", Components: []status.Component{keep}}, true)
	})
	golden(t, "plan-fetches", []int{0, 60}, func(s *Screen) {
		s.Plan(status.Plan{Runbook: "orac.hcl", Against: "generation 3", Changes: true, Components: []status.Component{keep},
			Fetches: []status.Fetch{{Block: "model.hey_house", Host: "models.example", SHA256: strings.Repeat("0123abcd", 8)},
				{Block: "stt.local", Host: "packages.example", Model: "moonshine_base"}}}, false)
	})
	golden(t, "plan-blocked", all, func(s *Screen) {
		s.Plan(status.Plan{Runbook: "orac.hcl", Against: "the running appliance", Changes: true,
			Components: []status.Component{{Address: "source.usb", Kind: "source", Action: status.Blocked, Because: []status.Attribute{device}}, keep},
			Deaf:       []status.Deaf{{Device: "usb"}},
			Problems:   []string{`source.usb: no microphone matches "ReSpeaker 4 Mic Array"; orac devices lists those that there are`}}, false)
	})
	golden(t, "plan-hostile", []int{60}, func(s *Screen) {
		evil := "a\x1b[2Jb\nc\u202e"
		s.Plan(status.Plan{Runbook: evil, Against: evil, Changes: true, Problems: []string{evil}, Deaf: []status.Deaf{{Device: evil}}, Fetches: []status.Fetch{{Block: evil, Host: evil, SHA256: evil}},
			Components: []status.Component{{Address: evil, Action: status.Update, Why: evil, Because: []status.Attribute{{Block: evil, Name: evil, Old: evil, New: evil, File: evil, Line: 1, Source: evil}}}}}, false)
	})
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.Local)

// house is a status with something of everything.
func house() status.Status {
	running := func(address, kind string, rate float64, feeds ...string) status.Node {
		return status.Node{Address: address, Kind: kind, State: "running", Since: noon.Add(-time.Hour), Generation: 1, Rate: rate, Feeds: feeds}
	}
	s := status.Status{
		Appliance: "house", Version: "v0.3", PID: 4711, Runbook: "/etc/orac/orac.hcl", Generation: 4, Started: noon.Add(-3*time.Hour - 12*time.Minute),
		Nodes: []status.Node{
			running("source.kitchen", "source", 12.5, "ring.kitchen", "history"),
			running("ring.kitchen", "ring", 12.5, "features.kitchen", "voice.kitchen"),
			running("features.kitchen", "features", 12.5, "head.kitchen.hey_jarvis", "head.kitchen.alexa"),
			running("voice.kitchen", "voice", 12.5, "trigger.kitchen"),
			running("head.kitchen.hey_jarvis", "head", 12.5, "trigger.kitchen"),
			running("head.kitchen.alexa", "head", 12.5, "trigger.kitchen", "trigger.kitchen_alexa"),
			running("trigger.kitchen", "trigger", 37.5, "recorder.kitchen", "heartbeat.stt"),
			running("trigger.kitchen_alexa", "trigger", 12.5, "recorder.kitchen"),
			running("recorder.kitchen", "recorder", 0, "spool"),
			running("spool", "spool", 0, "delivery.whisper"),
			running("delivery.whisper", "delivery", 0, "spool"),
			running("heartbeat.stt", "heartbeat", 0.03),
			running("probe.whisper", "probe", 0.03),
			running("history", "history", 250),
		},
		Health: health.Report{Level: health.Degraded, At: noon},
		Spool:  status.Spool{Waiting: 3, DiskBytes: 288_000},
		Memory: status.Memory{Resident: 100 << 20, Slope: 1.2 * (1 << 20), Warn: 400 << 20, Restart: 450 << 20},
		Incident: &status.Incident{ID: "7", Component: "source.kitchen", Cause: "no hop for 2 s", Detected: noon.Add(-time.Minute),
			Recovered: noon.Add(-59 * time.Second), Duration: 1042 * time.Millisecond},
	}
	for _, n := range s.Nodes {
		s.Health.Components = append(s.Health.Components, health.Component{Name: n.Address, Level: health.Healthy, Since: noon.Add(-time.Hour)})
	}
	s.Health.Components[10] = health.Component{Name: "delivery.whisper", Level: health.Degraded, Since: noon.Add(-2 * time.Minute), Why: "connection refused by http://stt.local:7272, which is tried again in 10 s"}
	s.Health.Components[11] = health.Component{Name: "heartbeat.stt", Level: health.Degraded, Since: noon.Add(-time.Minute), Why: "refused", Behind: "delivery.whisper"}
	s.Nodes[4].State, s.Nodes[4].Since, s.Nodes[4].Restarts, s.Nodes[4].Error = "waiting", noon.Add(-3*time.Second), 2, "the model cannot be read"
	s.Nodes[1].Dropped = 17
	return s
}

func TestStatus(t *testing.T) {
	golden(t, "status-house", []int{0, 60, 120}, func(s *Screen) { s.Lines(NewStatus(s).Lines(house(), noon)) })
	golden(t, "status-worst", all, func(s *Screen) {
		h := house()
		h.LastGood, h.Health.Level, h.Nodes, h.Incident.Recovered = true, health.Unhealthy, h.Nodes[:1], time.Time{}
		h.Nodes[0].State, h.Nodes[0].Error = "leaked", "it does not stop"
		h.Health.Components = []health.Component{{Name: "source.kitchen", Level: health.Unhealthy, Since: noon.Add(-50 * time.Hour), Why: "no hop"}}
		h.Memory.Resident, h.Spool = 440<<20, status.Spool{Waiting: 1, MemoryBytes: 96_000, Dropped: 2, Error: "no space left on device"}
		s.Lines(NewStatus(s).Lines(h, noon))
	})
	golden(t, "status-acting", all, func(s *Screen) {
		h := status.Status{Appliance: "house", Runbook: "orac.hcl", Started: noon, Health: health.Report{Level: health.Healthy}}
		h.Topics = []status.Topic{
			{Name: "general", Enabled: true, Sentences: 214, Asked: 31, Learnt: 2, Last: &status.Deed{At: noon.Add(-time.Minute), Text: "turn on the lights", Result: "done"}},
			{Name: "garden", Waiting: 1, Problems: 1, Error: "no space left on device", Last: &status.Deed{At: noon.Add(-time.Hour), Text: "open the gate", Result: "unknown", Reason: "backend.home did not answer in time: it may have done it"}},
		}
		h.Backends = []status.Backend{{Name: "home", Connected: true, Entities: 42, Done: 28, Failed: 1, Unknown: 1}, {Name: "shed", Error: "connection refused"}, {Name: "new"}}
		h.Models = []status.Model{{Name: "qwen", Waiting: 1, Asked: 3, Rejected: 1, Error: "it answers prose"}}
		s.Lines(NewStatus(s).Lines(h, noon))
	})
	golden(t, "status-young", []int{60}, func(s *Screen) {
		s.Lines(NewStatus(s).Lines(status.Status{Appliance: "house", Runbook: "orac.hcl", Started: noon, Health: health.Report{Level: health.Healthy}}, noon))
	})
	golden(t, "status-watched", []int{100}, func(s *Screen) {
		v := NewStatus(s)
		var lines []string
		for i := range 2 * trendShown {
			h := house()
			h.Memory.Resident += int64(i) << 18
			lines = v.Lines(h, noon)
		}
		s.Lines(lines)
	})
}

// TestTreeShowsEveryNodeOnce whatever feeds what.
func TestTreeShowsEveryNodeOnce(t *testing.T) {
	for name, nodes := range map[string][]status.Node{
		"itself":     {{Address: "a", Feeds: []string{"a"}}},
		"each other": {{Address: "a", Feeds: []string{"b"}}, {Address: "b", Feeds: []string{"a"}}},
		"twice":      {{Address: "a", Feeds: []string{"b", "b"}}, {Address: "b"}},
		"unknown":    {{Address: "a", Feeds: []string{"nobody"}}},
		"diamond":    {{Address: "a", Feeds: []string{"b", "c"}}, {Address: "b", Feeds: []string{"d"}}, {Address: "c", Feeds: []string{"d"}}, {Address: "d"}},
		"backwards":  {{Address: "a", Feeds: []string{"c", "b"}}, {Address: "b", Feeds: []string{"c"}}, {Address: "c"}},
	} {
		seen := map[string]int{}
		for _, b := range tree(nodes) {
			seen[b.node.Address]++
		}
		for _, n := range nodes {
			if seen[n.Address] != 1 {
				t.Errorf("%s: %s is shown %d times", name, n.Address, seen[n.Address])
			}
		}
	}
}

func TestReports(t *testing.T) {
	h := house()
	golden(t, "incidents", []int{0, 60}, func(s *Screen) {
		over, on := *h.Incident, *h.Incident
		over.Actions = []string{"goroutine stacks taken", "killed the capture process 4712", "opened USB Audio again by its identity usb-0d8c, which has another index now"}
		on.ID, on.Recovered, on.Evidence = "8", time.Time{}, "goroutine 1 [running]:\n\tmain.main()\x1b[2J\n"
		s.Incidents([]status.Incident{over, on}, true, noon)
	})
	golden(t, "generations", []int{0}, func(s *Screen) {
		s.Generations([]status.Generation{
			{Number: 2, Applied: noon.Add(-48 * time.Hour), Hash: "0123456789abcdef", Note: "start", Runbook: "/etc/orac/orac.hcl"},
			{Number: 3, Applied: noon.Add(-24 * time.Hour), Damaged: "its runbook is cut short", Runbook: "/etc/orac/orac.hcl"},
			{Number: 4, Applied: noon.Add(-time.Hour), Current: true, Hash: "ff", Note: "rollback to 2", Runbook: "/etc/orac/orac.hcl"},
		}, noon)
	})
	golden(t, "health", []int{0}, func(s *Screen) {
		s.Health(status.Health{Report: h.Health}, noon)
		s.Health(status.Health{Report: health.Report{Level: health.Healthy}}, noon)
		s.Health(status.Health{Report: health.Report{Level: health.Unhealthy, Components: []health.Component{{Name: "source.usb", Level: health.Unhealthy}}}}, noon)
		s.Health(status.Health{Report: health.Report{Level: health.Healthy}, Muted: []status.Mute{{Listener: "kitchen", By: "user:an\x1b[2Jna", Since: noon, Until: noon.Add(time.Hour)}}}, noon)
	})
	golden(t, "log", []int{0}, func(s *Screen) {
		at := time.Date(2026, 5, 4, 12, 0, 0, 5e6, time.Local)
		s.Log(status.LogLine{Seq: 1, At: at, Level: "INFO", Message: "generation 4 runs", Attrs: map[string]any{"node": "spool", "why": "a \"b\" c", "n": 3.5, "none": "", "list": []any{"x"}}})
		s.Log(status.LogLine{Seq: 2, At: at, Level: "WARN", Message: "two\nlines\x1b[2J"})
		s.Log(status.LogLine{Seq: 3, At: at, Level: "ERROR", Message: "bad", Attrs: map[string]any{"nan": math.NaN()}})
	})
}
