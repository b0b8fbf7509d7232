package process

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// sleeper starts a process that does nothing, until the test ends.
func sleeper(t *testing.T) (*exec.Cmd, Process) {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p, err := Of(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, p
}

func TestASignalReachesTheOneThatIsMeant(t *testing.T) {
	cmd, p := sleeper(t)
	other := Process{p.PID, p.Start + 1} // the same number, begun at another time
	if err := other.Signal(unix.SIGKILL); !errors.Is(err, ErrGone) || other.Alive() {
		t.Errorf("another process of that number: %v", err)
	}
	if !p.Alive() {
		t.Fatal("it was hit")
	}
	if err := p.Signal(unix.SIGKILL); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
	if err := p.Signal(unix.SIGKILL); !errors.Is(err, ErrGone) || p.Alive() {
		t.Errorf("after its end: %v", err)
	}
}

func TestNobodySignalsTheWholeMachine(t *testing.T) {
	for _, pid := range []int{-1, 0, 1} {
		if err := (Process{PID: pid}).Signal(unix.SIGCONT); err == nil || errors.Is(err, ErrGone) {
			t.Errorf("%d: %v", pid, err)
		}
	}
}
