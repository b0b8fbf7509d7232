package notify

import (
	"errors"
	"strings"
	"unicode"

	"github.com/zclconf/go-cty/cty"

	"orac/runbook"
	"orac/runbook/hook"
)

// Published is an event as it goes to a broker.
type Published struct {
	Topic   string
	Payload []byte
}

// errTopic means that a template made no topic. It quotes nothing: that may be what somebody said.
var errTopic = errors.New("the template makes no topic that a message can go to")

// Publishes is how the events of a mqtt block are published; base begins the topics of the appliance.
func Publishes(m runbook.MQTT, base string) func(hook.Event) (Published, error) {
	return func(e hook.Event) (p Published, err error) {
		p.Topic, p.Payload = base+"/events/"+hook.KindOf(e).Name, hook.Encode(e)
		if m.Payload.IsSet() {
			text, err := m.Payload.Eval(map[string]cty.Value{"event": hook.Value(e)})
			if err != nil {
				return p, err
			}
			p.Payload = []byte(text)
		}
		if m.Topic.IsSet() {
			if p.Topic, err = m.Topic.Eval(map[string]cty.Value{"event": levels(hook.Value(e))}); err != nil {
				return p, err
			}
			if !runbook.IsTopic(p.Topic) {
				return p, errTopic
			}
		}
		return p, nil
	}
}

// levels makes each text of an event one level of a topic: what means something there becomes _, and so does an empty one.
func levels(event cty.Value) cty.Value {
	fields := event.AsValueMap()
	for name, v := range fields {
		if v.Type() != cty.String {
			continue
		}
		text := strings.Map(func(r rune) rune {
			if strings.ContainsRune("/+#$", r) || unicode.IsControl(r) || r == unicode.ReplacementChar {
				return '_'
			}
			return r
		}, v.AsString())
		if text == "" {
			text = "_"
		}
		fields[name] = cty.StringVal(text)
	}
	return cty.ObjectVal(fields)
}
