package hook

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// SchemaID is the identity of the schema. Nothing is fetched from there.
const SchemaID = "https://orac.invalid/schema/event-1.json"

// JSONSchema returns the schema of all events, draft 2020-12: each event is exactly one of $defs.
func JSONSchema() []byte {
	defs, all := map[string]any{}, []any{}
	for _, k := range Kinds {
		defs[k.Name] = k.schema()
		all = append(all, map[string]any{"$ref": "#/$defs/" + k.Name})
	}
	b, err := json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SchemaID,
		"title": "Events that ORAC sends to webhooks", "oneOf": all, "$defs": defs,
	}, "", "  ")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return append(b, '\n')
}

func (k Kind) schema() map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range k.Fields() {
		properties[f.Name] = f.schema()
		required = append(required, f.Name)
	}
	return map[string]any{
		"type": "object", "description": k.Doc, "properties": properties, "required": required, "additionalProperties": false,
	}
}

func (f Field) schema() map[string]any {
	s := map[string]any{"description": f.Doc}
	switch f.Type.Kind() {
	case reflect.String:
		s["type"] = "string"
	case reflect.Bool:
		s["type"] = "boolean"
	case reflect.Float64:
		s["type"] = "number"
	case reflect.Map:
		s["type"], s["additionalProperties"] = "object", map[string]any{"type": "number"}
	default:
		s["type"], s["minimum"] = "integer", 0
	}
	if f.NonEmpty {
		s["minLength"] = 1
	}
	if f.Format != "" {
		s["format"] = f.Format
	}
	if len(f.Enum) > 0 {
		s["enum"] = f.values()
	}
	return s
}

// values are the allowed values of an enumeration, by its type.
func (f Field) values() (list []any) {
	for _, v := range f.Enum {
		if f.Type.Kind() == reflect.String {
			list = append(list, v)
		} else {
			list = append(list, json.Number(v))
		}
	}
	return list
}

// Markdown returns a table of the common fields, then one of each kind's own fields.
func Markdown() string {
	var b strings.Builder
	table := func(fields []Field, common bool) {
		b.WriteString("| field | type | what |\n|---|---|---|\n")
		for _, f := range fields {
			if f.Common == common {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.word(), f.Doc)
			}
		}
	}
	b.WriteString("Every event has:\n\n")
	table(Kinds[0].Fields(), true)
	for _, k := range Kinds {
		fmt.Fprintf(&b, "\n`%s`: %s\n\n", k.Name, k.Doc)
		table(k.Fields(), false)
	}
	return b.String()
}

func (f Field) word() string {
	switch f.Type.Kind() {
	case reflect.String:
		if len(f.Enum) > 1 {
			var words []string
			for _, v := range f.Enum {
				if v == "" {
					words = append(words, "empty")
				} else {
					words = append(words, "`"+v+"`")
				}
			}
			return strings.Join(words, ", ")
		}
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Map:
		return "numbers by name"
	case reflect.Float64:
		return "number"
	}
	return "whole number"
}
