package discovery

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"orac/appliance/entity"
	"orac/runbook"
)

// Device is the appliance as Home Assistant is told of it.
type Device struct {
	ID          string // letters, digits, _ and -; the same for ever
	Name, Area  string
	Version     string
	Base        string // of its topics
	Prefix      string // of Home Assistant's discovery
	Transcripts string // see runbook.MQTT
}

// Topics of the device.
func (d Device) ConfigTopic() string        { return d.Prefix + "/device/" + d.ID + "/config" }
func (d Device) BirthTopic() string         { return d.Prefix + "/status" }
func (d Device) StatusTopic() string        { return d.Base + "/status" }
func (d Device) StateTopic() string         { return d.Base + "/state" }
func (d Device) UpdateTopic() string        { return d.Base + "/update" }
func (d Device) EventTopic(p Part) string   { return d.Base + "/" + p.Object }
func (d Device) TextTopic(p Part) string    { return d.Base + "/" + p.Object }
func (d Device) SetTopic(p Part) string     { return d.Base + "/" + p.Object + "/set" }
func (d Device) TriggerTopic(p Part) string { return d.Base + "/" + p.Object }

// What StatusTopic says.
const (
	Online  = "online"
	Offline = "offline"
)

// pressed is what a button is told, and triggered what a trigger tells.
const (
	pressed   = "PRESS"
	triggered = "heard"
)

// Triggered is what is published when a trigger's wake word was heard.
func Triggered() []byte { return []byte(triggered) }

// platforms are what kinds of entities are called over MQTT.
var platforms = map[entity.Kind]string{entity.TextSensor: "sensor"}

func platform(k entity.Kind) string {
	if name, other := platforms[k]; other {
		return name
	}
	return string(k)
}

// Platforms are the parts by their names, with what each is for Home Assistant: what Payload needs to know to have one removed later.
func Platforms(parts []Part) map[string]string {
	list := map[string]string{}
	for _, p := range parts {
		list[p.Object] = platform(p.Kind)
	}
	return list
}

// Payload is what Home Assistant is told of the device. gone are parts that it was told of before: it removes them.
func (d Device) Payload(parts []Part, gone map[string]string) []byte {
	components := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		components[name] = map[string]any{"platform": gone[name]}
	}
	for _, p := range parts {
		components[p.Object] = d.component(p)
	}
	device := map[string]any{"identifiers": []string{d.unique("")}, "name": d.Name, "manufacturer": "ORAC", "model": "ORAC", "sw_version": d.Version, "serial_number": d.ID}
	if d.Area != "" {
		device["suggested_area"] = d.Area
	}
	return encode(map[string]any{
		"device": device, "origin": map[string]any{"name": "orac", "sw_version": d.Version},
		"availability_topic": d.StatusTopic(), "qos": 1, "components": components,
	})
}

// unique is an ID that no other device has.
func (d Device) unique(object string) string {
	if object == "" {
		return "orac_" + d.ID
	}
	return "orac_" + d.ID + "_" + object
}

var categories = map[entity.Category]string{entity.Config: "config", entity.Diagnostic: "diagnostic"}

// component describes a part.
func (d Device) component(p Part) map[string]any {
	c := map[string]any{"platform": platform(p.Kind)}
	if p.Kind == Trigger {
		c["automation_type"], c["type"], c["subtype"], c["topic"], c["payload"] = "trigger", "wake_word", p.Name, d.TriggerTopic(p), triggered
		return c
	}
	c["unique_id"], c["name"] = d.unique(p.Object), p.Name
	set := func(key, value string) {
		if value != "" {
			c[key] = value
		}
	}
	set("icon", p.Icon)
	set("device_class", p.Class)
	set("entity_category", categories[p.Category])
	set("unit_of_measurement", p.Unit)
	if p.Hidden {
		c["enabled_by_default"] = false
	}
	if p.Order != "" {
		c["command_topic"], c["retain"] = d.SetTopic(p), false
	}
	value := "{{ value_json['" + p.Object + "'] }}"
	switch p.Kind {
	case entity.Switch, entity.BinarySensor:
		c["state_topic"], c["value_template"] = d.StateTopic(), value
	case entity.Number:
		c["state_topic"], c["value_template"] = d.StateTopic(), value
		c["min"], c["max"], c["step"], c["mode"] = p.Min, p.Max, p.Step, "slider"
	case entity.Sensor:
		c["state_topic"], c["value_template"], c["state_class"] = d.StateTopic(), value, "measurement"
		if p.ID == objectIncidents {
			c["state_class"] = "total_increasing"
		}
	case entity.TextSensor:
		c["state_topic"], c["value_template"] = d.StateTopic(), value
		if p.ID == entity.IDTranscript {
			c["state_topic"], c["value_template"] = d.TextTopic(p), "{{ value_json.state }}"
			c["json_attributes_topic"] = d.TextTopic(p)
		}
	case entity.Button:
		c["payload_press"] = pressed
	case entity.Update:
		c["state_topic"] = d.UpdateTopic()
	case Event:
		c["state_topic"], c["event_types"] = d.EventTopic(p), p.Types
	}
	return c
}

// Versions is what UpdateTopic says.
func Versions(version string) []byte {
	return encode(map[string]any{"installed_version": version, "latest_version": version, "title": "ORAC"})
}

// JSON is what StateTopic says: every part, also those of which nothing is known, so that no template of Home Assistant lacks one.
func (s State) JSON(parts []Part) []byte {
	all := map[string]any{}
	for _, p := range parts {
		switch p.Kind {
		case entity.Switch, entity.Number, entity.Sensor, entity.BinarySensor:
			all[p.Object] = s[p.Object]
		case entity.TextSensor:
			if p.ID != entity.IDTranscript {
				all[p.Object] = s[p.Object]
			}
		}
	}
	return encode(all)
}

// Transcript is what TextTopic says of a text: the beginning as the state, all of it as an attribute.
func Transcript(text, id string) []byte {
	return encode(map[string]any{"state": entity.Text(entity.IDTranscript, text).Text, "text": text, "id": id})
}

// Happened is an event of a part. id lets whoever gets it twice know it again.
func Happened(kind, id string, attributes map[string]any) []byte {
	all := maps.Clone(attributes)
	if all == nil {
		all = map[string]any{}
	}
	all["event_type"], all["id"] = kind, id
	return encode(all)
}

// KeepsTranscripts tells whether the broker keeps what was said last.
func (d Device) KeepsTranscripts() bool { return d.Transcripts == runbook.TranscriptsKept }

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: " + err.Error()) // only numbers that are none can fail, and none is put in
	}
	return text
}

func number(text string) (float64, bool) {
	if len(text) == 0 || len(text) > 16 {
		return 0, false
	}
	for _, r := range text {
		if (r < '0' || r > '9') && r != '.' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}
