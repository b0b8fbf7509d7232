package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/runbook/testkit"
)

// speechRunbook is a member that understands for others: what makes its server one for members comes when it has joined.
const speechRunbook = `apply {
  health_gate = "1s"
}

appliance "speech" {
  state_dir = "state"
  log_file  = "state/said"
}

web {
  listen = %q
  tls {
    self_signed = true
  }
}

stt "words" {
  protocol = "exec"
  command  = ["/bin/echo", "lights on"]
}

service_account "hall" {
  secret      = secret("hall")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}

stt_server "house" {
  engine  = stt.words
  listen  = %q
  tls {
    self_signed = true
  }
}
`

// hallListens is of a member that listens, and sends to the other one.
const hallListens = `
device "wav" "command" {
  path = %q
  end  = "loop"
  gap  = "1s"
}

model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}

listener "hall" {
  device  = device.wav.command
  models  = [model.hey_jarvis]
  deliver = [stt.house]
}

service_account "hall" {
  secret      = secret("hall")
  permissions = ["stt.transcribe", "stt.heartbeat"]
}

stt "house" {
  url          = %q
  auth         = service_account.hall
  member       = true
  health_every = "5s"
}
`

// TestAMemberHearsForAnother, with the real program: one appliance is the issuer, one understands, and one has the microphone. What it hears
// reaches the other by certificates of the house, and the word comes back. Once the issuer has removed it the other one, which has nothing
// to do with that, refuses its certificate, which is valid for days; its recordings wait.
func TestAMemberHearsForAnother(t *testing.T) {
	core, speech := freeAddress(t), freeAddress(t)
	server := freeAddress(t)
	home, understands, hears := t.TempDir(), t.TempDir(), t.TempDir()
	issuer := fmt.Sprintf("appliance \"core\" {\n  state_dir = \"state\"\n}\n\nweb {\n  listen = %q\n  tls {\n    self_signed = true\n  }\n}\n\nissuer {\n  url = \"https://%s\"\n}\n", core, core)
	start(t, home, issuer, nil)
	for _, dir := range []string{understands, hears} {
		testkit.Must(t, os.MkdirAll(filepath.Join(dir, "state", "secrets"), 0o700))
		testkit.Must(t, os.WriteFile(filepath.Join(dir, "state", "secrets", "hall"), []byte(strings.Repeat("s3cret", 8)), 0o600))
	}
	u := start(t, understands, fmt.Sprintf(speechRunbook, speech, server), nil)
	servesTLS(t, core)
	servesTLS(t, speech)
	join := func(name string, more ...string) []string {
		t.Helper()
		return append(strings.Fields(command(t, home, "", append([]string{"member", "add", name}, more...)...))[1:], "--yes")
	}
	command(t, understands, "", join("speech", "--url", "https://"+speech)...)
	u.rewrite("  tls {\n    self_signed = true\n  }\n}\n\nauth", "  members = true\n  tls {\n    member = true\n  }\n}\n\nauth")
	command(t, understands, "", "apply", "--auto-approve")

	testkit.Must(t, os.WriteFile(filepath.Join(hears, "orac.hcl"), []byte("appliance \"hall\" {\n  state_dir = \"state\"\n}\n"), 0o600))
	command(t, hears, "", join("hall")...)
	d := start(t, hears, read(t, hears, "orac.hcl")+fmt.Sprintf(hallListens, filepath.Join(need(t, ".orac/sounds"), "hey_jarvis_lights_on.wav"), "https://"+server), nil)
	if got := d.kind("delivered"); !strings.HasPrefix(got.Text, "lights on ") || got.STT != "house" {
		t.Fatalf("%+v", got)
	}

	text := read(t, home, "orac.hcl")
	testkit.Must(t, os.WriteFile(filepath.Join(home, "orac.hcl"), []byte(strings.Replace(text, "member \"hall\" {}\n", "", 1)), 0o600))
	command(t, home, "", "apply", "--auto-approve")
	u.stop()
	u = start(t, understands, read(t, understands, "orac.hcl"), nil) // it asks at once, and not in five minutes
	servesTLS(t, speech)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		out, _ := d.ask("health")
		if strings.Contains(out, "certificate") && strings.Contains(read(t, understands, "state", "said"), "removed from the house") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the one that was removed says:\n%s\nThe other one:\n%s", out, read(t, understands, "state", "said"))
		}
	}
}
