package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"orac/appliance/esphome"
)

const password = "a password for scanners"

// roles of the users, each of whom has its name.
var roles = []string{"viewer", "operator", "admin"}

// target is a running appliance.
type target struct {
	dir string // of the runbook, and of its state
	places
	url     string // of the console and the API, and of the issuer
	http    *http.Client
	cookies map[string]*http.Cookie // by role
	homeKey esphome.Key             // of the satellite home
	command *exec.Cmd
	ended   chan struct{}

	mu  sync.Mutex // guards log
	log bytes.Buffer
}

// begin starts the appliance in a folder of its own, and logs everybody in.
func begin(ctx context.Context, o options) (_ *target, err error) {
	t := &target{cookies: map[string]*http.Cookie{}, ended: make(chan struct{})}
	t.http = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // its certificate is its own, and was made a moment ago
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if t.dir, err = os.MkdirTemp("", "orac-security-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.end()
		}
	}()
	sound, err := filepath.Abs(filepath.Join(o.sounds, "hey_jarvis_lights_on.wav"))
	if err != nil {
		return nil, err
	}
	program, err := filepath.Abs(o.program)
	if err != nil {
		return nil, err
	}
	if t.places, err = free(); err != nil {
		return nil, err
	}
	t.url, t.homeKey = "https://"+t.web, esphome.NewKey()
	with := append(os.Environ(), "ESPHOME_KEY="+t.homeKey.Text())
	if err := os.WriteFile(filepath.Join(t.dir, "orac.hcl"), []byte(runbookFor(t.places, sound)), 0o600); err != nil {
		return nil, err
	}
	orac := func(stdin string, args ...string) error {
		c := exec.CommandContext(ctx, program, args...)
		c.Dir, c.Env, c.Stdin = t.dir, with, strings.NewReader(stdin)
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("orac %s: %w\n%s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	if err := orac("", "secrets", "init"); err != nil {
		return nil, err
	}
	for _, role := range roles {
		if err := orac(password+"\n", "user", "add", role, "--role", role); err != nil {
			return nil, err
		}
	}
	t.command = exec.Command(program, "run", "--json")
	t.command.Dir, t.command.Env = t.dir, with
	t.command.Stdout = t
	t.command.Stderr = t
	if err := t.command.Start(); err != nil {
		return nil, err
	}
	go func() { defer close(t.ended); _ = t.command.Wait() }()
	if err := t.wait(ctx); err != nil {
		return nil, err
	}
	for _, role := range roles {
		if err := t.logIn(ctx, role); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Write keeps what the appliance says.
func (t *target) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.log.Len() < 64<<20 {
		t.log.Write(b)
	}
	return len(b), nil
}

func (t *target) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log.String()
}

// wait waits until it answers.
func (t *target) wait(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url+"/health/ready", nil)
		if err != nil {
			return err
		}
		if res, err := t.http.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-t.ended:
			return fmt.Errorf("the appliance has ended:\n%s", t.said())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the appliance is not ready:\n%s", t.said())
		}
	}
}

// logIn gets the cookie of a session.
func (t *target) logIn(ctx context.Context, role string) error {
	body := fmt.Sprintf(`{"username":%q,"password":%q,"session":true}`, role, password)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+"/api/auth/login", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := t.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || len(res.Cookies()) != 1 {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s cannot log in: %d %s", role, res.StatusCode, text)
	}
	t.cookies[role] = res.Cookies()[0]
	return nil
}

// get asks as a role, and gives the status.
func (t *target) get(ctx context.Context, role, path string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url+path, nil)
	if err != nil {
		return 0, nil, err
	}
	if c := t.cookies[role]; c != nil {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := t.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, text, err
}

// end stops the appliance, and removes what it had.
func (t *target) end() {
	if t.command != nil && t.command.Process != nil {
		_ = t.command.Process.Signal(syscall.SIGTERM)
		select {
		case <-t.ended:
		case <-time.After(10 * time.Second):
			_ = t.command.Process.Kill()
			<-t.ended
		}
	}
	_ = os.RemoveAll(t.dir) // best effort: it is a temporary folder
}
