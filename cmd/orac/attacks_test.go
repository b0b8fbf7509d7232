package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

// ask makes a request, whatever comes of it.
func (p *person) ask(method, path string, body any) (int, string) {
	p.t.Helper()
	text, err := json.Marshal(body)
	testkit.Must(p.t, err)
	req, err := http.NewRequest(method, p.base+path, bytes.NewReader(text))
	testkit.Must(p.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", p.csrf)
	res, err := p.http.Do(req)
	testkit.Must(p.t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	testkit.Must(p.t, err)
	return res.StatusCode, string(answer)
}

// TestAttacksOnARunningAppliance tries on the real binary what once got in: an empty text that stood for the owner's draft, files and
// secrets read by validating, a text that takes a GiB, an old command by a rollback, a viewer who fills the audit log. What needs a
// moment between check and use is tried with a barrier, where that is: see web/AUDIT.md.
func TestAttacksOnARunningAppliance(t *testing.T) {
	const password = "correct horse battery"
	dir, address := t.TempDir(), freeAddress(t)
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "cmd.txt"), []byte("echo old"), 0o600))
	text := strings.Replace(intruded(t, address), "models = [model.hey_jarvis]\n", "models = [model.hey_jarvis]\n  deliver = [stt.own]\n", 1) +
		"user \"vic\" {\n  role          = \"viewer\"\n  password_hash = secret(\"vic_password_hash\")\n}\n" +
		"stt \"own\" {\n  protocol = \"exec\"\n  command  = [\"/bin/sh\", \"-c\", file(\"cmd.txt\"), \"x\"]\n}\n"
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(text), 0o600))
	for name, role := range map[string]string{"anna": "admin", "vic": "viewer"} {
		command(t, dir, password+"\n", "user", "add", name, "--role", role)
	}
	d := start(t, dir, text, []string{"HIDDEN=canary-of-the-environment"})
	d.kind("listening")
	anna := logIn(t, "http://"+address, "anna", password)
	log := func() int {
		b, err := os.ReadFile(filepath.Join(dir, "state", "audit.log"))
		testkit.Must(t, err)
		return bytes.Count(b, []byte("\n"))
	}

	// The owner's draft, which was never applied.
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "cmd.txt"), []byte("echo new"), 0o600))
	draft := strings.Replace(text, "end  = \"silence\"", "end  = \"silence\"\n  gap  = \"1s\"", 1)
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(draft), 0o600))
	var file struct{ Source, Hash string }
	anna.do("GET", "/api/runbook", nil, &file)
	for what, body := range map[string]any{
		"empty": map[string]string{"source": "", "base": file.Hash, "plan": ""}, "none": map[string]string{"base": file.Hash, "plan": ""},
		"blank": map[string]string{"source": " ", "base": file.Hash, "plan": file.Hash},
	} {
		if code, answer := anna.ask("POST", "/api/runbook/apply", body); code < 400 || code >= 500 {
			t.Errorf("%s: %d %s", what, code, answer)
		}
	}
	if now, err := os.ReadFile(filepath.Join(dir, "orac.hcl")); err != nil || string(now) != draft {
		t.Errorf("the draft is not what it was: %v\n%s", err, now)
	}

	// What is only validated is on no record: it reads nothing.
	key, err := os.ReadFile(filepath.Join(dir, "state", "secrets", "jwt"))
	testkit.Must(t, err)
	for _, read := range []string{fmt.Sprintf("file(%q)", filepath.Join(dir, "state/secrets/jwt")), `env("HIDDEN")`, `secret("jwt")`, fmt.Sprintf("try(file(%q), \"x\")", "/etc/passwd")} {
		leak := fmt.Sprintf("appliance \"x\" {}\ndevice \"microphone\" \"m\" {\n  match = %s\n}\nmodel \"m\" {\n  source = \"catalog:hey_jarvis\"\n  topic = \"0|${device.microphone.m.match}\"\n}\nlistener \"l\" {\n  device = device.microphone.m\n  models = [model.m]\n}\n", read)
		code, answer := anna.ask("POST", "/api/runbook/validate", map[string]string{"source": leak})
		if code != 200 || !strings.Contains(answer, "from the machine") || strings.Contains(answer, "canary") || strings.Contains(answer, strings.TrimSpace(string(key))) || strings.Contains(answer, "root:") {
			t.Errorf("%s: %d %s", read, code, answer)
		}
	}

	// A text that takes a GiB, and one that takes 6 s.
	bomb := "appliance \"x\" {}\nlocals {\n  b0 = \"" + strings.Repeat("x", 1024) + "\"\n"
	for i := range 9 {
		bomb += fmt.Sprintf("  b%d = \"${local.b%d}${local.b%d}\"\n", i+1, i, i)
	}
	bomb += "  s = split(\"\", substr(local.b6, 0, 1500))\n  boom = length([for a in local.s : \"${local.b9}${a}\"])\n}\n"
	loops := "appliance \"x\" {}\nlocals {\n  s = split(\"\", \"" + strings.Repeat("x", 195) + "\")\n"
	for i := range 60 {
		loops += fmt.Sprintf("  l%d = length([for a in local.s : length([for b in local.s : b])])\n", i)
	}
	loops += "}\n"
	for what, text := range map[string]string{"a bomb": bomb, "loops": loops} {
		if code, answer := anna.ask("POST", "/api/runbook/validate", map[string]string{"source": text}); code != 200 || !strings.Contains(answer, "computes too much") && !strings.Contains(answer, "does too much") {
			t.Errorf("%s: %d %.500s", what, code, answer)
		}
	}
	if peak := peakOf(t, d.cmd.Process.Pid); peak > 400<<20 {
		t.Errorf("the appliance took %d MiB", peak>>20)
	}

	// A viewer who is refused again and again.
	vic := logIn(t, "http://"+address, "vic", password)
	before := log()
	for range 60 {
		if code, _ := vic.ask("PUT", "/api/users/anna/password", map[string]string{"password": "whatever-123"}); code != 403 && code != 429 {
			t.Fatalf("a viewer changes another's password: %d", code)
		}
	}
	if after := log(); after-before > 5 {
		t.Errorf("60 refusals are %d records", after-before)
	}

	// A command that was taken out: the file that it is in says something else by now, and the owner has applied that.
	command(t, dir, "", "apply", "--auto-approve")
	if code, answer := anna.ask("POST", "/api/runbook/rollback", map[string]int{"generation": 1}); code != 403 || !strings.Contains(answer, "stt.own.command") {
		t.Errorf("a rollback to another command: %d %s", code, answer)
	}
	var runs struct{ Generation int }
	anna.do("GET", "/api/status", nil, &runs)
	if runs.Generation != 2 {
		t.Errorf("generation %d runs", runs.Generation)
	}
}

// peakOf is the most memory that a process has had, in bytes.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	testkit.Must(t, err)
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			testkit.Must(t, err)
			return n << 10
		}
	}
	t.Fatal("no VmHWM")
	return 0
}
