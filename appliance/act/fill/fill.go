// Package fill puts what was said into the calls of intent blocks.
//
// Guarantees: what was said is a value, never syntax. A text that is nothing but {slot} becomes the value itself, a number or a text;
// in any other text the value is written as text, after the caller's escape. No value brings a placeholder of its own.
package fill

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"orac/appliance/act"
	"orac/runbook/pattern"
)

// Targets is the placeholder of the entities that are meant.
const Targets = "targets"

var placeholder = pattern.Lazy(`\{([a-z][a-z0-9_]{0,30})\}`)

// maxDepth is how deep the data of a template may be nested.
const maxDepth = 20

// Escape makes a value fit for where it is written, or returns an error that says why it cannot be.
type Escape func(value string) (string, error)

// Text fills a text. escape may be nil.
func Text(template string, c act.Command, escape Escape) (string, error) {
	var b strings.Builder
	last := 0
	for _, at := range placeholder().FindAllStringSubmatchIndex(template, -1) {
		name := template[at[2]:at[3]]
		v, ok := value(c, name)
		if !ok {
			return "", fmt.Errorf("nothing was said for {%s}", name)
		}
		text := Words(v)
		if escape != nil {
			var err error
			if text, err = escape(text); err != nil {
				return "", fmt.Errorf("{%s}: %w", name, err)
			}
		}
		b.WriteString(template[last:at[0]])
		b.WriteString(text)
		last = at[1]
	}
	b.WriteString(template[last:])
	return b.String(), nil
}

// Data fills the texts of a value as encoding/json decodes it; names in maps are left as they are.
func Data(template any, c act.Command) (any, error) { return data(template, c, 0) }

func data(template any, c act.Command, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the data of the call is nested more than %d deep", maxDepth)
	}
	switch t := template.(type) {
	case string:
		if m := placeholder().FindString(t); m == t && m != "" {
			v, ok := value(c, m[1:len(m)-1])
			if !ok {
				return nil, fmt.Errorf("nothing was said for %s", m)
			}
			return v, nil
		}
		return Text(t, c, nil)
	case []any:
		out := make([]any, len(t))
		for i, x := range t {
			v, err := data(x, c, depth+1)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(t))
		for name, x := range t {
			v, err := data(x, c, depth+1)
			if err != nil {
				return nil, err
			}
			out[name] = v
		}
		return out, nil
	}
	return template, nil
}

// Map is Data of a map; nil stays nil.
func Map(template map[string]any, c act.Command) (map[string]any, error) {
	if template == nil {
		return nil, nil
	}
	v, err := Data(template, c)
	if err != nil {
		return nil, err
	}
	return v.(map[string]any), nil
}

// value is what was said for a slot: a string, a float64 or, for the targets, a list of strings. Of two slots of one name the first
// counts.
func value(c act.Command, name string) (any, bool) {
	for _, s := range c.Slots {
		if s.Name != name {
			continue
		}
		if s.Value.Number == nil {
			return s.Value.Text, true
		}
		n := *s.Value.Number
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	if name == Targets {
		list := make([]any, len(c.Targets))
		for i, id := range c.Targets {
			list[i] = id
		}
		return list, true
	}
	return nil, false
}

// Words is a value as text: a number without superfluous digits, a list with commas.
func Words(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		words := make([]string, len(v))
		for i, x := range v {
			words[i] = Words(x)
		}
		return strings.Join(words, ",")
	}
	return fmt.Sprint(v)
}
