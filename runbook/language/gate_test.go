package language_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// ownRunbook reads in every way, in places that a change over the network can meet.
const ownRunbook = `
variable "host" { default = "stt.test" }
variable "pin" {
  sensitive = true
}
locals {
  path   = "token.txt"
  token  = file(local.path)
  config = jsondecode(file("prompt.json"))
  key    = "language"
  plain  = "general"
}
appliance "a" {
  state_dir = "state"
}
device "microphone" "m" {
  match = env("CHANNELS")
}
model "m" {
  source    = "catalog:m"
  topic     = local.config[local.key]
  wake_word = "hey"
}
stt "s" {
  url   = "http://${var.host}:7272"
  token = local.token
}
stt "t" {
  url      = env("STT_URL")
  token    = stt.s.token
  language = try(env("ABSENT"), "en")
}
user "anna" {
  password_hash = secret("anna_password_hash")
}
listener "l" {
  device  = device.microphone.m
  models  = [model.m]
  deliver = [stt.s]
}
`

// fetchedNames lets a world say what is asked of it.
func fetchedNames(o language.Options) (language.Options, *[]string) {
	var names []string
	env, file, secret := o.Env, o.ReadFile, o.Secret
	o.Env = func(n string) (string, bool) { names = append(names, "env "+n); return env(n) }
	o.ReadFile = func(n string) ([]byte, error) { names = append(names, "file "+n); return file(n) }
	o.Secret = func(n string) (string, error) { names = append(names, "secret "+n); return secret(n) }
	return o, &names
}

func ownWorld() language.Options {
	o := runbooktest.World()
	o.Vars = map[string]string{"pin": runbooktest.VarSecret, "host": "host.test"}
	return o
}

// TestGate changes the runbook that runs, as somebody on the network may, and says what is refused.
func TestGate(t *testing.T) {
	own, ds := runbook.Parse([]byte(ownRunbook), "x.hcl", ownWorld())
	if own == nil {
		t.Fatal(runbooktest.Render(t, ds, language.RenderOptions{}))
	}
	replace := func(old, new string) string {
		if !strings.Contains(ownRunbook, old) {
			t.Fatalf("there is no %q", old)
		}
		return strings.Replace(ownRunbook, old, new, 1)
	}
	add := func(text string) string { return ownRunbook + text + "\n" }
	for _, c := range []struct {
		name, src string
		refused   []string // summaries; none: it is taken
		fetches   string   // that must not be made
	}{
		{name: "the same", src: ownRunbook},
		{name: "other spacing and comments", src: replace(`env("STT_URL")`, `env( /* where it is */ "STT_URL" ) # there`)},
		{name: "a literal is changed", src: replace(`"hey"`, `"hello"`)},
		{name: "a reader is removed", src: replace(`  language = try(env("ABSENT"), "en")`, "")},
		{name: "a reader becomes a literal", src: replace(`env("CHANNELS")`, `"USB"`)},
		{name: "a reference to what reads nothing", src: replace(`"hey"`, `local.plain`)},
		{name: "a block that reads is named", src: add(`heartbeat "h" { stt = stt.t }`)},
		{name: "blocks that read are listed", src: replace(`[stt.s]`, `[stt.s, stt.t]`)},
		{name: "all blocks of a type", src: replace(`[model.m]`, `values(model)`)},
		{name: "another part of a block that reads", src: replace(`"hey"`, `stt.t.name`)},
		{name: "an attribute of a block that reads nothing itself", src: replace(`"hey"`, `device.microphone.m.backend`)},

		{"env", replace(`"hey"`, `env("TOKEN")`), []string{`wake_word would read env("TOKEN") from the machine`}, "env TOKEN"},
		{"file", replace(`"hey"`, `file("other.txt")`), []string{`wake_word would read file("other.txt") from the machine`}, "file other.txt"},
		{"secret", replace(`"hey"`, `secret("jwt")`), []string{`wake_word would read secret("jwt") from the machine`}, "secret jwt"},
		{"in a place that is read elsewhere", replace(`"hey"`, `env("CHANNELS")`), []string{`wake_word would read env("CHANNELS") from the machine`}, ""},
		{"hidden in a condition", replace(`"hey"`, `can(regex("^a", file("other.txt"))) ? "a" : "b"`), []string{`wake_word would read file("other.txt") from the machine`}, "file other.txt"},
		{"hidden in a loop", replace(`"hey"`, `[for i in [1] : "${file("other.txt")}"][0]`), []string{`wake_word would read file("other.txt") from the machine`}, "file other.txt"},
		{"hidden in try", replace(`"hey"`, `try(secret("jwt"), "x")`), []string{`wake_word would read secret("jwt") from the machine`}, "secret jwt"},
		{"a computed name", replace(`"hey"`, `file("${local.plain}.txt")`), []string{`wake_word would read from the machine with file()`}, "file general.txt"},
		{"a name of an attribute that takes secrets", replace(`local.token`, `secret("jwt")`), []string{`token would read secret("jwt") from the machine`}, "secret jwt"},
		{"by way of a local", replace(`"hey"`, `local.token`), []string{`wake_word would read from the machine, through local.token`}, ""},
		{"by way of an attribute", replace(`"hey"`, `stt.s.token`), []string{`wake_word would read from the machine, through stt.s.token`}, ""},
		{"by way of an index", replace(`"hey"`, `stt["t"]["url"]`), []string{`wake_word would read from the machine, through stt.t.url`}, ""},
		{"by way of a splat", replace(`"hey"`, `values(stt)[*].url[0]`), []string{`wake_word would read from the machine, through stt`}, ""},
		{"by way of all locals", replace(`"hey"`, `keys(local)[0]`), []string{`wake_word would read from the machine, through local`}, ""},
		{"by way of a block", replace(`"hey"`, `jsonencode(device.microphone.m)`), []string{`wake_word would read from the machine, through device.microphone.m`}, ""},
		{"by way of a variable", replace(`"hey"`, `var.host`), []string{`wake_word would read from the machine, through var.host`}, ""},
		{"where a block belongs", replace(`device.microphone.m`+"\n", `device.microphone.m.match`+"\n"), []string{`device would read from the machine, through device.microphone.m.match`}, ""},
		{"a chain is reported once", add("locals {\n n1 = env(\"TOKEN\")\n n2 = local.n1\n n3 = local.n2\n}"), []string{`local.n1 would read env("TOKEN") from the machine`}, "env TOKEN"},
		{"the same expression elsewhere", add("device \"microphone\" \"n\" {\n  match = env(\"CHANNELS\")\n}"), []string{`match would read env("CHANNELS") from the machine`}, ""},
		{"the same block under another name", strings.ReplaceAll(ownRunbook, `"anna" {`, `"bert" {`), nil, ""}, // its hash may be taken anew
		{"another path of a file", replace(`"token.txt"`, `"other.txt"`), []string{`local.token would read from the machine with file()`}, "file other.txt"},
		{"another part of a file", replace(`key    = "language"`, `key    = "wait"`), []string{`topic would read from the machine, through local.config`}, ""},
		{"an unused default becomes part of what is read", replace(`url   = "http://${var.host}:7272"`, `url   = "http://${var.host}:9999"`), []string{`url would read from the machine, through var.host`}, ""},

		{name: "a new variable with a default", src: add("variable \"n\" { default = \"x\" }\nmodel \"n\" {\n  source = \"catalog:n\"\n  wake_word = var.n\n}")},
		{"a new variable without one", add(`variable "from_env" {}`), []string{`the variable "from_env" would take its value from the machine`}, "env ORAC_VAR_from_env"},
		{"a new variable that is given", add(`variable "from_env" { default = "x" }`), []string{`the variable "from_env" would take its value from the machine`}, ""},
		{"a new variable with a default that reads", add(`variable "n" { default = env("TOKEN") }`), []string{`the variable "n" would take its value from the machine`, `default would read env("TOKEN") from the machine`}, "env TOKEN"},
		{"no longer sensitive", replace("  sensitive = true\n", ""), []string{`the variable "pin" would take its value from the machine`}, ""},
		{"sensitive by a local", replace("  sensitive = true\n", "sensitive = local.yes\n") + "locals { yes = false }\n", []string{`the variable "pin" would take its value from the machine`}, ""},
		{"another type", replace(`variable "host" { default = "stt.test" }`, "variable \"host\" {\n  type = bool\n  default = true\n}"), []string{`the variable "host" would take its value from the machine`}, ""},

		{name: "another hash of a password", src: replace(`secret("anna_password_hash")`, `secret( "hey_orac" )`), refused: []string{"password_hash has a value that is not accepted"}},
		{"a missing hash of a password", add("user \"bert\" {\n  password_hash = secret(\"none\")\n}"), []string{`secret() failed: there is no secret "none"`}, ""},
		{"a hash with a computed name", replace(`secret("anna_password_hash")`, `secret("${local.plain}")`), []string{`password_hash would read from the machine with secret()`}, "secret general"},
		{"a hash of a file", replace(`secret("anna_password_hash")`, `file("other.txt")`), []string{`password_hash would read file("other.txt") from the machine`}, "file other.txt"},
		{"part of a hash", replace(`secret("anna_password_hash")`, `substr(secret("jwt"), 0, 1)`), []string{`password_hash would read secret("jwt") from the machine`}, "secret jwt"},
		{"a hash elsewhere", replace(`"hey"`, `user.anna.password_hash`), []string{`wake_word would read from the machine, through user.anna.password_hash`}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, names := fetchedNames(ownWorld())
			o.Within = &own.Document
			rb, ds := runbook.Parse([]byte(c.src), "x.hcl", o)
			var said []string
			for _, d := range ds {
				said = append(said, d.Summary)
			}
			if diff := cmp.Diff(c.refused, said); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			forbidden := len(said) > 0 && strings.Contains(said[0], "from the machine")
			if rb == nil != (len(said) > 0) || ds.Forbidden() != forbidden {
				t.Errorf("runbook %v, forbidden %v", rb != nil, ds.Forbidden())
			}
			if strings.HasPrefix(c.fetches, "env ORAC_VAR_") || c.fetches == "" {
				return
			}
			if slices.Contains(*names, c.fetches) {
				t.Errorf("it was read: %v", *names)
			}
		})
	}
}

// TestGateAtTheFetch: a name that is computed from what was read may be another one by now; what it names now was never read.
func TestGateAtTheFetch(t *testing.T) {
	const src = `
appliance "a" {}
model "m" {
  source = "catalog:m"
  topic  = try(file(env("WHERE")), "general")
}
`
	world := ownWorld()
	world.Vars = nil
	where := "token.txt"
	world.Env = func(string) (string, bool) { return where, where != "" }
	own, ds := runbook.Parse([]byte(strings.Replace(src, "topic ", "wake_word ", 1)), "x.hcl", world)
	if own == nil {
		t.Fatal(ds)
	}
	o, names := fetchedNames(world)
	o.Within = &own.Document
	text := strings.Replace(src, "topic ", "wake_word ", 1)
	if rb, ds := runbook.Parse([]byte(text), "x.hcl", o); rb == nil {
		t.Errorf("nothing has changed: %v", ds)
	}
	where, *names = "prompt.json", nil
	rb, ds := runbook.Parse([]byte(text), "x.hcl", o)
	if rb != nil || len(ds) != 1 || !ds.Forbidden() || strings.Contains(ds.Error(), where) {
		t.Errorf("another file is read: %v", ds)
	}
	if slices.Contains(*names, "file prompt.json") {
		t.Errorf("it was read: %v", *names)
	}
	// A name that is spelt out may be read where nothing was read before, for the text is the same.
	const either = "appliance \"a\" {}\nmodel \"m\" {\n source = \"catalog:m\"\n wake_word = try(env(\"A\"), env(\"B\"))\n}\n"
	world.Env = func(n string) (string, bool) { return "from A", n == "A" }
	if own, ds = runbook.Parse([]byte(either), "x.hcl", world); own == nil {
		t.Fatal(ds)
	}
	world.Env = func(n string) (string, bool) { return "from B", n == "B" }
	world.Within = &own.Document
	if rb, ds := runbook.Parse([]byte(either), "x.hcl", world); rb == nil || rb.Models[0].WakeWord != "from B" {
		t.Errorf("the same text is refused: %v", ds)
	}
}

// TestGateOfTheStateDirectory: secrets come from where they came from, whatever a text says of the state directory.
func TestGateOfTheStateDirectory(t *testing.T) {
	const src = "appliance \"a\" {\n  state_dir = \"one\"\n}\nuser \"anna\" {\n  password_hash = secret(\"anna\")\n}\n"
	o := language.Options{
		Env: func(string) (string, bool) { return "", false },
		ReadFile: func(path string) ([]byte, error) {
			if path == "dir/one/secrets/anna" {
				return []byte(runbooktest.StoredHash), nil
			}
			return nil, fs.ErrNotExist
		},
	}
	own, ds := runbook.Parse([]byte(src), "dir/x.hcl", o)
	if own == nil {
		t.Fatal(ds)
	}
	o, names := fetchedNames(o.WithDefaults())
	o.Secret, o.Within = nil, &own.Document
	rb, ds := runbook.Parse([]byte(strings.Replace(src, `"one"`, `"two"`, 1)), "dir/x.hcl", o)
	if rb == nil || rb.Users[0].PasswordHash.Reveal() != runbooktest.StoredHash || slices.ContainsFunc(*names, func(n string) bool { return strings.Contains(n, "two") }) {
		t.Errorf("%v, read %v", ds, *names)
	}
}

// TestGateOfAnotherFolder: a relative path means another file in another folder.
func TestGateOfAnotherFolder(t *testing.T) {
	own, ds := runbook.Parse([]byte(ownRunbook), "x.hcl", ownWorld())
	if own == nil {
		t.Fatal(ds)
	}
	o, names := fetchedNames(ownWorld())
	o.Within = &own.Document
	if rb, ds := runbook.Parse([]byte(ownRunbook), "../x.hcl", o); rb != nil || !ds.Forbidden() || slices.ContainsFunc(*names, func(n string) bool { return strings.HasPrefix(n, "file ") }) {
		t.Errorf("%v, read %v", ds, *names)
	}
	if rb, ds := runbook.Parse([]byte(ownRunbook), "./y.hcl", o); rb == nil {
		t.Errorf("another name in the same folder is refused: %v", ds)
	}
}

// TestGateOfCycles: what depends on itself is no way around the gate.
func TestGateOfCycles(t *testing.T) {
	own, ds := runbook.Parse([]byte(ownRunbook), "x.hcl", ownWorld())
	if own == nil {
		t.Fatal(ds)
	}
	for _, text := range []string{
		"locals {\n c1 = [local.c2, file(\"other.txt\")]\n c2 = local.c1\n}",
		"locals {\n c2 = local.c1\n c1 = [local.c2, local.c3]\n c3 = [local.c1, file(\"other.txt\")]\n c4 = local.c2\n}",
		"stt \"c\" {\n url = stt.c.name\n token = stt.d.token\n}\nstt \"d\" {\n url = \"http://d\"\n token = \"${stt.c.token}${file(\"other.txt\")}\"\n}",
	} {
		o, names := fetchedNames(ownWorld())
		o.Within = &own.Document
		rb, ds := runbook.Parse([]byte(ownRunbook+text+"\n"), "x.hcl", o)
		if rb != nil || !ds.Forbidden() || slices.Contains(*names, "file other.txt") {
			t.Errorf("%s\n%v\n%v", text, ds, *names)
		}
	}
}

// TestKeeps: of all attributes, only the hash of a password stays inside ORAC.
func TestKeeps(t *testing.T) {
	var keep []string
	runbook.Vocabulary.EachType(func(b *language.BlockType) {
		for _, a := range b.Attributes {
			if a.Keeps {
				keep = append(keep, b.Key()+"."+a.Name)
				if a.Secret != language.SecretOnly {
					t.Errorf("%s.%s may be shown", b.Key(), a.Name)
				}
			}
		}
	})
	if d := cmp.Diff([]string{"user.password_hash"}, keep); d != "" {
		t.Error(d)
	}
}

// TestReaders lists what reads, with what, and by which it can be told from other texts.
func TestReaders(t *testing.T) {
	own, ds := runbook.Parse([]byte(ownRunbook), "x.hcl", ownWorld())
	if own == nil {
		t.Fatal(ds)
	}
	var got []string
	texts := map[string]bool{}
	for _, r := range own.Readers() {
		line := string(r.Address) + " " + r.Attribute
		for _, in := range r.Reads {
			line += fmt.Sprintf(" %s:%s", in.Kind, in.Name)
		}
		got = append(got, line)
		if len(r.Text) != 64 || texts[r.Text] {
			t.Errorf("%s: its text is %q", line, r.Text)
		}
		texts[r.Text] = true
	}
	want := []string{
		"device.microphone.m match env:CHANNELS",
		"local config file:prompt.json",
		"local token file:token.txt",
		"model.m topic file:prompt.json",
		"stt.s token file:token.txt",
		"stt.s url variable:host",
		"stt.t language env:ABSENT",
		"stt.t token file:token.txt",
		"stt.t url env:STT_URL",
		"user.anna password_hash secret:anna_password_hash",
		"var.host  variable:host",
		"var.pin  variable:pin",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	again, _ := runbook.Parse([]byte(ownRunbook), "y.hcl", ownWorld())
	if d := cmp.Diff(own.Readers(), again.Readers()); d != "" {
		t.Errorf("another evaluation has other readers:\n%s", d)
	}
	if (&language.Document{}).Readers() != nil {
		t.Error("a document that was never evaluated has readers")
	}
}

// TestForbiddenIsCounted: a refusal is not lost among more problems than are shown, and JSON has it.
func TestForbiddenIsCounted(t *testing.T) {
	own, _ := runbook.Parse([]byte("appliance \"a\" {}\n"), "x.hcl", runbooktest.World())
	var b strings.Builder
	b.WriteString("appliance \"a\" {}\nlocals {\n")
	for i := range language.MaxDiagnostics + 1 {
		fmt.Fprintf(&b, "  a%d = nothing\n", i)
	}
	b.WriteString("  z = env(\"TOKEN\")\n}\n")
	o := runbooktest.World()
	o.Within = &own.Document
	_, ds := runbook.Parse([]byte(b.String()), "x.hcl", o)
	text, err := json.Marshal(ds)
	if !ds.Forbidden() || err != nil || strings.Count(string(text), `"forbidden":true`) != 1 {
		t.Errorf("%v\n%s", errors.Join(ds.Err(), err), text)
	}
}

// TestGateLetsNothingIn: whatever a text asks for, a runbook that reads nothing lets it read nothing, and nothing is said of it.
func TestGateLetsNothingIn(t *testing.T) {
	own, ds := runbook.Parse([]byte("appliance \"a\" {}\n"), "dir/x.hcl", runbooktest.World())
	if own == nil {
		t.Fatal(ds)
	}
	rapid.Check(t, func(r *rapid.T) {
		src, c := canaryRunbook(r), drawCanaries(r)
		o, names := fetchedNames(c.options())
		o.Within = &own.Document
		rb, ds := runbook.Parse([]byte(src), "dir/x.hcl", o)
		for _, n := range *names {
			if !strings.HasPrefix(n, "env ORAC_VAR_") { // asked to be refused
				r.Fatalf("%s is read by\n%s", n, src)
			}
		}
		text := allSaid(ds)
		if rb != nil {
			text += shown(rb)
		}
		for _, canary := range []string{c.env, c.file, c.secret, c.pin} {
			if leaks(text, canary) {
				r.Fatalf("%q is in what is said of\n%s\n%s", canary, src, text)
			}
		}
	})
}

// TestGateKeepsWhatIsThere: an expression that reads may stay as it is, and no other may come; one that reads nothing may.
func TestGateKeepsWhatIsThere(t *testing.T) {
	reads := func(expr string) bool {
		return slices.ContainsFunc([]string{"secret(", "local.", "stt.", "var."}, func(s string) bool { return strings.Contains(expr, s) })
	}
	rapid.Check(t, func(r *rapid.T) {
		before, after := typed{r}.draw('T', 2), typed{r}.draw('T', 2)
		if rapid.Bool().Draw(r, "same") {
			after = before
		}
		o := canaries{"envenv", "filefile", "alpha", "pin"}.options()
		at := func(expr string) []byte {
			return []byte(typedRunbook(`"x"`) + "webhook \"w\" {\n  url = \"http://h\"\n  headers = { A = \"<${" + expr + "}>\" }\n}\n")
		}
		own, _ := runbook.Parse(at(before), "x.hcl", o)
		if own == nil { // it fails with these secrets
			r.Skip()
		}
		o.Within = &own.Document
		_, ds := runbook.Parse(at(after), "x.hcl", o)
		if want := after != before && reads(after); ds.Forbidden() != want {
			r.Fatalf("%s after %s: forbidden %v\n%v", after, before, !want, ds)
		}
	})
}
