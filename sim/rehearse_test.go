package sim

import (
	"context"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/report"
	"orac/sim/trial/schedule"
)

// house is the runbook of these tests: one of everything that can break.
const house = `
appliance "house" {}
device "microphone" "mic" {}
model "hey_jarvis" {
  source  = "catalog:hey_jarvis"
  webhook = webhook.light
}
listener "kitchen" {
  device  = device.microphone.mic
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
stt "whisper" { url = "http://stt.local:7272" }
heartbeat "whisper" { stt = stt.whisper }
webhook "light" {
  url    = "http://light.local/on"
  events = ["wake", "recording", "transcript", "delivery", "incident", "mute", "health"]
  max_retry_delay = "8s"
}
`

// traced is the house with a collector of traces.
const traced = house + "traces {\n  url             = \"http://collector.local:4318\"\n  max_retry_delay = \"8s\"\n}\n"

// shownOff is the house with a broker, at which thresholds may be ordered, and events are published.
const shownOff = house + "mqtt \"home\" {\n  url             = \"tcp://broker.local:1883\"\n  allow           = [\"threshold\"]\n  device_triggers = true\n  events          = [\"wake\", \"transcript\", \"health\"]\n}\n"

// scene is a scenario of so long that runs the house, and whatever else is written.
func scene(t testing.TB, long, rest string) *scenario.Scenario {
	t.Helper()
	return sceneIn(t, house, long, rest)
}

// embedded is the house with an engine of its own in place of the service.
var embedded = strings.NewReplacer(`url = "http://stt.local:7272"`, `protocol = "embedded"`, "heartbeat \"whisper\" { stt = stt.whisper }\n", "").Replace(house)

// member is the house with a login at an issuer, for everything that it sends.
var member = strings.NewReplacer(`stt "whisper" { url = "http://stt.local:7272" }`, `stt "whisper" {
  url      = "http://stt.local:7272"
  login    = login.house
  audience = "stt"
}
login "house" {
  issuer  = "https://core.local:7171"
  account = "kitchen"
  secret  = secret("kitchen")
}
web {
  listen = "127.0.0.1:7171"
}
auth {
  trust {
    issuer = "https://core.local:7171"
    role   = "admin"
  }
}`).Replace(house)

// serving is the house with an engine of its own, which understands what others hear, for a Core.
var serving = embedded + `
core "centre" { url = "http://core.local:8000" }
stt_server "house" {
  engine = stt.whisper
  core   = core.centre
  listen = "127.0.0.1:7272"
}
`

// visited is the house with an engine of its own, which understands what a Home Assistant sends, too.
var visited = embedded + `
wyoming "speech" {
  serve  = "stt"
  engine = stt.whisper
}
`

// dictating is the house with a Wyoming service.
var dictating = strings.NewReplacer(`url = "http://stt.local:7272"`, `
  protocol     = "wyoming"
  url          = "tcp://stt.local:10300"
  timeout      = "10s"
  health_every = "5s"
`, "heartbeat \"whisper\" { stt = stt.whisper }\n", "").Replace(house)

// answering is the house with a speaker, at which it answers what it is told.
var answering = strings.NewReplacer("deliver = [stt.whisper]\n", `deliver = [stt.whisper]
  act     = topic.general
  speaker = device.speaker.room
  tts     = tts.voice
  chimes {
    wake  = "wake.wav"
    error = "error.wav"
  }
`).Replace(house) + `
device "speaker" "room" {}
topic "general" {
  english = true
}
tts "voice" {
  protocol = "openai"
  url      = "http://speech.local:8000"
  model    = "tts-1"
  timeout  = "3s"
}
`

// adopted is such a house that is a satellite of Home Assistant.
var adopted = strings.NewReplacer("deliver = [stt.whisper]\n", "deliver = [[esphome.home, stt.whisper]]\n").Replace(answering) + "esphome \"home\" {}\n"

// acting is a house that does what it is told.
var acting = embedded + `
topic "general" {
  backends       = [backend.home]
  intents        = [intent.count]
  language_model = language_model.qwen
}
intent "count" {
  sentences = ["{count} samples"]
  slots     = { count = vocabulary.numbers }
  backend   = backend.home
  call {
    service = "counter.set_value"
    data    = { count = "{count}" }
  }
}
vocabulary "numbers" {
  range {
    from = 0
    to   = 1000000
  }
}
backend "home" {
  protocol = "home_assistant"
  url      = "http://homeassistant.local:8123"
  token    = secret("ha_token")
}
language_model "qwen" {
  url   = "http://127.0.0.1:8080"
  model = "qwen3"
}
`

// sceneIn is a scenario with another runbook.
func sceneIn(t testing.TB, house, long, rest string) *scenario.Scenario {
	t.Helper()
	text := "scenario \"test\" {\n  for       = \"" + long + "\"\n  inference = \"modelled\"\n  text      = <<-EOT\n" + house + "  EOT\n}\nexpect \"up\" {\n  holds = up\n}\n" + rest
	sc, problems := scenario.Parse([]byte(text), "test.hcl", language.Options{})
	if problems.HasErrors() {
		t.Fatal(problems.Err())
	}
	return sc
}

// prepared is a scenario that is ready to be run.
func prepared(t testing.TB, sc *scenario.Scenario) (*simulation, *job) {
	t.Helper()
	s := &simulation{ctx: context.Background(), began: time.Now(), Options: Options{Seeds: []uint64{1}}}
	j, err := s.job(sc)
	if err != nil {
		t.Fatal(err)
	}
	return s, j
}

// rehearse runs a scenario, and gives the world as it is at the end.
func rehearse(t testing.TB, sc *scenario.Scenario, seed uint64) (*machine, report.Run) {
	t.Helper()
	_, j := prepared(t, sc)
	m, err := newMachine(j.sc, seed, j.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.end)
	m.invite()
	m.plan(schedule.Of(j.sc, m.first, seed))
	m.boot()
	m.watch()
	m.step(j.sc.Head.For)
	if m.broken != nil {
		t.Fatal(m.broken)
	}
	return m, m.finish(seed, time.Now())
}

// said are the events of a run that are of a kind and have a word in them, from an instant to another.
func said(r report.Run, kind, word string, from, to float64) (n int) {
	if _, ok := event.Named(kind); !ok && kind != "" {
		panic("BUG: " + kind + " is not in event.Kinds")
	}
	for _, e := range r.Events {
		if e.Kind == kind && strings.Contains(e.Text, word) && e.At >= from && e.At <= to {
			n++
		}
	}
	return n
}
