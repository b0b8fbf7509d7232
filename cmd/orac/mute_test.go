package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"orac/appliance/status"
	"orac/runbook/testkit"
)

// TestAMuteAndARestart of the real program: it hears nothing while it is muted, also after a restart, and hears again when it is unmuted.
// The restart keeps the number of the process, and what waits in the spool is delivered once.
func TestAMuteAndARestart(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "alexa_v0.1.onnx")
	answers := filepath.Join(dir, "answers")
	d := start(t, dir, strings.Replace(loopRunbook(filepath.Join(need(t, ".orac/sounds"), "alexa.wav"), `
stt "clerk" {
  protocol = "exec"
  command  = ["/bin/sh", "-c", "test -e '`+answers+`' && echo lights on"]
}`), "models = [model.own]", "models = [model.own]\n  deliver = [stt.clerk]", 1), nil)
	d.kind("wake")
	waits := d.kind("delivery_failed")
	out, code := d.ask("mute", "room", "--for", "1h", "--json")
	var m status.Muting
	if err := json.Unmarshal([]byte(out), &m); err != nil || code != 0 || len(m.Muted) != 1 || m.Muted[0].Listener != "room" || m.Muted[0].Until.IsZero() || m.Note != "" {
		t.Fatalf("mute: exit %d: %s", code, out)
	}
	d.kind("muted")
	before := len(d.seen)
	was := d.status()
	if len(was.Muted) != 1 || was.Health.Level == "unhealthy" {
		t.Errorf("%+v", was)
	}
	if out, code := d.ask("mute", "attic"); code != 1 || !strings.Contains(out, "the listeners are: room") {
		t.Errorf("mute of a listener that is not there: exit %d: %s", code, out)
	}
	if out, code := d.ask("restart"); code != 0 || !strings.Contains(out, "process ") {
		t.Fatalf("restart: exit %d: %s", code, out)
	}
	d.kind("restarted")
	now := d.status()
	if now.PID != was.PID || now.PID != d.cmd.Process.Pid || !now.Started.After(was.Started) || len(now.Muted) != 1 || now.Generation != was.Generation {
		t.Errorf("before %+v, after %+v", was, now)
	}
	if err := os.WriteFile(answers, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.kind("delivered")
	if out, code := d.ask("unmute"); code != 0 || !strings.Contains(out, "all listeners listen") {
		t.Errorf("unmute: exit %d: %s", code, out)
	}
	d.kind("unmuted")
	kinds := []string{}
	for _, e := range d.seen[before:] {
		kinds = append(kinds, e.Kind)
	}
	if slices.Contains(kinds, "wake") {
		t.Errorf("it woke while it was muted: %v", kinds)
	}
	d.kind("wake")
	if out, code := d.ask("restart"); code != 0 {
		t.Fatalf("restart: exit %d: %s", code, out)
	}
	// Whoever stops it meanwhile is heard: the signal ends the old program or the new one, and is not lost between them.
	testkit.Must(t, d.cmd.Process.Signal(syscall.SIGTERM))
	for range d.events {
	}
	if _, state := d.cmd.Wait(), d.cmd.ProcessState.Sys().(syscall.WaitStatus); state.ExitStatus() != 0 && state.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", d.cmd.ProcessState)
	}
	once := 0
	for _, e := range d.seen {
		if e.Kind == "delivered" && e.Utterance == waits.Utterance {
			once++
		}
	}
	if once != 1 {
		t.Errorf("what waited was delivered %d times", once)
	}
}
