package evidence

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the child that waits in a read.
func TestMain(m *testing.M) {
	if os.Getenv("EVIDENCE_TEST_CHILD") != "" {
		os.Stdout.WriteString("ready\n")
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child starts a process that reads its stdin.
func child(t *testing.T) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "EVIDENCE_TEST_CHILD=1")
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGCONT)
		stdin.Close()
		_ = c.Wait() // a second time after a test that waited itself
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("child said %q, %v", line, err)
	}
	return c
}

func TestEvidenceOfAStoppedChild(t *testing.T) {
	c := child(t)
	if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var ws syscall.WaitStatus // returns when it has stopped, not before
	if _, err := syscall.Wait4(c.Process.Pid, &ws, syscall.WUNTRACED, nil); err != nil || !ws.Stopped() {
		t.Fatalf("%v, %v", ws, err)
	}
	hops := []Hop{{Seq: 7, Age: 2080 * time.Millisecond, RMS: 10, Peak: 30}, {Seq: 8, Age: 2 * time.Second, RMS: 20, Peak: 0}}
	text := Collect(c.Process.Pid, hops)
	for _, want := range []string{
		"newest: hop 8, 2s old; mean RMS 15.0, peak 30, 1 silent", "hop 7 age 2.08s rms 10.0 peak 30",
		fmt.Sprint("child process ", c.Process.Pid), "State:\tT (stopped)", "Threads:", "stat: ", "wchan: ", "stack: ", "thread ",
		"goroutine ", "TestEvidenceOfAStoppedChild",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestEvidenceOfAGoneChild(t *testing.T) {
	c := child(t)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // "signal: killed"
	if text := Collect(c.Process.Pid, nil); !strings.Contains(text, "status: gone") || !strings.Contains(text, "== last 0 hops") {
		t.Error(text)
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	for range 2000 {
		go func() { <-stop }()
	}
	text := Collect(os.Getpid(), make([]Hop, 10_000))
	if len(text) > MaxBytes || !strings.HasSuffix(text, "… cut\n") || !strings.Contains(text, "== last 64 hops") {
		t.Errorf("%d bytes that end in %q", len(text), text[len(text)-40:])
	}
}

// TestHostileProcess: a process of a thousand threads with long names of nonsense does not crowd out the rest.
func TestHostileProcess(t *testing.T) {
	proc := t.TempDir()
	dir := filepath.Join(proc, "7")
	for i := range 1000 {
		task := filepath.Join(dir, "task", fmt.Sprint(i))
		if err := os.MkdirAll(task, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"stat", "wchan"} {
			if err := os.WriteFile(filepath.Join(task, name), []byte(strings.Repeat("x", 10_000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "status"), []byte("State:\tS\nSecret:\tno\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	writeProcess(&b, proc, 7)
	if b.Len() > maxProcess+2*maxFile || !strings.Contains(b.String(), "State:\tS") || strings.Contains(b.String(), "Secret") {
		t.Errorf("%d bytes", b.Len())
	}
}
