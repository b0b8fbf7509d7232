package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orac/appliance/house"
	"orac/runbook/testkit"
)

// wire passes connections on, and says what goes by. Both functions may be nil; what they do not return from is not passed on.
type wire struct {
	opened atomic.Pointer[func(nth int64)]
	back   atomic.Pointer[func()] // something is about to be answered
	n      atomic.Int64
}

// newWire listens before an address, and returns where.
func newWire(t *testing.T, behind string) (*wire, string) {
	t.Helper()
	w := &wire{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.pass(c, behind)
		}
	}()
	return w, l.Addr().String()
}

func (w *wire) pass(c net.Conn, behind string) {
	defer c.Close()
	if f := w.opened.Load(); f != nil {
		(*f)(w.n.Add(1))
	}
	to, err := net.Dial("tcp", behind)
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, c) }() // ends with either side
	buffer := make([]byte, 32<<10)
	for {
		n, err := to.Read(buffer)
		if f := w.back.Load(); f != nil {
			(*f)()
		}
		if _, failed := c.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}

// TestJoinIsKilled between each two of its steps. Nothing half is left that nobody knows of: the health of the appliance says what to do, and
// the same command, or one with a new code if the issuer has used this one, goes on.
func TestJoinIsKilled(t *testing.T) {
	core, kitchen := freeAddress(t), freeAddress(t)
	w, at := newWire(t, core)
	issuer := fmt.Sprintf("appliance \"core\" {\n  state_dir = \"state\"\n}\n\nweb {\n  listen = %q\n  tls {\n    self_signed = true\n  }\n}\n\nissuer {\n  url = \"https://%s\"\n}\n", core, core)
	member := fmt.Sprintf("appliance \"kitchen\" {\n  state_dir = \"state\"\n}\n\nweb {\n  listen = %q\n  tls {\n    self_signed = true\n  }\n}\n\nstt \"words\" {\n  protocol = \"exec\"\n  command  = [\"/bin/echo\", \"words\"]\n}\n\nstt_server \"house\" {\n  engine = stt.words\n  listen = %q\n}\n", kitchen, freeAddress(t))
	home, kitchens := t.TempDir(), t.TempDir()
	start(t, home, issuer, nil)
	d := start(t, kitchens, member, nil)
	servesTLS(t, core)
	servesTLS(t, kitchen)
	code := func() string {
		t.Helper()
		return strings.Fields(command(t, home, "", "member", "add", "kitchen", "--url", "https://"+kitchen))[3]
	}
	join := func(code string) []string { return []string{"join", "https://" + at, code, "--yes"} }
	// killed runs the command until it is killed: ready is told when it may be, and is called before anything is passed on.
	killed := func(code string, ready func(kill func())) {
		t.Helper()
		self, err := os.Executable()
		testkit.Must(t, err)
		cmd := exec.Command(self, join(code)...)
		cmd.Dir, cmd.Env = kitchens, append(os.Environ(), "ORAC_TEST_MAIN=1")
		w.n.Store(0)
		ready(func() { _ = cmd.Process.Kill() })
		out, err := cmd.CombinedOutput()
		w.opened.Store(nil)
		w.back.Store(nil)
		if err == nil || cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("it was not killed: %v: %s", err, out)
		}
	}
	joined := func() bool {
		_, err := house.In(filepath.Join(kitchens, "state")).Bundle()
		return err == nil
	}
	says := func(want bool) {
		t.Helper()
		for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			out, _ := d.ask("health")
			if strings.Contains(out, "interrupted") == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("its health says: %s", out)
			}
		}
	}
	leave := func() {
		t.Helper()
		says(false)
		command(t, kitchens, "", "leave", "--yes")
		if text := read(t, kitchens, "orac.hcl"); text != member || joined() {
			t.Fatalf("after it has left: %s", text)
		}
	}

	// Before it knows what the code is good for: nothing has changed, and the code stays good.
	first := code()
	killed(first, func(kill func()) {
		f := func(int64) { kill() }
		w.opened.Store(&f)
	})
	if text := read(t, kitchens, "orac.hcl"); text != member {
		t.Errorf("it has changed something: %s", text)
	}
	says(false)

	// When the runbook trusts the issuer, and the certificate has not been asked for.
	killed(first, func(kill func()) {
		f := func(nth int64) {
			if nth == 2 {
				kill()
			}
		}
		w.opened.Store(&f)
	})
	if text := read(t, kitchens, "orac.hcl"); !strings.Contains(text, "trust {") || joined() {
		t.Errorf("it was killed at another moment: %s", text)
	}
	says(true)
	if out := command(t, kitchens, "", join(first)...); !strings.Contains(out, "Joined") || !joined() {
		t.Errorf("the same command: %s", out)
	}
	leave()

	// When the issuer has signed, and the answer has not come: the code is used.
	second := code()
	killed(second, func(kill func()) {
		f := func() {
			if strings.Contains(read(t, home, "orac.hcl"), "member \"kitchen\"") && strings.Contains(read(t, home, "state", "audit.log"), "member.enrol") && w.n.Load() == 2 {
				kill()
				select {} // nothing more goes by
			}
		}
		testkit.Must(t, os.WriteFile(filepath.Join(home, "orac.hcl"), []byte(issuer), 0o600))
		command(t, home, "", "apply", "--auto-approve") // it does not declare the member
		w.back.Store(&f)
		g := func(int64) {}
		w.opened.Store(&g)
	})
	if joined() {
		t.Error("it was killed at another moment")
	}
	says(true)
	if said := fails(t, kitchens, join(second)...); !strings.Contains(said, "ask for a new code") {
		t.Errorf("with the used code: %s", said)
	}
	says(true)
	command(t, kitchens, "", join(code())...)
	if !joined() {
		t.Error("with a new code")
	}
	leave()

	// When the appliance trusts the issuer, and its runbook's file does not say so yet. So little time passes between the two that the test
	// makes what a kill leaves.
	third := code()
	command(t, kitchens, "", join(third)...)
	trusts := read(t, kitchens, "orac.hcl")
	command(t, kitchens, "", "leave", "--yes")
	testkit.Must(t, os.WriteFile(filepath.Join(kitchens, "orac.hcl"), []byte(trusts), 0o600))
	command(t, kitchens, "", "apply", "--auto-approve")
	testkit.Must(t, os.WriteFile(filepath.Join(kitchens, "orac.hcl"), []byte(member), 0o600))
	command(t, kitchens, "", join(code())...)
	if text := read(t, kitchens, "orac.hcl"); text != trusts || !joined() {
		t.Errorf("it does not go on: %s", text)
	}
	leave()
}
