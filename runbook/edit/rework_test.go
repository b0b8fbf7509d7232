package edit

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// reworkable is laid out and spoken about by hand, so that any byte that moves is seen.
const reworkable = `appliance "kitchen" {}

device "microphone" "usb" {
  match="USB"   # as it was typed
}
model "hey_jarvis" {
    source = "catalog:hey_jarvis"
} # the last model
listener "kitchen" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
}
`

func TestRework(t *testing.T) {
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(reworkable) }
	for name, c := range map[string]struct {
		do   []Operation
		want string
	}{
		"nothing": {nil, reworkable},
		"a model beside the others, laid out": {[]Operation{
			{Do: DoAdd, Block: "model.alexa"}, {DoSet, "model.alexa", "source", `"catalog:alexa"`}, {DoSet, "model.alexa", "threshold", "0.4"},
		}, replaced("# the last model\n", "# the last model\n\nmodel \"alexa\" {\n  source    = \"catalog:alexa\"\n  threshold = 0.4\n}\n\n")},
		"the first of its type": {[]Operation{
			{Do: DoAdd, Block: "stt.whisper"}, {DoSet, "stt.whisper", "url", `"http://stt:7272"`}, {DoSet, "listener.kitchen", "deliver", "[stt.whisper]"},
		}, replaced("[model.hey_jarvis]\n", "[model.hey_jarvis]\n  deliver = [stt.whisper]\n") + "\nstt \"whisper\" {\n  url = \"http://stt:7272\"\n}\n"},
		"a block inside": {[]Operation{
			{DoSet, "listener.kitchen.record", "silence", `"1s"`}, {DoSet, "listener.kitchen.record", "pre_roll", `"2s"`},
		}, replaced("[model.hey_jarvis]\n", "[model.hey_jarvis]\n\n  record {\n    silence  = \"1s\"\n    pre_roll = \"2s\"\n  }\n")},
		"an empty one inside":   {[]Operation{{Do: DoAdd, Block: "web.tls"}}, reworkable + "\nweb {\n  tls {\n  }\n}\n"},
		"there and back":        {[]Operation{{Do: DoAdd, Block: "stt.a"}, {Do: DoRemove, Block: "stt.a"}}, reworkable},
		"a device of its sort":  {[]Operation{{Do: DoAdd, Block: "device.wav.a"}, {DoSet, "device.wav.a", "path", `"a.wav"`}}, replaced("typed\n}\n", "typed\n}\n\ndevice \"wav\" \"a\" {\n  path = \"a.wav\"\n}\n\n")},
		"a text that is quoted": {[]Operation{{DoSet, "device.microphone.usb", "match", Quote("say \"${x}\" %{if}\n")}}, replaced(`"USB"`, `"say \"$${x}\" %%{if}\n"`)},
		"back to the default":   {[]Operation{{DoUnset, "device.microphone.usb", "match", ""}}, replaced("match=\"USB\"   # as", "# as")},
		"one that there is":     {[]Operation{{Do: DoAdd, Block: "model.hey_jarvis"}}, "model.hey_jarvis exists already"},
		"a second of one":       {[]Operation{{Do: DoAdd, Block: "appliance.other"}}, "appliance may be given only once"},
		"no name":               {[]Operation{{Do: DoAdd, Block: "model.Alexa"}}, `"model.Alexa" is not the address of a block`},
		"inside of nothing":     {[]Operation{{Do: DoAdd, Block: "listener.hall.record"}}, "the runbook has no listener.hall"},
		"a second one inside":   {[]Operation{{Do: DoAdd, Block: "web.tls"}, {Do: DoAdd, Block: "web.tls"}}, "operation 2: web.tls exists already"},
		"what no operation is":  {[]Operation{{Do: "rename", Block: "model.a"}}, `"rename" is not an operation`},
		"all that is wrong":     {[]Operation{{DoSet, "model.hey_jarvis", "a", "1"}, {DoSet, "model.hey_jarvis", "threshold", "("}}, "operation 2: "},
		"more than a runbook":   {[]Operation{{DoSet, "model.hey_jarvis", "topic", Quote(strings.Repeat("x", language.MaxFileSize-100))}}, "the file would become larger than 256KiB"},
	} {
		got, wrong := Rework(context.Background(), []byte(reworkable), c.do)
		if len(wrong) > 0 {
			if got != nil || !strings.Contains(wrong[len(wrong)-1].Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, wrong, c.want)
			}
			continue
		}
		if string(got) != c.want {
			t.Errorf("%s:\n%s", name, language.Diff("orac.hcl", []byte(c.want), got))
		}
		crlf, wrong := Rework(context.Background(), bytes.ReplaceAll([]byte(reworkable), []byte("\n"), []byte("\r\n")), c.do)
		if want := strings.ReplaceAll(c.want, "\n", "\r\n"); len(wrong) > 0 || string(crlf) != want {
			t.Errorf("%s, with lines of CR LF: %v\n%q\nwant\n%q", name, wrong, crlf, want)
		}
	}
}

func TestReworkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, wrong := Rework(ctx, []byte(reworkable), []Operation{{Do: DoAdd, Block: "model.a"}})
	if out != nil || len(wrong) != 1 || !errors.Is(wrong[0], context.Canceled) {
		t.Errorf("%s, %v", out, wrong)
	}
}

// TestReworkProperties: of every runbook, what is added and removed again leaves nothing but a blank line, and what is added
// changes nothing else.
func TestReworkProperties(t *testing.T) {
	onTexts(t, func(t *rapid.T, src []byte) {
		checkRework(t, src, rapid.IntRange(0, 1000).Draw(t, "type"))
	}, reworkable, editable)
}

// checkRework adds a block with all of its attributes, and takes it away again.
func checkRework(t runbooktest.Fataler, src []byte, kind int) {
	t.Helper()
	types := slices.DeleteFunc(slices.Clone(runbook.Registry), func(b *language.BlockType) bool { return b.Slot == nil })
	b := types[kind%len(types)]
	addr := language.Address(b.Key())
	if b.Named {
		addr += ".zz_new"
	}
	do := []Operation{{Do: DoAdd, Block: addr}}
	for i := range b.Attributes {
		do = append(do, Operation{DoSet, addr, b.Attributes[i].Name, b.Attributes[i].Like()})
	}
	out, wrong := Rework(context.Background(), src, do)
	if len(wrong) > 0 {
		return
	}
	if !isSubsequence(src, out) {
		t.Fatalf("adding %s takes something away:\n%s", addr, language.Diff("x", src, out))
	}
	back, wrong := Rework(context.Background(), out, []Operation{{Do: DoRemove, Block: addr}})
	if len(wrong) > 0 {
		t.Fatalf("what was added cannot be removed: %v\n%s", wrong, out)
	}
	if lines := func(b []byte) string {
		return strings.Join(slices.DeleteFunc(strings.Split(string(b), "\n"), func(s string) bool { return strings.TrimSpace(s) == "" }), "\n")
	}; lines(back) != lines(src) {
		t.Fatalf("%s leaves something:\n%s", addr, language.Diff("x", src, back))
	}
}

func TestReferrers(t *testing.T) {
	src := []byte(`locals {
  score = model.hey_jarvis.threshold + 0.1
}
variable "v" {
  default = model.hey_jarvis.threshold
}
model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  wake_word = model.hey_jarvis.name
}
model "hey_jarvis_2" {
  source    = "catalog:hey_jarvis"
  threshold = model["hey_jarvis"].threshold
}
listener "kitchen" {
  device = device.microphone.usb
  models = concat([model.hey_jarvis_2], [model.hey_jarvis, model.hey_jarvis])
  record {
    silence_threshold = model.hey_jarvis.threshold
  }
}
listener "all" {
  device = device.microphone.usb
  models = values(model)
}
`)
	var got []string
	for _, r := range Referrers(src, "model.hey_jarvis") {
		got = append(got, string(r.Block)+"."+r.Attribute)
	}
	want := []string{"local.score", "var.v.default", "model.hey_jarvis_2.threshold", "listener.kitchen.models", "listener.kitchen.record.silence_threshold"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if r := Referrers(src, "device.microphone.usb"); len(r) != 2 || r[0].Place.Start.Line != 16 {
		t.Errorf("%+v", r)
	}
	if r := Referrers([]byte("model {{"), "model.a"); r != nil {
		t.Errorf("%+v", r)
	}
}

// FuzzRework: whatever is asked of whatever text, the result is a text that can be parsed, or a reason.
func FuzzRework(f *testing.F) {
	for _, src := range runbooktest.Corpus(f) {
		f.Add(src, "add", "model.zz_new", "", "")
		f.Add(src, "remove", "listener.kitchen", "", "")
	}
	f.Add([]byte(reworkable), "set", "model.hey_jarvis", "threshold", "0.5")
	f.Add([]byte(editable), "unset", "model.hey_jarvis", "threshold", "")
	f.Fuzz(func(t *testing.T, src []byte, do, block, attribute, expression string) {
		out, wrong := Rework(context.Background(), src, []Operation{{Verb(do), language.Address(block), attribute, expression}})
		if len(wrong) > 0 {
			if out != nil || wrong[0].Error() == "" {
				t.Fatalf("%q, %v", out, wrong)
			}
			return
		}
		if _, ok := parsed(out); !ok && !isBlank(out) {
			t.Fatalf("the result is no runbook:\n%s", out)
		}
		checkRework(t, src, len(block))
	})
}
