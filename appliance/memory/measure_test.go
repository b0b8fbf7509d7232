package memory

import (
	"bufio"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// TestMain lets the test binary be the child that holds memory, or a child that has such a child.
func TestMain(m *testing.M) {
	switch os.Getenv("MEMORY_TEST_CHILD") {
	case "holds":
		held := make([]byte, 32<<20)
		for i := range held {
			held[i] = byte(i)
		}
		os.Stdout.WriteString("ready\n")
		os.Stdin.Read(held[:1]) // until the test closes it
		runtime.KeepAlive(held)
		os.Exit(0)
	case "parent":
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "MEMORY_TEST_CHILD=holds")
		c.Stdin, c.Stdout = os.Stdin, os.Stdout
		if c.Run() != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestMeasureCountsChildrenOfChildren: 32 MiB that a grandchild touches are seen, and seen no more when it is gone or set apart.
func TestMeasureCountsChildrenOfChildren(t *testing.T) {
	before, err := Measure()
	if err != nil || before < 1<<20 {
		t.Fatalf("%d, %v", before, err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "MEMORY_TEST_CHILD=parent")
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
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("child said %q, %v", line, err)
	}
	during, err := Measure()
	if err != nil || during < before+32<<20 {
		t.Errorf("%d before, %d with a grandchild of 32 MiB, %v", before, during, err)
	}
	ended := Apart(c.Process.Pid)
	if apart, err := Measure(); err != nil || apart > during-32<<20 {
		t.Errorf("%d with a child that is set apart, of %d, %v", apart, during, err)
	}
	ended()
	if again, err := Measure(); err != nil || again < before+32<<20 {
		t.Errorf("%d when it is not apart any more, %v", again, err)
	}
	stdin.Close()
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	after, err := Measure()
	if err != nil || after > during-32<<20 {
		t.Errorf("%d with the grandchild, %d without, %v", during, after, err)
	}
}

// TestMeasureLeavesNoDescriptor: the processes of a machine may be more than the descriptors that one process may open.
func TestMeasureLeavesNoDescriptor(t *testing.T) {
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if _, err := Measure(); err != nil { // the first reading may start the poller
		t.Fatal(err)
	}
	before := open()
	for range 5 {
		if _, err := Measure(); err != nil {
			t.Fatal(err)
		}
	}
	if after := open(); after > before {
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
}

func TestDescends(t *testing.T) {
	parents := map[int]int{1: 0, 10: 1, 11: 10, 12: 11, 20: 1, 30: 31, 31: 30}
	for pid, want := range map[int]bool{10: true, 11: true, 12: true, 1: false, 20: false, 30: false, 99: false} {
		if descends(pid, 10, parents) != want {
			t.Errorf("%d descends from 10: %v", pid, !want)
		}
	}
}
