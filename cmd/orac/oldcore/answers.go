package oldcore

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"orac/runbook/pattern"
)

// plain tells whether a text is a sentence, and of a length that a person says: it has no sign that a template reads.
func plain(text string) bool {
	other := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("' ,.%°-", r)
	}
	return text != "" && utf8.RuneCountInString(text) <= 200 && !strings.ContainsFunc(text, other)
}

// services are those of the existing service's words; %d stands for the number.
var services = map[string]string{"on": "turn_on", "off": "turn_off", "toggle": "toggle", "lock": "lock", "unlock": "unlock"}

var coverServices = map[string]string{"open": "open_cover", "close": "close_cover", "stop": "stop_cover"}

var percent = pattern.Lazy(`^set (\d{1,3})%$`)

var degrees = pattern.Lazy(`^set (\d{1,2})[cC]$`)

// dimmable is the service and the data of "set N%" by domain.
var dimmable = map[string][2]string{
	"light": {"light.turn_on", "brightness_pct"}, "cover": {"cover.set_cover_position", "position"}, "fan": {"fan.set_percentage", "percentage"},
}

// callOf is the service, and the data beside the entity, that an answer means; "" if it means none that works.
func callOf(entity, action string) (service, data string) {
	domain, _, _ := strings.Cut(entity, ".")
	if s := services[action]; s != "" {
		return domain + "." + s, ""
	}
	if s := coverServices[action]; s != "" && domain == "cover" {
		return "cover." + s, ""
	}
	if n := percent().FindStringSubmatch(action); n != nil {
		if value, _ := strconv.Atoi(n[1]); value <= 100 && dimmable[domain] != [2]string{} {
			return dimmable[domain][0], fmt.Sprintf("%s = %d", dimmable[domain][1], value)
		}
	}
	if n := degrees().FindStringSubmatch(action); n != nil && domain == "climate" {
		return "climate.set_temperature", "temperature = " + strings.TrimLeft(n[1], "0")
	}
	return "", ""
}

// answers makes an intent of each thing that was learnt, with all the sentences that mean it.
func (m *importing) answers() {
	type meaning struct{ topic, service, data string }
	sentences := map[meaning][]string{}
	out := 0
	for _, a := range m.data.Answers {
		var deed struct {
			Action string `json:"action"`
		}
		text := strings.Join(strings.Fields(a.Text), " ")
		err := json.Unmarshal([]byte(a.JSON), &deed)
		service, data := callOf(a.Entity, deed.Action)
		t, known := m.data.Topics[a.Topic]
		if err != nil || service == "" || !known || m.backends[t.BackendID] == "" || !entity().MatchString(a.Entity) || !plain(text) {
			out++
			continue
		}
		what := "entity_id = " + quote(a.Entity)
		if data != "" {
			what += ", " + data
		}
		k := meaning{a.Topic, service, what}
		if !slices.Contains(sentences[k], text) {
			sentences[k] = append(sentences[k], text)
		}
	}
	keys := slices.SortedFunc(maps.Keys(sentences), func(a, b meaning) int {
		return strings.Compare(a.topic+a.service+a.data, b.topic+b.service+b.data)
	})
	for i, k := range keys {
		list := sentences[k]
		slices.Sort(list)
		name := fmt.Sprintf("learnt_%d", i+1)
		ok := m.block("intent", name, "sentences = "+quotes(list), "backend   = backend."+m.backends[m.data.Topics[k.topic].BackendID], "call {", "  service = "+quote(k.service), "  data    = { "+k.data+" }", "}")
		if ok {
			m.intents[k.topic] = append(m.intents[k.topic], name)
		}
	}
	if out > 0 {
		m.note("stt_cache.json: %d learnt answers are left out: they have no entity, no topic with a backend, or an action that never worked", out)
	}
}
