package journal

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/chaos/process"
)

// TestMain makes the test binary a watchdog, or a maker that breaks things and waits to be killed.
func TestMain(m *testing.M) {
	switch args := os.Args; {
	case len(args) > 1 && args[1] == "watchdog":
		os.Exit(WatchdogMain(args[2:], os.Stdin, os.Stdout, os.Stderr))
	case len(args) > 2 && args[1] == "maker":
		if err := maker(args[2], args[3:]); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// maker freezes a process of its own, starts one more, mounts a file system and makes a file; with a limit for all of it.
func maker(root string, args []string) error {
	j, err := Create(root)
	if err != nil {
		return err
	}
	if _, err := Watch(root, "/proc/self/exe", "watchdog"); err != nil {
		return err
	}
	if _, err := j.Begin("folder", 0, Step{Do: Remove, Path: filepath.Join(root, "folder")}); err != nil {
		return err
	}
	disk := filepath.Join(root, "folder", "disk")
	if err := os.MkdirAll(disk, 0o700); err != nil {
		return err
	}
	if _, err := j.Begin("disk", 0, Step{Do: Unmount, Path: disk}); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=65536"); err != nil {
		fmt.Println("no mount")
	}
	limit := time.Duration(0)
	if slices.Contains(args, "late") {
		limit = 100 * time.Millisecond
	}
	for _, do := range []Do{Kill, Cont} {
		cmd := exec.Command("sleep", "600") // nothing ends it with its parent
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			return err
		}
		p, err := process.Of(cmd.Process.Pid)
		if err != nil {
			return err
		}
		if _, err := j.Begin(string(do), limit, Step{Do: do, Process: p}); err != nil {
			return err
		}
		if err := p.Signal(unix.SIGSTOP); err != nil {
			return err
		}
		fmt.Println("process", p.PID, p.Start)
	}
	fmt.Println("ready")
	select {}
}

// broken starts a maker and gives what it says until it is ready.
func broken(t *testing.T, args ...string) (root string, cmd *exec.Cmd, killed, frozen process.Process) {
	t.Helper()
	root = t.TempDir()
	cmd = exec.Command("/proc/self/exe", append([]string{"maker", root}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
		var p process.Process
		if _, err := fmt.Sscanf(lines.Text(), "process %d %d", &p.PID, &p.Start); err != nil {
			if lines.Text() != "no mount" {
				t.Fatal(lines.Text())
			}
			continue
		}
		if killed.PID == 0 {
			killed = p
		} else {
			frozen = p
		}
	}
	t.Cleanup(func() { _ = frozen.Signal(unix.SIGKILL) })
	for range 500 { // a signal is on its way for a moment
		if frozen.Stopped() || slices.Contains(args, "late") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return root, cmd, killed, frozen
}

// undone waits until everything that a maker broke is as it was.
func undone(t *testing.T, root string, killed, frozen process.Process) {
	t.Helper()
	left := "nothing was looked at"
	for range 1000 {
		mounts, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			t.Fatal(err)
		}
		_, folder := os.Stat(filepath.Join(root, "folder"))
		left = ""
		switch {
		case killed.Alive():
			left = "the process that was to be killed"
		case frozen.Stopped():
			left = "the process that was frozen"
		case strings.Contains(string(mounts), root):
			left = "the file system"
		case folder == nil:
			left = "the folder"
		}
		if left == "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if left != "" {
		t.Errorf("%s is left", left)
	}
	if !frozen.Alive() {
		t.Error("the frozen process was to go on")
	}
}

func TestKillingTheMakerUndoesEverything(t *testing.T) {
	root, cmd, killed, frozen := broken(t)
	if !killed.Alive() || !frozen.Stopped() {
		t.Fatal("nothing is broken")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	undone(t, root, killed, frozen)
}

// TestARemovedJournalIsRead: whoever removes the folder of a run takes nothing from the watchdog.
func TestARemovedJournalIsRead(t *testing.T) {
	root, cmd, killed, frozen := broken(t)
	if err := os.Remove(filepath.Join(root, name)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	undone(t, root, killed, frozen)
}

func TestAMakerThatIsLateIsEnded(t *testing.T) {
	root, cmd, killed, frozen := broken(t, "late")
	_ = cmd.Wait()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Errorf("it ended as %v", cmd.ProcessState)
	}
	undone(t, root, killed, frozen)
}

// readAll reads the journal of a folder.
func readAll(root string) ([]record, error) {
	f, err := os.Open(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f)
}

func TestWhatIsUndoneIsUndoneOnce(t *testing.T) {
	root := t.TempDir()
	j, err := Create(root)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Watch(root, "/proc/self/exe", "watchdog")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "file")
	e, err := j.Begin("file", time.Minute, Step{Do: Remove, Path: file})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if open, err := readAll(root); err != nil || len(open) != 1 || open[0].What != "file" {
		t.Errorf("on disk: %v, %v", open, err)
	}
	for range 2 {
		if err := e.Undo(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Error(err)
		}
	}
	// Somebody else's file of that name, made later, stays.
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestNothingOutsideIsTouched(t *testing.T) {
	root := t.TempDir()
	j, err := Create(root)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, s := range []Step{
		{Do: Remove, Path: "/etc"}, {Do: Remove, Path: root + "/../x"}, {Do: Remove, Path: root + "x"}, {Do: Remove, Path: "x"}, {Do: Remove},
		{Do: Unmount, Path: "/"}, {Do: Unmount, Path: root + "/a/../../b"},
		{Do: Group, Path: "/sys/fs/cgroup"}, {Do: Group, Path: "/sys/fs/cgroup/memory/other"}, {Do: Group, Path: "/sys/fs/cgroup/orac-chaos-x/../.."},
		{Do: Group, Path: "/sys/fs/cgroup/../../tmp/orac-chaos-x"},
		{Do: Kill}, {Do: Kill, Process: process.Process{PID: 1, Start: 1}}, {Do: Kill, Process: process.Process{PID: 2000}}, {Do: "format"},
	} {
		if _, err := j.Begin("hostile", 0, s); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	// A line that somebody wrote into the file is not believed either.
	f, err := os.OpenFile(filepath.Join(root, name), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(f, fmt.Sprintf("{\"n\":7,\"what\":\"hostile\",\"steps\":[{\"do\":\"remove\",\"path\":%q}]}\n{\"n\":8,\"steps\":[", outside))
	if err != nil {
		t.Fatal(err)
	}
	open, err := readAll(root)
	if err != nil || len(open) != 1 {
		t.Errorf("%v, %v", open, err)
	}
	if err := revert(open, root); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}

func TestAFailingStepKeepsNoOtherFromBeingDone(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := revert([]record{{Steps: []Step{{Do: Remove, Path: file}}}, {What: "bad", Steps: []Step{{Do: Remove, Path: "/nonsense"}}}}, root)
	if err == nil || !strings.Contains(err.Error(), "undoing bad") {
		t.Error(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("it was not removed")
	}
}

// FuzzRead: whatever stands in a journal, reading it does not crash, and no step leaves the folder.
func FuzzRead(f *testing.F) {
	f.Add([]byte("{\"n\":1,\"what\":\"x\",\"steps\":[{\"do\":\"kill\",\"process\":{\"pid\":7,\"start\":8}}]}\n{\"n\":1,\"done\":true}\n"))
	f.Add([]byte("{\"n\":1,\"steps\":[{\"do\":\"remove\",\"path\":\"/tmp/run/../x\"}]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		root := t.TempDir()
		if err := os.WriteFile(filepath.Join(root, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		open, err := readAll(root)
		if err != nil {
			return
		}
		for _, r := range open {
			for _, s := range r.Steps {
				if s.allowed(root) == nil && (s.Do == Remove || s.Do == Unmount) && s.Path != root && !strings.HasPrefix(s.Path, root+"/") {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}
