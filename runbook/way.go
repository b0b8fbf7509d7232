package runbook

import (
	"fmt"
	"slices"

	"orac/runbook/language"
)

// Way is how the sound of an utterance reaches a speech-to-text service.
type Way string

const (
	ByStream  Way = "ws"      // while the person speaks; the same sound goes ByHTTP when that fails
	ByHTTP    Way = "http"    // in one request, when the recording is complete
	ByCommand Way = "exec"    // as a file, to a command that is started for it
	ByEngine  Way = "engine"  // to the engine of this machine
	ByWyoming Way = "wyoming" // while the person speaks, over Wyoming; when that fails, whole in the same way
)

// onlyInQuery are the settings that an ORAC STT reads from the query of one HTTP request. Its WebSocket has no place for them.
var onlyInQuery = []string{"language", "task", "forward_to_core"}

// wayOf decides how utterances are sent, and says why that is not what the protocol provides for. set lists the settings of
// onlyInQuery that have a value. Both the rules of the block and the graph ask it, so that what is checked is what runs.
func wayOf(protocol string, streaming bool, set []string) (w Way, why string) {
	p := protocolOf(protocol)
	switch {
	case p.way != ByStream:
		return p.way, p.why
	case !streaming:
		return ByHTTP, "streaming = false"
	case len(set) > 0:
		return ByHTTP, "a stream cannot carry " + language.AndList(set)
	}
	return ByStream, ""
}

// Way returns how utterances reach the service and, if they could be streamed but are not, the
// reason.
func (s STT) Way() (w Way, why string) {
	has := map[string]bool{"language": s.Language != "", "task": s.Task != "", "forward_to_core": s.ForwardToCore != nil}
	return wayOf(s.Protocol, s.Streaming, slices.DeleteFunc(slices.Clone(onlyInQuery), func(name string) bool { return !has[name] }))
}

// DefaultSpeech is the model of an engine whose block names none.
const DefaultSpeech = "moonshine_tiny"

// Embedded tells whether the engine runs in ORAC itself.
func (s STT) Embedded() bool { return protocolOf(s.Protocol).way == ByEngine }

// wayRules refuse a setting that cannot be sent along with the utterances.
func wayRules() (rules []language.Rule) {
	for _, name := range onlyInQuery {
		rules = append(rules, language.Rule{
			Uses: []string{"streaming", name, "protocol"},
			Doc:  fmt.Sprintf("streaming = true cannot carry %s", name),
			Hint: fmt.Sprintf("ORAC STT only accepts %s in an HTTP request. Leave streaming out: each recording is then sent by HTTP when it is complete. Or leave %s out.", name, name),
			Holds: func(g language.Given) bool {
				if protocolOf(g.Text("protocol")).way != ByStream || !g.Written("streaming") || !g.Written(name) {
					return true // what cannot be streamed has a rule of its own
				}
				w, _ := wayOf(g.Text("protocol"), g.Flag("streaming"), []string{name})
				return !g.Flag("streaming") || w == ByStream
			},
		})
	}
	return append(rules, language.Rule{
		Uses: []string{"streaming", "protocol"},
		Doc:  "streaming = true is only for protocol = " + language.OrList(streamers()),
		Hint: "The other protocols take the whole recording at once. Leave streaming out.",
		Holds: func(g language.Given) bool {
			w, _ := wayOf(g.Text("protocol"), g.Flag("streaming"), nil)
			return !g.Written("streaming") || !g.Flag("streaming") || w == ByStream
		},
	})
}
