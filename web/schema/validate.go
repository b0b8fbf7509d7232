package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxErrors is how many faults of one request are reported.
const maxErrors = 20

// validate reports where a decoded JSON value differs from the schema. Numbers are json.Number.
func (s *Schema) validate(field string, v any, found *[]FieldError) {
	wrong := func(format string, args ...any) {
		if len(*found) < maxErrors {
			*found = append(*found, FieldError{field, fmt.Sprintf(format, args...)})
		}
	}
	switch s.Type {
	case "object":
		o, ok := v.(map[string]any)
		if !ok {
			wrong("must be an object")
			return
		}
		s.validateObject(field, o, wrong, found)
	case "array":
		list, ok := v.([]any)
		switch {
		case !ok:
			wrong("must be a list")
			return
		case len(list) > *s.MaxItems:
			wrong("has %d elements, more than %d", len(list), *s.MaxItems)
			return
		}
		for i, el := range list {
			s.Items.validate(fmt.Sprintf("%s[%d]", field, i), el, found)
		}
	case "string":
		text, ok := v.(string)
		if !ok {
			wrong("must be text")
			return
		}
		s.validateText(text, wrong)
	case "boolean":
		if _, ok := v.(bool); !ok {
			wrong("must be true or false")
		}
	default:
		n, ok := v.(json.Number)
		if !ok {
			wrong("must be a number")
			return
		}
		s.validateNumber(n, wrong)
	}
}

func (s *Schema) validateObject(field string, o map[string]any, wrong func(string, ...any), found *[]FieldError) {
	at := func(name string) string {
		if len(name) > 64 {
			name = name[:64] + "…"
		}
		if field == "" {
			return name
		}
		return field + "." + name
	}
	if each, ok := s.Additional.(*Schema); ok {
		if len(o) > *s.MaxItems {
			wrong("has %d entries, more than %d", len(o), *s.MaxItems)
			return
		}
		for _, name := range sortedKeys(o) {
			if len(name) > maxText || strings.ContainsFunc(name, unicode.IsControl) {
				wrong("has a name that is too long or not text")
				return
			}
			each.validate(at(name), o[name], found)
		}
		return
	}
	for _, name := range s.Required {
		if _, ok := o[name]; !ok && len(*found) < maxErrors {
			*found = append(*found, FieldError{at(name), "is missing"})
		}
	}
	for _, name := range sortedKeys(o) {
		p := s.Properties[name]
		switch {
		case p == nil:
			if len(*found) < maxErrors {
				*found = append(*found, FieldError{Clean(at(name)), "is unknown here"})
			}
		case o[name] == nil && !slices.Contains(s.Required, name): // null counts as missing
		default:
			p.validate(at(name), o[name], found)
		}
	}
}

func (s *Schema) validateText(text string, wrong func(string, ...any)) {
	n := utf8.RuneCountInString(text)
	switch {
	case n > *s.MaxLength:
		wrong("has %d characters, more than %d", n, *s.MaxLength)
	case s.MinLength != nil && n < *s.MinLength:
		wrong("has %d characters, fewer than %d", n, *s.MinLength)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !(s.lines && (r == '\n' || r == '\t' || r == '\r')) }):
		wrong("has a control character")
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, text):
		wrong("must be one of %s", strings.Join(s.Enum, ", "))
	case s.pattern != nil && !s.pattern.MatchString(text):
		wrong("must match %s", s.Pattern)
	}
}

func (s *Schema) validateNumber(n json.Number, wrong func(string, ...any)) {
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		wrong("must be a number of a usable size")
		return
	}
	if s.Type == "integer" {
		if _, err := n.Int64(); err != nil {
			wrong("must be a whole number")
			return
		}
	}
	switch {
	case s.Minimum != nil && f < *s.Minimum:
		wrong("must be at least %g", *s.Minimum)
	case s.Maximum != nil && f > *s.Maximum:
		wrong("must be at most %g", *s.Maximum)
	}
}

func sortedKeys(o map[string]any) []string {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
