package scenario

import (
	"fmt"
	"slices"
	"strings"

	"orac/runbook"
	"orac/runbook/language"
)

// fits checks that everything a scenario names is in the runbook that it runs, and that the files
// that it plays exist.
func (s *Scenario) fits(rb *runbook.Runbook, src []byte, opts language.Options) language.Diagnostics {
	c := &checker{Scenario: s, doc: &s.Document}
	has := s.inventory(rb)
	for _, p := range s.Sounds {
		c.named(p.Address, "device", "device", p.Device, has)
		if p.Play == playSpeech {
			c.named(p.Address, "model", "model", p.Model, has)
		}
		if p.File() {
			c.sound(p, opts)
		}
	}
	for _, p := range s.Callers {
		switch {
		case p.Topic != "":
			c.named(p.Address, "topic", "topic", p.Topic, has)
		case p.Wyoming != "":
			c.named(p.Address, "wyoming", "wyoming", p.Wyoming, has)
		default:
			c.named(p.Address, "server", "stt_server", p.Server, has)
		}
	}
	for _, f := range s.Faults {
		if target := f.Kind.Info().Target; target != "" && target != NodeTarget { // nodes are known when the graph is: see Nodes
			c.named(f.Address, "target", string(target), f.Target, has)
		}
		if f.Set == nil {
			continue
		}
		if _, err := s.Changed(src, f); err != nil {
			d := s.editProblem(err, f.Address, "set")
			c.found = append(c.found, d)
		}
	}
	return c.found
}

// inventory returns the names that a scenario may use, by what they name.
func (s *Scenario) inventory(rb *runbook.Runbook) map[string][]string {
	has := map[string][]string{}
	add := func(what, name string) {
		if !slices.Contains(has[what], name) {
			has[what] = append(has[what], name)
		}
	}
	for _, m := range rb.Microphones {
		add("device", m.Name)
	}
	for _, w := range rb.WAVs {
		add("device", w.Name)
	}
	for _, m := range s.Microphones {
		add("device", m.Name)
	}
	for _, m := range rb.Models {
		add("model", m.Name)
	}
	for _, t := range rb.STTs {
		if t.Embedded() {
			add("engine", t.Name)
		} else {
			add("stt", t.Name)
		}
	}
	for _, s := range rb.STTServers {
		add("stt_server", s.Name)
	}
	for _, w := range rb.Wyomings {
		if w.Serve == runbook.ServeSTT {
			add("wyoming", w.Name)
		}
	}
	for _, x := range rb.Speakers {
		add("speaker", x.Name)
	}
	for _, x := range rb.TTSs {
		add("tts", x.Name)
	}
	for _, s := range rb.Satellites() {
		add(string(ESPHomeTarget), s.Address.Name())
	}
	for _, c := range rb.Cores {
		add("core", c.Name)
	}
	for _, b := range rb.Backends {
		add("backend", b.Name)
	}
	for _, l := range rb.LanguageModels {
		add("language_model", l.Name)
	}
	for _, t := range rb.Topics {
		if t.Acts() {
			add("topic", t.Name)
		}
	}
	for _, l := range rb.Logins {
		add("login", l.Name)
	}
	for _, h := range rb.Heartbeats {
		add("heartbeat", h.Name)
	}
	for _, w := range rb.Webhooks {
		add("webhook", w.Name)
	}
	for _, m := range rb.MQTTs {
		add("mqtt", m.Name)
	}
	if rb.Traces.On() {
		add("traces", "traces")
	}
	return has
}

// named demands that the thing an attribute names exists; "" means the first one.
func (c *checker) named(block runbook.Address, attribute, what, name string, has map[string][]string) {
	switch all := has[what]; {
	case len(all) == 0:
		c.fail(block, attribute, "the runbook has no "+what, "Use a runbook that has one, or leave this out.")
	case name != "" && !slices.Contains(all, name):
		c.fail(block, attribute, fmt.Sprintf("the runbook has no %s %q", what, name), "It has "+strings.Join(all, ", ")+".")
	}
}

// sound warns of a missing file: it may appear before the scenario runs.
func (c *checker) sound(p Sound, opts language.Options) {
	f, err := opts.WithDefaults().Open(p.Play)
	if err == nil {
		_ = f.Close() // this only checked that it exists
		return
	}
	c.warn(p.Address, "play", fmt.Sprintf("cannot open the sound %s: %s", p.Play, language.Reason(err)), "Put a WAV file there before the scenario runs. The path is relative to the scenario.")
}

// Nodes checks what a scenario names in the graph whose nodes have these addresses. A missing target is an error. A missing
// node in a condition is a warning, since a change that is applied may add it.
func (s *Scenario) Nodes(addresses []string) language.Diagnostics {
	c := &checker{Scenario: s, doc: &s.Document}
	for _, f := range s.Faults {
		if f.Kind.Info().Target == NodeTarget && !slices.Contains(addresses, f.Target) {
			c.fail(f.Address, "target", fmt.Sprintf("there is no node %q", f.Target), "The nodes are "+strings.Join(addresses, ", ")+".")
		}
	}
	asks := func(a runbook.Address, e Expr) {
		for _, u := range e.uses {
			for _, key := range u.keys {
				if u.name == "nodes" && !slices.Contains(addresses, key) {
					c.warn(a, "holds", fmt.Sprintf("there is no node %q", key), "The nodes are "+strings.Join(addresses, ", ")+".")
				}
			}
		}
	}
	for _, p := range s.Steady {
		asks(p.Address, p.Holds)
	}
	for _, p := range s.Holds {
		asks(p.Address, p.Holds)
	}
	for _, p := range s.Sometimes {
		asks(p.Address, p.Holds)
	}
	return c.found
}
