package evaluation

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"orac/appliance/core"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/status"
	"orac/appliance/turns"
	"orac/runbook"
	"orac/runbook/language"
)

// misbehave is the variable that makes the child do something else than it should.
const misbehave = "ORAC_TEST_CHILD"

// TestMain is the child, too.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != Command {
		os.Exit(m.Run())
	}
	switch os.Getenv(misbehave) {
	case "":
		os.Exit(WorkerMain(os.Stdin, os.Stdout, os.Stderr))
	case "memory":
		if err := confine(64<<20, time.Minute); err != nil {
			os.Exit(3)
		}
		var kept [][]byte
		for range 1024 {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			kept = append(kept, b)
		}
		runtime.KeepAlive(kept)
		_, _ = os.Stdout.WriteString("{}") // it was let have all that
	case "time":
		if err := confine(64<<20, time.Second); err != nil {
			os.Exit(3)
		}
		for {
		}
	case "files":
		if err := confine(64<<20, time.Second); err != nil {
			os.Exit(3)
		}
		if f, err := os.Create(os.Getenv(misbehave + "_FILE")); err == nil {
			_, _ = f.WriteString("x")
		}
	case "garbage":
		_, _ = os.Stdout.WriteString(`{"whole":true,"blocks":[{"type":"nonsense"}]}`)
	case "flood":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	case "hang":
		_, _ = io.Copy(io.Discard, os.Stdin)
		fmt.Fprintln(os.Stderr, "hanging")
		select {}
	}
}

func self(t *testing.T) *Pool {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return NewPool(program)
}

const text = `appliance "a" {}
locals { where = "kit${"chen"}" }
device "microphone" "usb" { match = file("name.txt") }
model "hey" {
  source = "catalog:hey_jarvis"
  topic  = local.where
}
listener "l" {
  device = device.microphone.usb
  models = [model.hey]
}
stt "x" {
  url   = "http://x.example"
  token = secret("tok")
}
`

// folder is one with a runbook, and a state directory in it.
func folder(t *testing.T) (l *Language, file string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"orac.hcl": text, "name.txt": "USB", "state/secrets/tok": "tok-tok-tok-tok-tok-tok-tok-tok-tok\n"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return &Language{StateDir: filepath.Join(dir, "state"), HashKey: make([]byte, 32), Pool: self(t)}, filepath.Join(dir, "orac.hcl")
}

func evaluate(t *testing.T, l *Language, e core.Evaluation) (rb *runbook.Runbook, problems language.Diagnostics) {
	t.Helper()
	err := live.New(nil).Run(t.Context(), "test", func(k *rt.Task) error {
		rb, problems = l.Evaluate(k, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rb, problems
}

// TestTheChildGivesTheSameValue: over the network and on the machine, and what may not be read is not.
func TestTheChildGivesTheSameValue(t *testing.T) {
	l, file := folder(t)
	ask := status.PlanRequest{File: file, Origin: status.OnMachine("test")}
	here, problems := evaluate(t, l, core.Evaluation{PlanRequest: ask, Text: []byte(text)})
	if here == nil {
		t.Fatal(problems)
	}
	ask.Origin = status.OnNetwork("user:ann")
	there, problems := evaluate(t, l, core.Evaluation{PlanRequest: ask, Text: []byte(text), Within: here})
	if there == nil {
		t.Fatal(problems)
	}
	if changes := runbook.Compare(here, there); len(changes) > 0 || here.Inputs().Hash() != there.Inputs().Hash() || there.Microphones[0].Match != "USB" {
		t.Errorf("the child gives another: %+v", changes)
	}
	evil := strings.Replace(text, `file("name.txt")`, `file("/etc/hostname")`, 1)
	if rb, problems := evaluate(t, l, core.Evaluation{PlanRequest: ask, Text: []byte(evil), Within: here}); rb != nil || !problems.Forbidden() {
		t.Errorf("%v", problems)
	}
	if rb, problems := evaluate(t, l, core.Evaluation{PlanRequest: ask, Text: nil, Within: here}); rb != nil || !strings.Contains(problems.Error(), "empty") {
		t.Errorf("an empty text: %v", problems)
	}
}

// TestAMisbehavingChild costs its asker an answer, and nobody anything else.
func TestAMisbehavingChild(t *testing.T) {
	l, file := folder(t)
	written := filepath.Join(t.TempDir(), "x")
	t.Setenv(misbehave+"_FILE", written)
	for what, says := range map[string]string{
		"memory": "of memory", "time": "of processor time", "garbage": "a different text", "flood": "too large", "files": "cannot read what was evaluated",
	} {
		t.Setenv(misbehave, what)
		rb, problems := evaluate(t, l, core.Evaluation{PlanRequest: status.PlanRequest{File: file}, Text: []byte(text)})
		if rb != nil || !problems.HasErrors() || !strings.Contains(problems.Error(), says) {
			t.Errorf("%s: %v", what, problems)
		}
	}
	if info, err := os.Stat(written); err == nil && info.Size() > 0 {
		t.Error("a child has written a file")
	}
}

// TestTheChildEndsWithItsRequest: whoever has gone keeps nothing busy.
func TestTheChildEndsWithItsRequest(t *testing.T) {
	l, file := folder(t)
	t.Setenv(misbehave, "hang")
	gone := make(chan struct{})
	close(gone)
	_, problems := evaluate(t, l, core.Evaluation{PlanRequest: status.PlanRequest{File: file, Gone: gone}, Text: []byte(text)})
	if !strings.Contains(problems.Error(), turns.ErrGone.Error()) {
		t.Error(problems)
	}
	if !l.Pool.turns.Idle() {
		t.Error("its place is still taken")
	}
}
