package appliance

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"orac/appliance/audio/wav"
	"orac/appliance/graph"
	"orac/appliance/logbook"
	"orac/appliance/program"
	"orac/models"
	"orac/models/infer"
	"orac/models/moonshine"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/pattern"
)

// Check reports what is wrong with a runbook that the language itself allows, each problem with its place. It starts
// nothing. A problem that no run could repair is an error: no listener, a name missing from the catalogue, a class that a
// model does not have. Something that may still appear is a warning: sounds, models, programs. Check does not use the
// network.
func Check(rb *runbook.Runbook) language.Diagnostics {
	c := &checker{rb: rb}
	c.listeners()
	c.names()
	if path := rb.Appliance.LogFile; path != "" {
		if err := logbook.CheckFile(path); err != nil {
			c.say(rb.Appliance.Address, "log_file", language.Warning, fmt.Sprintf("the log cannot be written to %s: %v", path, err),
				"Create its folder for the user that ORAC runs as, or name another file. Until then only orac logs shows the log.")
		}
	}
	for _, w := range rb.WAVs {
		c.sound(w)
	}
	for _, m := range rb.Models {
		c.model(m)
		c.topic(m)
	}
	for _, s := range rb.STTs {
		if s.Protocol == "exec" {
			c.program(s)
		}
		if s.Embedded() {
			c.speech(s)
		}
		c.everywhere(s.Address, s.URL)
		c.inTheClear(s)
	}
	for _, b := range rb.Backends {
		if b.Protocol == "exec" {
			c.program(runbook.STT{Address: b.Address, Command: b.Command})
		}
		c.everywhere(b.Address, b.URL)
	}
	for _, m := range rb.LanguageModels {
		c.everywhere(m.Address, m.URL)
	}
	for _, w := range rb.Wyomings {
		c.wyoming(w)
	}
	for _, s := range rb.ServersForPeers() {
		c.server(s)
	}
	c.sentences()
	for _, h := range rb.Heartbeats {
		c.everywhere(h.Address, h.URL)
	}
	slices.SortStableFunc(c.found, func(a, b language.Diagnostic) int { return a.Subject.Start.Byte - b.Subject.Start.Byte })
	return c.found
}

// Needs names what a runbook needs from the catalogue: what hearing needs, if it hears, and the models that listen or are
// served.
func Needs(rb *runbook.Runbook) []string {
	gated := slices.ContainsFunc(rb.Listeners, func(l runbook.Listener) bool { return l.VADThreshold > 0 })
	hears := len(rb.Listeners) > 0 || slices.ContainsFunc(rb.Wyomings, func(w runbook.Wyoming) bool { return w.Serve == runbook.ServeWake })
	used := []runbook.Model(nil)
	for _, l := range rb.Listeners {
		used = append(used, graph.Enabled(rb, l)...)
	}
	for _, w := range rb.Wyomings {
		used = append(used, rb.ServedModels(w)...)
	}
	foreign := slices.ContainsFunc(used, func(m runbook.Model) bool { return models.Foreign(m.Source) })
	names := slices.DeleteFunc(models.Required(foreign || infer.NeedsRuntime()), func(name string) bool {
		return !hears || name == gateModel && !gated
	})
	for _, m := range used {
		if name, ok := strings.CutPrefix(m.Source, models.CatalogPrefix); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, s := range graph.Engines(rb) {
		for _, name := range moonshine.Needs(speechOf(s)) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// speechOf is the speech model of an engine.
func speechOf(s runbook.STT) string { return cmp.Or(s.Model, runbook.DefaultSpeech) }

// gateModel is the catalogue's name of the voice gate.
const gateModel = "silero_vad"

type checker struct {
	rb    *runbook.Runbook
	found language.Diagnostics
}

func (c *checker) say(block runbook.Address, attribute string, s language.Severity, summary, detail string) {
	c.found = append(c.found, c.rb.Problem(block, attribute, s, summary, detail))
}

// server warns of a server that nobody may use, and of one that asks somebody for no proof.
func (c *checker) server(s runbook.ForPeers) {
	account, permissions, audience, can := "hey_orac", `"stt.transcribe", "stt.heartbeat"`, "", "transcribe, and command the house"
	if s.Audience == runbook.CoreAudience {
		account, permissions, audience, can = "orac_stt", `"core.results", "core.status"`, "\n  audience    = \"orac-core\"", "command the house"
	}
	if !c.rb.MayUse(s) {
		c.say(s.Address, "", language.Warning, fmt.Sprintf("nobody may use %s: no service_account has the permission %s and the audience %s", s.Address, s.Permission, s.Audience),
			fmt.Sprintf("Add one, and give the other machine the same secret:\n\nservice_account %q {\n  secret      = secret(%q)\n  permissions = [%s]%s\n}\n\n", account, account, permissions, audience)+
				"An API key of the console works as well. A machine that can show no token is named in legacy.")
	}
	for _, a := range s.Legacy {
		p, _ := c.rb.Peer(a)
		c.say(s.Address, "legacy", language.Warning, fmt.Sprintf("%s lets in everybody at %s without a login", s.Address, p.From),
			"Whoever can send from there can "+can+". Give "+p.Name+" a service_account as soon as it can show a token.")
	}
}

// listeners requires a listener, or something else to do.
func (c *checker) listeners() {
	if len(c.rb.Listeners) == 0 && !c.rb.ServesOthers() {
		c.say(c.rb.Appliance.Address, "", language.Error, "ORAC hears nothing: there is no listener",
			"Add one:\n\nlistener \"NAME\" {\n  device = device.microphone.NAME\n  models = [model.NAME]\n}")
		return
	}
	for _, l := range c.rb.Listeners {
		if len(graph.Enabled(c.rb, l)) == 0 {
			c.say(l.Address, "models", language.Warning, l.Name+" hears nothing: all of its models are switched off", "Set enabled = true in one of them.")
		}
	}
}

// inTheClear says aloud that a Wyoming service of another machine is sent voices unencrypted, and proves nothing about itself.
func (c *checker) inTheClear(s runbook.STT) {
	place, wyoming := strings.CutPrefix(s.URL, "tcp://")
	if !wyoming || runbook.IsLoopback(place) {
		return
	}
	c.say(s.Address, "url", language.Warning, fmt.Sprintf("voices cross the network to %s unencrypted, and whoever answers there may say anything", place),
		"The Wyoming protocol has neither encryption nor a login. Use it on this machine, over a network of your own, or through an encrypted tunnel; an ORAC STT (https://) has both.")
}

// wyoming says aloud what everybody on the network may use, and what serves nothing.
func (c *checker) wyoming(w runbook.Wyoming) {
	if w.Serve == runbook.ServeWake && len(c.rb.ServedModels(w)) == 0 {
		c.say(w.Address, "models", language.Warning, w.Name+" hears nothing: none of its models is enabled", "Set enabled = true in one of them.")
	}
	if runbook.IsLoopback(w.ListensAt()) {
		return
	}
	what := map[string]string{runbook.ServeSTT: "have speech understood", runbook.ServeWake: "have it listen for wake words"}[w.Serve]
	c.say(w.Address, "unprotected_on_the_network", language.Warning, fmt.Sprintf("everybody who can reach %s may %s, without a login, and voices cross the network unencrypted", w.ListensAt(), what),
		"The Wyoming protocol has neither. Let a firewall admit only Home Assistant, or listen at an address that only Home Assistant reaches.")
}

// names requires different names for the devices that listeners use: nodes are named after them.
func (c *checker) names() {
	heard := func(a runbook.Address) bool {
		return slices.ContainsFunc(c.rb.Listeners, func(l runbook.Listener) bool { return l.Device == a && len(graph.Enabled(c.rb, l)) > 0 })
	}
	for _, w := range c.rb.WAVs {
		if m := runbook.Address("device.microphone." + w.Name); heard(w.Address) && heard(m) {
			c.say(w.Address, "", language.Error, fmt.Sprintf("two devices are named %q", w.Name), "The other is "+string(m)+"; rename one of them.")
		}
	}
}

// sound opens a sound file the way a run would.
func (c *checker) sound(w runbook.WAV) {
	f, err := wav.Open(w.Path)
	if err == nil {
		defer f.Close()
		if note := f.Info().Note; note != "" {
			c.say(w.Address, "path", language.Warning, fmt.Sprintf("the sound %s: %s", w.Path, note), "ORAC hears what is there; record it again for the rest.")
		}
		if err := f.Select(w.Channel...); err != nil {
			c.say(w.Address, "channel", language.Warning, fmt.Sprintf("the sound %s: %v", w.Path, err), "Name a channel that the file has, or leave channel out to mix them all.")
		}
		return
	}
	c.say(w.Address, "path", language.Warning, fmt.Sprintf("cannot open the sound %s: %s", w.Path, reason(err)),
		"Put a WAV file there before it runs; the path is relative to the runbook.")
}

func (c *checker) model(m runbook.Model) {
	name, catalogued := strings.CutPrefix(m.Source, models.CatalogPrefix)
	switch {
	case catalogued:
		c.catalogued(m, name)
	case !strings.HasPrefix(m.Source, "https://"):
		path := c.rb.Resolve(m.Source)
		if _, err := models.Inspect(path); err != nil {
			c.say(m.Address, "source", language.Warning, fmt.Sprintf("the model %s: %s", path, strings.TrimPrefix(reason(err), "model file "+path+": ")),
				"Put the file there before it runs; the path is relative to the runbook. A model of the catalogue is written \"catalog:NAME\".")
		}
	}
}

// topicORAC is what an ORAC STT accepts as a topic. It files everything else under general, and reports that only in
// its own log.
var topicORAC = pattern.Lazy(`^[A-Za-z0-9_]+$`)

// topic warns of a topic that an ORAC STT ignores.
func (c *checker) topic(m runbook.Model) {
	if !m.Enabled || topicORAC().MatchString(m.Topic) {
		return
	}
	for _, s := range c.rb.STTs {
		delivers := func(l runbook.Listener) bool {
			return slices.Contains(l.Models, m.Address) && l.Delivers(s.Address)
		}
		if s.Protocol != "orac" || !slices.ContainsFunc(c.rb.Listeners, delivers) {
			continue
		}
		better := strings.Map(func(r rune) rune {
			if topicORAC().MatchString(string(r)) {
				return r
			}
			return '_'
		}, m.Topic)
		c.say(m.Address, "topic", language.Warning, fmt.Sprintf("an ORAC STT files the topic %q under \"general\"", m.Topic),
			fmt.Sprintf("%s accepts only letters, digits and _ in a topic. Write topic = %q.", s.Address, better))
		return
	}
}

func (c *checker) catalogued(m runbook.Model, name string) {
	e, err := models.Find(name)
	var unknown *models.UnknownError
	if errors.As(err, &unknown) {
		hint := ""
		if unknown.Near != "" {
			hint = fmt.Sprintf("Did you mean \"%s%s\"? ", models.CatalogPrefix, unknown.Near)
		}
		c.say(m.Address, "source", language.Error, fmt.Sprintf("the catalogue has no model %q", name), hint+"It has "+strings.Join(heads(), ", ")+".")
		return
	}
	if e.Kind != models.Head {
		c.say(m.Address, "source", language.Error, fmt.Sprintf("%s is not a wake word", name), "Wake words are "+strings.Join(heads(), ", ")+".")
		return
	}
	if m.SHA256 != "" && !strings.EqualFold(m.SHA256, e.SHA256) {
		c.say(m.Address, "sha256", language.Error, "the catalogue lists a different checksum for "+name, "Leave sha256 out: models of the catalogue are checked anyway.")
	}
	for _, class := range m.Classes {
		if !slices.Contains(e.Labels, class) {
			hint := "It has one class only: leave classes out."
			if len(e.Labels) > 0 {
				hint = "It has " + strings.Join(e.Labels, ", ") + "."
			}
			c.say(m.Address, "classes", language.Error, fmt.Sprintf("%s has no class %q", name, class), hint)
		}
	}
}

// speech looks for the model of an engine in the catalogue.
func (c *checker) speech(s runbook.STT) {
	if err := moonshine.Check(speechOf(s)); err != nil {
		c.say(s.Address, "model", language.Error, fmt.Sprintf("the catalogue has no speech model %q", speechOf(s)), "It has "+strings.Join(moonshine.Names(), ", ")+".")
	}
}

// heads names the wake words of the catalogue.
func heads() []string {
	var names []string
	for _, e := range models.Catalogue() {
		if e.Kind == models.Head {
			names = append(names, e.Name)
		}
	}
	return names
}

// everywhere warns of an address that servers listen on and that no client can rely on: 0.0.0.0 leads at best to this
// machine.
func (c *checker) everywhere(block runbook.Address, address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.IsUnspecified() {
		c.say(block, "url", language.Warning, u.Hostname()+" is not the address of a machine: a server listens there on all its addresses",
			"Write the address where the service answers; on this machine that is 127.0.0.1.")
	}
}

// program looks for the program of a service the way a delivery would.
func (c *checker) program(s runbook.STT) {
	command, err := commandOf(s, c.rb.Resolve)
	if err != nil {
		where := "in the PATH"
		if strings.Contains(s.Command[0], "/") {
			where = "at " + filepath.Clean(c.rb.Resolve(s.Command[0]))
		}
		if errors.Is(err, fs.ErrPermission) {
			if why := program.Runnable(c.rb.Resolve(s.Command[0])); why != nil {
				c.cannotRun(s, why)
				return
			}
		}
		c.say(s.Address, "command", language.Warning, fmt.Sprintf("there is no program %q %s", s.Command[0], where),
			"Install it before it runs, or give its path relative to the runbook.")
		return
	}
	path := command[0]
	if strings.Contains(s.Command[0], "/") {
		path = c.rb.Resolve(s.Command[0])
	}
	if why := program.Runnable(path); why != nil {
		c.cannotRun(s, why)
	}
}

func (c *checker) cannotRun(s runbook.STT, why error) {
	c.say(s.Address, "command", language.Warning, "the command cannot be run: "+why.Error(), "Fix it before ORAC runs: until then every delivery fails.")
}

// reason is a file system error without the operation and the path.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// commandOf is the command of a service with the path of its program: a name is looked up, and find resolves a path.
func commandOf(s runbook.STT, find func(path string) string) ([]string, error) {
	path := s.Command[0]
	if strings.Contains(path, "/") {
		var err error
		if path, err = filepath.Abs(find(path)); err != nil {
			return nil, err
		}
	}
	path, err := exec.LookPath(path)
	if err != nil {
		return nil, fmt.Errorf("%s: command: %w; install the program, or give its path relative to the runbook", s.Address, err)
	}
	return append([]string{path}, s.Command[1:]...), nil
}
