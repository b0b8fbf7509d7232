package chaos

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestMain: as a child of TestAClockOfItsOwn it prints the time, and what has passed by monotonic time, for each line that it reads.
func TestMain(m *testing.M) {
	if os.Getenv("CHAOS_TEST_CLOCK") == "" {
		os.Exit(m.Run())
	}
	began := time.Now()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		for range 200 { // signals, garbage collection and other threads shall not disturb it
			go func() { _ = time.Now() }()
		}
		fmt.Println(time.Now().UnixNano(), int64(time.Since(began)))
	}
	os.Exit(0)
}

// TestAClockOfItsOwn steps the clock of a process, ahead and back. Ours stays, and so does its monotonic time.
func TestAClockOfItsOwn(t *testing.T) {
	if err := ClockSupported(); errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), "CHAOS_TEST_CLOCK=1"), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &Clock{}
	began := time.Now()
	if err := c.start(cmd); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(out)
	ask := func() (ahead, passed time.Duration) {
		t.Helper()
		if _, err := fmt.Fprintln(in, "?"); err != nil || !answers.Scan() {
			t.Fatalf("it does not answer: %v, %v; %v", err, answers.Err(), cmd.Wait())
		}
		var wall, monotonic int64
		if _, err := fmt.Sscan(answers.Text(), &wall, &monotonic); err != nil {
			t.Fatal(err)
		}
		return time.Unix(0, wall).Sub(time.Now()), time.Duration(monotonic)
	}
	total := time.Duration(0)
	for _, by := range []time.Duration{0, time.Hour, -2 * time.Hour, time.Hour} {
		total += by
		c.Step(by)
		for range 20 {
			ahead, passed := ask()
			if d := ahead - total; d < -10*time.Second || d > time.Second {
				t.Errorf("its clock is %v ahead; it was stepped by %v", ahead, total)
			}
			if passed < 0 || passed > time.Since(began) {
				t.Errorf("its monotonic time says that %v have passed of %v", passed, time.Since(began))
			}
		}
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Error(err)
	}
	c.Close()
}
