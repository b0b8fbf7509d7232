package language

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// words says what a value of the kind is, for messages and documentation.
func (k Kind) words() string {
	return [...]string{
		String: "text", Enum: "one of a few words", Path: "path", URL: "URL", Int: "whole number", Float: "number", Bool: "true or false",
		Duration: "duration", ByteSize: "size", Ref: "reference", Refs: "list of references", Strings: "list of text", Ints: "whole number or list of them", Map: "map of text",
		Keyword: "keyword", Any: "any value", Numbers: "map of numbers", Expression: "condition", Code: "any expression",
		CodeMap: "map of expressions", RefLists: "list of references, some in lists of their own,",
		RefMap: "map of references", TextLists: "map of lists of text", Values: "map of text, numbers and truths",
	}[k]
}

// unit is the unit that a number without a unit most likely means.
func (k Kind) unit() string {
	if k == ByteSize {
		return "MiB"
	}
	return "s"
}

// hint says how values of the kind are written.
func (k Kind) hint() string {
	switch k {
	case Duration:
		return `Write a number with a unit ms, s, m, h or d, like "500ms", "2s" or "30d".`
	case ByteSize:
		return `Write a number with a unit B, KiB, MiB, GiB, TiB, KB, MB, GB or TB, like "250MiB".`
	case Int, Ints:
		return "Write a whole number."
	}
	return "Write a number."
}

// Quoted reports whether values of the kind are written in quotes.
func (k Kind) Quoted() bool {
	switch k {
	case String, Enum, Path, URL, Duration, ByteSize:
		return true
	}
	return false
}

// IsReference reports whether values of the kind name other blocks.
func (k Kind) IsReference() bool { return k == Ref || k == Refs || k == RefLists || k == RefMap }

// isKept reports whether values of the kind are not evaluated.
func (k Kind) isKept() bool { return k == Expression || k == Code || k == CodeMap }

// literal reads text of the registry (a default, a bound) as a value.
func (at *Attribute) literal(text string) cty.Value {
	switch at.Kind {
	case Int, Ints, Float, Numbers:
		v, err := cty.ParseNumberVal(text)
		if err != nil {
			panic(fmt.Sprintf("BUG: %s: %q: %v", at.Name, text, err))
		}
		return v
	case Bool:
		return cty.BoolVal(text == "true")
	case Strings:
		v, err := ctyjson.Unmarshal([]byte(text), cty.List(cty.String))
		if err != nil {
			panic(fmt.Sprintf("BUG: %s: %q: %v", at.Name, text, err))
		}
		return v
	}
	return cty.StringVal(text)
}

// bound returns a limit in the form that amount uses.
func (at *Attribute) bound(text string) float64 {
	n, err := amount(at.Kind, at.literal(text))
	if err != nil {
		panic(fmt.Sprintf("BUG: %s: %q: %v", at.Name, text, err))
	}
	return n
}

// valueType returns the type of the normal form.
func (at *Attribute) valueType() cty.Type {
	switch at.Kind {
	case Int, Float:
		return cty.Number
	case Bool:
		return cty.Bool
	case Refs, Strings:
		return cty.List(cty.String)
	case RefLists:
		return cty.List(cty.List(cty.String))
	case Ints:
		return cty.List(cty.Number)
	case Map, CodeMap, RefMap:
		return cty.Map(cty.String)
	case TextLists:
		return cty.Map(cty.List(cty.String))
	case Values:
		return cty.DynamicPseudoType
	case Numbers:
		return cty.Map(cty.Number)
	}
	return cty.String
}

// defaultValue returns the normal form of the value that applies when a block of that name does not
// write the attribute.
func (at *Attribute) defaultValue(name string) cty.Value {
	switch {
	case at.DefaultFrom != nil:
		return cty.StringVal(at.DefaultFrom(name))
	case at.Default != "":
		return at.literal(at.Default)
	case at.valueType().IsListType():
		return cty.ListValEmpty(at.valueType().ElementType())
	case at.valueType().IsMapType():
		return cty.MapValEmpty(at.valueType().ElementType())
	case at.Kind == Values:
		return cty.EmptyObjectVal
	}
	return cty.NullVal(at.valueType())
}

// Like returns an expression that shows how the attribute is written.
func (at *Attribute) Like() string {
	switch {
	case at.Example != "":
		return at.Example
	case at.Default != "" && at.Kind.Quoted():
		return strconv.Quote(at.Default)
	case at.Default != "":
		return at.Default
	case len(at.Values) > 0:
		return strconv.Quote(at.Values[0])
	}
	panic("BUG: " + at.Name + " has no example")
}

// unitText returns " (unit)" if the registry states a unit.
func (at *Attribute) unitText() string {
	if at.Unit == "" {
		return ""
	}
	return " (" + at.Unit + ")"
}

// wrongType returns the misfit of a value of another type.
func (at *Attribute) wrongType(v quotable) *misfit {
	return &misfit{"must be " + article(at.Kind.words()) + ", not " + v.describe(), "Write it like " + at.Like() + "."}
}

// article puts a or an before words that need one.
func article(words string) string {
	first, _, _ := strings.Cut(words, " ")
	switch {
	case slices.Contains([]string{"text", "true", "one", "any"}, first):
		return words
	case strings.ContainsAny(words[:1], "aeio"), !strings.ContainsAny(first, "aeiouy") && strings.ContainsAny(first[:1], "fhlmnrsx"): // "an stt"
		return "an " + words
	}
	return "a " + words
}

func quotedList(values []string) string {
	q := make([]string, len(values))
	for i, v := range values {
		q[i] = strconv.Quote(v)
	}
	return OrList(q)
}

// sentence adds a capital letter at the start and a full stop at the end.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
