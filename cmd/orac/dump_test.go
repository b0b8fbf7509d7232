package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"orac/runbook/testkit"

	"golang.org/x/sys/unix"
)

// TestACrashLeavesNoCore: an appliance of an ordinary user, which may write cores and asks Go for one, crashes. It hears all the
// same until then, and measures its memory.
func TestACrashLeavesNoCore(t *testing.T) {
	dir := t.TempDir()
	for at := dir; at != os.TempDir(); at = filepath.Dir(at) {
		testkit.Must(t, os.Chmod(at, 0o755))
	}
	home := filepath.Join(dir, "home")
	testkit.Must(t, os.Mkdir(home, 0o700))
	self, err := os.Executable()
	testkit.Must(t, err)
	program := filepath.Join(dir, "orac")
	copyFile(t, self, program)
	models, speech := filepath.Join(dir, "models"), filepath.Join(dir, "speech.wav") // where that user may read
	testkit.Must(t, os.CopyFS(models, os.DirFS(modelsForTests(t))))
	copyFile(t, filepath.Join(need(t, ".orac/sounds"), "hey_jarvis_lights_on.wav"), speech)
	testkit.Must(t, os.WriteFile(filepath.Join(home, "orac.hcl"), []byte(`
appliance "kitchen" {
  state_dir = "state"
}
device "wav" "demo" {
  path = "../speech.wav"
  end  = "silence"
}
model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}
listener "kitchen" {
  device = device.wav.demo
  models = [model.hey_jarvis]
}
`), 0o644))
	testkit.Must(t, os.Chown(home, 12345, 12345))
	var was unix.Rlimit
	testkit.Must(t, unix.Getrlimit(unix.RLIMIT_CORE, &was))
	testkit.Must(t, unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}))
	t.Cleanup(func() { testkit.Must(t, unix.Setrlimit(unix.RLIMIT_CORE, &was)) })
	d := startAs(t, home, exec.Command(program, "run", "--json"), 12345, "GOTRACEBACK=crash", "HOME="+home, "ORAC_MODELS_DIR="+models)
	d.kind("listening")
	proc := filepath.Join("/proc", strconv.Itoa(d.cmd.Process.Pid))
	limits, err := os.ReadFile(filepath.Join(proc, "limits"))
	testkit.Must(t, err)
	if !regexp.MustCompile(`(?m)^Max core file size +0 +0 `).Match(limits) {
		t.Errorf("it may write cores: %s", limits)
	}
	info, err := os.Stat(filepath.Join(proc, "mem"))
	testkit.Must(t, err)
	if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 { // what proc(5) says of a process that is not dumpable
		t.Errorf("it is dumpable: its files in /proc belong to %d", owner)
	}
	status := exec.Command(program, "status", "--json")
	status.Dir, status.Env = home, append(os.Environ(), "ORAC_TEST_MAIN=1", "HOME="+home)
	status.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 12345, Gid: 12345}}
	if text, err := status.CombinedOutput(); err != nil || !regexp.MustCompile(`"resident_bytes": ?[1-9]`).Match(text) {
		t.Errorf("it does not know its memory: %v: %s", err, text)
	}
	testkit.Must(t, d.cmd.Process.Signal(syscall.SIGSEGV))
	err = d.cmd.Wait()
	ended, ok := d.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || err == nil || ended.CoreDump() {
		t.Errorf("it ended with %v; a core: %v", err, ended.CoreDump())
	}
	left, err := os.ReadDir(home)
	testkit.Must(t, err)
	for _, e := range left {
		if strings.HasPrefix(e.Name(), "core") {
			t.Errorf("it left %s", e.Name())
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	testkit.Must(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	testkit.Must(t, err)
	_, err = io.Copy(out, in)
	testkit.Must(t, err)
	testkit.Must(t, out.Close())
}
