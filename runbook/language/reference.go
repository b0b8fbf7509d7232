package language

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Reference returns the reference documentation of the language in Markdown.
func (l *Vocabulary) Reference() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", l.Title, l.Intro)
	b.WriteString("Names are " + nameExpect + ".\nDurations are text like `\"500ms\"`, `\"2s\"`, `\"1h\"` or `\"30d\"`, sizes like `\"250MiB\"` or `\"1GB\"`.\n")
	if l.hasEffects() {
		b.WriteString("The column \"a change\" says what a changed attribute does: the running component takes it (in place), the component is replaced (restart), or the process must start again (next start).\n")
	}
	b.WriteString("\n")
	for _, t := range l.Blocks {
		fmt.Fprintf(&b, "- [`%s`](#%s)\n", t.Header(), anchor(t.Header()))
	}
	for _, t := range l.Blocks {
		t.document(&b, "##", t.Header(), "", l.hasEffects())
	}
	b.WriteString("\n## Between blocks\n\n")
	for _, r := range l.Rules {
		b.WriteString("- " + r.Doc + "\n")
	}
	l.documentConditions(&b)
	secrets := [2]string{"`env(NAME)`, `file(PATH)` and `secret(NAME)` fetch a text from the environment, a file", " and the secrets"}
	if l.Folder == nil {
		secrets = [2]string{"`env(NAME)` and `file(PATH)` fetch a text from the environment and a file"}
	}
	fmt.Fprintf(&b, "\n## Functions\n\n%s (at most 1 MiB, all together 8 MiB, relative to\nthe %s)%s. The other functions compute:\n", secrets[0], l.Noun, secrets[1])
	b.WriteString("`" + strings.Join(slices.Sorted(maps.Keys(pure(nil))), "`, `") + "`.\n")
	return []byte(b.String())
}

// hasEffects tells whether changing an attribute affects what runs.
func (l *Vocabulary) hasEffects() bool {
	found := false
	l.EachType(func(t *BlockType) {
		found = found || t.Slot != nil && slices.ContainsFunc(t.Attributes, func(a Attribute) bool { return a.OnChange != "" })
	})
	return found
}

// allWords returns what the conditions of the language may name, each once.
func (l *Vocabulary) allWords() []*Words {
	var out []*Words
	l.EachType(func(t *BlockType) {
		for _, a := range t.Attributes {
			if a.Sees != nil && !slices.Contains(out, a.Sees) {
				out = append(out, a.Sees)
			}
		}
	})
	return out
}

// documentConditions writes what conditions may name.
func (l *Vocabulary) documentConditions(b *strings.Builder) {
	for _, v := range l.allWords() {
		about := "Conditions\n\nA condition is an expression that is true or false. It is evaluated repeatedly."
		rest := " and call `" + strings.Join(slices.Sorted(slices.Values(v.Functions)), "`, `") + "`"
		if v.Functions == nil { // all functions: see Words
			about = "Templates\n\nA template is text that is made anew each time, like the url and the body of a webhook."
			rest = ", refer to other blocks, and call all functions below"
		}
		fmt.Fprintf(b, "\n## %s It may use %s:\n\n", about, v.What)
		b.WriteString("| name | type | |\n|---|---|---|\n")
		for _, w := range v.List {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", w.Name, cellText(typeText(w.Type)), cellText(w.Doc))
		}
		fmt.Fprintf(b, "\nIt may also use `local` and `var`%s.\n", rest)
	}
}

// typeText writes a type as documentation does.
func typeText(t cty.Type) string {
	switch {
	case t.IsMapType():
		return "map of " + typeText(t.ElementType())
	case t.IsObjectType():
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(t.AttributeTypes())) {
			parts = append(parts, "`"+name+"` "+typeText(t.AttributeType(name)))
		}
		return "objects (" + strings.Join(parts, ", ") + ")"
	case t == cty.String:
		return "text"
	}
	return t.FriendlyName()
}

// anchor returns the fragment that Markdown renderers give a heading.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

// document writes the section of a block type, and of the types nested in it. in names the block around the example, for tools
// that check the example; renderers do not show it.
func (t *BlockType) document(b *strings.Builder, level, heading, in string, effects bool) {
	fmt.Fprintf(b, "\n%s `%s`\n\n%s%s\n\n```hcl%s\n%s\n```\n\n", level, heading, t.Doc, t.howMany(), in, t.Example)
	columns, rule := " a change |", "---|"
	if !effects {
		columns, rule = "", ""
	}
	fmt.Fprintf(b, "| attribute | value | default |%s |\n|---|---|---|%s---|\n", columns, rule)
	for i := range t.Attributes {
		at := &t.Attributes[i]
		if effects {
			columns = " " + string(at.OnChange) + " |"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |%s %s |\n", at.Name, cellText(at.How()), cellText(at.defaultCell()), columns, cellText(at.Doc))
	}
	if len(t.Rules) > 0 {
		b.WriteString("\n")
		for _, r := range t.Rules {
			fmt.Fprintf(b, "- %s\n", sentence(r.Doc))
		}
	}
	for _, n := range t.Nested {
		n.document(b, level+"#", n.Type+" in "+t.Type, " in="+t.Type, effects)
	}
}

func (t *BlockType) howMany() string {
	switch {
	case t.Required || !t.Single:
		return ""
	case t.Named, t.Optional:
		return " At most one."
	}
	return " At most one. Without it, the defaults apply."
}

// fewWords is how many allowed words a table can show.
const fewWords = 12

// How says in words what the attribute accepts: "duration, 100ms to 5s".
func (at *Attribute) How() string {
	s := at.Kind.words()
	switch {
	case len(at.Values) > fewWords && at.Expect != "":
	case len(at.Values) > 0 && at.Kind == Strings:
		s = "list of `" + strings.Join(at.Values, "`, `") + "`"
	case len(at.Values) > 0:
		s = "`" + strings.Join(at.Values, "`, `") + "`"
	case at.Secret == SecretOnly:
		s = "secret " + s
	case len(at.Refs) > 0:
		s += " to " + OrList(at.Refs)
	}
	if at.Min != "" {
		s += ", " + at.Min + " to " + at.Max
	}
	if at.Unit != "" {
		s += ", " + at.Unit
	}
	if at.Expect != "" {
		s += ": " + at.Expect
	}
	if at.Secret == SecretAllowed && at.Kind != Any {
		s += "; may be secret"
	}
	return s
}

func (at *Attribute) defaultCell() string {
	switch {
	case at.Required:
		return "required"
	case at.DefaultDoc != "":
		return at.DefaultDoc
	case at.Default != "":
		return "`" + at.defaultText() + "`"
	}
	return ""
}

// cellText makes text safe inside a table.
func cellText(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(s)
}
