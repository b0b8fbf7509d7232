package docstest

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"orac/web/auth"
	"orac/web/auth/secrets"
	"orac/web/enrol"
)

// daemon is the appliance of a sandbox: bin/orac run --json, with the runbook of the document.
type daemon struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it listens, or has ended
	mu    sync.Mutex    // guards lines
	lines []string
	wake  *sync.Cond // on mu: a new line, or the end
	over  bool
}

// hash is the hash of the password, computed once: it needs a quarter of a second.
var hash = sync.OnceValues(func() (string, error) { return auth.HashPassword("anna", Password) })

// secrets stores what the accounts need where orac secrets would store it.
func (s *Sandbox) secrets() {
	s.t.Helper()
	hashed, err := hash()
	s.must(err)
	state := filepath.Join(s.Dir, ".orac")
	s.must(os.Chmod(state, 0o700))
	for name, value := range map[string]string{"jwt": strings.Repeat("j", 64), auth.IssuerSecret: strings.Repeat("i", 64), enrol.SecretName: strings.Repeat("h", 64), "core": strings.Repeat("c", 64), auth.PasswordSecret("anna"): hashed} {
		s.must(secrets.In(state).Put(name, value))
	}
}

// makeKey makes the API key that a document calls KEY, or whose ID it shows. The key is a new one each time, since the
// previous one may have been revoked.
func (s *Sandbox) makeKey() {
	s.t.Helper()
	out, code := s.Run(Command{Text: "orac key create docs --role admin --json"})
	var made struct{ ID, Key string }
	if err := json.Unmarshal([]byte(out[max(0, strings.Index(out, "{")):]), &made); code != 0 || err != nil || made.Key == "" {
		s.t.Fatalf("orac key create: %v, %s", err, out)
	}
	s.key, s.keyID = made.Key, made.ID
	s.env = append(s.env, "KEY="+made.Key)
}

// begin starts the appliance unless it is running.
func (s *Sandbox) begin() {
	s.t.Helper()
	if s.daemon != nil {
		return
	}
	d := &daemon{ready: make(chan struct{})}
	d.wake = sync.NewCond(&d.mu)
	d.cmd = exec.Command(filepath.Join(s.Dir, "bin/orac"), "run", "--json")
	d.cmd.Dir, d.cmd.Env = s.Dir, append(s.env, daemonEnv+"=1")
	said, err := os.Create(filepath.Join(s.Dir, "home/daemon.log"))
	s.must(err)
	d.cmd.Stderr = said
	out, err := d.cmd.StdoutPipe()
	s.must(err)
	s.must(d.cmd.Start())
	s.must(said.Close())
	go d.read(bufio.NewScanner(out))
	s.daemon = d
	select {
	case <-d.ready:
	case <-time.After(patience):
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over || len(d.lines) == 0 {
		log, _ := os.ReadFile(filepath.Join(s.Dir, "home/daemon.log")) // the failure is reported in any case
		s.t.Fatalf("orac run does not listen: %s", log)
	}
}

func (d *daemon) read(lines *bufio.Scanner) {
	listens := sync.OnceFunc(func() { close(d.ready) })
	defer listens()
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		d.mu.Lock()
		d.lines = append(d.lines, lines.Text())
		d.mu.Unlock()
		d.wake.Broadcast()
		if strings.Contains(lines.Text(), `"kind":"listening"`) {
			listens()
		}
	}
	d.mu.Lock()
	d.over = true
	d.mu.Unlock()
	d.wake.Broadcast()
}

// Event waits until the appliance has sent a matching event.
func (s *Sandbox) Event(fits func(line string) bool) (string, bool) {
	s.begin()
	d := s.daemon
	late := time.AfterFunc(patience/4, func() {
		d.mu.Lock()
		d.over = true
		d.mu.Unlock()
		d.wake.Broadcast()
	})
	defer late.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := 0; ; i++ {
		for i >= len(d.lines) && !d.over {
			d.wake.Wait()
		}
		if i >= len(d.lines) {
			return "", false
		}
		if fits(d.lines[i]) {
			return d.lines[i], true
		}
	}
}

// end stops the appliance as systemd does.
func (s *Sandbox) end() {
	s.t.Helper()
	d := s.daemon
	if d == nil {
		return
	}
	s.daemon = nil
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	d.mu.Lock()
	for !d.over {
		d.wake.Wait()
	}
	d.mu.Unlock()
	// One that was starting again, as orac restart asks it to, may have ended before it could catch the signal.
	if err := d.cmd.Wait(); err != nil && d.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		log, _ := os.ReadFile(filepath.Join(s.Dir, "home/daemon.log")) // the failure is reported in any case
		s.t.Errorf("the appliance ended with %v: %s", err, log)
	}
}

// generations makes three generations, as three starts with different thresholds do; then it restores
// the runbook.
func (s *Sandbox) generations() {
	s.t.Helper()
	if s.kept {
		return
	}
	s.kept = true
	s.end()
	for _, threshold := range []string{"0.4", "0.45"} {
		undo, err := s.Change("orac.hcl|threshold = 0.5|threshold = " + threshold)
		s.must(err)
		s.begin()
		s.end()
		undo()
	}
}
