package graph_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"orac/appliance/graph"
	"orac/runbook"
	"orac/runbook/language"
)

// TestADrawnGraphHoldsNoControlCharacters: a runbook's texts are drawn as text, whatever they hold, on a terminal and for Graphviz.
func TestADrawnGraphHoldsNoControlCharacters(t *testing.T) {
	const evil = `[2J\u202e\u2028\"\\];b[label=\"x` + "`"
	rb, problems := runbook.Parse([]byte(`
appliance "x" {}
device "microphone" "usb" { match = "`+evil+`" }
device "wav" "demo" { path = "`+strings.ReplaceAll(evil, `\u0000`, "")+`.wav" }
model "a" { source = "`+strings.NewReplacer(`\u0000`, "", ":", "").Replace(evil)+`.onnx" }
listener "one" {
  device  = device.microphone.usb
  models  = [model.a]
  deliver = [stt.whisper]
}
listener "two" {
  device = device.wav.demo
  models = [model.a]
}
stt "whisper" {
  protocol = "exec"
  command  = ["`+evil+`", "b"]
}`), "x.hcl", language.Options{HashKey: make([]byte, 32)})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	g, err := graph.Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	var text, dot bytes.Buffer
	g.Print(&text)
	g.DOT(&dot)
	for what, b := range map[string]string{"text": text.String(), "DOT": dot.String()} {
		if i := strings.IndexFunc(b, func(r rune) bool {
			return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028'
		}); i >= 0 {
			t.Errorf("%s: %q", what, b[max(0, i-40):i+4])
		}
		if n := strings.Count(b, "[2J"); n < 4 {
			t.Errorf("%s: the texts are shown %d times:\n%s", what, n, b)
		}
	}
	for line := range strings.Lines(dot.String()) {
		if quotes := strings.Count(line, `"`) - strings.Count(strings.ReplaceAll(line, `\\`, ""), `\"`); quotes%2 != 0 {
			t.Errorf("a text ends early: %s", line)
		}
	}
}
