// Package manual makes the man pages: one for each command, from the table that the help is made from; orac.hcl(5), from the
// registry of the language; and one for each page of the guide. No text is written only for them, so none can be out of date.
package manual

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"orac/cmd/orac/guide"
	"orac/runbook"
	"orac/runbook/scenario"
)

// Page is one man page.
type Page struct {
	Name    string // "orac-run"
	Section int
	Text    []byte // in the macros of man(7), UTF-8
}

// File is the path of the page below a folder of manuals.
func (p Page) File() string { return fmt.Sprintf("man%d/%s.%d", p.Section, p.Name, p.Section) }

// Pages returns all pages, the program's own one first. version appears at the foot of each.
func Pages(root *cobra.Command, version string) []Page {
	var pages []Page
	add := func(name string, section int, about string, body func(*roff)) {
		r := &roff{}
		r.title(name, section, version)
		r.section("name")
		r.text(fmt.Sprintf("%s - %s", name, strings.TrimSuffix(about, ".")))
		body(r)
		pages = append(pages, Page{name, section, r.bytes()})
	}
	each(root, func(c *cobra.Command) {
		add(pageName(c), 1, c.Short, func(r *roff) { command(r, c) })
	})
	add("orac.hcl", 5, "the runbook of ORAC", func(r *roff) { r.markdown(runbook.Vocabulary.Reference()); seeAlso(r, "orac(1)", "orac-scenario(5)") })
	add("orac-scenario", 5, "the language of scenarios, for orac sim and orac chaos", func(r *roff) {
		r.markdown(scenario.Vocabulary.Reference())
		seeAlso(r, "orac-sim(1)", "orac-chaos(1)", "orac.hcl(5)")
	})
	for _, t := range guide.Topics() {
		add("orac-"+t.Name, 7, t.Title, func(r *roff) { r.markdown(t.Text); seeAlso(r, "orac(1)", "orac.hcl(5)") })
	}
	return pages
}

// each calls f with a command and all commands below it that people may call.
func each(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			each(child, f)
		}
	}
}

func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// command writes what the help says about a command.
func command(r *roff, c *cobra.Command) {
	c.InitDefaultHelpFlag()
	r.section("synopsis")
	switch {
	case c.HasAvailableSubCommands() && c.Runnable() && c.Annotations != nil: // it also accepts files
		r.synopsis(c.UseLine())
		fallthrough
	case c.HasAvailableSubCommands():
		r.synopsis(c.CommandPath() + " COMMAND")
	default:
		r.synopsis(c.UseLine())
	}
	r.section("description")
	about := c.Long
	if about == "" {
		about = sentence(c.Short)
	}
	for paragraph := range strings.SplitSeq(about, "\n\n") {
		r.paragraph()
		r.text(strings.Join(strings.Fields(paragraph), " "))
	}
	if c.HasAvailableSubCommands() {
		r.section("commands")
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() {
				r.item(pageName(child) + "(1)")
				r.text(sentence(child.Short))
			}
		}
	}
	if c.HasAvailableFlags() {
		r.section("options")
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				option(r, f)
			}
		})
	}
	if c.HasExample() {
		r.section("examples")
		r.code(c.Example)
	}
	var also []string
	if c.HasParent() {
		also = append(also, pageName(c.Parent())+"(1)")
	}
	if !c.HasParent() {
		for _, t := range guide.Topics() {
			also = append(also, "orac-"+t.Name+"(7)")
		}
	}
	seeAlso(r, append(also, "orac.hcl(5)")...)
}

func option(r *roff, f *pflag.Flag) {
	word, usage := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if word != "" {
		name += " " + word
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" {
		usage += " (default " + f.DefValue + ")"
	}
	r.item(name)
	r.text(sentence(usage))
}

func seeAlso(r *roff, pages ...string) {
	r.section("see also")
	r.text(strings.Join(pages, ", "))
}

// sentence turns a short text into a sentence.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.ContainsRune(".!?", rune(text[len(text)-1])) {
		return text
	}
	return text + "."
}
