package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// loopRunbook hears a file again and again, with a model that is a file beside the runbook.
func loopRunbook(sound, more string) string {
	return fmt.Sprintf(`
appliance "loop" {
  state_dir = "state"
  log_file  = "first.log"
}
device "wav" "demo" {
  path = %q
  end  = "loop"
  gap  = "500ms"
}
model "own" {
  source    = "own.onnx"
  threshold = 0.5
}
listener "room" {
  device = device.wav.demo
  models = [model.own]
}
apply {
  health_gate = "1s"
}
%s`, sound, more)
}

// lay puts a file of the models for tests beside a runbook.
func lay(t *testing.T, dir, model string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(modelsForTests(t), model))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "next.onnx"), b, 0o600)
	}
	if err == nil {
		err = os.Rename(filepath.Join(dir, "next.onnx"), filepath.Join(dir, "own.onnx"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestAModelIsReplacedAtTheSamePath: the plan sees it and says why, apply loads it, and each generation runs with the file that it
// was made of, even when that is no longer there.
func TestAModelIsReplacedAtTheSamePath(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "hey_jarvis_v0.1.onnx")
	d := start(t, dir, loopRunbook(filepath.Join(need(t, ".orac/sounds"), "alexa.wav"), ""), nil)
	d.kind("listening")
	lay(t, dir, "alexa_v0.1.onnx")
	out, code := d.ask("plan")
	if code != 2 || !strings.Contains(out, "head.demo.own  restart") || !strings.Contains(out, `"own.onnx" (sha256 94a13cfe6007) → "own.onnx" (sha256 `) ||
		!strings.Contains(out, `source    = "own.onnx"`) {
		t.Errorf("plan: exit %d: %s", code, out)
	}
	for _, e := range d.seen {
		if e.Kind == "wake" {
			t.Fatalf("it woke before the file was replaced: %+v", e)
		}
	}
	if out, code := d.ask("apply", "--auto-approve"); code != 0 {
		t.Fatalf("apply: exit %d: %s", code, out)
	}
	d.kind("wake") // by the new file: the other one does not wake to this
	if out, code := d.ask("rollback"); code != 0 {
		t.Errorf("rollback: exit %d: %s", code, out)
	}
	if out, code := d.ask("plan"); code != 2 || !strings.Contains(out, "→ \"own.onnx\" (sha256 ") {
		t.Errorf("after the rollback the file is another one; plan: exit %d: %s", code, out)
	}
	d.stop()
	if out, code := d.ask("plan"); code != 2 || !strings.Contains(out, "against generation 3") || !strings.Contains(out, "head.demo.own") {
		t.Errorf("without the appliance, plan: exit %d: %s", code, out)
	}
	if err := os.Remove(filepath.Join(dir, "own.onnx")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "orac.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	d = start(t, dir, string(text), nil)
	d.kind("listening")
	if s := d.status(); s.Generation != 3 || !s.LastGood {
		t.Errorf("without the file: %+v", s)
	}
	d.stop()
	if !strings.Contains(d.stderr.String(), "RUNS GENERATION 3") {
		t.Errorf("it does not say so: %s", d.stderr)
	}
}

// TestAProcessThatReplacesItselfGoesOn with the generation that ran: what was edited and not applied stays so.
func TestAProcessThatReplacesItselfGoesOn(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "hey_jarvis_v0.1.onnx")
	sound := filepath.Join(need(t, ".orac/sounds"), "silence.wav")
	d := start(t, dir, loopRunbook(sound, "memory {\n  warn    = \"16MiB\"\n  restart = \"17MiB\"\n}\n"), nil)
	d.kind("listening")
	d.rewrite("threshold = 0.5", "threshold = 0.9")
	d.rewrite(`state_dir = "state"`, `state_dir = "elsewhere"`)
	d.kind("listening") // of the process that took its place
	s := d.status("--state-dir", "state")
	if s.Generation != 1 || s.LastGood || s.PID != d.cmd.Process.Pid {
		t.Errorf("%+v", s)
	}
	if out, code := d.ask("plan", "--state-dir", "state"); code != 2 || !strings.Contains(out, "0.5 → 0.9") {
		t.Errorf("plan: exit %d: %s", code, out)
	}
	d.stop()
	if said := d.stderr.String(); !strings.Contains(said, "has changed and was not applied (see: orac plan); generation 1 keeps running") {
		t.Errorf("it does not say so: %s", said)
	}
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("the state directory of the edited file was opened")
	}
}

// TestTheFileOfTheLogIsApplied: lines go into the new file from the moment of apply, and none is lost on the way.
func TestTheFileOfTheLogIsApplied(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "hey_jarvis_v0.1.onnx")
	d := start(t, dir, loopRunbook(filepath.Join(need(t, ".orac/sounds"), "silence.wav"), ""), nil)
	d.kind("listening")
	d.rewrite("first.log", "second.log")
	if out, code := d.ask("plan"); code != 2 || !strings.Contains(out, "log_file") || strings.Contains(out, "next start") {
		t.Errorf("plan: exit %d: %s", code, out)
	}
	if out, code := d.ask("apply", "--auto-approve"); code != 0 {
		t.Fatalf("apply: exit %d: %s", code, out)
	}
	d.rewrite("threshold = 0.5", "threshold = 0.6")
	if out, code := d.ask("apply", "--auto-approve"); code != 0 {
		t.Fatalf("apply: exit %d: %s", code, out)
	}
	d.stop()
	first, second := readFile(t, filepath.Join(dir, "first.log")), readFile(t, filepath.Join(dir, "second.log"))
	for step, in := range map[string]string{"committed generation 2": first, "committed generation 3": second} {
		if n := strings.Count(first+second, step); n != 1 || !strings.Contains(in, step) {
			t.Errorf("%q is there %d times:\n%s\n---\n%s", step, n, first, second)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
