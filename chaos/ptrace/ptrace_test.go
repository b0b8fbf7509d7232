package ptrace

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"orac/chaos/process"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == Command:
		os.Exit(Main(os.Args[2:], os.Stderr))
	case len(os.Args) > 1 && os.Args[1] == "victim":
		victim()
	default:
		os.Exit(m.Run())
	}
}

// victim sleeps, reads and computes at the same time, and answers each line with how it is.
func victim() {
	ticks := make(chan int)
	go func() {
		for n := 0; ; n++ {
			time.Sleep(time.Millisecond)
			ticks <- n
		}
	}()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		a, b := <-ticks, <-ticks
		fmt.Println("echo", lines.Text(), b-a)
	}
}

func resident(t *testing.T, pid int) (bytes int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			if _, err := fmt.Sscan(rest, &bytes); err != nil {
				t.Fatal(err)
			}
		}
	}
	return bytes << 10
}

// TestGrow: the memory is really there, and the process goes on as if nothing had been, whatever it was doing.
func TestGrow(t *testing.T) {
	if err := Supported(); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command("/proc/self/exe", "victim")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
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
	p, err := process.Of(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(out)
	ask := func(what string) {
		t.Helper()
		if _, err := fmt.Fprintln(in, what); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() || answers.Text() != "echo "+what+" 1" {
			t.Fatalf("it says %q, %v", answers.Text(), answers.Err())
		}
	}
	ask("first")
	image, err := p.Image()
	if err != nil {
		t.Fatal(err)
	}
	before := resident(t, p.PID)
	const each, times = 5 << 20, 8
	for i := range times {
		if err := Grow("/proc/self/exe", p, image, each); err != nil {
			t.Fatal(err)
		}
		ask(fmt.Sprint("again ", i))
	}
	if grown := resident(t, p.PID) - before; grown < each*times*9/10 || grown > each*times*12/10 {
		t.Errorf("it has grown by %d bytes, not by %d", grown, each*times)
	}
	if err := Grow("/proc/self/exe", p, image+1, each); !errors.Is(err, process.ErrGone) {
		t.Errorf("another image: %v", err)
	}
	if err := Grow("/proc/self/exe", process.Process{PID: p.PID, Start: p.Start + 1}, image, each); !errors.Is(err, process.ErrGone) {
		t.Errorf("another process: %v", err)
	}
	ask("last")
}
