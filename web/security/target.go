package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"orac/appliance/account"
	"orac/runbook/language"
	"orac/web/coreserver"
	"orac/web/sttserver"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const password = "a password for scanners"

// roles of the users, each of whom has its name.
var roles = []string{"viewer", "operator", "admin"}

// target is a running appliance.
type target struct {
	dir     string // of the runbook, and of its state
	address string
	stt     string // address of the speech-to-text server
	core    string // address of the Core server
	url     string
	http    *http.Client
	cookies map[string]*http.Cookie // by role
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
	if t.address, t.stt, t.core, err = threeAddresses(); err != nil {
		return nil, err
	}
	t.url = "https://" + t.address
	if err := os.WriteFile(filepath.Join(t.dir, "orac.hcl"), []byte(runbookFor(t.address, t.stt, t.core, sound)), 0o600); err != nil {
		return nil, err
	}
	orac := func(stdin string, args ...string) error {
		c := exec.CommandContext(ctx, program, args...)
		c.Dir, c.Stdin = t.dir, strings.NewReader(stdin)
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
	t.command.Dir = t.dir
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

// threeAddresses are three of this machine where nobody listens.
func threeAddresses() (a, b, c string, err error) {
	var at [3]string
	for i := range at {
		l, failed := net.Listen("tcp", "127.0.0.1:0")
		if failed != nil {
			return "", "", "", errors.Join(err, failed)
		}
		defer func() { err = errors.Join(err, l.Close()) }() // all are open until each has its own
		at[i] = l.Addr().String()
	}
	return at[0], at[1], at[2], nil
}

// runbookFor is the runbook that is attacked: a microphone that plays a wake word, recordings that are kept, users of every role, a
// speech-to-text server for an account, and a Core server for another.
func runbookFor(address, stt, core, sound string) string {
	var users strings.Builder
	for _, role := range roles {
		fmt.Fprintf(&users, "user %q {\n  role          = %q\n  password_hash = secret(%q)\n}\n", role, role, role+"_password_hash")
	}
	return fmt.Sprintf(`appliance "scanned" {
  state_dir = "state"
}
device "wav" "demo" {
  path = %q
  end  = "silence"
}
model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}
listener "kitchen" {
  device = device.wav.demo
  models = [model.hey_jarvis]
}
apply {
  health_gate = "1s"
}
web {
  listen = %q
  tls {
    self_signed = true
  }
  # A scanner asks more in a minute than these would let it: what it is to find is behind them.
  limits {
    max_connections = 500
    anonymous       = 1000000
    viewer          = 1000000
    operator        = 1000000
    admin           = 1000000
    per_address     = 10000000
  }
}
stt "echo" {
  protocol = "exec"
  command  = ["/bin/echo", "turn on the lights"]
}
stt_server "house" {
  engine          = stt.echo
  listen          = %q
  max_connections = 500
  per_peer        = 1000000
  tls {
    self_signed = true
  }
}
service_account "peer" {
  secret      = secret("peer")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}
topic "general" {
  english = true
}
core_server "house" {
  listen          = %q
  max_connections = 500
  per_peer        = 1000000
  tls {
    self_signed = true
  }
}
service_account "asker" {
  secret      = secret("asker")
  permissions = ["core.results", "core.status", "core.read"]
  audience    = "orac-core"
}
%s`, sound, address, stt, core, users.String())
}

// peer is the account that asks the speech-to-text server, and asker the one that asks the Core server.
const (
	peer  = "peer"
	asker = "asker"
)

// urlOf is what is scanned as a role.
func (t *target) urlOf(role string) string {
	switch role {
	case peer:
		return "https://" + t.stt
	case asker:
		return "https://" + t.core
	}
	return t.url
}

// token is what an account signs for itself, good for as long as a scan may take.
func (t *target) token(name string) (string, error) {
	permissions, audience := []string{sttserver.Transcribe, sttserver.Heartbeat}, sttserver.Audience
	if name == asker {
		permissions, audience = []string{coreserver.Results, coreserver.Status, coreserver.Read}, coreserver.Audience
	}
	text, err := os.ReadFile(filepath.Join(t.dir, "state", "secrets", name))
	if err != nil {
		return "", err
	}
	tokens, err := account.New(account.Config{
		Name: name, Secret: language.NewSecret(strings.TrimSpace(string(text))), Permissions: permissions, Issuer: "orac", Audience: audience, Lifetime: 12 * time.Hour,
	})
	if err != nil {
		return "", err
	}
	return tokens.Token(time.Now(), "")
}

// addressesOf are those that are scanned as a role.
func (t *target) addressesOf(ctx context.Context, role string) (list []string, err error) {
	switch role {
	case asker:
		for _, r := range coreserver.Routes() {
			if r.Method == http.MethodGet || r.Method == http.MethodPost {
				path := strings.NewReplacer("/topics/{id}", "/topics/general", "{id}", "home", "{topic}", "general", "{entity}", "light.x").Replace(r.Path)
				list = append(list, t.urlOf(role)+path+"?limit=5&topic_id=general&stt_text=x")
			}
		}
		return list, nil
	case peer:
	default:
		return t.addresses(ctx)
	}
	for _, r := range sttserver.Routes() {
		if r.Method == http.MethodGet && !strings.Contains(r.Path, "/ws/") {
			list = append(list, t.urlOf(role)+strings.ReplaceAll(r.Path, "{filename}", "x.wav"))
		}
		if r.Method == http.MethodPost {
			list = append(list, t.urlOf(role)+strings.ReplaceAll(r.Path, "{topic}", "kitchen")+"?language=en&task=transcribe&forward_to_core=false")
		}
	}
	return list, nil
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

// addresses are those of the OpenAPI document that can be asked for, with values for what is in braces and for every parameter.
func (t *target) addresses(ctx context.Context) (list []string, err error) {
	_, text, err := t.get(ctx, "", "/api/openapi.json")
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string `json:"name"`
				In     string `json:"in"`
				Schema struct {
					Type string `json:"type"`
				} `json:"schema"`
			} `json:"parameters"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	for path, operations := range doc.Paths {
		op, ok := operations["get"]
		if !ok || path == "/api/events" || path == "/api/ws" { // they do not end
			continue
		}
		query := ""
		for _, p := range op.Parameters {
			value := "1"
			if p.Schema.Type == "string" {
				value = "viewer"
			}
			if p.In == "path" {
				path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
			} else {
				query += "&" + p.Name + "=" + value
			}
		}
		list = append(list, t.url+path+strings.Replace(query, "&", "?", 1))
	}
	if len(list) < 20 {
		return nil, fmt.Errorf("the OpenAPI document has only %d addresses: some are missing", len(list))
	}
	return list, nil
}

// afterwards looks at what the attacks have left: the appliance lives, nothing has panicked, nothing failed inside, and the audit
// log is whole.
func (t *target) afterwards() (found []finding) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if code, _, err := t.get(ctx, "", "/health/live"); err != nil || code != http.StatusOK {
		found = append(found, finding{"orac", "nobody", "it no longer runs", "/health/live", fmt.Sprint(code, err)})
	}
	if err := t.logIn(ctx, "admin"); err != nil {
		found = append(found, finding{"orac", "admin", "nobody can log in", "/api/auth/login", err.Error()})
	} else if code, text, err := t.get(ctx, "admin", "/api/audit/verify"); err != nil || code != http.StatusOK || !bytes.Contains(text, []byte(`"ok":true`)) {
		found = append(found, finding{"orac", "admin", "the audit log is not whole", "/api/audit/verify", fmt.Sprint(code, string(text), err)})
	}
	for r := bufio.NewScanner(strings.NewReader(t.said())); r.Scan(); {
		line := r.Text()
		if strings.Contains(line, "has panicked") || strings.Contains(line, "goroutine ") {
			found = append(found, finding{"orac", "", "a panic", "", line})
		}
		if strings.Contains(line, `"code":"internal"`) || strings.Contains(line, "code=internal") {
			found = append(found, finding{"orac", "", "an internal error", "", line})
		}
	}
	return found
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
