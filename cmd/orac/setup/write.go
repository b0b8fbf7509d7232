package setup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"orac/cmd/orac/screen"
	"orac/models"
	"orac/runbook"
	"orac/runbook/cells"
	"orac/runbook/edit"
	"orac/runbook/language"
)

// Write makes the runbook of answers. For an open answer it takes the proposal that needs nothing else: the default microphone,
// the first wake word, no service, no console.
func Write(ctx context.Context, a Answers) ([]byte, error) {
	s := sheet{comments: map[runbook.Address]string{}}
	first := s.appliance(a)
	microphone := s.microphone(a)
	words := s.models(a)
	service := s.service(a)
	s.listener(a, microphone, words, service)
	s.console(a)

	text, wrong := edit.Rework(ctx, first, s.steps)
	if len(wrong) > 0 {
		return nil, errors.Join(stepErrors(wrong)...)
	}
	text, err := annotate(text, s.comments)
	if err != nil {
		return nil, err
	}
	text, problems := runbook.Vocabulary.Format(text, "")
	if problems.HasErrors() {
		return nil, problems
	}
	return text, nil
}

func stepErrors(wrong []*edit.StepError) (out []error) {
	for _, w := range wrong {
		out = append(out, w.Err)
	}
	return out
}

// sheet collects what to write.
type sheet struct {
	steps    []edit.Operation
	comments map[runbook.Address]string // above a block
}

// block adds a block with what a person should know about it; set adds its attributes.
func (s *sheet) block(a runbook.Address, comment string) {
	s.steps = append(s.steps, edit.Operation{Do: edit.DoAdd, Block: a})
	s.comments[a] = comment
}

func (s *sheet) set(a runbook.Address, attribute, expression string) {
	s.steps = append(s.steps, edit.Operation{Do: edit.DoSet, Block: a, Attribute: attribute, Expression: expression})
}

// appliance returns the text to start from: nothing can be added to a text without a block.
func (s *sheet) appliance(a Answers) []byte {
	name := NameOf(a.Name, "orac")
	address := runbook.Address("appliance." + name)
	s.comments[address] = "What this appliance hears and where its commands go. Check a change with `orac validate`; `orac plan` shows " +
		"what it would do to the running appliance, and `orac apply` does it."
	if a.StateDir != "" {
		s.set(address, "state_dir", edit.Quote(a.StateDir))
	}
	return fmt.Appendf(nil, "appliance %q {}\n", name)
}

func (s *sheet) microphone(a Answers) runbook.Address {
	m := a.Microphone
	if m == nil || m.Identity == "" {
		address := runbook.Address("device.microphone.default")
		s.block(address, "The system's default microphone at the time ORAC starts. `orac devices` lists all microphones: name one "+
			"by match, and ORAC listens to no other.")
		return address
	}
	address := runbook.Address("device.microphone." + NameOf(m.Name, "microphone"))
	s.block(address, cells.Shorten(screen.Clean(m.Name), 60)+". ORAC finds it by its identity when it is plugged in again; `orac devices` lists the others.")
	s.set(address, "identity", edit.Quote(m.Identity))
	if m.Backend == "alsa" {
		s.set(address, "backend", edit.Quote(m.Backend))
	}
	return address
}

func (s *sheet) models(a Answers) (words []string) {
	names := a.Models
	if len(names) == 0 {
		names = []string{proposedModel}
	}
	for _, name := range names {
		address := runbook.Address("model." + name)
		comment := ""
		if e, err := models.Find(name); err == nil {
			comment = fmt.Sprintf("Say %q. Licence of the model: %s.", e.WakeWord, Licence(e.Licence))
		}
		s.block(address, comment+" `orac models list` shows the others.")
		s.set(address, "source", edit.Quote(models.CatalogPrefix+name))
		words = append(words, string(address))
	}
	return words
}

// Licence says in words what a licence of the catalogue means for users of a model.
func Licence(id string) string {
	if strings.Contains(id, "-NC-") {
		return id + ", not for commercial use"
	}
	return id
}

func (s *sheet) service(a Answers) (name string) {
	switch {
	case a.Service == nil:
		return ""
	case len(a.Service.Command) > 0:
		program := filepath.Base(a.Service.Command[0])
		address := runbook.Address("stt." + NameOf(strings.TrimSuffix(program, filepath.Ext(program)), "command"))
		s.block(address, "A program on this machine turns each command into text. {wav} stands for the recording.")
		s.set(address, "protocol", edit.Quote("exec"))
		s.set(address, "command", quoteAll(a.Service.Command))
		return string(address)
	case a.Service.Engine != "":
		const address = runbook.Address("stt.local")
		s.block(address, "This machine turns each command into text itself. It understands English.")
		s.set(address, "protocol", edit.Quote("embedded"))
		s.set(address, "model", edit.Quote(a.Service.Engine))
		return string(address)
	case a.Service.URL != "":
		const address, heart = runbook.Address("stt.orac"), runbook.Address("heartbeat.orac")
		s.block(address, "An ORAC STT server turns each command into text. While it is away, commands wait on the disk.")
		s.set(address, "url", edit.Quote(a.Service.URL))
		s.block(heart, "Tells the server that this appliance listens, and for which words.")
		s.set(heart, "stt", string(address))
		return string(address)
	}
	return ""
}

func quoteAll(list []string) string {
	quoted := make([]string, len(list))
	for i, text := range list {
		quoted[i] = edit.Quote(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (s *sheet) listener(a Answers, microphone runbook.Address, words []string, service string) {
	address := runbook.Address("listener." + NameOf(a.Name, "orac"))
	comment := "Joins this microphone, these wake words, and the service that understands the command that follows."
	if service == "" {
		comment = "Joins this microphone and these wake words. ORAC records nothing until there is a service: add an stt block, and name it here as deliver = [stt.NAME]."
	}
	s.block(address, comment)
	s.set(address, "device", string(microphone))
	s.set(address, "models", "["+strings.Join(words, ", ")+"]")
	if service != "" {
		s.set(address, "deliver", "["+service+"]")
	}
}

func (s *sheet) console(a Answers) {
	switch a.Console {
	case Local:
		s.block("web", "The console and the API, for this machine only. `orac run` prints a code; with it you make the first admin.")
		s.set("web", "listen", edit.Quote("127.0.0.1:7171"))
	case Network:
		s.block("web", "The console and the API, for the whole network and always encrypted: ORAC makes the certificate at its first start. "+
			"`orac run` prints its fingerprint, and a code; with that you make the first admin.")
		s.set("web", "listen", edit.Quote(":7171"))
		s.steps = append(s.steps, edit.Operation{Do: edit.DoAdd, Block: "web.tls"})
		s.set("web.tls", "self_signed", "true")
	}
}

// worthKnowing lists the attributes that people change first, by block type. Each becomes a comment; removing its "# " makes
// it part of the runbook.
var worthKnowing = map[string][]string{
	"device.microphone": {"channel"},
	"model":             {"threshold", "cooldown", "topic"},
	"listener":          {"vad_threshold"},
	"stt":               {"timeout"},
}

// hints returns comments on what else a block of a type may say, without what it says already.
func hints(t *language.BlockType, said func(name string) bool) (lines []string) {
	for _, name := range worthKnowing[t.Key()] {
		at := t.Attribute(name)
		if at == nil {
			panic("BUG: no attribute " + name + " in " + t.Key())
		}
		if said(name) {
			continue
		}
		lines = append(lines, "")
		lines = append(lines, comment(brief(at.Doc))...)
		lines = append(lines, "# "+name+" = "+example(at))
	}
	return lines
}

// example returns a value as a runbook writes it: the default, or the registry's example.
func example(at *language.Attribute) string {
	if at.Default == "" {
		return at.Example
	}
	if slices.Contains([]language.Kind{language.Int, language.Float, language.Bool, language.Ints, language.Strings, language.Refs, language.RefLists}, at.Kind) {
		return at.Default
	}
	return edit.Quote(at.Default)
}
