package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"orac/appliance/status"
	"orac/appliance/stt/stttest"
	"orac/runbook/testkit"
)

// porter lets in who has a token that is signed with the secret of an account, as a real service would.
type porter struct {
	http.Handler
	secret  atomic.Pointer[string]
	refused atomic.Int64
}

func newPorter(t *testing.T, behind string) (*porter, string) {
	t.Helper()
	to, err := url.Parse(behind)
	testkit.Must(t, err)
	g := &porter{Handler: httputil.NewSingleHostReverseProxy(to)}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	return g, s.URL
}

func (g *porter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, err := jwt.Parse(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), func(t *jwt.Token) (any, error) {
		if t.Header["kid"] != "hey_orac" {
			return nil, fmt.Errorf("no such account")
		}
		return []byte(*g.secret.Load()), nil
	}, jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience("orac-stt"), jwt.WithIssuer("orac"), jwt.WithExpirationRequired())
	if err != nil {
		g.refused.Add(1)
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	g.Handler.ServeHTTP(w, r)
}

// command runs an orac command in a folder.
func command(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	testkit.Must(t, err)
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "ORAC_TEST_MAIN=1", "ORAC_MODELS_DIR="+modelsForTests(t))
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("orac %s: %v: %s", strings.Join(args, " "), err, problems.String())
	}
	return strings.TrimSpace(string(out))
}

// person is a browser that is logged in.
type person struct {
	t    *testing.T
	http *http.Client
	base string
	csrf string
}

func logIn(t *testing.T, base, name, password string) *person {
	t.Helper()
	awaitServed(t, base) // an appliance may listen before its console does
	jar, err := cookiejar.New(nil)
	testkit.Must(t, err)
	p := &person{t: t, http: &http.Client{Jar: jar, Timeout: time.Minute}, base: base}
	var in struct {
		CSRF string `json:"csrf_token"`
	}
	p.do("POST", "/api/auth/login", map[string]any{"username": name, "password": password, "session": true}, &in)
	p.csrf = in.CSRF
	return p
}

// do asks, and decodes a success.
func (p *person) do(method, path string, body, into any) []byte {
	p.t.Helper()
	code, answer := p.ask(method, path, body)
	if code >= 300 {
		p.t.Fatalf("%s %s: %d %s", method, path, code, answer)
	}
	if into != nil {
		testkit.Must(p.t, json.Unmarshal([]byte(answer), into))
	}
	return []byte(answer)
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// TestTheWebServerOfARunningAppliance goes the way of a person: log in, hear a wake, listen to it, change a threshold and the
// address through plan and apply, see who was refused where, rotate the key; and is still logged in after a restart.
func TestTheWebServerOfARunningAppliance(t *testing.T) {
	const password = "correct horse battery"
	stt := stttest.Start(t)
	stt.Transcribe(func(int, []int16) string { return "turn on the light" })
	gate, sttURL := newPorter(t, stt.URL())
	dir, first, second := t.TempDir(), freeAddress(t), freeAddress(t)
	speech, err := filepath.Abs(filepath.Join(need(t, ".orac/sounds"), "hey_jarvis_lights_on.wav"))
	testkit.Must(t, err)
	text := fmt.Sprintf(`
appliance "kitchen" {
  state_dir = "state"
}
device "wav" "demo" {
  path = %q
  end  = "silence"
}
model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5 # tuned by hand
}
listener "kitchen" {
  device  = device.wav.demo
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
stt "whisper" {
  url          = %q
  auth         = service_account.hey_orac
  health_every = "5s"
}
heartbeat "stt" {
  stt   = stt.whisper
  every = "5s"
}
store {
  keep_audio = true
}
apply {
  health_gate = "1s"
}
web {
  listen = %q
}
user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}
service_account "hey_orac" {
  secret      = secret("hey_orac")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}
`, speech, sttURL, first)
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(text), 0o600))
	command(t, dir, "", "secrets", "init")
	command(t, dir, password+"\n", "user", "add", "anna", "--role", "admin")
	read := func() string {
		b, err := os.ReadFile(filepath.Join(dir, "state", "secrets", "hey_orac"))
		testkit.Must(t, err)
		return strings.TrimSpace(string(b))
	}
	shared := read()
	gate.secret.Store(&shared)

	d := start(t, dir, text, nil)
	d.kind("listening")
	delivered := d.kind("delivered")
	if delivered.Text != "turn on the light" || gate.refused.Load() > 0 {
		t.Errorf("%+v, %d were refused", delivered, gate.refused.Load())
	}
	anna := logIn(t, "http://"+first, "anna", password)
	var s status.Status
	anna.do("GET", "/api/status", nil, &s)
	if s.Appliance != "kitchen" || s.Generation != 1 || s.Health.Level != "healthy" {
		t.Errorf("%+v", s)
	}

	// The recording, and that somebody listened to it.
	var heard struct {
		Utterances []struct {
			ID          string
			Audio       bool
			Transcripts []struct{ Text string }
		}
	}
	for range 50 { // it is kept once the delivery has been told of
		if anna.do("GET", "/api/utterances", nil, &heard); len(heard.Utterances) == 1 && heard.Utterances[0].Audio {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(heard.Utterances) != 1 || !heard.Utterances[0].Audio || heard.Utterances[0].Transcripts[0].Text != "turn on the light" {
		t.Fatalf("%+v", heard)
	}
	if sound := anna.do("GET", "/api/utterances/"+heard.Utterances[0].ID+"/audio", nil, nil); !bytes.HasPrefix(sound, []byte("RIFF")) || len(sound) < 50_000 {
		t.Errorf("%d bytes of sound", len(sound))
	}

	// A threshold and the address, in one edit through plan and apply: the console moves, the microphone hears all the time.
	instances := map[string]uint64{}
	for _, n := range s.Nodes {
		instances[n.Address] = n.Generation
	}
	var file struct{ Source, Hash string }
	anna.do("GET", "/api/runbook", nil, &file)
	edited := strings.Replace(strings.Replace(file.Source, "= 0.5 #", "= 0.6 #", 1), first, second, 1)
	var plan status.Plan
	anna.do("POST", "/api/runbook/plan", map[string]string{"source": edited}, &plan)
	actions := map[string]status.Action{}
	for _, c := range plan.Components {
		actions[c.Address] = c.Action
	}
	if actions["web"] != status.Restart || actions["trigger.kitchen"] != status.Update || actions["source.demo"] != status.Keep {
		t.Errorf("the plan says %v", actions)
	}
	var applied struct {
		OK, Saved  bool
		Generation int
	}
	anna.do("POST", "/api/runbook/apply", map[string]string{"source": edited, "base": file.Hash, "plan": plan.Hash}, &applied)
	if !applied.OK || !applied.Saved || applied.Generation != 2 {
		t.Errorf("%+v", applied)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "orac.hcl")); string(b) != edited {
		t.Error("the file is not what was applied")
	}
	anna.base = "http://" + second
	anna.do("GET", "/api/status", nil, &s)
	for _, n := range s.Nodes {
		if n.Generation != instances[n.Address] || n.Dropped > 0 {
			t.Errorf("%s was touched: %+v", n.Address, n)
		}
	}
	if c, err := net.DialTimeout("tcp", first, time.Second); err == nil {
		c.Close()
		t.Error("the old address still answers")
	}

	// A peer that does not know us any more: refreshed once, then an incident that names it.
	wrong := strings.Repeat("another-secret-", 4)
	gate.secret.Store(&wrong)
	deadline := time.Now().Add(30 * time.Second)
	peer := strings.TrimPrefix(sttURL, "http://")
	for named := map[string]bool{}; len(named) == 0; { // that of the service as a whole; its heartbeat is a symptom
		var incidents []status.Incident
		anna.do("GET", "/api/incidents", nil, &incidents)
		for _, i := range incidents {
			if strings.Contains(i.Cause, peer) && strings.Contains(i.Cause, "not authorised") {
				named[i.Component] = true
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no incident names the peer: %+v", incidents)
		}
		time.Sleep(200 * time.Millisecond)
	}
	// The account's secret is rotated on both sides, and applied: all is well again.
	command(t, dir, "", "secrets", "rotate", "hey_orac")
	shared = read()
	gate.secret.Store(&shared)
	command(t, dir, "", "apply", "--auto-approve")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		if anna.do("GET", "/api/status", nil, &s); s.Health.Level == "healthy" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("with the new secret: %+v", s.Health)
		}
	}

	// The key of tokens is rotated: nobody is logged out.
	token := command(t, dir, "", "token", "issue", "--user", "anna")
	command(t, dir, "", "secrets", "rotate", "jwt", "--overlap", "1h")
	time.Sleep(1100 * time.Millisecond)
	req, err := http.NewRequest("GET", anna.base+"/api/auth/me", nil)
	testkit.Must(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != 200 {
		t.Errorf("a token of before the rotation: %v, %v", res, err)
	}
	d.stop()

	d = start(t, dir, edited, nil)
	d.kind("listening")
	anna.do("GET", "/api/auth/me", nil, nil) // the session has outlived the process
	anna.do("POST", "/api/auth/logout", nil, nil)
	d.stop()
	out := command(t, dir, "", "audit", "verify")
	if !strings.HasPrefix(out, "whole:") {
		t.Error(out)
	}
	records := command(t, dir, "", "audit", "export")
	for _, action := range []string{`"action":"login"`, `"action":"utterance.listen"`, `"action":"runbook.apply"`, `"way":"socket"`, `"action":"secret.rotate"`, `"action":"token.issue"`, `"action":"logout"`} {
		if !strings.Contains(records, action) {
			t.Errorf("there is no record with %s", action)
		}
	}
	for _, secret := range []string{password, shared, token} {
		if strings.Contains(records, secret) || strings.Contains(d.stderr.String(), secret) {
			t.Error("a secret is in the records or on the terminal")
		}
	}
}
