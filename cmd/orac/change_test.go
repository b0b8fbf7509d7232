package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"orac/appliance/status"
	"orac/appliance/stt/stttest"
)

// ask runs an orac command in the daemon's folder, and gives what it printed and its exit code.
func (d *daemon) ask(args ...string) (string, int) {
	d.t.Helper()
	cmd := exec.Command(d.cmd.Path, args...)
	cmd.Dir, cmd.Env = d.cmd.Dir, d.cmd.Env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func (d *daemon) status(more ...string) (s status.Status) {
	d.t.Helper()
	out, code := d.ask(append([]string{"status", "--json"}, more...)...)
	if code != 0 {
		d.t.Fatalf("orac status: exit %d: %s", code, out)
	}
	out = out[strings.Index(out, "{"):] // notes about a runbook that cannot be evaluated come first
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		d.t.Fatal(err)
	}
	return s
}

// rewrite changes the daemon's runbook.
func (d *daemon) rewrite(old, fresh string) {
	d.t.Helper()
	file := filepath.Join(d.cmd.Dir, "orac.hcl")
	b, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(old)) {
		d.t.Fatalf("%q is not in the runbook", old)
	}
	if err := os.WriteFile(file, bytes.Replace(b, []byte(old), []byte(fresh), 1), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func TestARunbookIsChangedWhileItRuns(t *testing.T) {
	audio, _ := microphone(t)
	server := stttest.Start(t)
	dir := t.TempDir()
	d := start(t, dir, kitchenRunbook(server.URL())+"apply {\n  health_gate = \"1s\"\n}\n", audio.Env())
	d.kind("listening")
	before := d.status()
	if before.Generation != 1 || before.Health.Level != "healthy" {
		t.Errorf("at the start: generation %d, %+v", before.Generation, before.Health)
	}
	if out, code := d.ask("plan"); code != 0 {
		t.Errorf("without a change, plan: exit %d: %s", code, out)
	}

	// A threshold: no node is started again, and no frame is dropped.
	d.rewrite("threshold = 0.5", "threshold = 0.6")
	out, code := d.ask("plan")
	if code != 2 || !strings.Contains(out, "0.5 → 0.6") || !strings.Contains(out, "keeps listening") {
		t.Errorf("plan: exit %d: %s", code, out)
	}
	if out, code := d.ask("apply", "--auto-approve"); code != 0 {
		t.Fatalf("apply: exit %d: %s", code, out)
	}
	after := d.status()
	if after.Generation != 2 {
		t.Errorf("generation %d", after.Generation)
	}
	for i, n := range after.Nodes {
		was := before.Nodes[i]
		if n.Address != was.Address || n.Generation != was.Generation || n.Dropped != was.Dropped {
			t.Errorf("%+v became %+v", was, n)
		}
		if n.Kind == "ring" && n.Taken < was.Taken+12 {
			t.Errorf("only %d hops came in more than a second", n.Taken-was.Taken)
		}
	}

	// What cannot work is refused, and the appliance runs on.
	d.rewrite(`"catalog:hey_jarvis"`, `"broken.onnx"`)
	if err := os.WriteFile(filepath.Join(dir, "broken.onnx"), []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := d.ask("apply", "--auto-approve"); code != 1 || !strings.Contains(out, "broken.onnx") {
		t.Errorf("a broken model: exit %d: %s", code, out)
	}
	d.rewrite(`"broken.onnx"`, `"catalog:hey_jarvis"`)
	d.rewrite(`"testmic"`, `"nowhere"`)
	if out, code := d.ask("apply", "--auto-approve"); code != 1 || !strings.Contains(out, "nowhere") {
		t.Errorf("a missing device: exit %d: %s", code, out)
	}
	if now := d.status(); now.Generation != 2 || now.Nodes[0].Generation != after.Nodes[0].Generation {
		t.Errorf("after two refusals: %+v", now)
	}

	// Back, and a start with a broken runbook.
	if out, code := d.ask("rollback"); code != 0 {
		t.Errorf("rollback: exit %d: %s", code, out)
	}
	if out, _ := d.ask("generations"); strings.Count(out, "hcl") != 3 || !strings.Contains(out, "rollback to 1") {
		t.Errorf("generations: %s", out)
	}
	if out, code := d.ask("health"); code != 0 {
		t.Errorf("health: exit %d: %s", code, out)
	}
	d.stop()
	if out, code := d.ask("status"); code != 1 || !strings.Contains(out, "orac run") {
		t.Errorf("status of no daemon: exit %d: %s", code, out)
	}
	d = start(t, dir, "this is no runbook {", audio.Env())
	d.kind("listening")
	if now := d.status(); !now.LastGood || now.Generation != 3 {
		t.Errorf("with a broken runbook: %+v", now)
	}
	if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil { // the file is still broken: nothing happens
		t.Fatal(err)
	}
	d.stop()
	if !strings.Contains(d.stderr.String(), "RUNS GENERATION 3") {
		t.Errorf("it does not say so: %s", d.stderr)
	}
}
