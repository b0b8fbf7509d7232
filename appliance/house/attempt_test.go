package house

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"orac/runbook/testkit"
)

// TestAnAttemptLeavesAMark while it lasts and when it is killed, and one at a time is made.
func TestAnAttemptLeavesAMark(t *testing.T) {
	if state := os.Getenv("ORAC_TEST_ATTEMPT"); state != "" { // the process that is killed
		_, _, err := In(state).Attempt("https://core.local:7171")
		testkit.Must(t, err)
		_, _ = os.Stdout.WriteString("begun\n") // whoever kills it waits for this
		select {}
	}
	state := t.TempDir()
	h := In(state)
	if _, ok := h.Interrupted(); ok {
		t.Error("nothing has begun")
	}
	a, before, err := h.Attempt("https://core.local:7171")
	testkit.Must(t, err)
	if _, ok := h.Interrupted(); ok || before {
		t.Error("it lasts")
	}
	if _, _, err := In(state).Attempt("https://core.local:7171"); !errors.Is(err, ErrJoining) {
		t.Errorf("another one: %v", err)
	}
	testkit.Must(t, a.End())
	if _, ok := h.Interrupted(); ok {
		t.Error("it has ended")
	}

	self, err := os.Executable()
	testkit.Must(t, err)
	other := exec.Command(self, "-test.run", "TestAnAttemptLeavesAMark")
	other.Env = append(os.Environ(), "ORAC_TEST_ATTEMPT="+state)
	out, err := other.StdoutPipe()
	testkit.Must(t, err)
	testkit.Must(t, other.Start())
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	testkit.Must(t, other.Process.Kill())
	_ = other.Wait() // it was killed
	if at, ok := h.Interrupted(); !ok || at != "https://core.local:7171" {
		t.Errorf("after a kill: %q, %v", at, ok)
	}
	a, before, err = h.Attempt("https://core.local:7171")
	testkit.Must(t, err)
	if !before {
		t.Error("the next one does not know")
	}
	testkit.Must(t, a.End())
	_, _, err = h.Attempt("https://core.local:7171")
	testkit.Must(t, err)
	testkit.Must(t, h.Forget())
	if _, ok := h.Interrupted(); ok {
		t.Error("the house is forgotten")
	}
}
