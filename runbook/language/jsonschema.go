package language

import (
	"encoding/json"
	"strconv"

	"github.com/zclconf/go-cty/cty"
)

// object is a JSON object; encoding/json writes its keys in order.
type object = map[string]any

// JSONSchema describes the language for editors and other tools, as a JSON Schema of draft 2020-12.
// It describes the JSON form of HCL: blocks become objects by label, and every value may instead be
// a template "${…}". What JSON Schema cannot say is in x-orac-… keys: kind, unit, bounds of
// durations and sizes, whether a value is secret, what a change does. The output is the same on
// every call.
func (l *Vocabulary) JSONSchema() []byte {
	defs := object{"expression": object{
		"type": "string", "pattern": `\$\{`, "description": "An HCL template that gives the value.",
	}}
	props, required := object{}, []string{}
	for _, t := range l.Blocks {
		defs[t.Key()] = t.schema()
		place := props
		if t.Variant != "" {
			if props[t.Type] == nil {
				props[t.Type] = object{"type": "object", "properties": object{}, "additionalProperties": false}
			}
			place = props[t.Type].(object)["properties"].(object)
		}
		key := t.Type
		if t.Variant != "" {
			key = t.Variant
		}
		place[key] = t.placed()
		if t.Required {
			required = append(required, t.Type)
		}
	}
	out, err := json.MarshalIndent(object{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "ORAC " + l.Noun,
		"type":                 "object",
		"properties":           props,
		"required":             required,
		"additionalProperties": false,
		"$defs":                defs,
	}, "", "  ")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return append(out, '\n')
}

// placed returns how blocks of the type appear in their parent: by name if they have one.
func (t *BlockType) placed() object {
	ref := object{"$ref": "#/$defs/" + t.Key()}
	if !t.Named {
		return ref
	}
	by := object{
		"type": "object", "additionalProperties": ref,
		"propertyNames": object{"pattern": t.label().String()},
	}
	if t.Single {
		by["maxProperties"] = 1
	}
	if t.Required {
		by["minProperties"] = 1
	}
	return by
}

// schema describes the body of a block.
func (t *BlockType) schema() object {
	s := object{"type": "object", "description": t.Doc}
	if t.FreeForm {
		s["additionalProperties"] = true
		return s
	}
	props, required := object{}, []string{}
	for i := range t.Attributes {
		at := &t.Attributes[i]
		props[at.Name] = at.schema()
		if at.Required {
			required = append(required, at.Name)
		}
	}
	for _, n := range t.Nested {
		props[n.Type] = n.schema()
	}
	s["properties"], s["additionalProperties"] = props, false
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func (at *Attribute) schema() object {
	s := object{"description": at.Doc, "x-orac-kind": at.Kind.words()}
	if at.OnChange != "" {
		s["x-orac-change"] = string(at.OnChange)
	}
	expression := object{"$ref": "#/$defs/expression"}
	if at.Secret == SecretOnly {
		s["$ref"] = expression["$ref"]
	} else {
		s["anyOf"] = []object{at.plainSchema(), expression}
	}
	if at.Default != "" {
		s["default"] = plainJSON(at.literal(at.Default))
	}
	if at.DefaultDoc != "" {
		s["x-orac-default"] = at.DefaultDoc
	}
	if at.Unit != "" {
		s["x-orac-unit"] = at.Unit
	}
	if at.Secret != Public {
		s["x-orac-secret"] = true
	}
	if at.Min != "" {
		s["x-orac-minimum"], s["x-orac-maximum"] = at.Min, at.Max
	}
	if len(at.Refs) > 0 {
		s["x-orac-references"] = at.Refs
	}
	return s
}

// plainSchema describes the value when it is written without an expression.
func (at *Attribute) plainSchema() object {
	switch at.Kind {
	case Any, Code:
		return object{}
	case CodeMap:
		return object{"type": "object"}
	case Numbers:
		number := object{"type": "number", "minimum": json.Number(at.Min), "maximum": json.Number(at.Max)}
		return object{"type": "object", "additionalProperties": number, "propertyNames": object{"enum": at.Values}}
	case Enum, Keyword:
		return object{"enum": at.Values}
	case Int, Float:
		s := object{"type": "number"}
		if at.Kind == Int {
			s["type"] = "integer"
		}
		if at.Min != "" {
			s["minimum"], s["maximum"] = json.Number(at.Min), json.Number(at.Max)
		}
		return s
	case Bool:
		return object{"type": "boolean"}
	case Duration:
		return object{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$`}
	case ByteSize:
		return object{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)?([KMGT]i?B|kB|B)$`}
	case URL:
		if at.TCP {
			return object{"type": "string", "pattern": "^(https?|tcp)://"}
		}
		return object{"type": "string", "pattern": "^https?://"}
	case Ints:
		one := object{"type": "integer", "minimum": json.Number(at.Min), "maximum": json.Number(at.Max)}
		return object{"anyOf": []object{one, {"type": "array", "items": one, "minItems": 1, "uniqueItems": true}}}
	case RefLists:
		one := object{"type": "string"}
		return object{"type": "array", "items": object{"anyOf": []object{one, {"type": "array", "items": one, "minItems": 1}}}}
	case Refs, Strings:
		items := object{"type": "string"}
		if len(at.Values) > 0 {
			items["enum"] = at.Values
		}
		s := object{"type": "array", "items": items}
		if at.NonEmpty {
			s["minItems"] = 1
		}
		return s
	case Map, RefMap:
		return object{"type": "object", "additionalProperties": object{"type": "string"}}
	case TextLists:
		return object{"type": "object", "additionalProperties": object{"type": "array", "items": object{"type": "string"}}}
	case Values:
		return object{"type": "object"}
	}
	s := object{"type": "string"}
	if at.Pattern != nil {
		s["pattern"] = at.Pattern.String()
	}
	return s
}

// plainJSON returns a value of the registry as encoding/json writes it.
func plainJSON(v cty.Value) any {
	if v.Type().IsListType() {
		list := []any{}
		for _, el := range v.AsValueSlice() {
			list = append(list, plainJSON(el))
		}
		return list
	}
	switch v.Type() {
	case cty.Number:
		return json.Number(v.AsBigFloat().Text('f', -1))
	case cty.Bool:
		return v.True()
	}
	return v.AsString()
}

// defaultText returns a default as a user writes it; "" when there is none.
func (at *Attribute) defaultText() string {
	switch {
	case at.Default == "":
		return ""
	case at.Kind.Quoted():
		return strconv.Quote(at.Default)
	}
	return at.Default
}
