package discovery

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orac/appliance/entity"
	"orac/runbook"
)

// whole is a device with everything.
func whole() Of {
	return Of{
		Listeners: []entity.Of{
			{Listener: "kitchen", Words: []entity.Word{{Model: "hey_jarvis", Phrase: "hey jarvis"}, {Model: "alexa", Phrase: "alexa"}}},
			{Listener: "study", Words: []entity.Word{{Model: "hey_jarvis", Phrase: "hey jarvis"}}},
		},
		Speakers: []string{"kitchen"}, Allow: []string{runbook.AllowMute, runbook.AllowThreshold, runbook.AllowSay, runbook.AllowRestart},
		Triggers: true, Transcripts: runbook.TranscriptsKept,
	}
}

// TestParts: what may not be ordered is not there, nothing is there twice, and names fit topics and Home Assistant.
func TestParts(t *testing.T) {
	fits := regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	all := Parts(whole())
	seen := map[string]bool{}
	for _, p := range all {
		if seen[p.Object] || !fits.MatchString(p.Object) {
			t.Errorf("%+v", p)
		}
		seen[p.Object] = true
	}
	for _, want := range []string{"kitchen_mute", "study_mute", "kitchen_wake", "study_transcript", "kitchen_last_transcript", "threshold_hey_jarvis", "threshold_alexa",
		"say_kitchen", "restart", "problem", "update", "incidents", "started", "kitchen_trigger_alexa", "study_trigger_hey_jarvis"} {
		if !seen[want] {
			t.Errorf("there is no %s", want)
		}
	}
	of := whole()
	of.Allow, of.Transcripts, of.Triggers = nil, runbook.TranscriptsOff, false
	for _, p := range Parts(of) {
		if p.Order != "" || strings.Contains(p.Object, "transcript") || p.Kind == Trigger {
			t.Errorf("%+v", p)
		}
	}
}

// TestPayload: the same subtype of a trigger twice would be an error for Home Assistant; a part that is gone is named by its platform alone.
func TestPayload(t *testing.T) {
	d := Device{ID: "orac-a", Name: "A", Area: "Kitchen", Base: "orac/a", Prefix: "homeassistant"}
	parts := Parts(whole())
	var p struct {
		Components map[string]map[string]any `json:"components"`
	}
	if err := json.Unmarshal(d.Payload(parts, map[string]string{"old": "switch"}), &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Components) != len(parts)+1 || fmt.Sprint(p.Components["old"]) != "map[platform:switch]" {
		t.Errorf("%d components; old is %v", len(p.Components), p.Components["old"])
	}
	subtypes := map[any]bool{}
	for name, c := range p.Components {
		if c["platform"] == "device_automation" {
			if subtypes[c["subtype"]] || c["unique_id"] != nil {
				t.Errorf("%s: %v", name, c)
			}
			subtypes[c["subtype"]] = true
		}
	}
	if platforms := Platforms(parts); len(platforms) != len(parts) || platforms["kitchen_last_wake"] != "sensor" {
		t.Errorf("%v", platforms)
	}
}

// TestState has every part, also those of which nothing is known.
func TestState(t *testing.T) {
	parts, s := Parts(whole()), State{}
	if !s.Put("study", entity.State{Entity: entity.IDMute, On: true}, parts) || s.Put("study", entity.State{Entity: entity.IDMute, On: true}, parts) {
		t.Error("a change is not told once")
	}
	s.Put("", entity.State{Entity: entity.IDThreshold + "alexa", Number: 0.4}, parts)
	if s.Put("attic", entity.State{Entity: entity.IDMute, On: true}, parts) {
		t.Error("a listener that is not there has a state")
	}
	var all map[string]any
	if err := json.Unmarshal(s.JSON(parts), &all); err != nil {
		t.Fatal(err)
	}
	value, known := all["kitchen_mute"]
	if all["study_mute"] != "ON" || value != nil || !known || all["threshold_alexa"] != 0.4 || all["kitchen_last_transcript"] != nil {
		t.Errorf("%v", all)
	}
}

// FuzzRead: whatever is ordered, it is refused, or is one of what the part takes.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"ON", "OFF", "on", "", "0.5", "1e9", "NaN", "-0", "0x1", "PRESS", "dinner", "a\x00", "\xff", strings.Repeat("9", 400), ".", "0.0001"} {
		f.Add([]byte(s))
	}
	parts := Parts(whole())
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, p := range parts {
			o, err := Read(p, payload)
			switch {
			case err != nil:
				if len(payload) > 8 && strings.Contains(err.Error(), string(payload)) {
					t.Errorf("it quotes %q", payload)
				}
			case p.Order == "":
				t.Errorf("%s may not be ordered: %q", p.Object, payload)
			case p.Kind == entity.Number && (math.IsNaN(o.To.Number) || o.To.Number < p.Min || o.To.Number > p.Max):
				t.Errorf("%q is %v", payload, o.To.Number)
			case p.Kind == entity.Switch && !slices.Contains([]string{"ON", "OFF"}, string(payload)):
				t.Errorf("%q is %v", payload, o.To.On)
			case p.Kind == entity.Button && string(payload) != "PRESS":
				t.Errorf("%q presses", payload)
			case p.Kind == Notify && (o.To.Text == "" || len(o.To.Text) > 4000):
				t.Errorf("%q is said", payload)
			}
		}
	})
}
