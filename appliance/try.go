package appliance

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/sentence"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/statedir"
	"orac/runbook"
)

// Try says what a text would mean to a topic of a runbook, and which calls it would make, without an appliance: nothing is called, asked
// or written. The things of a backend are those of kept, which may return nil. No language model and no conversation is asked.
func Try(rb *runbook.Runbook, kept func(backend string) *act.Home, r act.Request, now time.Time) (act.Answer, error) {
	topic, err := topicToTry(rb, r.Topic)
	if err != nil {
		return act.Answer{}, err
	}
	var intents []runbook.Intent
	for _, a := range topic.Intents {
		in, _ := rb.Intent(a)
		intents = append(intents, in)
	}
	g := sentence.Grammar{English: topic.SpeaksEnglish(), Intents: graph.Sentences(intents, rb.Vocabularies)}
	var unknown []string
	for _, b := range graph.BackendsOf(rb, topic) {
		if !b.HasHome() {
			continue
		}
		if h := kept(b.Name); h != nil {
			g.Homes = append(g.Homes, h)
		} else {
			unknown = append(unknown, string(b.Address))
		}
	}
	m, _ := sentence.Compile(g) // orac validate tells what is wrong with them
	a := act.Answer{Topic: topic.Name, Text: r.Text, Came: now, ReadAt: now}
	a.Reading, _ = m.Read(r.Text, sentence.Context{Area: r.Area, Now: now})
	if a.Understood = a.Reading.Tier != act.NoTier; !a.Understood {
		a.Reason = a.Reading.Why
		if len(unknown) > 0 {
			a.Reason += "; nobody knows here what there is at " + strings.Join(unknown, " and ")
		}
		if topic.LanguageModel != "" {
			a.Reason += "; " + string(topic.LanguageModel) + " is asked by a running appliance alone"
		}
	}
	for _, c := range a.Reading.Commands {
		a.Outcomes = append(a.Outcomes, try(rb, intents, g.Homes, c)...)
	}
	a.Speech = act.Speech(a)
	return a, nil
}

// topicToTry is the topic of a name; "" is the only one that acts, or general.
func topicToTry(rb *runbook.Runbook, name string) (runbook.Topic, error) {
	all := graph.Acting(rb)
	if name == "" {
		if name = "general"; len(all) == 1 {
			name = all[0].Name
		}
	}
	i := slices.IndexFunc(all, func(t runbook.Topic) bool { return t.Name == name })
	if i < 0 {
		return runbook.Topic{}, &act.TopicError{Topic: name}
	}
	return all[i], nil
}

// try translates a command into the calls that it would make.
func try(rb *runbook.Runbook, intents []runbook.Intent, homes []*act.Home, c act.Command) []act.Outcome {
	would := func(call act.Call, why string) act.Outcome {
		call.Backend, call.Intent = c.Backend, c.Intent
		return act.Outcome{Call: call, Verdict: act.NotTried, Reason: why}
	}
	if c.Backend == "" {
		return []act.Outcome{would(act.Call{Service: "orac." + c.Intent}, dryRun)}
	}
	b, _ := rb.Backend(runbook.Address("backend." + c.Backend))
	client, err := backend(graph.BackendService{Backend: b}, rb.Resolve, "")
	if err != nil {
		return []act.Outcome{would(act.Call{Targets: c.Targets}, err.Error())}
	}
	var home *act.Home
	if i := slices.IndexFunc(homes, func(h *act.Home) bool { return h.Backend == c.Backend }); i >= 0 {
		home = homes[i]
	}
	calls, err := callsOf(client, intents, c, home)
	if err != nil {
		return []act.Outcome{would(act.Call{Targets: c.Targets}, err.Error())}
	}
	var out []act.Outcome
	for _, call := range calls {
		out = append(out, would(call, dryRun))
	}
	return out
}

// dryRun is why a call of a dry run was not made.
const dryRun = "a dry run"

func callsOf(client act.Backend, intents []runbook.Intent, c act.Command, home *act.Home) ([]act.Call, error) {
	i := slices.IndexFunc(intents, func(in runbook.Intent) bool { return in.Name == c.Intent })
	filler, fills := client.(act.Filler)
	if i < 0 || !fills {
		return client.Calls(c, home, map[string]act.State{})
	}
	call, err := filler.Fill(c, graph.TemplateOf(intents[i]))
	return []act.Call{call}, err
}

// KeptHome is what a backend had when an appliance last ran with a state directory; nil if nothing legible is kept.
func KeptHome(stateDir, backend string) *act.Home {
	d, err := statedir.Existing(stateDir)
	if err != nil {
		return nil
	}
	defer d.Close()
	text, err := d.ReadFile(node.KeptHomes+"/"+backend+".json", node.MaxKeptHome)
	if err != nil {
		return nil
	}
	h, err := parseHome(text)
	if err != nil || h.Backend != backend {
		return nil
	}
	return h
}

// parseHome reads a kept vocabulary.
func parseHome(text []byte) (*act.Home, error) {
	var h act.Home
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("the kept things of a backend: %w", err)
	}
	if h.Backend == "" {
		return nil, errors.New("the kept things of a backend name none")
	}
	return &h, nil
}
