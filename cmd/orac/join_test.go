package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/house"
	"orac/runbook/testkit"
)

// encrypted is a client that takes every certificate.
var encrypted = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

// servesTLS waits until something answers at an address.
func servesTLS(t *testing.T, at string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if answer, err := encrypted.Get("https://" + at + "/health/live"); err == nil {
			answer.Body.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatal("nothing answers at " + at)
		}
	}
}

// fails runs a command that must fail, and returns what it says.
func fails(t *testing.T, dir string, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	testkit.Must(t, err)
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "ORAC_TEST_MAIN=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("orac %s: it works: %s", strings.Join(args, " "), out)
	}
	return string(out)
}

func read(t *testing.T, names ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(names...))
	testkit.Must(t, err)
	return string(b)
}

// TestMachinesJoin: an issuer, a member that runs and one that does not, with the real program. Nothing is copied but the code. What fails
// half-way leaves nothing at either side, and the same command works afterwards. Then a server of one member lets in the other, by their
// certificates of the house, and nobody else.
func TestMachinesJoin(t *testing.T) {
	at := map[string]string{"core": freeAddress(t), "kitchen": freeAddress(t), "speech": freeAddress(t)}
	core := fmt.Sprintf("appliance \"core\" {\n  state_dir = \"state\"\n}\n\nweb {\n  listen = %q\n  tls {\n    self_signed = true\n  }\n}\n\nissuer {\n  url = \"https://%s\"\n}\n", at["core"], at["core"])
	kitchen := fmt.Sprintf(`appliance "kitchen" {
  state_dir = "state"
}

web {
  listen = %q
  tls {
    self_signed = true
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
`, at["kitchen"], at["speech"])
	hall := "appliance \"hall\" {\n  state_dir = \"state\"\n}\n\nweb {\n  listen = \"127.0.0.1:7171\"\n}\n\nstt \"words\" {\n  protocol = \"exec\"\n  command  = [\"/bin/echo\", \"words\"]\n}\n\nstt_server \"house\" {\n  engine = stt.words\n  listen = \"127.0.0.1:7272\"\n}\n"
	home, kitchens, halls := t.TempDir(), t.TempDir(), t.TempDir()
	testkit.Must(t, os.WriteFile(filepath.Join(halls, "orac.hcl"), []byte(hall), 0o600))
	start(t, home, core, nil)
	start(t, kitchens, kitchen, nil)
	servesTLS(t, at["core"])
	servesTLS(t, at["kitchen"])
	join := func(name, url string) []string {
		t.Helper()
		args := []string{"member", "add", name}
		if url != "" {
			args = append(args, "--url", url)
		}
		words := strings.Fields(command(t, home, "", args...))
		if len(words) != 4 || words[1] != "join" {
			t.Fatalf("%q", words)
		}
		return words[1:]
	}

	// The one that does not run: first a look, then a failure at the issuer.
	again := join("hall", "")
	if out := command(t, halls, "", append(again, "--dry-run")...); !strings.Contains(out, "+    fingerprint = ") || read(t, halls, "orac.hcl") != hall {
		t.Errorf("a look changes something, or shows nothing:\n%s", out)
	}
	testkit.Must(t, os.WriteFile(filepath.Join(home, "orac.hcl"), []byte(core+"\nnonsense {}\n"), 0o600)) // somebody is editing it
	if said := fails(t, halls, append(again, "--yes")...); !strings.Contains(said, "the issuer refuses") {
		t.Errorf("%s", said)
	}
	if read(t, halls, "orac.hcl") != hall {
		t.Error("the runbook of a member that has not joined is changed")
	}
	if _, err := os.Stat(filepath.Join(halls, "state", "house", "member.pem")); err == nil {
		t.Error("it has a certificate")
	}
	testkit.Must(t, os.WriteFile(filepath.Join(home, "orac.hcl"), []byte(core), 0o600))
	command(t, halls, "", append(again, "--yes", "--role", "operator")...)
	if text := read(t, halls, "orac.hcl"); !strings.Contains(text, "trust {") || !strings.Contains(text, `"operator"`) {
		t.Errorf("%s", text)
	}
	if text := read(t, home, "orac.hcl"); !strings.Contains(text, "\nmember \"hall\" {}\n") {
		t.Errorf("the issuer does not declare it: %s", text)
	}
	if said := fails(t, halls, append(again, "--yes")...); !strings.Contains(said, "does not know this code") {
		t.Errorf("a used code: %s", said)
	}

	// The one that runs.
	command(t, kitchens, "", append(join("kitchen", "https://"+at["kitchen"]), "--yes")...)
	if text := read(t, home, "orac.hcl"); !strings.Contains(text, "member \"kitchen\" {\n  url         = \"https://"+at["kitchen"]+"\"\n  fingerprint = ") {
		t.Errorf("the issuer does not declare it: %s", text)
	}
	joined := read(t, kitchens, "orac.hcl")
	if !strings.Contains(joined, "audience    = \"kitchen\"") {
		t.Errorf("%s", joined)
	}
	key := strings.TrimSpace(command(t, kitchens, "", "key", "create", "hall", "--role", "viewer"))
	other := strings.TrimSpace(command(t, kitchens, "", "key", "create", "cellar", "--role", "viewer"))
	testkit.Must(t, os.WriteFile(filepath.Join(kitchens, "orac.hcl"), []byte(strings.Replace(joined, "  engine = stt.words\n", "  engine = stt.words\n  members = true\n  tls {\n    member = true\n  }\n", 1)), 0o600))
	command(t, kitchens, "", "apply", "--auto-approve")
	dial := (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	member := &http.Client{Transport: &http.Transport{DialTLSContext: house.In(filepath.Join(halls, "state")).Dialer(dial, 5*time.Second)}}
	asks := func(c *http.Client, token string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(context.Background(), "GET", "https://"+at["speech"]+"/stt/v1/heartbeat/status", nil)
		testkit.Must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := c.Do(r)
		if err != nil {
			return 0
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	for end := time.Now().Add(20 * time.Second); asks(member, key) != 200; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the member is answered %d", asks(member, key))
		}
	}
	if code := asks(member, other); code != 401 {
		t.Errorf("with the key of another member: %d", code)
	}
	if code := asks(encrypted, key); code != 0 {
		t.Errorf("without a certificate: %d", code)
	}

	command(t, halls, "", "leave", "--yes")
	if text := read(t, halls, "orac.hcl"); strings.Contains(text, "trust") {
		t.Errorf("after it has left: %s", text)
	}
	if code := asks(member, key); code != 0 {
		t.Errorf("a member that has left: %d", code)
	}
	for dir, action := range map[string]string{home: "member.enrol", halls: "house.join", kitchens: "house.join"} {
		if out := command(t, dir, "", "audit", "tail", "-n", "50"); !strings.Contains(out, action) {
			t.Errorf("%s is not on record: %s", action, out)
		}
	}
	command(t, home, "", "audit", "verify")
	if list := command(t, home, "", "secrets", "list"); !strings.Contains(list, "house_authority") || strings.Contains(list, "does not name") {
		t.Errorf("an issuer's own secrets are told as strange: %s", list)
	}
}
