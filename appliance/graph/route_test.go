package graph

import (
	"os"
	"slices"
	"testing"

	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// TestServicesThatStandIn: the delivery of the first service of a list knows the others in their order, hears of all their probes,
// and its recordings go by its name. Each of the others has a delivery of its own for recordings from before it stood in.
func TestServicesThatStandIn(t *testing.T) {
	text, err := os.ReadFile("../../runbook/testdata/good/routes.hcl")
	if err != nil {
		t.Fatal(err)
	}
	rb, problems := runbook.Parse(text, "routes.hcl", language.Options{HashKey: make([]byte, 32)})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	g, err := Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"local":   "http://host:8080, by HTTP: the server of whisper.cpp takes whole recordings; else https://host, by HTTP: OpenAI's interface takes whole recordings",
		"cloud":   "https://host, by HTTP: OpenAI's interface takes whole recordings",
		"archive": "http://host:7272, streamed",
	} {
		if n := g.Node(At(Delivery, name)); n == nil || n.Detail != want {
			t.Errorf("%s: %+v", name, n)
		}
	}
	var probes []string
	for _, e := range g.Edges {
		if e.To == "delivery.local" && e.Carries == healthy.Name {
			probes = append(probes, e.From)
		}
		if e.To == "probe.archive" && e.From != "delivery.archive" {
			t.Errorf("%s asks about archive", e.From)
		}
	}
	if slices.Sort(probes); !slices.Equal(probes, []string{"probe.cloud", "probe.local"}) {
		t.Errorf("delivery.local hears of %v", probes)
	}
	kitchen := g.Node("recorder.kitchen").Settings.(recorderSettings)
	if got := firsts(kitchen.Listener.Deliver); !slices.Equal(got, []string{"local", "archive"}) {
		t.Errorf("recordings are kept for %v", got)
	}
}

// TestAPlanToldOfStandIns: a service that begins to stand in for another one updates its delivery, and nothing of it restarts.
func TestAPlanToldOfStandIns(t *testing.T) {
	const text = `
appliance "a" {}
device "microphone" "usb" {}
model "m" { source = "catalog:alexa" }
stt "local" { url = "http://local:7272" }
stt "cloud" { url = "http://cloud:7272" }
listener "l" {
  device  = device.microphone.usb
  models  = [model.m]
  deliver = `
	compiled := func(deliver string) *Graph {
		rb, problems := runbook.Parse([]byte(text+deliver+"\n}\n"), "x.hcl", language.Options{HashKey: make([]byte, 32)})
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		g, err := Compile(rb)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for _, c := range []struct{ was, is, words string }{
		{"[stt.local]", "[[stt.local, stt.cloud]]", "it also depends on stt.cloud"},
		{"[[stt.local, stt.cloud]]", "[stt.local]", "it no longer depends on stt.cloud"},
		{"[stt.local]", "[[stt.local]]", ""},
	} {
		for _, p := range Plan(compiled(c.was), compiled(c.is)).Components {
			want := status.Update
			if c.words == "" {
				want = status.Keep
			}
			if p.Address == "delivery.local" && (p.Action != want || p.Why != c.words) {
				t.Errorf("%s to %s: %+v", c.was, c.is, p)
			}
		}
	}
}
