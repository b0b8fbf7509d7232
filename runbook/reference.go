package runbook

import (
	"fmt"
	"slices"
	"strings"
)

// Reference is the reference documentation of the language in Markdown.
func Reference() []byte {
	var b strings.Builder
	b.WriteString(`# The runbook, block by block

This page is generated from the registry (` + "`orac schema --markdown`" + `, ` + "`make docs`" + `). README.md explains the language.

Names are ` + nameExpect + `.
Durations are text like ` + "`\"500ms\"`, `\"2s\"`, `\"1h\"` or `\"30d\"`" + `, sizes like ` + "`\"250MiB\"` or `\"1GB\"`" + `.
"In place" and "restart" say what a changed attribute does to the running component.

`)
	for _, t := range Registry {
		fmt.Fprintf(&b, "- [`%s`](#%s)\n", t.Header(), anchor(t.Header()))
	}
	for _, t := range Registry {
		t.document(&b, "##", t.Header())
	}
	b.WriteString("\n## Between blocks\n\n")
	for _, r := range runbookRules {
		b.WriteString("- " + r.doc + "\n")
	}
	b.WriteString("\n## Functions\n\n`env(NAME)`, `file(PATH)` and `secret(NAME)` fetch a text from the environment, a file (at most 1 MiB, all together 8 MiB, relative to\nthe runbook) and the secrets. The rest computes:\n")
	names := []string{"can", "try"}
	for name := range library {
		names = append(names, name)
	}
	slices.Sort(names)
	b.WriteString("`" + strings.Join(names, "`, `") + "`.\n")
	return []byte(b.String())
}

// anchor is the fragment that Markdown renderers give a heading.
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

// document writes the section of a block type, and of what is nested in it.
func (t *BlockType) document(b *strings.Builder, level, heading string) {
	fmt.Fprintf(b, "\n%s `%s`\n\n%s%s\n\n```hcl\n%s\n```\n\n", level, heading, t.Doc, t.howMany(), t.Example)
	b.WriteString("| attribute | value | default | a change | |\n|---|---|---|---|---|\n")
	for i := range t.Attributes {
		at := &t.Attributes[i]
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", at.Name, cellText(at.valueText()), cellText(at.defaultCell()), at.OnChange, cellText(at.Doc))
	}
	if len(t.Rules) > 0 {
		b.WriteString("\n")
		for _, r := range t.Rules {
			fmt.Fprintf(b, "- %s\n", sentence(r.Doc))
		}
	}
	for _, n := range t.Nested {
		n.document(b, level+"#", n.Type+" in "+t.Type)
	}
}

func (t *BlockType) howMany() string {
	switch {
	case t.Required || !t.Single:
		return ""
	case t.Named:
		return " At most one."
	}
	return " At most one; without it the defaults hold."
}

// valueText says what the attribute takes.
func (at *Attribute) valueText() string {
	s := at.Kind.words()
	switch {
	case len(at.Values) > 0:
		s = "`" + strings.Join(at.Values, "`, `") + "`"
	case at.Secret == SecretOnly:
		s = "secret " + s
	case len(at.Refs) > 0:
		s += " to " + orList(at.Refs)
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
