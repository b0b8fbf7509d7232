package edit

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
	"orac/runbook/testkit"
)

const editable = `# The kitchen.
appliance "kitchen" {} # nothing more

device "microphone" "usb" { match = "USB" }
model "hey_jarvis" {
  source    = "catalog:hey_jarvis" # where from
  threshold = 0.5                  # not too low
  # the end
}

listener "kitchen" {
  device = device.microphone.usb // the only one
  models = [
    model.hey_jarvis, # the first
  ]

  record {
    silence = "500ms"
  }
}
`

func TestEdit(t *testing.T) {
	for _, c := range []struct {
		block, attribute, expression string
		from, to                     string // the only difference
	}{
		{"model.hey_jarvis", "threshold", "0.6", "threshold = 0.5 ", "threshold = 0.6 "},
		{"model.hey_jarvis", "threshold", " (0.1 + 0.2)\n", "threshold = 0.5 ", "threshold = (0.1 + 0.2) "},
		{"model.hey_jarvis", "cooldown", `"3s"`, "# not too low\n", "# not too low\n  cooldown = \"3s\"\n"},
		{"appliance.kitchen", "log_level", `"debug"`, `"kitchen" {}`, "\"kitchen\" {\n  log_level = \"debug\"\n}"},
		{"device.microphone.usb", "channels", "2", `{ match = "USB" }`, "{\n  match = \"USB\"\n  channels = 2\n}"},
		{"listener.kitchen", "models", "values(model)", "[\n    model.hey_jarvis, # the first\n  ]", ""}, // a comment would go
		{"listener.kitchen", "multi_trigger", "true", "  ]\n", "  ]\n  multi_trigger = true\n"},
		{"listener.kitchen.record", "silence", `"1s"`, `"500ms"`, `"1s"`},
		{"listener.kitchen.record", "grace", `"1s"`, "\"500ms\"\n", "\"500ms\"\n    grace = \"1s\"\n"},
		{"watchdog", "read_stall", `"3s"`, "  }\n}\n", "  }\n}\n\nwatchdog {\n  read_stall = \"3s\"\n}\n"},
	} {
		got, err := Set([]byte(editable), language.Address(c.block), c.attribute, c.expression)
		if c.to == "" {
			var why *Error
			if !errors.As(err, &why) {
				t.Errorf("%s.%s: a comment is lost: %v\n%s", c.block, c.attribute, err, got)
			}
			continue
		}
		if want := strings.Replace(editable, c.from, c.to, 1); err != nil || string(got) != want {
			t.Errorf("%s.%s: %v\n%s", c.block, c.attribute, err, language.Diff("orac.hcl", []byte(want), got))
		}
		if rb, ds := runbook.Parse(got, "x.hcl", runbooktest.World()); rb == nil {
			t.Errorf("%s.%s: %v", c.block, c.attribute, ds)
		}
	}
}

func TestEditAddsNestedBlocks(t *testing.T) {
	src := "listener \"a\" {\n  device = device.wav.a\n}\nlistener \"b\" {}\n"
	got, err := Set([]byte(src), "listener.a.record", "silence", `"1s"`)
	if want := strings.Replace(src, ".a\n", ".a\n\n  record {\n    silence = \"1s\"\n  }\n", 1); err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = Set([]byte(src), "listener.b.record", "silence", `"1s"`)
	if want := strings.Replace(src, "{}", "{\n  record {\n    silence = \"1s\"\n  }\n}", 1); err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestEditRefuses(t *testing.T) {
	for _, c := range []struct{ block, attribute, expression, want string }{
		{"model.hey_jarvs", "threshold", "0.6", `no model.hey_jarvs. Did you mean "model.hey_jarvis"?`},
		{"stt.whisper", "url", `"http://a"`, "It has no stt."},
		{"modl.hey_jarvis", "threshold", "0.6", "is not the address of a block in a runbook"},
		{"model", "threshold", "0.6", "Write model.NAME."},
		{"listener.kitchen.recrd", "silence", `"1s"`, `listener has no nested block "recrd".`},
		{"locals", "a", "1", "is not the address of a block"},
		{"model.hey_jarvis", "treshold", "0.6", `Did you mean "threshold"?`},
		{"model.hey_jarvis", "threshold", "", "it is empty"},
		{"model.hey_jarvis", "threshold", "0.6\n  cooldown = \"1s\"", "not an expression"},
		{"model.hey_jarvis", "threshold", "0.6 }", "not an expression"},
		{"model.hey_jarvis", "threshold", "0.6 # sic", "without changing other lines"},
		{"model.hey_jarvis", "threshold", "0.6 /*", "not an expression"},
		{"model.hey_jarvis", "threshold", "1 +\n 2", "without changing other lines"},
		{"model.hey_jarvis", "threshold", strings.Repeat("(", 1000), "not an expression: brackets are nested"},
		{"model.hey_jarvis", "threshold", "\x00", "not an expression"},
	} {
		got, err := Set([]byte(editable), language.Address(c.block), c.attribute, c.expression)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s.%s = %s: want %q, got %v\n%s", c.block, c.attribute, language.Clip(c.expression), c.want, err, got)
		}
	}
	if _, err := Set([]byte("model {{"), "watchdog", "read_stall", `"1s"`); err == nil {
		t.Error("a text that cannot be parsed is edited")
	}
}

// onTexts checks a property of texts that are drawn: the runbooks of the tests and those given, some of them mutated.
func onTexts(t *testing.T, check func(t *rapid.T, src []byte), more ...string) {
	t.Helper()
	whole, err := os.ReadFile("../testdata/good/whole.hcl")
	testkit.Must(t, err)
	texts := append(runbooktest.Corpus(t), whole, bytes.ReplaceAll(whole, []byte("\n"), []byte("\r\n")))
	for _, text := range more {
		texts = append(texts, []byte(text))
	}
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.SampledFrom(texts).Draw(t, "runbook")
		if rapid.Bool().Draw(t, "mutated") {
			src = runbooktest.Mutate(t, src)
		}
		check(t, src)
	})
}

// TestEditProperties: of every runbook, valid or not, an edit changes the value of one attribute and nothing else.
func TestEditProperties(t *testing.T) {
	onTexts(t, func(t *rapid.T, src []byte) {
		checkEdit(t, src, rapid.IntRange(0, 1000).Draw(t, "block"), rapid.IntRange(0, 1000).Draw(t, "attribute"))
	}, editable)
}

// checkEdit sets an attribute to an example of it, and checks what holds of any edit.
func checkEdit(t runbooktest.Fataler, src []byte, block, attribute int) {
	t.Helper()
	body, err := runbook.Vocabulary.Syntax(src)
	if err != nil {
		return
	}
	addrs := []language.Address{"watchdog", "memory", "store"}
	for _, b := range body.Blocks {
		a := language.Address(strings.Join(append([]string{b.Type}, b.Labels...), "."))
		addrs = append(addrs, a, a+".record")
	}
	addr := addrs[block%len(addrs)]
	path, err := pathTo(addr)
	if err != nil {
		return
	}
	at := &path[len(path)-1].types.Attributes[attribute%len(path[len(path)-1].types.Attributes)]
	out, err := Set(src, addr, at.Name, at.Like())
	if err != nil {
		return
	}
	again, err := Set(out, addr, at.Name, at.Like())
	if err != nil || !bytes.Equal(out, again) {
		t.Fatalf("the same edit again changes more: %v\n%s", err, language.Diff("x", out, again))
	}
	if strip(comments(src)) != strip(comments(out)) {
		t.Fatalf("comments differ:\n%s", language.Diff("x", src, out))
	}
	before, _ := runbook.Parse(src, "x.hcl", runbooktest.World())
	after, _ := runbook.Parse(out, "x.hcl", runbooktest.World())
	if before == nil || after == nil {
		return
	}
	for _, c := range runbook.Compare(before, after) {
		if c.Address != path0(addr) && c.Kind != runbook.Removed { // what refers to it may follow it
			for _, a := range c.Attributes {
				if !strings.Contains(a.Source, at.Name) && !strings.Contains(a.Source, "local.") && !strings.Contains(a.Source, "var.") {
					t.Fatalf("setting %s.%s changes %s: %+v", addr, at.Name, c.Address, a)
				}
			}
		}
	}
}

// path0 is the address of the block at the top level.
func path0(a language.Address) language.Address {
	return language.Address(strings.TrimSuffix(string(a), ".record"))
}

func strip(comments []string) string { return strings.Join(comments, "\n") }
