package play

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"orac/chaos"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

// issuer is another orac, which gives the appliance tokens: the same binary, with a runbook and a state directory of its own.
type issuer struct {
	w       *World
	orac    chaos.Orac
	address string // of its web listener
	account string

	mu      sync.Mutex // guards what follows, and is held while it is changed
	running *chaos.Appliance
}

// issuerTime is how long an issuer may take until it answers.
const issuerTime = 20 * time.Second

// serveIssuer starts the issuer of a login. It is reached at a URL, through the proxy of the service.
func (w *World) serveIssuer(s *service, l runbook.Login, url string) error {
	dir := filepath.Join(w.root, "issuer-"+l.Name)
	i := &issuer{w: w, account: l.Account, orac: chaos.Orac{Binary: w.Binary, Dir: dir, File: filepath.Join(dir, "orac.hcl"), State: filepath.Join(dir, "state")}}
	i.orac.Env = []string{"ORAC_STATE_DIR=" + i.orac.State}
	if err := os.MkdirAll(filepath.Join(i.orac.State, language.SecretsDir), 0o700); err != nil {
		return err
	}
	var err error
	if i.address, err = freePort(); err != nil {
		return err
	}
	if err := errors.Join(i.give(secretText), os.WriteFile(i.orac.File, []byte(issuerBook(w.book.rb, l, url, i.address)), 0o600)); err != nil {
		return err
	}
	s.stand, s.issuer = i, i
	return i.start()
}

// freePort is an address of loopback at which nobody listens.
func freePort() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// issuerBook is the runbook of the issuer of a login, whose account gets tokens for each audience that the appliance names with it.
func issuerBook(rb *runbook.Runbook, l runbook.Login, url, listen string) string {
	var audiences []string
	add := func(login runbook.Address, audience string) {
		if login == l.Address && !slices.Contains(audiences, audience) {
			audiences = append(audiences, audience)
		}
	}
	for _, s := range rb.STTs {
		add(s.Login, s.Audience)
	}
	for _, h := range rb.Heartbeats {
		add(h.Login, h.Audience)
	}
	for _, c := range rb.Cores {
		add(c.Login, c.Audience)
	}
	for _, w := range rb.Webhooks {
		add(w.Login, w.Audience)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "appliance \"issuer\" {\n  state_dir = \"state\"\n}\nweb {\n  listen = %s\n}\nissuer {\n  url = %s\n}\n", text(listen), text(url))
	var members []string
	for _, a := range audiences {
		fmt.Fprintf(&b, "member %s {}\n", text(a))
		members = append(members, "member."+a)
	}
	fmt.Fprintf(&b, "service_account %s {\n  secret      = secret(%s)\n  permissions = [\"stt.transcribe\", \"stt.heartbeat\"]\n  members     = [%s]\n}\n",
		text(l.Account), text(l.Account), strings.Join(members, ", "))
	return b.String()
}

// give writes the secret of the account.
func (i *issuer) give(secret string) error {
	return os.WriteFile(filepath.Join(i.orac.State, language.SecretsDir, i.account), []byte(secret+"\n"), 0o600)
}

// start starts the process, and waits until it answers.
func (i *issuer) start() error {
	a, err := i.orac.Start(i.w.life)
	if err != nil {
		return err
	}
	i.running = a
	if _, err := i.w.journal.Begin("issuer", 0, journal.Step{Do: journal.Kill, Process: a.Process()}); err != nil {
		return err
	}
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for end := time.Now().Add(issuerTime); ; time.Sleep(20 * time.Millisecond) {
		answer, err := client.Get("http://" + i.address + "/health/live")
		if err == nil {
			return answer.Body.Close()
		}
		select {
		case <-a.Ended():
			return fmt.Errorf("the issuer ended: %v", a.Last(3))
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("the issuer does not answer: %w", err)
		}
	}
}

// Process implements stand.
func (i *issuer) Process() process.Process {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.running.Process()
}

// Address implements stand.
func (i *issuer) Address() string { return i.address }

// Close implements stand.
func (i *issuer) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.running == nil {
		return nil
	}
	return i.running.Kill()
}

// command runs a command of orac at the issuer.
func (i *issuer) command(args ...string) error {
	ctx, cancel := context.WithTimeout(i.w.life, applyTime)
	defer cancel()
	code, said, err := i.orac.Run(ctx, append(args, "-f", i.orac.File)...)
	if err == nil && code != 0 {
		err = fmt.Errorf("the issuer: orac %s: %s", strings.Join(args, " "), lastLine(said))
	}
	return err
}

// entrust puts another secret of the account into force.
func (i *issuer) entrust(secret string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return errors.Join(i.give(secret), i.command("apply", "--auto-approve"))
}

// issuerOf returns the issuer that a fault affects.
func (w *World) issuerOf(o occurrence) (*issuer, error) {
	s, err := w.peer(o)
	if err != nil {
		return nil, err
	}
	return s.issuer, nil
}

// disown changes the secret of the appliance's account at its issuer.
func disown(w *World, o occurrence) (*broken, error) {
	i, err := w.issuerOf(o)
	if err != nil {
		return nil, err
	}
	return &broken{
		apply: func() error { return i.entrust(secretText + "-another") },
		undo:  func() error { return i.entrust(secretText) },
	}, nil
}

// rekey has the issuer sign with another key.
func rekey(w *World, o occurrence) (*broken, error) {
	i, err := w.issuerOf(o)
	if err != nil {
		return nil, err
	}
	return &broken{apply: func() error {
		i.mu.Lock()
		defer i.mu.Unlock()
		if o.Way != scenario.LosesKeys {
			return i.command("secrets", "rotate", "issuer")
		}
		if err := i.running.Kill(); err != nil {
			return err
		}
		keys, err := filepath.Glob(filepath.Join(i.orac.State, language.SecretsDir, "issuer*"))
		if err != nil {
			return err
		}
		for _, k := range keys {
			if err := os.Remove(k); err != nil {
				return err
			}
		}
		return i.start()
	}}, nil
}
