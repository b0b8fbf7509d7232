package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"orac/runbook"
	"orac/runbook/language"
)

// Schema is the part of JSON Schema (2020-12) that describes inputs and outputs.
type Schema struct {
	Ref         string             `json:"$ref,omitempty"`
	Type        string             `json:"type,omitempty"`
	Format      string             `json:"format,omitempty"`
	Description string             `json:"description,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Minimum     *float64           `json:"minimum,omitempty"`
	Maximum     *float64           `json:"maximum,omitempty"`
	MinLength   *int               `json:"minLength,omitempty"`
	MaxLength   *int               `json:"maxLength,omitempty"`
	MaxItems    *int               `json:"maxItems,omitempty"`
	Additional  any                `json:"additionalProperties,omitempty"` // false, or a *Schema

	pattern *language.Pattern
	order   []string // of the properties
	lines   bool     // the text may have several lines
}

// Patterns of texts, by their name in a check tag.
var patterns = map[string]*language.Pattern{
	"name":   language.Match(`^[a-z][a-z0-9_-]{0,62}$`),            // a block's name
	"label":  language.Match(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$`), // a key's name
	"id":     language.Match(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`),  // of a record
	"node":   language.Match(`^[a-z][a-z0-9_.-]{0,190}$`),          // a component's address
	"hash":   language.Match(`^[0-9a-f]{64}$`),
	"topic":  runbook.TopicPattern,
	"window": language.Match(`^[1-9][0-9]{0,5}[smhd]$`), // a duration
}

// IsID tells whether a text is the ID of a record.
func IsID(text string) bool { return patterns["id"].MatchString(text) }

// maxText is the maximum length of a text without a declared length, in characters.
const maxText = 256

var (
	timeType     = reflect.TypeFor[time.Time]()
	rawType      = reflect.TypeFor[json.RawMessage]()
	durationType = reflect.TypeFor[time.Duration]()
)

// schemas makes schemas of Go types; named structs become components.
type schemas struct {
	components map[string]*Schema
	names      map[reflect.Type]string
}

// of returns the schema of an output: it describes and sets no limits.
func (s *schemas) of(t reflect.Type) *Schema {
	switch {
	case t == timeType:
		return &Schema{Type: "string", Format: "date-time"}
	case t == rawType || t.Kind() == reflect.Interface:
		return &Schema{}
	case t == durationType:
		return &Schema{Type: "integer", Format: "int64", Description: "nanoseconds"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return &Schema{Type: "string"}
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint, reflect.Uint64, reflect.Uint32:
		return &Schema{Type: "integer"}
	case reflect.Float32, reflect.Float64:
		return &Schema{Type: "number"}
	case reflect.Slice, reflect.Array:
		return &Schema{Type: "array", Items: s.of(t.Elem())}
	case reflect.Map:
		return &Schema{Type: "object", Additional: s.of(t.Elem())}
	case reflect.Struct:
		if t.Name() == "" || strings.Contains(t.Name(), "[") {
			return s.object(t, s.of)
		}
		name, ok := s.names[t]
		if !ok {
			name = strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
			for n := 2; s.components[name] != nil; n++ {
				name = fmt.Sprint(strings.ToUpper(t.Name()[:1])+t.Name()[1:], n)
			}
			s.names[t], s.components[name] = name, &Schema{}
			*s.components[name] = *s.object(t, s.of)
		}
		return &Schema{Ref: "#/components/schemas/" + name}
	}
	panic("BUG: no schema for " + t.String())
}

// object returns the schema of a struct's JSON fields.
func (s *schemas) object(t reflect.Type, of func(reflect.Type) *Schema) *Schema {
	o := &Schema{Type: "object", Properties: map[string]*Schema{}}
	s.fields(o, t, of)
	return o
}

func (s *schemas) fields(o *Schema, t reflect.Type, of func(reflect.Type) *Schema) {
	for f := range fieldsOf(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case embeds(f) && f.Type.Kind() == reflect.Struct: // exported or not, its fields are those of o
			s.fields(o, f.Type, of)
			continue
		case embeds(f) && f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct: // it may be nil
			inner := s.object(f.Type.Elem(), of)
			maps.Copy(o.Properties, inner.Properties)
			o.order = append(o.order, inner.order...)
			continue
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		p := of(f.Type)
		if doc := f.Tag.Get("doc"); doc != "" {
			copied := *p
			copied.Description = doc
			p = &copied
		}
		o.Properties[name] = p
		o.order = append(o.order, name)
		if !strings.Contains(options, "omit") {
			o.Required = append(o.Required, name)
		}
	}
}

// input returns the schema of an input: closed, and limited in everything it contains. check says more about a field:
// "required", "max=64" (of a number, or characters), "min=1", "pattern=name", "enum=a|b", "items=10", "lines".
func input(t reflect.Type, check string) *Schema {
	switch t.Kind() {
	case reflect.Pointer:
		return input(t.Elem(), check)
	case reflect.Struct:
		o := &Schema{Type: "object", Properties: map[string]*Schema{}, Additional: false}
		for f := range inputsOf(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || name == "" {
				continue
			}
			if o.Properties[name] != nil {
				panic("BUG: " + t.String() + " has two fields " + name)
			}
			p := input(f.Type, f.Tag.Get("check"))
			p.Description = f.Tag.Get("doc")
			o.Properties[name] = p
			o.order = append(o.order, name)
			if has(f.Tag.Get("check"), "required") {
				o.Required = append(o.Required, name)
			}
		}
		return o
	case reflect.Slice:
		most := 100
		s := &Schema{Type: "array", Items: input(t.Elem(), check), MaxItems: &most}
		if v, ok := option(check, "items"); ok {
			most = number(v)
		}
		return s
	case reflect.Map:
		most := 100
		return &Schema{Type: "object", Additional: input(t.Elem(), check), MaxItems: &most}
	}
	s := &Schema{Type: map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer", reflect.Uint64: "integer", reflect.Float64: "number",
	}[t.Kind()]}
	if s.Type == "" {
		panic("BUG: no schema for the input " + t.String())
	}
	s.bound(check)
	return s
}

func (s *Schema) bound(check string) {
	least, haveLeast := option(check, "min")
	most, haveMost := option(check, "max")
	switch s.Type {
	case "string":
		length := maxText
		if haveMost {
			length = number(most)
		}
		s.MaxLength = &length
		if haveLeast {
			n := number(least)
			s.MinLength = &n
		}
		if name, ok := option(check, "pattern"); ok {
			if s.pattern = patterns[name]; s.pattern == nil {
				panic("BUG: no pattern " + name)
			}
			s.Pattern = s.pattern.String()
		}
		if list, ok := option(check, "enum"); ok {
			s.Enum = strings.Split(list, "|")
		}
		s.lines = has(check, "lines")
	case "integer", "number":
		if haveLeast {
			f := decimal(least)
			s.Minimum = &f
		}
		if haveMost {
			f := decimal(most)
			s.Maximum = &f
		}
	}
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// embeds tells whether f has no name in JSON: the fields of its struct are those of the struct around it.
func embeds(f reflect.StructField) bool {
	_, named := f.Tag.Lookup("json")
	return f.Anonymous && !named
}

// inputsOf returns the fields of an input, those of embedded structs among them, each with its path from t in Index.
func inputsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for f := range fieldsOf(t) {
			switch {
			case !embeds(f):
				if !yield(f) {
					return
				}
			case f.Type.Kind() != reflect.Struct:
				panic("BUG: the input " + t.String() + " embeds " + f.Type.String() + ", not a struct")
			default:
				for inner := range inputsOf(f.Type) {
					inner.Index = append(slices.Clone(f.Index), inner.Index...)
					if !yield(inner) {
						return
					}
				}
			}
		}
	}
}

func has(check, word string) bool { return slices.Contains(strings.Split(check, ";"), word) }

func option(check, name string) (string, bool) {
	for _, part := range strings.Split(check, ";") {
		if v, ok := strings.CutPrefix(part, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return n
}

func decimal(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return f
}
