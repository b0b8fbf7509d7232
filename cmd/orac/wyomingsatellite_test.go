package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"orac/runbook/testkit"
)

// TestHomeAssistantUsesItsWyomingSatellite: a client in another language does what Home Assistant would: it looks at the satellite, serves it,
// and hears what follows a wake word. While nobody serves it, the next service of deliver has the command.
func TestHomeAssistantUsesItsWyomingSatellite(t *testing.T) {
	t.Parallel()
	sounds, at := need(t, ".orac/sounds"), freePorts(t, 1)[0]
	d := start(t, t.TempDir(), fmt.Sprintf(`appliance "kitchen" { state_dir = "state" }
device "wav" "room" {
  path = %q
  end  = "loop"
  gap  = "4s"
}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
stt "local" {
  protocol = "exec"
  command  = ["/bin/echo", "turn on the lights"]
}
listener "room" {
  device  = device.wav.room
  models  = [model.hey_jarvis]
  deliver = [[wyoming_satellite.home, stt.local]]
}
apply { health_gate = "1s" }
wyoming_satellite "home" {
  listen = %q
  area   = "Kitchen"
}
`, filepath.Join(sounds, "hey_jarvis_lights_on.wav"), at), nil)
	d.kind("door_opened")
	d.kinds("home_over", "delivered") // nobody is there: it is left to the next
	_, port, _ := net.SplitHostPort(at)
	cmd := exec.CommandContext(t.Context(), "node", "../../web/wyomingsatellite/testdata/home.mjs", port)
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
	if a := steps["found"]; a["name"] != "ORAC kitchen" || a["area"] != "Kitchen" || fmt.Sprint(a["phrases"]) != "map[hey_jarvis:hey jarvis]" {
		t.Errorf("%v", a)
	}
	for _, step := range []string{"heard", "heard again", "heard after a mute"} {
		if a := steps[step]; a["wake"] != "hey_jarvis" || a["loud"].(float64) < 1000 {
			t.Errorf("%s: %v", step, a)
		}
	}
	d.kinds("home_arrived", "home_heard", "home_left")
}
