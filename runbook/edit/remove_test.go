package edit

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

func TestRemove(t *testing.T) {
	for _, c := range []struct{ src, block, want string }{
		{editable, "appliance.kitchen", strings.Replace(editable, "appliance \"kitchen\" {} # nothing more\n", "# nothing more\n", 1)},
		{editable, "device.microphone.usb", strings.Replace(editable, "device \"microphone\" \"usb\" { match = \"USB\" }\n", "", 1)},
		{editable, "listener.kitchen", editable[:strings.Index(editable, "\nlistener")]},
		{editable, "listener.kitchen.record", strings.Replace(editable, "\n  record {\n    silence = \"500ms\"\n  }\n", "", 1)},
		{"# a\n\nmemory {}\n\n# b\ndisk {}\n", "memory", "# a\n\n# b\ndisk {}\n"},
		{"# a\nmemory {}\n# b\ndisk {}\n", "memory", "# a\n# b\ndisk {}\n"},
		{"/* a */ memory {\n} /* b */ # c\n", "memory", "/* a */  /* b */ # c\n"},
		{"memory {}\n\ndisk {}", "memory", "disk {}"},
		{"memory {}\n\ndisk {}", "disk", "memory {}\n"},
		{"memory {}\r\n\r\ndisk {\r\n}\r\n\r\nstore {}\r\n", "disk", "memory {}\r\n\r\nstore {}\r\n"},
		{"listener \"a\" {\n  record {\n  }\n\n  device = device.wav.a\n}\n", "listener.a.record", "listener \"a\" {\n  device = device.wav.a\n}\n"},
		{"memory {}", "memory", ""},
	} {
		got, err := Remove([]byte(c.src), language.Address(c.block))
		if err != nil || string(got) != c.want {
			t.Errorf("%s of %q: %v\n%q, want\n%q", c.block, language.Clip(c.src), err, got, c.want)
		}
	}
}

func TestUnset(t *testing.T) {
	for _, c := range []struct{ src, block, attribute, want string }{
		{editable, "model.hey_jarvis", "threshold", strings.Replace(editable, "threshold = 0.5                  # not too low", "# not too low", 1)},
		{editable, "device.microphone.usb", "match", strings.Replace(editable, "{ match = \"USB\" }", "{}", 1)},
		{editable, "listener.kitchen.record", "silence", strings.Replace(editable, "    silence = \"500ms\"\n", "", 1)},
		{editable, "model.hey_jarvis", "cooldown", editable},
		{editable, "listener.kitchen", "models", strings.Replace(editable, "  models = [\n    model.hey_jarvis, # the first\n  ]\n", "", 1)},
		{"memory {\n  warn = \"1MiB\"\n\n  # why\n  restart = \"2MiB\"\n}\n", "memory", "warn", "memory {\n  # why\n  restart = \"2MiB\"\n}\n"},
		{"memory { /* a */ warn = \"1MiB\" }\n", "memory", "warn", "memory { /* a */  }\n"},
		{"stt \"a\" {\n  url = <<E\nhttp://a\nE\n  task = \"translate\"\n}\n", "stt.a", "url", "stt \"a\" {\n  task = \"translate\"\n}\n"},
	} {
		got, err := Unset([]byte(c.src), language.Address(c.block), c.attribute)
		if err != nil || string(got) != c.want {
			t.Errorf("%s.%s of %q: %v\n%q, want\n%q", c.block, c.attribute, language.Clip(c.src), err, got, c.want)
		}
	}
}

func TestRemoveRefuses(t *testing.T) {
	for _, c := range []struct{ src, block, attribute, want string }{
		{editable, "model.hey_jarvs", "", `no model.hey_jarvs. Did you mean "model.hey_jarvis"?`},
		{editable, "stt.whisper", "", "It has no stt."},
		{editable, "watchdog", "", "no watchdog"},
		{editable, "model", "", "Write model.NAME."},
		{editable, "locals", "", "is not the address of a block"},
		{"listener \"a\" {}\n", "listener.a.record", "", "listener.a.record is not in the file"},
		{"model \"a\" {}\nmodel \"a\" {}\n", "model.a", "", "is in the file twice"},
		{editable, "model.hey_jarvis", "treshold", `Did you mean "threshold"?`},
		{"model {{", "model.a", "", "block definition required"},
	} {
		got, err := Remove([]byte(c.src), language.Address(c.block))
		if c.attribute != "" {
			got, err = Unset([]byte(c.src), language.Address(c.block), c.attribute)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s.%s: want %q, got %v\n%s", c.block, c.attribute, c.want, err, got)
		}
	}
}

// TestRemoveProperties: of every runbook, valid or not, a removal takes lines away and adds none, keeps what else is said and
// every comment beside the block, and what was removed cannot be removed again.
func TestRemoveProperties(t *testing.T) {
	onTexts(t, func(t *rapid.T, src []byte) {
		checkRemove(t, src, rapid.IntRange(0, 1000).Draw(t, "block"))
	}, editable)
}

// checkRemove removes a block, and checks what holds of any removal.
func checkRemove(t runbooktest.Fataler, src []byte, block int) {
	t.Helper()
	body, err := runbook.Vocabulary.Syntax(src)
	if err != nil {
		return
	}
	addrs := []language.Address{"watchdog"}
	for _, b := range body.Blocks {
		a := language.Address(strings.Join(append([]string{b.Type}, b.Labels...), "."))
		addrs = append(addrs, a, a+".record")
	}
	addr := addrs[block%len(addrs)]
	out, err := Remove(src, addr)
	if err != nil {
		return
	}
	if !isSubsequence(out, src) {
		t.Fatalf("removing %s adds something:\n%s", addr, language.Diff("x", src, out))
	}
	var missing *Error
	if _, err := Remove(out, addr); !errors.As(err, &missing) && !isBlank(out) {
		t.Fatalf("%s can be removed twice, or the result is none: %v", addr, err)
	}
	before, _ := runbook.Parse(src, "x.hcl", runbooktest.World())
	after, _ := runbook.Parse(out, "x.hcl", runbooktest.World())
	if before == nil || after == nil {
		return
	}
	was, _ := before.Block(addr)
	if changes := runbook.Compare(before, after); was.Written && slices.ContainsFunc(changes, func(c runbook.Change) bool { return c.Kind == runbook.Added }) {
		t.Fatalf("removing %s adds a block: %+v", addr, changes)
	}
}

// isSubsequence tells whether a comes of b by taking bytes away.
func isSubsequence(a, b []byte) bool {
	for _, c := range a {
		i := bytes.IndexByte(b, c)
		if i < 0 {
			return false
		}
		b = b[i+1:]
	}
	return true
}
