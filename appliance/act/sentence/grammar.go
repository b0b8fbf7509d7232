package sentence

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"orac/appliance/act"
)

// Schema is the JSON schema of all answers that Commands takes: valid triples of intent, entities and slots, and no others.
func (c *Choices) Schema() []byte {
	defs := map[string]any{}
	named := map[string]string{}
	var choices []any
	for i := range c.Intents {
		ch := &c.Intents[i]
		properties := map[string]any{"intent": map[string]any{"const": ch.Intent}}
		required := []string{"intent"}
		if len(ch.Targets) > 0 {
			all := strings.Join(ch.Targets, "\x00")
			if named[all] == "" {
				named[all] = fmt.Sprintf("entities%d", len(named))
				defs[named[all]] = map[string]any{"type": "string", "enum": ch.Targets}
			}
			properties["targets"] = map[string]any{"type": "array", "minItems": 1, "maxItems": act.MaxTargets, "items": map[string]any{"$ref": "#/$defs/" + named[all]}}
			required = append(required, "targets")
		}
		if len(ch.Slots) > 0 {
			slots, needed := map[string]any{}, []string{}
			for _, s := range ch.Slots {
				slots[s.Name] = s.schema()
				if !s.Optional {
					needed = append(needed, s.Name)
				}
			}
			properties["slots"] = map[string]any{"type": "object", "properties": slots, "required": needed, "additionalProperties": false}
			if len(needed) > 0 {
				required = append(required, "slots")
			}
		}
		choices = append(choices, map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false})
	}
	items := map[string]any{"type": "array", "maxItems": act.MaxCommands}
	if len(choices) > 0 {
		items["items"] = map[string]any{"anyOf": choices}
	} else {
		items["maxItems"] = 0
	}
	schema := map[string]any{"type": "object", "properties": map[string]any{"commands": items}, "required": []string{"commands"}, "additionalProperties": false}
	if len(defs) > 0 {
		schema["$defs"] = defs
	}
	out, err := json.Marshal(schema)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return out
}

func (s *ChoiceSlot) schema() map[string]any {
	switch {
	case s.Number:
		return map[string]any{"type": "number", "minimum": s.From, "maximum": s.To}
	case s.Values != nil:
		return map[string]any{"type": "string", "enum": s.Values}
	}
	return map[string]any{"type": "string", "pattern": "^[a-z0-9 ]{1,40}$"}
}

// GBNF is the same as Schema, as a grammar of llama.cpp. Names are escaped twice: as JSON, and as text of the grammar.
func (c *Choices) GBNF() string {
	var b strings.Builder
	line := func(name, rule string) { fmt.Fprintf(&b, "%s ::= %s\n", name, rule) }
	named := map[string]string{}
	var rules, all []string
	for i := range c.Intents {
		ch := &c.Intents[i]
		parts := []string{literal(`{"intent":` + jsonText(ch.Intent))}
		if len(ch.Targets) > 0 {
			key := strings.Join(ch.Targets, "\x00")
			if named[key] == "" {
				named[key] = fmt.Sprintf("entity%d", len(named))
				rules = append(rules, named[key]+" ::= "+oneOf(ch.Targets))
			}
			parts = append(parts, literal(`,"targets":[`), named[key], "("+literal(",")+" "+named[key]+")*", literal("]"))
		}
		parts = append(parts, ch.slots()...)
		name := fmt.Sprintf("choice%d", i)
		all = append(all, name)
		rules = append(rules, name+" ::= "+strings.Join(append(parts, literal("}")), " "))
	}
	if len(all) == 0 {
		line("root", literal(`{"commands":[]}`))
		return b.String()
	}
	line("root", literal(`{"commands":[`)+fmt.Sprintf(" (command (%s command){0,%d})? ", literal(","), act.MaxCommands-1)+literal("]}"))
	line("command", strings.Join(all, " | "))
	for _, r := range rules {
		b.WriteString(r + "\n")
	}
	line("number", `"-"? [0-9]{1,6} ("." [0-9]{1,3})?`)
	line("text", literal(`"`)+` [a-z0-9 ]{1,40} `+literal(`"`))
	return b.String()
}

// slots are the rules of an object of slots; one that may be left out is, or is not, in its place.
func (ch *Choice) slots() (out []string) {
	var first, rest []string
	for _, s := range ch.Slots {
		rule := literal(jsonText(s.Name)+":") + " "
		switch {
		case s.Number:
			rule += "number"
		case s.Values != nil:
			rule += "(" + oneOf(s.Values) + ")"
		default:
			rule += "text"
		}
		if s.Optional {
			rest = append(rest, rule)
		} else {
			first = append(first, rule)
		}
	}
	if len(first)+len(rest) == 0 {
		return nil
	}
	comma := literal(",")
	out = append(out, literal(`,"slots":{`))
	if len(first) > 0 {
		out = append(out, strings.Join(first, " "+comma+" "))
		for _, r := range rest {
			out = append(out, "("+comma+" "+r+")?")
		}
	} else {
		out = append(out, optionals(rest, comma))
	}
	return append(out, literal("}"))
}

// optionals are any of some rules in their order, with commas between them.
func optionals(list []string, comma string) string {
	var ways []string
	for i, r := range list {
		way := r
		for _, o := range list[i+1:] {
			way += " (" + comma + " " + o + ")?"
		}
		ways = append(ways, way)
	}
	return "(" + strings.Join(ways, " | ") + ")?"
}

func oneOf(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = literal(jsonText(v))
	}
	return strings.Join(out, " | ")
}

// jsonText is a string as JSON.
func jsonText(s string) string {
	out, err := json.Marshal(s)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return string(out)
}

// literal is a text of GBNF. What is not printable ASCII is written by its number.
func literal(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteString(`\U` + fmt.Sprintf("%08s", strings.ToUpper(strconv.FormatInt(int64(r), 16))))
		}
	}
	b.WriteByte('"')
	return b.String()
}
