package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// intruded is a runbook whose users are those of a test.
func intruded(t *testing.T, address string) string {
	t.Helper()
	speech, err := filepath.Abs(filepath.Join(need(t, ".orac/sounds"), "hey_jarvis_lights_on.wav"))
	testkit.Must(t, err)
	return fmt.Sprintf(`
appliance "kitchen" {
  state_dir = "state"
}
device "wav" "demo" {
  path = %q
  end  = "silence"
}
model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}
listener "kitchen" {
  device = device.wav.demo
  models = [model.hey_jarvis]
}
apply {
  health_gate = "1s"
}
store {
  keep_audio = true
}
web {
  listen = %q
}

user "anna" { # the owner
  role          = "admin"
  password_hash = secret("anna_password_hash")
}
`, speech, address)
}

// TestPeopleComeAndGo, before a running appliance: somebody is added, gets another role, and is removed, each time by an edit that
// keeps every other byte; streams and tokens end at once; the last admin stays; a rollback brings nobody back. Under a umask that
// hides nothing, no file that the appliance makes may be read by others.
func TestPeopleComeAndGo(t *testing.T) {
	const password = "correct horse battery"
	dir, address := t.TempDir(), freeAddress(t)
	text := intruded(t, address)
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(text), 0o600))
	command(t, dir, password+"\n", "user", "add", "anna", "--role", "admin")
	old := syscall.Umask(0)
	d := start(t, dir, text, nil)
	syscall.Umask(old)
	d.kind("listening")
	anna := logIn(t, "http://"+address, "anna", password)
	var done struct {
		OK, Saved  bool
		Generation int
	}
	file := func() string {
		b, err := os.ReadFile(filepath.Join(dir, "orac.hcl"))
		testkit.Must(t, err)
		return string(b)
	}
	anna.do("POST", "/api/users", map[string]string{"name": "bert", "role": "viewer", "password": "berts own password"}, &done)
	if want := text + "\nuser \"bert\" {\n  role          = \"viewer\"\n  password_hash = secret(\"bert_password_hash\")\n}\n"; !done.OK || file() != want {
		t.Fatalf("%+v\n%s", done, file())
	}
	with := done.Generation
	stream := func() (*http.Response, *bufio.Reader) {
		bert := logIn(t, "http://"+address, "bert", "berts own password")
		bert.http.Timeout = 0
		res, err := bert.http.Get("http://" + address + "/api/events?kinds=wake")
		testkit.Must(t, err)
		if res.StatusCode != 200 {
			t.Fatal(res.StatusCode)
		}
		return res, bufio.NewReader(res.Body)
	}
	ends := func(what string, res *http.Response, r *bufio.Reader) {
		t.Helper()
		defer res.Body.Close()
		late := time.AfterFunc(10*time.Second, func() { res.Body.Close() })
		defer late.Stop()
		if rest, _ := io.ReadAll(r); !strings.Contains(string(rest), "event: end") {
			t.Errorf("%s: the stream goes on, or was cut off without a word: %q", what, rest)
		}
	}
	res, r := stream()
	anna.do("PUT", "/api/users/bert", map[string]string{"role": "operator"}, &done)
	ends("another role", res, r)
	res, r = stream()
	anna.do("DELETE", "/api/users/bert", nil, &done)
	ends("the removal", res, r)
	if file() != text || !done.OK {
		t.Errorf("%+v\n%s", done, file())
	}
	refused := func(what, method, path, body string, want int) {
		t.Helper()
		req, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(body))
		testkit.Must(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-CSRF-Token", anna.csrf)
		res, err := anna.http.Do(req)
		testkit.Must(t, err)
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", what, res.StatusCode, want)
		}
	}
	refused("the last admin is removed", "DELETE", "/api/users/anna", "", 409)
	refused("the last admin is made less", "PUT", "/api/users/anna", `{"role":"viewer"}`, 409)
	nobody, err := json.Marshal(map[string]string{"source": text[:strings.Index(text, "user \"anna\"")]})
	testkit.Must(t, err)
	refused("a text without people", "POST", "/api/runbook/plan", string(nobody), 409)
	anna.do("POST", "/api/runbook/rollback", map[string]int{"generation": with}, &done) // which declares bert
	if !done.OK {
		t.Fatalf("the generation cannot be returned to: %+v", done)
	}
	refused("bert after a rollback", "POST", "/api/auth/login", `{"username":"bert","password":"berts own password"}`, 401)

	files := 0
	testkit.Must(t, filepath.WalkDir(filepath.Join(dir, "state"), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return nil // it went away meanwhile
		}
		files++
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has %v", path, info.Mode())
		}
		return nil
	}))
	if files < 15 {
		t.Errorf("only %d files were looked at", files)
	}
	d.stop()
}

// TestAStateDirectoryThatAllMayWriteIn is closed off, as one that was just mounted must be; where somebody else has put
// something in, there may be users and keys among it, and the appliance does not start.
func TestAStateDirectoryThatAllMayWriteIn(t *testing.T) {
	dir := t.TempDir()
	text, state := intruded(t, freeAddress(t)), filepath.Join(dir, "state")
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(text), 0o600))
	command(t, dir, "correct horse battery\n", "user", "add", "anna", "--role", "admin")
	testkit.Must(t, os.Chmod(state, 0o777|os.ModeSticky))
	d := start(t, dir, text, nil)
	d.kind("listening")
	d.stop()
	if info, err := os.Stat(state); err != nil || info.Mode().Perm()&0o002 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if !strings.Contains(d.stderr.String(), "could write in") {
		t.Errorf("nobody is told: %s", d.stderr)
	}
	testkit.Must(t, os.Chmod(state, 0o777))
	jwt := filepath.Join(state, "secrets", "jwt")
	testkit.Must(t, os.WriteFile(jwt, []byte(strings.Repeat("x", 40)), 0o600))
	testkit.Must(t, os.Chown(jwt, 12345, 12345))
	d = start(t, dir, text, nil)
	if err := d.cmd.Wait(); err == nil || !strings.Contains(d.stderr.String(), "secrets/jwt: everybody on this machine may write in") {
		t.Errorf("%v: %s", err, d.stderr)
	}
}
