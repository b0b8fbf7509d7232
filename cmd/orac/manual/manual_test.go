package manual

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"orac/runbook"
	"orac/runbook/language"
)

// macros are those that a page may use, of man(7) and of roff.
var macros = map[string]bool{".TH": true, ".SH": true, ".SS": true, ".PP": true, ".TP": true, ".IP": true, ".RS": true, ".RE": true, ".nf": true, ".fi": true, ".br": true, ".nh": true, ".ad": true}

// escape is what may follow a backslash: one of our fonts and characters.
var escape = regexp.MustCompile(`\\(e|-|&|f[BR]|\((aq|ga|ha|ti|dq))`)

func program() *cobra.Command {
	root := &cobra.Command{Use: "orac", Short: "the appliance", Long: "One.\n\n.TH is no macro here, and \\fB no font.\n\n'quotes' and `code`.", Run: func(*cobra.Command, []string) {}}
	child := &cobra.Command{Use: "models", Short: "models", Run: func(*cobra.Command, []string) {}}
	grandchild := &cobra.Command{Use: "pull [NAME…]", Short: "fetch", Example: "  orac models pull\n.so /etc/passwd\n  a\\nb", Run: func(*cobra.Command, []string) {}}
	grandchild.Flags().StringP("from", "f", "here", "a `FOLDER`")
	hidden := &cobra.Command{Use: "man", Hidden: true, Run: func(*cobra.Command, []string) {}}
	root.AddCommand(child, hidden)
	child.AddCommand(grandchild)
	return root
}

// TestEveryPageIsWellFormed: macros that there are, blocks that are closed, no text that is taken for a macro, links that lead
// somewhere.
func TestEveryPageIsWellFormed(t *testing.T) {
	pages := Pages(program(), "1.2.3")
	names := map[string]bool{}
	for _, p := range pages {
		if names[p.File()] {
			t.Errorf("%s is there twice", p.File())
		}
		names[p.File()] = true
	}
	for _, want := range []string{"man1/orac.1", "man1/orac-models.1", "man1/orac-models-pull.1", "man5/orac.hcl.5", "man5/orac-scenario.5", "man7/orac-install.7"} {
		if !names[want] {
			t.Errorf("there is no %s", want)
		}
	}
	if names["man1/orac-man.1"] {
		t.Error("a hidden command has a page")
	}
	reference := regexp.MustCompile(`(orac[a-z.\\-]*)\(([157])\)`)
	for _, p := range pages {
		text := string(p.Text)
		if !strings.HasPrefix(text, ".TH ") || strings.Count(text, "\n.TH ") != 0 || !strings.Contains(text, `"orac 1.2.3"`) {
			t.Errorf("%s has not one title: %.80q", p.File(), text)
		}
		open, verbatim := 0, 0
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if rest := escape.ReplaceAllString(line, ""); strings.Contains(rest, `\`) {
				t.Errorf("%s: an escape of another kind in %q", p.File(), line)
			}
			if strings.HasPrefix(line, "'") || line == "" {
				t.Errorf("%s: a line %q", p.File(), line)
			}
			if !strings.HasPrefix(line, ".") {
				continue
			}
			macro, _, _ := strings.Cut(line, " ")
			if !macros[macro] {
				t.Errorf("%s: no macro: %q", p.File(), line)
			}
			open += count(macro, ".RS", ".RE")
			verbatim += count(macro, ".nf", ".fi")
		}
		if open != 0 || verbatim != 0 {
			t.Errorf("%s: %d blocks and %d texts are not closed", p.File(), open, verbatim)
		}
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			name := strings.ReplaceAll(m[1], `\`, "")
			if file := "man" + m[2] + "/" + name + "." + m[2]; !names[file] && m[2] != "1" { // the commands here are three of them
				t.Errorf("%s names %s, which is not there", p.File(), m[0])
			}
		}
	}
}

func count(macro, open, closing string) int {
	switch macro {
	case open:
		return 1
	case closing:
		return -1
	}
	return 0
}

// TestTheRunbooksPageIsWhole: every block and every attribute of the registry is in it.
func TestTheRunbooksPageIsWhole(t *testing.T) {
	var page string
	for _, p := range Pages(program(), "") {
		if p.Name == "orac.hcl" {
			page = string(p.Text)
		}
	}
	var walk func(*language.BlockType)
	walk = func(b *language.BlockType) {
		for _, at := range b.Attributes {
			if !b.FreeForm && !strings.Contains(page, ".TP\n\\fB"+escaped(at.Name)+"\\fR\n") {
				t.Errorf("%s.%s is missing", b.Key(), at.Name)
			}
		}
		for _, n := range b.Nested {
			walk(n)
		}
	}
	for _, b := range runbook.Registry {
		if !strings.Contains(page, ".SH "+quoted(b.Header())) {
			t.Errorf("%s is missing", b.Header())
		}
		walk(b)
	}
}

func TestWhatLooksLikeAMacroIsText(t *testing.T) {
	for text, want := range map[string]string{
		".so /etc/passwd": `\&.so /etc/passwd`,
		"'quoted'":        `\&\(aqquoted\(aq`,
		`a\fBb`:           `a\efBb`,
		"`--json` x":      `\fB\-\-json\fR x`,
		"an odd ` quote":  `an odd \(ga quote`,
		"  two\n lines ":  "two lines",
	} {
		if got := line(text); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}
