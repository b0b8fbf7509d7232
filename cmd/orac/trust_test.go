package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// coreAndMembers writes the runbooks of an issuer and of two members on loopback.
func coreAndMembers(t *testing.T) (core, kitchen, cellar string, at map[string]string) {
	at = map[string]string{}
	for _, name := range []string{"core", "kitchen", "cellar", "kitchen's speech", "cellar's speech"} {
		at[name] = freeAddress(t)
	}
	core = fmt.Sprintf(`
appliance "core" {
  state_dir = "state"
}
web {
  listen = %q
}
issuer {
  url = "http://%s"
}
member "kitchen" {}
member "cellar" {}
service_account "core" {
  secret      = secret("core")
  role        = "admin"
  permissions = ["stt.heartbeat"]
  members     = [member.kitchen, member.cellar]
}
user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}
`, at["core"], at["core"])
	member := func(name string) string {
		return fmt.Sprintf(`
appliance %q {
  state_dir = "state"
}
web {
  listen = %q
}
auth {
  trust {
    issuer      = "http://%s"
    role        = "viewer"
    permissions = ["stt.heartbeat"]
  }
}
stt "words" {
  protocol = "exec"
  command  = ["/bin/echo", "words"]
}
stt_server "house" {
  engine = stt.words
  listen = %q
}
user "anna" {
  role          = "admin"
  password_hash = secret("anna_password_hash")
}
`, name, at[name], at["core"], at[name+"'s speech"])
	}
	return core, member("kitchen"), member("cellar"), at
}

// prepared is a folder with a runbook and its secrets.
func prepared(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(text), 0o600))
	command(t, dir, "", "secrets", "init")
	command(t, dir, "correct horse battery\n", "user", "add", "anna", "--role", "admin")
	return dir
}

// serves waits until something answers at an address.
func serves(t *testing.T, at string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get("http://" + at + "/health/live"); err == nil {
			answer.Body.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatal("nothing answers at " + at)
		}
	}
}

// ofCore asks an issuer for a token for a member, as any OAuth client does.
func ofCore(t *testing.T, at, secret, member string) string {
	t.Helper()
	answer, err := http.PostForm("http://"+at+"/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"core"}, "client_secret": {secret}, "audience": {member}})
	testkit.Must(t, err)
	defer answer.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	text, err := io.ReadAll(answer.Body)
	testkit.Must(t, err)
	if err := json.Unmarshal(text, &token); err != nil || token.Access == "" {
		t.Fatalf("%d %s", answer.StatusCode, text)
	}
	return token.Access
}

// asked is what a route answers to a token.
func asked(t *testing.T, method, at, path, token string) int {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+at+path, nil)
	testkit.Must(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	testkit.Must(t, err)
	defer answer.Body.Close()
	return answer.StatusCode
}

// TestAnIssuerAndItsMembers: three running appliances. A token works at its member, as far as that one admits, and nowhere else; the
// issuer's key is replaced while they run; a token that is revoked ends; and the members go on when the issuer is killed.
func TestAnIssuerAndItsMembers(t *testing.T) {
	core, kitchen, cellar, at := coreAndMembers(t)
	home := prepared(t, core)
	issuer := start(t, home, core, nil)
	for _, text := range []string{kitchen, cellar} {
		start(t, prepared(t, text), text, nil)
	}
	for _, address := range at {
		serves(t, address)
	}
	b, err := os.ReadFile(filepath.Join(home, "state", "secrets", "core"))
	testkit.Must(t, err)
	secret := strings.TrimSpace(string(b))
	info, err := os.Stat(filepath.Join(home, "state", "secrets", "issuer"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key of the issuer: %v, %v", info, err)
	}

	token := ofCore(t, at["core"], secret, "kitchen")
	for _, c := range []struct {
		what, method, at, path string
		want                   int
	}{
		{"at its member", "GET", "kitchen", "/api/status", 200}, {"what the member does not admit", "GET", "kitchen", "/api/users", 403},
		{"a logout that would end nothing", "POST", "kitchen", "/api/auth/logout", 403},
		{"at its server", "GET", "kitchen's speech", "/stt/v1/heartbeat/status", 200}, {"what that server's runbook does not admit", "POST", "kitchen's speech", "/stt/v1/preload", 403},
		{"at another member", "GET", "cellar", "/api/status", 401}, {"at another's server", "GET", "cellar's speech", "/stt/v1/heartbeat/status", 401}, {"at the issuer", "GET", "core", "/api/status", 401},
	} {
		if code := asked(t, c.method, at[c.at], c.path, token); code != c.want {
			t.Errorf("%s: %d, want %d", c.what, code, c.want)
		}
	}

	command(t, home, "", "secrets", "rotate", "issuer", "--overlap", "1h")
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(200 * time.Millisecond) { // a member looks for unknown keys every 10 s
		if asked(t, "GET", at["kitchen"], "/api/status", ofCore(t, at["core"], secret, "kitchen")) == 200 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a token of the new key is refused")
		}
	}
	if code := asked(t, "GET", at["kitchen"], "/api/status", token); code != 200 {
		t.Errorf("a token of the key before: %d", code)
	}

	revoked := ofCore(t, at["core"], secret, "kitchen")
	answer, err := http.PostForm("http://"+at["core"]+"/oauth/revoke", url.Values{"client_id": {"core"}, "client_secret": {secret}, "token": {revoked}})
	testkit.Must(t, err)
	answer.Body.Close()
	if code := asked(t, "GET", at["kitchen"], "/api/status", revoked); code != 401 {
		t.Errorf("a token that was revoked: %d", code)
	}
	fresh := ofCore(t, at["core"], secret, "kitchen")
	testkit.Must(t, issuer.cmd.Process.Kill())
	for _, token := range []string{token, fresh} {
		if code := asked(t, "GET", at["kitchen"], "/api/status", token); code != 200 {
			t.Errorf("without the issuer: %d", code)
		}
	}
	if code := asked(t, "GET", at["kitchen"], "/api/status", revoked); code != 401 {
		t.Errorf("a token that was revoked, without the issuer: %d", code)
	}
	logIn(t, "http://"+at["kitchen"], "anna", "correct horse battery").do("GET", "/api/users", nil, nil)
}
