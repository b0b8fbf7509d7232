package play

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/chaos/process"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

// buildAndWait makes a world, breaks it in every way that could be left behind, says what there is, and waits to be killed.
func buildAndWait(temp string) int {
	fail := func(err error) int { fmt.Println("failed:", err); return 1 }
	dir, err := os.MkdirTemp(temp, "scenario-")
	if err != nil {
		return fail(err)
	}
	text := "scenario \"test\" {\n  text = <<-EOT\n" + strings.ReplaceAll(kitchen, "$${", "$$${") + "EOT\n  for = \"10m\"\n  backends = [\"chaos\"]\n}\nexpect \"nothing\" {\n  holds = lost == 0\n}\n"
	sc, problems := scenario.Parse([]byte(text), filepath.Join(dir, "test.hcl"), language.Options{})
	if problems.HasErrors() {
		return fail(problems.Err())
	}
	w, a, err := newWorld(context.Background(), sc, temp)
	if err != nil {
		return fail(err)
	}
	worker, err := a.Worker()
	if err != nil {
		return fail(err)
	}
	for _, k := range []scenario.Kind{scenario.DiskFull, scenario.WorkerStop, scenario.DiskError, scenario.CPUStarve, scenario.OpenHangs} {
		o := occurrence{Fault: scenario.Fault{Kind: k}, Name: string(k)}
		schedule.Aim(&o, w.book.rb)
		if w.supported(o) != nil {
			continue
		}
		mk, err := MakerOf(k)
		if err != nil {
			return fail(err)
		}
		b, err := mk.prepare(w, o)
		if err != nil {
			return fail(err)
		}
		if _, err := w.journal.Begin(o.Name, time.Minute, b.steps...); err != nil {
			return fail(err)
		}
		if err := b.apply(); err != nil {
			return fail(err)
		}
		for _, s := range b.steps {
			if s.Path != "" {
				fmt.Println("path", s.Path)
			}
		}
	}
	for _, pid := range []int{a.PID(), worker.PID, w.audio.PID(), w.services["stt.whisper"].server.Process().PID} {
		p, err := process.Of(pid)
		if err != nil {
			return fail(err)
		}
		fmt.Println("process", p.PID, p.Start)
	}
	fmt.Println("path", w.root)
	fmt.Println("ready")
	select {}
}

// TestKillingTheRunnerUndoesEverything: after kill -9 no process, no mount, no folder and no control group is left.
func TestKillingTheRunnerUndoesEverything(t *testing.T) {
	temp := t.TempDir()
	cmd := exec.Command("/proc/self/exe", "build-a-world", temp)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var processes []process.Process
	var paths []string
	ready := false
	for lines := bufio.NewScanner(out); !ready && lines.Scan(); {
		var p process.Process
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "process":
			if _, err := fmt.Sscan(rest, &p.PID, &p.Start); err != nil {
				t.Fatal(err)
			}
			processes = append(processes, p)
		case "path":
			paths = append(paths, rest)
		case "ready":
			ready = true
		default:
			t.Fatal(lines.Text())
		}
	}
	if len(processes) != 4 || len(paths) < 2 {
		t.Fatalf("%d processes and %d paths", len(processes), len(paths))
	}
	for _, p := range processes {
		if !p.Alive() {
			t.Errorf("process %d is gone before", p.PID)
		}
	}
	if err := cmd.Process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err = eventually(func() error {
		for _, p := range processes {
			if p.Alive() {
				return fmt.Errorf("process %d is left", p.PID)
			}
		}
		for _, path := range paths {
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				return fmt.Errorf("%s is left", path)
			}
		}
		mounts, err := os.ReadFile("/proc/self/mounts")
		if strings.Contains(string(mounts), temp) {
			err = errors.New("a file system is left")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
