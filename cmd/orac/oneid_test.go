package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/appliance/act/home/hometest"
	"orac/runbook/testkit"
)

// roles is the part of a runbook that each of three machines has.
const roles = `
appliance %q {
  state_dir = "state"
  log_file  = "orac.log"
}
peer "here" { from = "127.0.0.1" }
traces { url = %q }
`

// TestOneIDFromTheMicrophoneToTheHouse: three processes, one that listens, one that transcribes and one that acts, and a Home Assistant. The
// ID of the utterance stands in the log of each, in the history of the last, and in the call. What they tell a collector is one trace.
func TestOneIDFromTheMicrophoneToTheHouse(t *testing.T) {
	house := hometest.Start(t, hometest.Flat())
	spans := collectSpans(t)
	audio, mic := microphone(t)
	words, acts := freeAddress(t), freeAddress(t)
	run := func(text string, env ...string) (*daemon, string) {
		t.Helper()
		dir := t.TempDir()
		testkit.Must(t, os.MkdirAll(filepath.Join(dir, "state", "secrets"), 0o700))
		testkit.Must(t, os.Chmod(filepath.Join(dir, "state"), 0o700))
		testkit.Must(t, os.WriteFile(filepath.Join(dir, "state", "secrets", "ha_token"), []byte(hometest.Token), 0o600))
		return start(t, dir, text, env), dir
	}
	core, coreDir := run(fmt.Sprintf(roles+`
core_server "house" {
  listen = %q
  legacy = [peer.here]
}
backend "home" {
  protocol = "home_assistant"
  url      = %q
  token    = secret("ha_token")
}
topic "general" { backends = [backend.home] }
`, "core", spans.url, acts, house.URL()))
	speech, speechDir := run(fmt.Sprintf(roles+`
stt "words" {
  protocol = "exec"
  command  = ["/bin/sh", "-c", "echo turn on the bedroom lamp"]
}
core "house" { url = "http://%s" }
stt_server "house" {
  engine = stt.words
  listen = %q
  legacy = [peer.here]
  core   = core.house
}
`, "speech", spans.url, acts, words))
	core.kind("backend_health")
	serves(t, acts)
	serves(t, words)
	text, _, _ := strings.Cut(kitchenRunbook("http://"+words), `heartbeat "stt"`)
	text = strings.Replace(text, `state_dir = "state"`, "state_dir = \"state\"\n  log_file  = \"orac.log\"", 1)
	kitchen, kitchenDir := run(text+fmt.Sprintf("traces { url = %q }\n", spans.url), audio.Env()...)
	kitchen.kind("device_opened")
	mic.Play(sound(t, "hey_jarvis_lights_on"))
	id := kitchen.kind("delivered").Utterance
	acted := core.kind("acted")
	calls := house.Calls()
	if id == "" || acted.Trace != id || len(calls) != 1 || calls[0].Trace != id || calls[0].Service != "light.turn_on" {
		t.Errorf("utterance %q: it was acted on as %q, and the house was called %+v", id, acted.Trace, calls)
	}
	if said, code := core.ask("history", "--json"); code != 0 || !strings.Contains(said, "light.turn_on") {
		t.Errorf("orac history: %d, %s", code, said)
	}
	for name, dir := range map[string]string{"kitchen": kitchenDir, "speech": speechDir, "core": coreDir} {
		log, err := os.ReadFile(filepath.Join(dir, "orac.log"))
		if err != nil || !strings.Contains(string(log), id) {
			t.Errorf("the log of %s does not have %s: %v\n%s", name, id, err, log)
		}
	}
	for _, d := range []*daemon{kitchen, speech, core} {
		d.stop()
	}
	spans.areOneTrace(t, id, calls[0].Parent)
}
