package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// freePorts are addresses on loopback where nothing listens.
func freePorts(t testing.TB, n int) (list []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		list = append(list, l.Addr().String())
	}
	return list
}

// visitor has the independent client send a file to a Wyoming service.
func visitor(t *testing.T, listen, serves, file string) (answer struct {
	Type, Name, Text string
	Models           []string
}) {
	t.Helper()
	_, port, _ := net.SplitHostPort(listen)
	out, err := exec.CommandContext(t.Context(), "node", "../../web/wyoming/testdata/file.mjs", port, serves, file).CombinedOutput()
	if err != nil || json.Unmarshal(out, &answer) != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return answer
}

// TestWyoming: an appliance hears wake words, and understands speech, for clients while it listens itself. An apply moves the service, and changes its
// models in place; an address that is taken is refused, and what ran goes on. The microphone is not touched.
func TestWyoming(t *testing.T) {
	t.Parallel()
	sounds := need(t, ".orac/sounds")
	at := freePorts(t, 3)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	d := start(t, dir, fmt.Sprintf(`appliance "kitchen" { state_dir = "state" }
device "wav" "room" {
  path = %q
  end  = "loop"
}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
model "alexa" { source = "catalog:alexa" }
listener "room" {
  device = device.wav.room
  models = [model.hey_jarvis]
}
apply { health_gate = "1s" }
wyoming "wake" {
  serve  = "wake"
  listen = %q
  models = []
}
stt "local" { protocol = "embedded" }
wyoming "speech" {
  serve  = "stt"
  engine = stt.local
  listen = %q
}
`, filepath.Join(sounds, "silence.wav"), at[0], at[2]), nil)
	for range 2 {
		d.kind("door_opened")
	}
	jarvis, alexa := filepath.Join(sounds, "hey_jarvis.wav"), filepath.Join(sounds, "alexa.wav")
	if a := visitor(t, at[0], "wake", jarvis); a.Type != "detection" || a.Name != "hey_jarvis" || strings.Join(a.Models, " ") != "hey_jarvis alexa" {
		t.Errorf("%+v", a)
	}
	if a := visitor(t, at[0], "wake", filepath.Join(sounds, "noise.wav")); a.Type != "not-detected" {
		t.Errorf("%+v", a)
	}
	if a := visitor(t, at[2], "stt", filepath.Join(sounds, "talk.wav")); a.Type != "transcript" || !strings.Contains(strings.ToLower(a.Text), "train") {
		t.Errorf("%+v", a)
	}
	if a := visitor(t, at[2], "stt", filepath.Join(sounds, "noise.wav")); a.Type != "transcript" || a.Text != "" {
		t.Errorf("%+v", a)
	}
	d.rewrite(at[0], at[1])
	d.rewrite("models = []", "models = [model.alexa]")
	if out, code := d.ask("apply", "--auto-approve"); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if a := visitor(t, at[1], "wake", alexa); a.Type != "detection" || a.Name != "alexa" || len(a.Models) != 1 {
		t.Errorf("%+v", a)
	}
	d.rewrite(at[1], taken.Addr().String())
	if out, code := d.ask("apply", "--auto-approve"); code != 1 || !strings.Contains(out, "address already in use") {
		t.Errorf("exit %d: %s", code, out)
	}
	if a := visitor(t, at[1], "wake", alexa); a.Name != "alexa" {
		t.Errorf("%+v", a)
	}
	for _, e := range d.seen {
		if e.Kind == "device_opened" && e.Opens > 1 {
			t.Errorf("the microphone was touched: %+v", e)
		}
	}
}
