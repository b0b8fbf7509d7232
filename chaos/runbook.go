package chaos

import (
	"fmt"
	"strings"

	"orac/models/atomicfile"
)

// Runbook is what a rig's appliance is made of. The zero value of a field stands for what works.
type Runbook struct {
	Threshold float64 // of the model
	Model     string  // its source
	Device    string  // identity of the microphone
	Command   string  // of a speech-to-text service of protocol exec, to which utterances go as well
	Warn      string  // of memory
	Restart   string
	Web       string // address of the console; none without it
}

// text is the runbook as a person would write it.
func (b Runbook) text(stateDir, url string) string {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	if b.Threshold == 0 {
		b.Threshold = 0.5
	}
	deliver, exec := "stt.whisper", ""
	if b.Command != "" {
		deliver += ", stt.local"
		exec = fmt.Sprintf("\nstt \"local\" {\n  protocol = \"exec\"\n  command  = [%q]\n}\n", b.Command)
	}
	lines := []string{
		`appliance "recovery" {`, fmt.Sprintf("  state_dir = %q", stateDir), `}`, ``,
		`device "microphone" "usb" {`, fmt.Sprintf("  identity = %q", or(b.Device, MicName)), `}`, ``,
		`model "hey_jarvis" {`, fmt.Sprintf("  source    = %q", or(b.Model, "catalog:hey_jarvis")), fmt.Sprintf("  threshold = %g", b.Threshold), `}`, ``,
		`listener "room" {`, `  device  = device.microphone.usb`, `  models  = [model.hey_jarvis]`, `  deliver = [` + deliver + `]`, `}`, ``,
		`stt "whisper" {`, fmt.Sprintf("  url          = %q", url), `  health_every = "5s"`, `}`, ``,
		`apply {`, `  health_gate = "1s"`, `  keep        = 5`, `}`, ``,
		`memory {`, fmt.Sprintf("  warn    = %q", or(b.Warn, "240MiB")), fmt.Sprintf("  restart = %q", or(b.Restart, "250MiB")), `  every   = "10s"`, `}`, ``,
		`watchdog {`, `  restart_budget = 100`, `}`, ``, // the rows break it more often than an hour should
		`disk {`, `  keep_free = "1MiB"`, `}`, ``,
	}
	if b.Web != "" {
		lines = append(lines, `web {`, fmt.Sprintf("  listen = %q", b.Web), `}`, ``)
	}
	return strings.Join(lines, "\n") + exec
}

// write replaces the file in one step, so that nobody reads half of it.
func (b Runbook) write(path, stateDir, url string) error {
	return atomicfile.WriteFile(path, []byte(b.text(stateDir, url)), 0o600)
}
