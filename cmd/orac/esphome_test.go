package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"orac/appliance/esphome"
	"orac/runbook/testkit"
)

// TestHomeAssistantAdoptsIt: another people's client does what Home Assistant would, over an encrypted connection: it adopts the satellite,
// hears what follows a wake word, and answers. What it changes is in the runbook, and in the audit log.
func TestHomeAssistantAdoptsIt(t *testing.T) {
	t.Parallel()
	need(t, "web/npm/node_modules/esphome-client")
	sounds, at, dir, key := need(t, ".orac/sounds"), freePorts(t, 1)[0], t.TempDir(), esphome.NewKey()
	d := start(t, dir, fmt.Sprintf(`appliance "kitchen" { state_dir = "state" }
device "wav" "room" {
  path = %q
  end  = "loop"
  gap  = "4s"
}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "room" {
  device  = device.wav.room
  models  = [model.hey_jarvis]
  deliver = [esphome.home]
}
apply { health_gate = "1s" }
esphome "home" {
  listen = %q
  key    = env("HOME_KEY")
}
`, filepath.Join(sounds, "hey_jarvis_lights_on.wav"), at), []string{"HOME_KEY=" + key.Text()})
	d.kind("door_opened")
	_, port, _ := net.SplitHostPort(at)
	cmd := exec.CommandContext(t.Context(), "node", "../../web/esphome/testdata/home.mjs", port, key.Text())
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, said.String(), out)
	}
	steps := map[string]map[string]any{}
	for _, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var step map[string]any
		testkit.Must(t, json.Unmarshal(line, &step))
		steps[fmt.Sprint(step["step"])] = step
	}
	if a := steps["adopted"]; a["name"] != "orac-kitchen" || a["project"] != "ORAC.Satellite" || len(fmt.Sprint(a["mac"])) != 17 {
		t.Errorf("%v", a)
	}
	if list := fmt.Sprint(steps["entities"]["list"]); !strings.Contains(list, "switch mute") || !strings.Contains(list, "number threshold_hey_jarvis") {
		t.Errorf("%s", list)
	}
	if a := steps["asked"]; a["start"] != true || a["phrase"] != "hey jarvis" {
		t.Errorf("%v", a)
	}
	if a := steps["answered"]; a["loud"].(float64) < 1000 {
		t.Errorf("no voice: %v", a)
	}
	if steps["texts"]["last"] != "turn on the lights" {
		t.Errorf("%v", steps["texts"])
	}
	d.kinds("home_heard", "muted")
	eventually(t, "the threshold in the runbook's file", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "orac.hcl"))
		return err == nil && strings.Contains(string(text), "0.45")
	})
	log, err := os.ReadFile(filepath.Join(dir, "state", "audit.log"))
	testkit.Must(t, err)
	for _, want := range []string{`"config.model"`, `"mute"`, `"esphome.home"`} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the audit log says nothing of %s: %s", want, log)
		}
	}
}
