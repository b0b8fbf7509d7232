package core_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/core"
	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// machine is a machine whose files, variables and secrets change while texts are read, evaluated and applied: at every step of
// the way something may happen that a test draws.
type machine struct {
	text    string            // of the runbook's file
	files   map[string]string // and how often each was changed, in the text
	env     map[string]string
	secrets map[string]string
	now     *runbook.Runbook
	graph   *graph.Graph
	kept    []generation.Generation

	happens func(where string) // between two steps
	read    map[string]bool    // what was read of the machine since it was emptied
}

func (m *machine) options() language.Options {
	note := func(kind, name string) { m.read[kind+" "+name] = true }
	return language.Options{
		HashKey: make([]byte, 32), Vars: map[string]string{},
		Env: func(name string) (string, bool) {
			note("env", name)
			v, ok := m.env[name]
			return v, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			note("file", filepath.Base(path))
			text, ok := m.files[filepath.Base(path)]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return []byte(text), nil
		},
		Secret: func(name string) (string, error) {
			note("secret", name)
			v, ok := m.secrets[name]
			if !ok {
				return "", fs.ErrNotExist
			}
			return v, nil
		},
		Open: func(string) (fs.File, error) { return nil, fs.ErrNotExist },
	}
}

// Read implements core.Language.
func (m *machine) Read(string) ([]byte, error) {
	m.happens("before the file is read")
	defer m.happens("after the file was read")
	return []byte(m.text), nil
}

// Evaluate implements core.Language.
func (m *machine) Evaluate(_ *rt.Task, e core.Evaluation) (*runbook.Runbook, language.Diagnostics) {
	m.happens("before a text is evaluated")
	defer m.happens("after a text was evaluated")
	o := m.options()
	if e.Kept != nil {
		o = e.Kept.Options(o)
	}
	if e.Within != nil {
		o.Within = &e.Within.Document
	}
	return runbook.Parse(e.Text, "/etc/orac.hcl", o)
}

// Check implements core.Language.
func (m *machine) Check(*runbook.Runbook) language.Diagnostics {
	m.happens("before it runs")
	return nil
}

func (m *machine) proposer() *core.Proposer {
	return &core.Proposer{Language: m, Running: func() *graph.Graph { return m.graph }}
}

func (m *machine) run(to core.Proposal) (status.Applied, error) {
	g, err := graph.Compile(to.Runbook)
	if err != nil {
		return status.Applied{}, err
	}
	m.now, m.graph = to.Runbook, g
	m.kept = append(m.kept, generation.Generation{Number: len(m.kept) + 1, Applied: time.Unix(0, 0), File: "/etc/orac.hcl", Source: to.Source, Inputs: to.Runbook.Inputs()})
	return status.Applied{OK: true}, nil
}

// draft is a random runbook: harmless settings, and uses of every capability.
func draft(t *rapid.T) string {
	pick := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(t, what) }
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(`appliance "a" {%s}`, pick("log", "", "\n log_file = \"a.log\"\n", "\n log_file = \"b.log\"\n", "\n log_file = file(\"path\")\n"))
	line("locals {\n x = %s\n y = %s\n}", pick("x", `"plain"`, `env("E1")`, `file("f1")`, `secret("s1")`, `try(file("f2"), "none")`), pick("y", `"plain"`, `local.x`, `"${local.x}!"`, `can(regex("1", local.x)) ? "yes" : "no"`))
	line(`device "microphone" "usb" {}`)
	line("model \"m\" {\n source = %s\n threshold = %s\n wake_word = %s\n}", pick("source", `"catalog:alexa"`, `"own.onnx"`, `"other.onnx"`), pick("threshold", "0.4", "0.5", "0.6"), pick("word", `"hey"`, "local.x", "local.y", `"${local.y}"`, `stt.run.command[0]`, `file("f1")`, `device.microphone.usb.name`))
	line("listener \"l\" {\n device = device.microphone.usb\n models = [model.m]\n deliver = [stt.net]\n}")
	line("stt \"run\" {\n protocol = \"exec\"\n command = %s\n}", pick("command", `["/bin/a"]`, `["/bin/b"]`, `["/bin/sh", "-c", file("cmd")]`, `[try(env("CMD"), "/bin/a")]`, `["/bin/a", local.y]`))
	line("stt \"net\" {\n url = %s\n%s}", pick("url", `"http://a.example"`, `"http://b.example"`, `env("URL")`), pick("token", "", " token = secret(\"s1\")\n", " token = secret(\"s2\")\n", " token = local.x\n", " auth = service_account.me\n"))
	line("service_account \"me\" { secret = secret(%s) }", pick("account", `"s1"`, `"s2"`))
	line("user \"ann\" {\n role = \"admin\"\n password_hash = %s\n}", pick("hash", `secret("h1")`, `secret("h2")`, `replace(secret("h1"), "x", "x")`))
	line("web {\n listen = %s\n%s}", pick("listen", `"127.0.0.1:7171"`, `"127.0.0.1:7272"`, "\":7171\"\n plain_http_on_the_network = true"), pick("trust", "", "", "", " trust_admins = true\n"))
	return b.String()
}

const aHash = "$2a$12$d4N329hnE7Q/EF7VQyFAIOmobQ0CGXNw.CjDZhrtrcjQyh/gRgWA"

func newMachine() *machine {
	long := strings.Repeat("-", 32)
	return &machine{
		files: map[string]string{"f1": "canary-f1-0", "cmd": "run-0", "path": "path-0.log"}, env: map[string]string{"E1": "canary-E1-0", "URL": "http://env.example"},
		secrets: map[string]string{"s1": "canary-s1-0" + long, "s2": "canary-s2-0" + long, "h1": aHash + "e", "h2": aHash + "u"},
		happens: func(string) {}, read: map[string]bool{},
	}
}

// facts are what a runbook lets happen that an admin of the network may not bring about, told without the table of capabilities.
func facts(rb *runbook.Runbook) map[string]bool {
	f := map[string]bool{"trust": rb.Web.TrustAdmins, "log " + rb.Appliance.LogFile: true, "listen " + strings.Split(rb.Web.Listen, ":")[0]: true}
	for _, s := range rb.STTs {
		f["run "+strings.Join(s.Command, " ")] = true
		if s.Token.IsSet() || s.Auth != "" {
			f[fmt.Sprintf("%s shows %s %s to %s", s.Name, name(s.Token.Reveal()), s.Auth, s.URL)] = true
		}
	}
	f["account of "+name(rb.ServiceAccounts[0].Secret.Reveal())] = true
	m := rb.Models[0]
	if !strings.HasPrefix(m.Source, "catalog:") {
		f["load "+m.Source] = true
	}
	if strings.Contains(m.WakeWord, "canary") {
		f["word shows "+name(m.WakeWord)] = true
	}
	for _, r := range rb.Readers() { // also where the file is not there today
		if r.Address == m.Address && r.Attribute == "wake_word" {
			for _, what := range r.Reads {
				f["word shows "+what.Name] = true
			}
		}
	}
	delete(f, "run ")
	delete(f, "log ")
	if !f["trust"] {
		delete(f, "trust")
	}
	return f
}

// name is that of what a canary was read from, without its version.
func name(value string) string {
	_, after, ok := strings.Cut(value, "canary-")
	if !ok {
		return value
	}
	what, _, _ := strings.Cut(after, "-")
	return what
}

// TestTheGuard draws runbooks, rights, and what happens between any two steps of a plan, an apply, a rollback and a change of a
// secret. Whatever that is: nothing runs for somebody of the network that did not run before, nothing is read that what runs does
// not read, and what did not come into force has left no secret behind.
func TestTheGuard(t *testing.T) {
	var tried, done, forbidden, trusted int
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		owner := status.OnMachine("owner")
		start := func() {
			for {
				text := []byte(draft(t))
				if rb, _ := m.Evaluate(nil, core.Evaluation{Text: text}); rb != nil {
					_, _ = m.run(core.Proposal{Runbook: rb, Source: text})
					return
				}
			}
		}
		m.text = draft(t)
		start()
		version := 0
		// something is what happens meanwhile: the owner edits, secrets and files change, others try, too.
		something := func(string) {
			version++
			switch rapid.IntRange(0, 9).Draw(t, "meanwhile") {
			case 0:
				m.text = draft(t)
			case 1:
				m.files["f1"], m.files["f2"] = fmt.Sprint("canary-f1-", version), fmt.Sprint("canary-f2-", version)
			case 2:
				m.files["cmd"] = fmt.Sprint("run-", version)
			case 3:
				m.secrets["s2"] = fmt.Sprint("canary-s2-", version, strings.Repeat("-", 32))
			case 4:
				m.env["CMD"] = "/bin/env"
			}
		}
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			text := draft(t)
			before, kept := m.now, maps.Clone(m.secrets)
			m.read = map[string]bool{}
			m.happens = something
			by := rapid.SampledFrom([]status.Origin{status.OnNetwork("ann"), status.OnNetwork("ann"), status.OnNetwork("ann"), {}, owner}).Draw(t, "who")
			r := status.PlanRequest{File: "/etc/orac.hcl", Origin: by}
			var err error
			var a status.Applied
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0: // apply a text
				a, err = change(m, core.Change{ApplyRequest: status.ApplyRequest{PlanRequest: r.Text(text)}})
			case 1: // apply the file as it is
				a, err = change(m, core.Change{ApplyRequest: status.ApplyRequest{PlanRequest: r}})
			case 2: // change one thing, with a secret
				was := m.secrets["h2"]
				a, err = change(m, core.Change{
					ApplyRequest: status.ApplyRequest{PlanRequest: r},
					Begin:        func() error { m.secrets["h2"] = aHash + "a"; return nil },
					Undo:         func() error { m.secrets["h2"] = was; return nil },
					Edit:         func(text string) (string, error) { return text + "# once more\n", nil },
				})
			case 3: // go back
				g := &m.kept[rapid.IntRange(0, len(m.kept)-1).Draw(t, "to")]
				var to core.Proposal
				if to, err = m.proposer().Former(nil, status.RollbackRequest{Origin: by}, g); err == nil {
					a, err = m.run(to)
				}
			}
			m.happens = func(string) {}
			tried++
			if a.OK {
				done++
			}
			if a.OK && err == nil && m.now == before {
				t.Fatal("it is done, and the same runs")
			}
			if !a.OK && m.now != before {
				t.Fatal("it was refused, and something else runs")
			}
			if !a.OK && m.secrets["h2"] != kept["h2"] {
				t.Fatal("it was refused, and its secret is in place")
			}
			if by.Trusted() {
				continue
			}
			if before.Web.TrustAdmins {
				trusted++
				continue
			}
			var refusal *status.Refusal
			if errors.As(err, &refusal) && refusal.Code == status.Forbidden {
				forbidden++
			}
			known := facts(before)
			for fact := range facts(m.now) {
				if !known[fact] {
					t.Fatalf("%q is new, for somebody of the network. What ran had %v", fact, slices.Sorted(maps.Keys(known)))
				}
			}
			may := map[string]bool{"secret h1": true, "secret h2": true}
			for _, i := range before.Inputs().List {
				may[string(i.Kind)+" "+i.Name] = true
			}
			for what := range m.read {
				if !may[what] && !strings.Contains(what, "ORAC_VAR_") {
					t.Fatalf("%s was read, for somebody of the network. What ran reads %v", what, slices.Sorted(maps.Keys(may)))
				}
			}
			if err != nil && (strings.Contains(fmt.Sprint(err, refusal), "canary") || refusal != nil && strings.Contains(refusal.Detail, "canary")) {
				t.Fatalf("an error tells what was read: %v %+v", err, refusal)
			}
		}
	})
	t.Logf("%d tried, %d done, %d forbidden, %d by who is trusted", tried, done, forbidden, trusted)
	if done < tried/20 || forbidden < tried/20 || trusted == 0 {
		t.Error("the draws are not of much use: hardly anything is done, or hardly anything forbidden")
	}
}

func change(m *machine, c core.Change) (status.Applied, error) {
	return c.Do(func() (core.Proposal, error) { return m.proposer().Wanted(nil, c) }, m.run)
}
