package language_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
	"orac/runbook/testkit"
)

// inputWorld is a world whose every part a test can change.
type inputWorld struct {
	source                    string
	env, files, secrets, vars map[string]string
	named                     map[string]string
	reads                     map[string]int // how often each was asked for
}

// inputSource uses one input of every kind, in public and in secret places.
const inputSource = `
appliance "a" {}
variable "host" {}
variable "pin" {
  sensitive = true
}
variable "idle_pin" {
  sensitive = true
}
variable "unused" {
  default = "x"
}
locals {
  prompt = jsondecode(file("prompt.json"))
  idle   = file("idle.txt")
}
device "wav" "demo" {
  path = "sounds/demo.wav"
}
model "m" {
  source    = "own.onnx"
  wake_word = local.prompt.words
  topic     = try(file("absent.txt"), "general")
}
model "n" {
  source = "catalog:n"
  topic  = file(env("TOPIC_FILE"))
}
stt "s" {
  url      = "http://${var.host}:7272"
  language = try(env("ABSENT"), env("LANGUAGE"))
  token    = "${secret("token")}${file("token.txt")}${var.pin}${file("both.txt")}"
}
stt "t" {
  url      = "http://t"
  language = file("both.txt")
  token    = file(env("WHERE"))
}
`

func newInputWorld() *inputWorld {
	return &inputWorld{
		source:  inputSource,
		env:     map[string]string{"LANGUAGE": "en", "WHERE": "hidden.txt", "TOPIC_FILE": "shade.txt", "OTHER": "x", "ORAC_VAR_pin": runbooktest.VarSecret, "ORAC_VAR_idle_pin": runbooktest.VarSecret},
		files:   map[string]string{"prompt.json": `{"words":"hey you"}`, "idle.txt": "idle", "token.txt": runbooktest.FileSecret, "both.txt": "de", "hidden.txt": "hidden-" + runbooktest.FileSecret, "shade.txt": "shade", "other.txt": "x"},
		secrets: map[string]string{"token": runbooktest.StoredSecret, "other": "x"},
		vars:    map[string]string{"host": "stt.test"},
		named:   map[string]string{"sounds/demo.wav": "RIFF", "own.onnx": "a model", "other.wav": "x"},
		reads:   map[string]int{},
	}
}

func (w *inputWorld) options() language.Options {
	find := func(kind string, m map[string]string, name string) (string, bool) {
		w.reads[kind+" "+name]++
		v, ok := m[name]
		return v, ok
	}
	return language.Options{
		HashKey: []byte("key"),
		Vars:    w.vars,
		Env:     func(name string) (string, bool) { return find("env", w.env, name) },
		Secret: func(name string) (string, error) {
			if v, ok := find("secret", w.secrets, name); ok {
				return v, nil
			}
			return "", errors.New("there is none")
		},
		ReadFile: func(path string) ([]byte, error) {
			if v, ok := find("file", w.files, strings.TrimPrefix(path, "dir/")); ok {
				return []byte(v), nil
			}
			return nil, fs.ErrNotExist
		},
		Open: func(path string) (fs.File, error) {
			all := fstest.MapFS{}
			for name, text := range w.named {
				all["dir/"+name] = &fstest.MapFile{Data: []byte(text)}
			}
			return all.Open(path)
		},
	}
}

func (w *inputWorld) load(t testing.TB) *runbook.Runbook {
	t.Helper()
	rb, ds := runbook.Parse([]byte(w.source), "dir/orac.hcl", w.options())
	if rb == nil {
		t.Fatal(ds)
	}
	return rb
}

// TestInputsAreRecorded checks what is kept of every input, and that nothing is a secret.
func TestInputsAreRecorded(t *testing.T) {
	in := newInputWorld().load(t).Inputs()
	var got []string
	hashes := map[string]string{}
	for _, i := range in.List {
		if other, ok := hashes[i.Hash]; ok && i.Keyed {
			t.Errorf("%s and %s can be seen to be equal", i.Name, other)
		}
		hashes[i.Hash] = i.Name
		line := fmt.Sprintf("%s %s", i.Kind, i.Name)
		if strings.HasPrefix(i.Name, "(") {
			line = fmt.Sprintf("%s (…)", i.Kind)
		}
		switch {
		case i.Missing:
			line += " missing"
		case i.Keyed:
			line += " keyed"
		case i.Kept():
			line += " = " + i.Value
		}
		if (i.Hash == "") != i.Missing {
			t.Errorf("%s: its hash is %q", line, i.Hash)
		}
		got = append(got, line)
	}
	want := []string{
		"env ABSENT missing", "env LANGUAGE keyed", "env TOPIC_FILE keyed", "env WHERE keyed",
		"file (…) keyed", "file (…) keyed", "file absent.txt missing", "file both.txt keyed", "file idle.txt keyed", `file prompt.json = {"words":"hey you"}`, "file token.txt keyed",
		"named file own.onnx", "named file sounds/demo.wav",
		"secret token keyed", "variable host = stt.test", "variable idle_pin keyed", "variable pin keyed",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestInputsHoldNoSecret: neither a secret nor an unkeyed hash of one stands in what is kept.
func TestInputsHoldNoSecret(t *testing.T) {
	w := newInputWorld()
	in := w.load(t).Inputs()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	runbooktest.MustHide(t, string(text)+fmt.Sprintf("%+v", in))
	for _, secret := range []string{runbooktest.StoredSecret, runbooktest.FileSecret, runbooktest.VarSecret, "hidden-" + runbooktest.FileSecret, "hidden.txt", "shade", "shade.txt", "en", "de", "idle"} {
		if strings.Contains(string(text), language.TextHash(secret)) {
			t.Errorf("there is a plain hash of %q, which can be guessed", secret)
		}
	}
	for _, hidden := range []string{"hidden.txt", "shade"} {
		if strings.Contains(string(text), hidden) {
			t.Errorf("%q, which the environment names, is kept", hidden)
		}
	}
	runbooktest.MustHide(t, fmt.Sprintf("%+v %#v", *w.load(t), *w.load(t)))
}

// TestEverythingIsFetchedOnce: an evaluation never sees two states of one thing.
func TestEverythingIsFetchedOnce(t *testing.T) {
	w := newInputWorld()
	w.load(t)
	for what, n := range w.reads {
		if n != 1 {
			t.Errorf("%s was asked for %d times", what, n)
		}
	}
}

// TestInputsAsJSON: what is kept has the hash that it had, in whatever order it stands.
func TestInputsAsJSON(t *testing.T) {
	in := newInputWorld().load(t).Inputs()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var back language.Inputs
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(back.List)
	if back.Hash() != in.Hash() {
		t.Error("the hash is another one after a round through JSON")
	}
}

// TestTheHashChangesWithAnyInput changes one thing at a time: what the runbook uses changes the hash, anything else does not.
func TestTheHashChangesWithAnyInput(t *testing.T) {
	used := []string{"source", "env LANGUAGE", "env ABSENT", "env WHERE", "file prompt.json", "file idle.txt", "file token.txt", "file both.txt", "file hidden.txt", "file shade.txt", "env TOPIC_FILE",
		"file absent.txt", "secret token", "var host", "var pin", "var idle_pin", "var unused", "named sounds/demo.wav", "named own.onnx"}
	unused := []string{"env OTHER", "file other.txt", "secret other", "named other.wav"}
	values := map[string][]string{ // where not any text will do
		"env LANGUAGE": {"de", "fr"}, "env ABSENT": {"es", "it"}, "env WHERE": {"other.txt"}, "env TOPIC_FILE": {"other.txt"}, "file both.txt": {"fr", "it"},
		"file prompt.json": {`{"words":"ho"}`, `{"words":"hey you" }`}, "file absent.txt": {"lights"}, "var host": {"h1", "h2"},
	}
	rapid.Check(t, func(r *rapid.T) {
		w := newInputWorld()
		before := w.load(t).Inputs().Hash()
		if again := newInputWorld().load(t).Inputs().Hash(); again != before {
			r.Fatal("two equal evaluations have different hashes")
		}
		what := rapid.SampledFrom(slices.Concat(used, unused)).Draw(r, "what")
		kind, name, _ := strings.Cut(what, " ")
		text := rapid.StringMatching(`[a-z]{1,20}`).Draw(r, "text")
		if choices := values[what]; choices != nil {
			text = rapid.SampledFrom(choices).Draw(r, "choice")
		}
		m := map[string]map[string]string{"env": w.env, "file": w.files, "secret": w.secrets, "var": w.vars, "named": w.named}[kind]
		if kind == "source" {
			w.source += "# " + text + "\n"
		} else {
			if m[name] == text {
				return
			}
			m[name] = text
		}
		after := w.load(t).Inputs().Hash()
		if slices.Contains(used, what) != (after != before) {
			r.Errorf("%s changed to %q: the hash changed: %v", what, text, after != before)
		}
	})
}

// TestWhatTheHashIsOf: a file that goes away changes it, another place of the runbook does not, another key does.
func TestWhatTheHashIsOf(t *testing.T) {
	before := newInputWorld().load(t).Inputs().Hash()
	w := newInputWorld()
	delete(w.named, "own.onnx")
	if w.load(t).Inputs().Hash() == before {
		t.Error("a model that is missing is not noticed")
	}
	if rb, ds := runbook.Parse([]byte(inputSource), "./dir/other.hcl", newInputWorld().options()); rb == nil || rb.Inputs().Hash() != before {
		t.Errorf("another name of the file gives another hash (%v)", ds)
	}
	opts := newInputWorld().options()
	opts.HashKey = []byte("other")
	if rb, ds := runbook.Parse([]byte(inputSource), "dir/orac.hcl", opts); rb == nil || rb.Inputs().Hash() == before {
		t.Errorf("another key gives the same hash (%v)", ds)
	}
	opts.HashKey = nil
	a, _ := runbook.Parse([]byte(inputSource), "dir/orac.hcl", opts)
	b, _ := runbook.Parse([]byte(inputSource), "dir/orac.hcl", opts)
	if a.Inputs().Hash() != b.Inputs().Hash() {
		t.Error("without a key, one process gives two hashes")
	}
}

// TestInputsAreOfOneMoment: a file that changes later does not change what a runbook says it was made of.
func TestInputsAreOfOneMoment(t *testing.T) {
	w := newInputWorld()
	rb := w.load(t)
	before := rb.Inputs()
	w.named["own.onnx"] = "another model"
	if d := cmp.Diff(before, rb.Inputs()); d != "" {
		t.Error(d)
	}
	if (&runbook.Runbook{}).Inputs().Hash() == before.Hash() {
		t.Error("a runbook that was never evaluated has inputs")
	}
}

// TestNamedFiles looks at real files: by content, and a huge one by size and time.
func TestNamedFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.wav")
	input := func() language.Input {
		rb, ds := runbook.Parse([]byte("appliance \"a\" {}\ndevice \"wav\" \"d\" {\n  path = \"a.wav\"\n}\n"), filepath.Join(dir, "orac.hcl"), language.Options{})
		if rb == nil {
			t.Fatal(ds)
		}
		return rb.Inputs().List[0]
	}
	if i := input(); !i.Missing {
		t.Errorf("there is none: %+v", i)
	}
	testkit.Must(t, os.WriteFile(path, []byte("abc"), 0o600))
	i := input()
	if want := (language.Input{Kind: language.InputNamed, Name: "a.wav", Hash: language.TextHash("abc"), Size: 3}); i != want {
		t.Errorf("%+v, want %+v", i, want)
	}
	testkit.Must(t, os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)))
	if again := input(); again != i {
		t.Errorf("the same content at another time is another input: %+v", again)
	}
	testkit.Must(t, os.Truncate(path, language.MaxHashed+1))
	testkit.Must(t, os.Chtimes(path, time.Unix(5, 0), time.Unix(5, 0)))
	if got, want := input(), (language.Input{Kind: language.InputNamed, Name: "a.wav", Size: language.MaxHashed + 1, Modified: 5e9}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	testkit.Must(t, os.Remove(path))
	testkit.Must(t, os.Mkdir(path, 0o700))
	if i := input(); !i.Missing {
		t.Errorf("a folder is no sound: %+v", i)
	}
}

// TestInputLimits: what an evaluation may fetch is bounded, and failing to do so is an error like any other.
func TestInputLimits(t *testing.T) {
	load := func(names int, call string, size int) language.Diagnostics {
		var b strings.Builder
		b.WriteString("appliance \"a\" {}\nlocals {\n")
		for i := range names {
			fmt.Fprintf(&b, "  a%d = %s(\"n%d\")\n", i, call, i)
		}
		b.WriteString("}\n")
		opts := runbooktest.World()
		opts.Env = func(string) (string, bool) { return "x", true }
		opts.ReadFile = func(string) ([]byte, error) { return []byte(strings.Repeat("x", size)), nil }
		_, ds := runbook.Parse([]byte(b.String()), "x.hcl", opts)
		return ds
	}
	for _, c := range []struct {
		names int
		call  string
		size  int
		want  string
	}{
		{language.MaxFetched, "env", 0, ""},
		{language.MaxFetched + 1, "env", 0, "more than 1024 values"},
		{8, "file", 1 << 20, ""},
		{9, "file", 1 << 20, "larger than 8 MiB together"},
	} {
		ds := load(c.names, c.call, c.size)
		if ds.HasErrors() != (c.want != "") || !strings.Contains(ds.Error(), c.want) {
			t.Errorf("%d × %s of %d bytes: %q, want %q", c.names, c.call, c.size, ds.Error(), c.want)
		}
	}
}

// TestVariablesAndFetchesTogether fills both kinds of places of an input to the brim.
func TestVariablesAndFetchesTogether(t *testing.T) {
	const variables = language.MaxBlocks - 2
	var b strings.Builder
	b.WriteString("appliance \"a\" {}\n")
	vars := map[string]string{}
	for i := range variables {
		fmt.Fprintf(&b, "variable \"v%d\" {}\n", i)
		vars[fmt.Sprintf("v%d", i)] = "x"
	}
	b.WriteString("locals {\n")
	for i := range language.MaxFetched {
		fmt.Fprintf(&b, "  a%d = env(\"n%d\")\n", i, i)
	}
	b.WriteString("}\n")
	opts := runbooktest.World()
	opts.Vars = maps.Clone(vars)
	opts.Env = func(string) (string, bool) { return "x", true }
	rb, ds := runbook.Parse([]byte(b.String()), "x.hcl", opts)
	if rb == nil {
		t.Fatal(ds)
	}
	if n := len(rb.Inputs().List); n != variables+language.MaxFetched {
		t.Errorf("%d inputs, want %d", n, variables+language.MaxFetched)
	}
}
