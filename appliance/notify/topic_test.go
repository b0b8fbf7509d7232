package notify

import (
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/hook"
	"orac/runbook/runbooktest"
)

// published is a mqtt block with these attributes.
func published(t testing.TB, rest string) runbook.MQTT {
	t.Helper()
	rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nmqtt \"m\" {\n  url    = \"tcp://broker.local:1883\"\n  events = [\"wake\", \"transcript\"]\n"+rest+"}\n"), "x.hcl", runbooktest.World())
	if ds.HasErrors() {
		t.Fatal(ds.Error())
	}
	return rb.MQTTs[0]
}

func TestPublishes(t *testing.T) {
	e := &hook.Transcript{Text: "lights on"}
	e.Listener = "kitchen"
	for rest, want := range map[string][2]string{
		"": {"orac/a/events/transcript", string(hook.Encode(e))},
		"  topic = \"house/${event.listener}\"\n  payload = event.text\n":                       {"house/kitchen", "lights on"},
		"  topic = \"fixed\"\n  payload = jsonencode({ said = event.text })\n":                  {"fixed", `{"said":"lights on"}`},
		"  topic = \"x/${event.device}/y\"\n  payload = \"${event.empty ? \"\" : \"said\"}\"\n": {"x/_/y", "said"},
	} {
		p, err := Publishes(published(t, rest), "orac/a")(e)
		if err != nil || p.Topic != want[0] || string(p.Payload) != want[1] {
			t.Errorf("%q: %s %s, %v", rest, p.Topic, p.Payload, err)
		}
	}
}

// FuzzTopic: whatever an event says, its topic is one that messages can go to, and has the levels that the template has.
func FuzzTopic(f *testing.F) {
	for _, s := range []string{"", "kitchen", "a/b", "+", "#", "$SYS", "\x00", "\xff", strings.Repeat("é", 300)} {
		f.Add(s)
	}
	makes := Publishes(published(f, "  topic = \"house/${event.text}/${event.listener}\"\n"), "orac/a")
	f.Fuzz(func(t *testing.T, text string) {
		e := &hook.Transcript{Text: text}
		e.Listener = "kitchen"
		hook.Clean(e)
		p, err := makes(e)
		if err == nil && (!runbook.IsTopic(p.Topic) || strings.Count(p.Topic, "/") != 2 || !strings.HasSuffix(p.Topic, "/kitchen")) {
			t.Errorf("%q", p.Topic)
		}
		if err != nil && len(text) < 100 {
			t.Errorf("%q: %v", text, err)
		}
	})
}
