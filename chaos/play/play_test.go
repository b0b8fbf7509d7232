package play

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

// TestMain makes the test binary what a run starts besides orac.
func TestMain(m *testing.M) {
	if code, is := Tool(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); is {
		os.Exit(code)
	}
	if len(os.Args) > 2 && os.Args[1] == "build-a-world" {
		os.Exit(buildAndWait(os.Args[2]))
	}
	os.Exit(m.Run())
}

// kitchen is a runbook of everything that a scenario can break.
const kitchen = `appliance "chaos" {
  state_dir = "somewhere"
}
device "microphone" "usb" {
  match = "USB"
}
device "microphone" "door" {
  identity = "door-mic"
}
model "hey_jarvis" {
  source = "catalog:hey_jarvis"
}
listener "room" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper, stt.local]
}
listener "door" {
  device  = device.microphone.door
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
stt "whisper" {
  url = "http://stt.local:7272" # elsewhere
}
stt "local" {
  protocol = "exec"
  command  = ["bin/whisper", "$${HOME}"]
}
heartbeat "whisper" {
  stt = stt.whisper
}
webhook "light" {
  url = "http://lights.local/wake"
}
wyoming "speech" {
  serve = "wake"
}
topic "general" {
  backends       = [backend.home]
  language_model = language_model.qwen
}
backend "home" {
  protocol = "home_assistant"
  url      = "http://home.local:8123"
  token    = secret("ha-token")
}
language_model "qwen" {
  url   = "http://127.0.0.1:8080"
  model = "qwen3"
}
`

// parse gives a scenario of a runbook and more blocks.
func parse(t *testing.T, book, blocks string) *scenario.Scenario {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(book), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "scenario \"test\" {\n  runbook = \"orac.hcl\"\n  for = \"10m\"\n  backends = [\"chaos\"]\n}\n" + blocks + "\nexpect \"nothing\" {\n  holds = lost == 0\n}\n"
	sc, problems := scenario.Parse([]byte(text), filepath.Join(dir, "test.hcl"), language.Options{})
	if problems.HasErrors() {
		t.Fatal(problems.Err())
	}
	return sc
}

// TestEveryKindIsMadeOrExcused walks the table of kinds: each one has a maker, or a reason why it cannot be made.
func TestEveryKindIsMadeOrExcused(t *testing.T) {
	for _, k := range scenario.Kinds() {
		mk, err := MakerOf(k.Kind)
		switch {
		case (err == nil) == (k.Unreal != "") || err != nil && err.Error() != k.Unreal:
			t.Errorf("%s: it is made: %v; the table says: %q", k.Kind, err == nil, k.Unreal)
		case err == nil && (mk.prepare == nil || mk.How == ""):
			t.Errorf("%s: nobody says how it is made", k.Kind)
		}
	}
	for k := range makers {
		if k.Info().Kind != k || k.Info().Family.Name == "unknown" {
			t.Errorf("%s has a maker, and is in no table", k)
		}
	}
}

func TestTheRunbookIsPointedToTheWorld(t *testing.T) {
	b, err := load(parse(t, kitchen, ""))
	if err != nil {
		t.Fatal(err)
	}
	dir := b.rb.Dir
	urls := map[runbook.Address]string{"stt.whisper": "http://127.0.0.1:1", "heartbeat.whisper": "http://127.0.0.1:2", "webhook.light": "http://127.0.0.1:3", "backend.home": "http://127.0.0.1:4", "language_model.qwen": "http://127.0.0.1:5"}
	if b, err = b.settle("/world/disk/state", urls, map[runbook.Address]string{"wyoming.speech": "127.0.0.1:6"}); err != nil {
		t.Fatal(err)
	}
	whisper, _ := b.rb.STT("stt.whisper")
	local, _ := b.rb.STT("stt.local")
	for got, want := range map[string]string{
		b.rb.Appliance.StateDir: "/world/disk/state", whisper.URL: "http://127.0.0.1:1", b.rb.HeartbeatURL(b.rb.Heartbeats[0]): "http://127.0.0.1:2",
		b.rb.Backends[0].URL: "http://127.0.0.1:4", b.rb.LanguageModels[0].URL: "http://127.0.0.1:5", strings.Join(b.secrets(), " "): "ORAC_SECRET_HA_TOKEN=" + secretText,
		b.rb.Webhooks[0].URL.Text(): "http://127.0.0.1:3/webhook", b.rb.Wyomings[0].ListensAt(): "127.0.0.1:6", local.Command[0]: filepath.Join(dir, "bin/whisper"), local.Command[1]: "${HOME}",
	} {
		if got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
	if !strings.Contains(string(b.text), "# elsewhere") {
		t.Error("a comment is gone")
	}
}

// TestHostileNames: what a scenario calls a microphone becomes part of an argument of the audio server only if it is harmless.
func TestHostileNames(t *testing.T) {
	for _, bad := range []string{"", "a b", "x file=/etc/passwd", "x\" file=\"/tmp/y", "../x", "x/y", "-x", "a=b", "a,b", "x\ny", "ü", strings.Repeat("x", 101)} {
		if _, _, err := source(runbook.Microphone{Name: "usb", Identity: bad}); err == nil && bad != "" {
			t.Errorf("%q was taken as an identity", bad)
		}
		if _, name, err := source(runbook.Microphone{Name: "usb", Match: bad}); err == nil && strings.ContainsAny(name, "\"'=/\n,") {
			t.Errorf("%q was taken as a name: %q", bad, name)
		}
	}
	for _, good := range []runbook.Microphone{{Name: "usb"}, {Name: "usb", Match: "USB Audio"}, {Name: "usb", Identity: "alsa_input.usb-0d8c_USB-00.mono"}} {
		if _, _, err := source(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []runbook.Microphone{{Name: "usb", ID: "7"}, {Name: "usb", Backend: "alsa"}, {Name: "usb", Match: "a/b"}} {
		if _, _, err := source(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestTheSeedDecidesTheTimes(t *testing.T) {
	sc := parse(t, kitchen, `
fault "worker_kill" "often" {
  at     = "10s"
  every  = "30s"
  jitter = "20s"
}
fault "unplug" "door" {
  at     = "1m"
  for    = "20m"
  every  = "30m"
  target = "door"
}
swarm {
  every = "20s"
}
`)
	b, err := load(sc)
	if err != nil {
		t.Fatal(err)
	}
	one, again, other := schedule.Of(sc, b.rb, 1), schedule.Of(sc, b.rb, 1), schedule.Of(sc, b.rb, 2)
	same := func(a, b []occurrence) bool {
		for i := range min(len(a), len(b)) {
			if a[i].Name != b[i].Name || a[i].Begin != b[i].Begin || a[i].End != b[i].End || a[i].Target != b[i].Target {
				return false
			}
		}
		return len(a) == len(b)
	}
	if !same(one, again) || same(one, other) {
		t.Error("the seed does not decide")
	}
	drawn := 0
	for i, o := range one {
		switch {
		case i > 0 && o.Begin < one[i-1].Begin:
			t.Errorf("%s is out of order", o.Name)
		case o.Begin < sc.Head.Heal && o.End > sc.Head.Heal, o.Begin >= sc.Head.Heal+20*time.Second:
			t.Errorf("%s lasts from %v to %v, beyond the heal point %v", o.Name, o.Begin, o.End, sc.Head.Heal)
		case o.Kind == scenario.WorkerKill && o.Address != "" && o.Target != "usb":
			t.Errorf("%s is aimed at %q", o.Name, o.Target)
		case o.Address == "" && strings.HasPrefix(o.Name, "swarm."):
			drawn++
		}
	}
	if drawn < 10 {
		t.Errorf("only %d faults were drawn", drawn)
	}
}

func TestSoundsThatCannotBeHad(t *testing.T) {
	rb := &runbook.Runbook{Hearing: runbook.Hearing{Models: []runbook.Model{{Name: "a", Address: "model.a", Source: "catalog:alexa"}, {Name: "own", Address: "model.own", Source: "own.onnx"}, {Name: "evil", Source: "catalog:../../etc/x"}}}}
	v := &voices{dir: t.TempDir(), words: map[string][]int16{}}
	for what, p := range map[string]scenario.Sound{
		"a command for another word": {Play: "speech", Model: "a", Command: time.Second},
		"a word that nobody spoke":   {Play: "speech", Model: "a"},
		"a model of one's own":       {Play: "speech", Model: "own"},
		"a path in the catalogue":    {Play: "speech", Model: "evil"},
		"no such model":              {Play: "speech", Model: "b"},
		"a device file":              {Play: "/dev/zero"},
		"a folder":                   {Play: "/etc"},
		"no file":                    {Play: filepath.Join(v.dir, "none.wav")},
	} {
		if pcm, err := v.sound(p, rb, 1); err == nil {
			t.Errorf("%s: %d samples", what, len(pcm))
		}
	}
	pcm, err := v.sound(scenario.Sound{Play: "noise", Level: 1000}, rb, 1)
	if err != nil || len(pcm) == 0 {
		t.Fatal(err)
	}
	var sum float64
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	if rms := sum / float64(len(pcm)); rms < 900*900 || rms > 1100*1100 {
		t.Errorf("the mean square of noise of level 1000 is %.0f", rms)
	}
}
