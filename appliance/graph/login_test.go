package graph

import (
	"slices"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

// TestALoginServesAllThatNameIt: services, heartbeats and webhooks ask it for tokens, each for its audience. One that nothing names is not
// there.
func TestALoginServesAllThatNameIt(t *testing.T) {
	rb, problems := runbook.Parse([]byte(`appliance "kitchen" {}
device "microphone" "usb" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
login "house" {
  issuer  = "https://core.local:7171"
  account = "hey_orac"
  secret  = env("SECRET")
}
login "spare" {
  issuer  = "https://other.local:7171"
  account = "hey_orac"
  secret  = env("SECRET")
}
stt "whisper" {
  url      = "https://stt.local:7272"
  login    = login.house
  audience = "stt"
}
heartbeat "core" { stt = stt.whisper }
webhook "lights" {
  url      = "https://lights.local/hook"
  events   = ["wake"]
  login    = login.house
  audience = "lights"
}
webhook "open" {
  url    = "https://open.local/hook"
  events = ["wake"]
}
`), "x.hcl", language.Options{HashKey: make([]byte, 32), Env: func(string) (string, bool) { return "a secret that is long enough to be one", true }})
	testkit.Must(t, problems.Err())
	g, err := Compile(rb)
	testkit.Must(t, err)
	n := g.Node("login.house")
	if n == nil || g.Node("login.spare") != nil {
		t.Fatalf("the logins of the graph: %v", n)
	}
	if got := n.Settings.(loginSettings).audiences(); !slices.Equal(got, []string{"stt", "lights"}) {
		t.Errorf("it gets tokens for %q", got)
	}
	var askers []string
	for _, e := range g.Edges {
		if e.To == n.Address && e.Carries == tokens.Name {
			askers = append(askers, e.From)
		}
	}
	if slices.Sort(askers); !slices.Equal(askers, []string{"delivery.whisper", "heartbeat.core", "probe.whisper", "webhook.lights"}) {
		t.Errorf("it is asked by %q", askers)
	}
}
