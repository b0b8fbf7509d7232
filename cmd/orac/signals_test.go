package main

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/stt/stttest"
)

// manager is a model of a service manager: what it was told, line by line.
func manager(t *testing.T) (env string, told <-chan string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	lines := make(chan string, 4096)
	go func() {
		defer close(lines)
		for b := make([]byte, 4096); ; {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			lines <- string(b[:n])
		}
	}()
	return "NOTIFY_SOCKET=" + path, lines
}

func awaitLine(t *testing.T, told <-chan string, prefix string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line := <-told:
			if strings.HasPrefix(line, prefix) {
				return
			}
		case <-timeout:
			t.Fatalf("the service manager was never told %s", prefix)
		}
	}
}

// TestAServiceManagerIsTold of the start, of life, of a reload by SIGHUP and of the end.
func TestAServiceManagerIsTold(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "hey_jarvis_v0.1.onnx")
	env, told := manager(t)
	d := start(t, dir, loopRunbook(filepath.Join(need(t, ".orac/sounds"), "silence.wav"), ""), []string{env, "WATCHDOG_USEC=2000000"})
	awaitLine(t, told, "READY=1")
	awaitLine(t, told, "WATCHDOG=1")
	d.rewrite("threshold = 0.5", "threshold = 0.6")
	if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	awaitLine(t, told, "RELOADING=1\nMONOTONIC_USEC=")
	awaitLine(t, told, "READY=1")
	if s := d.status(); s.Generation != 2 {
		t.Errorf("after SIGHUP generation %d runs", s.Generation)
	}
	d.stop()
	awaitLine(t, told, "STOPPING=1")
}

// TestASecondSignalEndsAtOnce what the first has begun to end in order.
func TestASecondSignalEndsAtOnce(t *testing.T) {
	server := stttest.Start(t)
	for _, e := range []stttest.Endpoint{stttest.HTTP, stttest.WS} {
		server.Set(e, stttest.Behaviour{Do: stttest.Never}) // so that the first signal has something to wait for
	}
	dir := t.TempDir()
	lay(t, dir, "hey_jarvis_v0.1.onnx")
	book := strings.Replace(loopRunbook(filepath.Join(need(t, ".orac/sounds"), "hey_jarvis_lights_on.wav"), "stt \"whisper\" {\n  url = \""+server.URL()+"\"\n}\n"),
		"models = [model.own]", "models = [model.own]\n  deliver = [stt.whisper]", 1)
	d := start(t, dir, book, nil)
	d.kind("recording_ended")
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for code := 0; code == 0; { // until it is about to end: a signal that comes while another is pending is lost
		_, code = d.ask("status")
	}
	began := time.Now()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for range d.events {
	}
	var exit *exec.ExitError
	if err := d.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("it ended with %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestApplyAsksOnATerminal: only yes is taken.
func TestApplyAsksOnATerminal(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "hey_jarvis_v0.1.onnx")
	d := start(t, dir, loopRunbook(filepath.Join(need(t, ".orac/sounds"), "silence.wav"), ""), nil)
	d.kind("listening")
	d.rewrite("threshold = 0.5", "threshold = 0.6")
	for _, c := range []struct {
		answer           string
		code, generation int
	}{{"y", 1, 1}, {"yes", 0, 2}} {
		tty, typed := terminal(t)
		cmd := exec.Command(d.cmd.Path, "apply")
		cmd.Dir, cmd.Env = d.cmd.Dir, d.cmd.Env
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		shown := &strings.Builder{}
		asked := make(chan bool)
		go func() { // until the terminal is closed
			told := false
			for b := make([]byte, 4096); ; {
				n, err := typed.Read(b)
				shown.Write(b[:n])
				if !told && strings.Contains(shown.String(), "Type yes to go ahead:") {
					told = true
					close(asked)
				}
				if err != nil {
					return
				}
			}
		}()
		select {
		case <-asked:
		case <-time.After(patience):
			t.Fatal("it does not ask")
		}
		if _, err := typed.WriteString(c.answer + "\n"); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // the code says how it ended
		if got := cmd.ProcessState.ExitCode(); got != c.code {
			t.Errorf("%s: exit %d, want %d", c.answer, got, c.code)
		}
		if s := d.status(); s.Generation != c.generation {
			t.Errorf("%s: generation %d, want %d", c.answer, s.Generation, c.generation)
		}
	}
	d.stop()
}
