package play

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"orac/chaos/homeserver"
	"orac/models/atomicfile"
	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

// book is the runbook of a scenario, with its changes, as text that works in a different folder.
type book struct {
	text  []byte
	rb    *runbook.Runbook // the parsed text
	named *[]string        // the secrets that it names
}

// secretText is the value of every secret of a runbook: each peer knows it, and it is as long as a secret must be.
const secretText = homeserver.Token

// options are those with which a book is evaluated: it notes which secrets there are.
func (b book) options() language.Options {
	return language.Options{Secret: func(name string) (string, error) {
		if !slices.Contains(*b.named, name) {
			*b.named = append(*b.named, name)
		}
		return secretText, nil
	}}
}

// secrets are the environment variables in which the appliance finds its secrets.
func (b book) secrets() (env []string) {
	for _, name := range *b.named {
		env = append(env, language.SecretVariable(name)+"="+secretText)
	}
	return env
}

// setting sets an attribute of a block to an expression.
type setting struct {
	block     runbook.Address
	attribute string
	value     string
}

// load reads the runbook of a scenario and applies the scenario's changes.
func load(sc *scenario.Scenario) (book, error) {
	b := book{named: new([]string)}
	rb, src, problems := sc.Runbook(b.options())
	if problems.HasErrors() {
		return book{}, problems.Err()
	}
	b.text, b.rb = src, rb
	return b, nil
}

// change returns the runbook with edits. The result must be valid.
func (b book) change(edits []setting) (book, error) {
	out := b
	for _, e := range edits {
		var err error
		if out.text, err = edit.Set(out.text, e.block, e.attribute, e.value); err != nil {
			return b, fmt.Errorf("%s: setting %s of %s: %w", b.rb.File, e.attribute, e.block, err)
		}
	}
	rb, problems := runbook.Parse(out.text, b.rb.File, b.options())
	if problems.HasErrors() {
		return b, fmt.Errorf("the runbook cannot be used in another folder: %w", problems.Err())
	}
	out.rb = rb
	return out, nil
}

// text returns a string as an expression.
func text(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(s))
}

// settle adapts the runbook to a world: it sets the state directory, the addresses of services and those at which the appliance serves, and
// makes relative paths absolute. Addresses are keyed by that of their block.
func (b book) settle(state string, services, doors map[runbook.Address]string) (book, error) {
	edits := []setting{{block: b.rb.Appliance.Address, attribute: "state_dir", value: text(state)}}
	for _, s := range b.rb.STTs {
		if url, ok := services[s.Address]; ok {
			edits = append(edits, setting{block: s.Address, attribute: "url", value: text(url)})
		}
		if len(s.Command) > 0 && strings.Contains(s.Command[0], "/") && !filepath.IsAbs(s.Command[0]) {
			words := []string{text(b.absolute(s.Command[0]))}
			for _, w := range s.Command[1:] {
				words = append(words, text(w))
			}
			edits = append(edits, setting{block: s.Address, attribute: "command", value: "[" + strings.Join(words, ", ") + "]"})
		}
	}
	for _, h := range b.rb.Heartbeats {
		if h.STT != "" { // a server of its own, so that it can fail by itself
			edits = append(edits, setting{block: h.Address, attribute: "stt", value: "null"})
		}
		edits = append(edits, setting{block: h.Address, attribute: "url", value: text(services[h.Address])})
	}
	for _, h := range b.rb.Webhooks {
		edits = append(edits, setting{block: h.Address, attribute: "url", value: text(services[h.Address] + "/webhook")})
	}
	for _, m := range b.rb.MQTTs {
		edits = append(edits, setting{block: m.Address, attribute: "url", value: text(services[m.Address])})
	}
	if b.rb.Traces.On() {
		edits = append(edits, setting{block: b.rb.Traces.Address, attribute: "url", value: text(services[b.rb.Traces.Address] + "/webhook")})
	}
	for _, x := range b.rb.Backends {
		if url, ok := services[x.Address]; ok {
			edits = append(edits, setting{block: x.Address, attribute: "url", value: text(url)})
		}
	}
	for _, l := range b.rb.LanguageModels {
		edits = append(edits, setting{block: l.Address, attribute: "url", value: text(services[l.Address])})
	}
	for _, l := range b.rb.Logins {
		edits = append(edits, setting{block: l.Address, attribute: "issuer", value: text(services[l.Address])})
	}
	for _, w := range b.rb.Wyomings {
		edits = append(edits, setting{block: w.Address, attribute: "listen", value: text(doors[w.Address])})
	}
	for _, s := range b.rb.Satellites() {
		edits = append(edits, setting{block: s.Address, attribute: "listen", value: text(doors[s.Address])})
	}
	for _, x := range b.rb.TTSs {
		if url, ok := services[x.Address]; ok {
			edits = append(edits, setting{block: x.Address, attribute: "url", value: text(url)})
		}
	}
	for _, l := range b.rb.Listeners {
		for _, c := range []struct{ name, path string }{{"wake", l.Chimes.Wake}, {"done", l.Chimes.Done}, {"error", l.Chimes.Error}, {"timer", l.Chimes.Timer}, {"mute", l.Chimes.Mute}} {
			if c.path == "" {
				continue
			}
			path, err := filepath.Abs(c.path) // it was resolved when the runbook was read
			if err != nil {
				return b, err
			}
			edits = append(edits, setting{block: l.Address + ".chimes", attribute: c.name, value: text(path)})
		}
	}
	for _, w := range b.rb.WAVs {
		edits = append(edits, setting{block: w.Address, attribute: "path", value: text(b.absolute(w.Path))})
	}
	for _, m := range b.rb.Models {
		if !strings.Contains(m.Source, ":") && !filepath.IsAbs(m.Source) {
			edits = append(edits, setting{block: m.Address, attribute: "source", value: text(b.absolute(m.Source))})
		}
	}
	if f := b.rb.Appliance.LogFile; f != "" { // put the log beside the state directory, wherever it was
		edits = append(edits, setting{block: b.rb.Appliance.Address, attribute: "log_file", value: text(filepath.Join(filepath.Dir(state), "orac.log"))})
	}
	return b.change(edits)
}

// absolute returns a path of the runbook for a process in a different folder.
func (b book) absolute(path string) string {
	full, err := filepath.Abs(b.rb.Resolve(path))
	if err != nil {
		return path
	}
	return full
}

// write replaces a file in one step, so that nobody reads half of it.
func (b book) write(path string) error { return atomicfile.WriteFile(path, b.text, 0o600) }
