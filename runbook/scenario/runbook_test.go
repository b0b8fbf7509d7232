package scenario

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"orac/runbook/language"
)

const kitchen = `# The kitchen.
appliance "kitchen" {}
device "microphone" "usb" {}
device "wav" "demo" { path = "demo.wav" }
model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5 # not too low
}
listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
}
stt "whisper" { url = "http://stt.local:7272" }
`

// files is a world of files.
func files(texts map[string]string) language.Options {
	o := testWorld()
	o.ReadFile = func(path string) ([]byte, error) {
		if text, ok := texts[path]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("no such file")}
	}
	o.Open = func(path string) (fs.File, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("no such file")}
	}
	return o
}

const head = "scenario \"x\" {\n  runbook = \"kitchen.hcl\"\n  for = \"1h\"\n}\nexpect \"e\" {\n  holds = lost == 0\n}\n"

func TestRunbook(t *testing.T) {
	o := files(map[string]string{"dir/kitchen.hcl": kitchen})
	s, ds := Parse([]byte(head+`
change "model.hey_jarvis" {
  threshold = 0.25 * 3
}
change "watchdog" {
  read_stall = "3s"
}
fault "apply" "a" {
  at    = "1m"
  block = "model.hey_jarvis"
  set   = { threshold = 0.9 }
}
`), "dir/x.hcl", o)
	if s == nil {
		t.Fatal(ds)
	}
	rb, src, ds := s.Runbook(o)
	if len(ds) > 0 {
		t.Fatal(render(t, ds))
	}
	want := strings.Replace(kitchen, "0.5 #", "0.25 * 3 #", 1) + "\nwatchdog {\n  read_stall = \"3s\"\n}\n"
	if string(src) != want || rb.Models[0].Threshold != 0.75 || rb.Watchdog.ReadStall.String() != "3s" || rb.Dir != "dir" {
		t.Errorf("%v, %v\n%s", rb.Models, rb.Watchdog, src)
	}
	out, err := s.Changed(src, s.Faults[0])
	if err != nil || string(out) != strings.Replace(want, "0.25 * 3", "0.9", 1) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRunbookProblems: each is reported where it can be mended.
func TestRunbookProblems(t *testing.T) {
	for name, c := range map[string]struct{ more, want string }{
		"no attribute":   {"change \"model.hey_jarvis\" {\n  treshold = 1\n}", "x.hcl:9:14: error: model has no attribute \"treshold\". Did you mean \"threshold\"?"},
		"no block":       {"change \"model.hey_jarvs\" {\n  threshold = 1\n}", "x.hcl:9:15: error: the runbook has no model.hey_jarvs. Did you mean \"model.hey_jarvis\"?"},
		"no type":        {"change \"modl.x\" {\n  threshold = 1\n}", "x.hcl:9:15: error: \"modl.x\" is not the address of a block in a runbook"},
		"out of range":   {"change \"model.hey_jarvis\" {\n  threshold = 1.5\n}", "x.hcl:9:15: error: threshold is 1.5, out of range"},
		"a rule":         {"change \"watchdog\" {\n  degraded_after = \"10s\"\n}", "x.hcl:9:20: error: degraded_after must be less than read_stall"},
		"a secret":       {"change \"stt.whisper\" {\n  token = \"l1teral\"\n}", "x.hcl:9:11: error: token is a secret written out in the file"},
		"apply":          {"fault \"apply\" \"a\" {\n  at = \"1m\"\n  block = \"model.x\"\n  set = { threshold = 1 }\n}", "x.hcl:11:9: error: the runbook has no model.x"},
		"target":         {"fault \"unplug\" \"a\" {\n  at = \"1m\"\n  target = \"usbb\"\n}", "x.hcl:10:12: error: the runbook has no device \"usbb\""},
		"nothing to hit": {"fault \"webhook_down\" \"a\" {\n  at = \"1m\"\n}", "x.hcl:8:1: error: the runbook has no webhook"},
		"sound":          {"sound \"a\" {\n  play = \"door.wav\"\n}", "x.hcl:9:10: warning: cannot open the sound door.wav: no such file"},
		"model":          {"sound \"a\" {\n  model = \"alexa\"\n}", "x.hcl:9:11: error: the runbook has no model \"alexa\""},
	} {
		o := files(map[string]string{"kitchen.hcl": kitchen})
		s, ds := Parse([]byte(head+c.more+"\n"), "x.hcl", o)
		if s == nil {
			t.Errorf("%s: %v", name, ds)
			continue
		}
		rb, _, ds := s.Runbook(o)
		if (rb == nil) != ds.HasErrors() || len(ds) != 1 || !strings.HasPrefix(ds[0].String(), c.want) {
			t.Errorf("%s: want %s, got %v", name, c.want, ds)
		}
		if strings.Contains(render(t, ds), "l1teral") {
			t.Errorf("%s: a secret is printed:\n%s", name, render(t, ds))
		}
	}
	s, _ := Parse([]byte(head), "x.hcl", testWorld())
	for text, want := range map[string]string{
		"":                     "x.hcl:2:13: error: cannot read the runbook kitchen.hcl: no such file",
		kitchen + "x = 1\n":    "kitchen.hcl:15:1: error: \"x\" is outside of any block",
		"appliance \"a\" { }}": "kitchen.hcl:1:18: error: ",
	} {
		world := map[string]string{"kitchen.hcl": text}
		if text == "" {
			world = nil
		}
		if rb, _, ds := s.Runbook(files(world)); rb != nil || len(ds) == 0 || !strings.HasPrefix(ds[0].String(), want) {
			t.Errorf("want %s, got %v", want, ds)
		}
	}
}

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		head:                             true,
		"# x\nscenario \"x\" {":          true,
		"scenario":                       true,
		"":                               false,
		kitchen:                          false,
		"scenario = 1":                   false,
		"locals {\n  scenario {\n  }\n}": false,
		"# scenario \"x\" {}":            false,
	} {
		if Is([]byte(text)) != want {
			t.Errorf("%q", text)
		}
	}
}

func TestNodes(t *testing.T) {
	s, ds := Parse([]byte(head+`
fault "node_panic" "a" {
  at     = "1m"
  target = "features.usbb"
}
steady "s" {
  holds = nodes["source.usbb"].taken > nodes["source.usb"].taken
}
`), "x.hcl", testWorld())
	if s == nil {
		t.Fatal(ds)
	}
	got := s.Nodes([]string{"source.usb", "features.usb"}).Error()
	want := "x.hcl:11:12: error: there is no node \"features.usbb\". The nodes are source.usb, features.usb.\n" +
		"x.hcl:14:11: warning: there is no node \"source.usbb\". The nodes are source.usb, features.usb."
	if got != want {
		t.Errorf("got %s", got)
	}
}
