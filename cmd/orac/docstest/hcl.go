package docstest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

// Pages remembers the last whole runbook and scenario of a document: pieces belong to them.
type Pages struct {
	Runbook, Scenario string // at first those of the sandbox
	dir               string
	stock             string
}

// NewPages begins a document in a sandbox. stock is a runbook with the blocks that pieces refer to without showing them;
// scenario is the one that pieces belong to.
func (s *Sandbox) NewPages(stock, scenario string) *Pages {
	s.t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(s.Dir, name))
		s.must(err)
		return string(text)
	}
	return &Pages{Runbook: strings.TrimSuffix(read("orac.hcl"), accounts), Scenario: scenario, dir: s.Dir, stock: stock}
}

// secret is what env(), secret() and file() return: documents name secrets that their readers have.
const secret = "a-secret-of-the-reader-that-is-long-enough"

func world() language.Options {
	return language.Options{
		Env: func(name string) (string, bool) {
			switch {
			case strings.HasSuffix(name, "_URL"):
				return "http://stt.local:7272", true
			case strings.HasSuffix(name, "_TOKEN") || strings.HasSuffix(name, "_KEY") || strings.HasSuffix(name, "_PASSWORD"):
				return secret, true
			}
			return "", false
		},
		Secret: func(string) (string, error) { return secret, nil }, StandIns: true,
		ReadFile: func(path string) ([]byte, error) {
			if filepath.Ext(path) == ".hcl" {
				return os.ReadFile(path)
			}
			return []byte(secret), nil
		},
	}
}

// HCL checks a runbook, a scenario, or a piece of one; in names the block that bare attributes belong
// to.
func (p *Pages) HCL(text, in string) error {
	src := []byte(text)
	formatted, problems := runbook.Vocabulary.Format(src, "block.hcl")
	if problems.HasErrors() {
		return said(problems)
	}
	if !bytes.Equal(formatted, src) {
		return fmt.Errorf("it is not formatted:\n%s", language.Diff("block.hcl", src, formatted))
	}
	f, diags := hclsyntax.ParseConfig(src, "block.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	body := f.Body.(*hclsyntax.Body)
	switch {
	case in != "":
		return p.within(text, in)
	case len(body.Attributes) > 0:
		return fmt.Errorf("say which block these attributes stand in: ```hcl in=web")
	case scenario.Is(src) && promises(body):
		p.Scenario = text
		return p.scenario(text)
	case inScenario(body):
		return p.scenario(without(p.Scenario, body) + "\n" + text)
	case language.HasBlock(src, "appliance") && language.HasBlock(src, "listener"):
		p.Runbook = text
		return p.runbook(text)
	}
	completed := without(p.Runbook, body) + "\n" + text
	err := p.runbook(completed)
	if err == nil {
		p.Runbook = completed // later pieces build on it, as the reader does
	}
	return err
}

// inScenario tells whether a piece belongs to a scenario: it has a block that runbooks do not have.
func inScenario(body *hclsyntax.Body) bool {
	has := func(types []*language.BlockType, name string) bool {
		return slices.ContainsFunc(types, func(t *language.BlockType) bool { return t.Type == name })
	}
	return slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool {
		return has(scenario.Vocabulary.Blocks, b.Type) && !has(runbook.Registry, b.Type)
	})
}

// promises tells whether a scenario is whole. Without a promise it is only the beginning of one.
func promises(body *hclsyntax.Body) bool {
	return slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool {
		return slices.Contains([]string{"recovery", "steady", "expect", "flat", "sometimes"}, b.Type)
	})
}

// within checks the contents of a block, as part of the document's block or of an empty one.
func (p *Pages) within(text, in string) error {
	outer := blockOf(p.Runbook, in)
	if outer == "" {
		outer = blockOf(p.stock, in)
	}
	if outer == "" {
		outer = in + " {\n}"
	}
	piece, diags := hclsyntax.ParseConfig([]byte(text), "block.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	head, rest, _ := strings.Cut(strings.TrimSuffix(outer, "}"), "{")
	whole := head + "{" + without(rest, piece.Body.(*hclsyntax.Body)) + text + "}\n" // what it says anew takes the place of what it said
	f, diags := hclsyntax.ParseConfig([]byte(whole), "block.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	return p.runbook(without(p.Runbook, f.Body.(*hclsyntax.Body)) + "\n" + whole)
}

func (p *Pages) scenario(text string) error {
	s, problems := scenario.Parse([]byte(text), filepath.Join(p.dir, "document.hcl"), world())
	if s == nil {
		return said(problems)
	}
	_, _, problems = s.Runbook(world())
	return said(problems)
}

var missing = regexp.MustCompile(`([a-z_.0-9]+) does not exist`)

// runbook evaluates a text. If it refers to a block that neither it nor the document has, the block
// comes from the stock.
func (p *Pages) runbook(text string) error {
	for {
		_, problems := runbook.Parse([]byte(text), filepath.Join(p.dir, "document.hcl"), world())
		added := false
		for _, d := range problems {
			if m := missing.FindStringSubmatch(d.Summary); m != nil {
				if block := blockOf(p.stock, m[1]); block != "" && !strings.Contains(text, block) {
					text += "\n" + block + "\n"
					added = true
				}
			}
		}
		if !added {
			return said(problems)
		}
	}
}

// blockOf returns the first block of a text with this address, or of this type; "" if it has none.
func blockOf(text, address string) string {
	f, _ := hclsyntax.ParseConfig([]byte(text), "stock.hcl", hcl.InitialPos) // one of our own texts: it parses
	for _, b := range f.Body.(*hclsyntax.Body).Blocks {
		if b.Type == address || strings.Join(append([]string{b.Type}, b.Labels...), ".") == address {
			r := b.Range()
			return text[r.Start.Byte:b.CloseBraceRange.End.Byte]
		}
	}
	return ""
}

// without removes from a text the blocks that a piece replaces: those with the same address, and those that can
// exist only once.
func without(text string, piece *hclsyntax.Body) string {
	for _, b := range piece.Blocks {
		address := strings.Join(append([]string{b.Type}, b.Labels...), ".")
		if slices.Contains([]string{"appliance", "scenario"}, b.Type) { // there is only one, whatever its name
			address = b.Type
		}
		for old := blockOf(text, address); old != ""; old = blockOf(text, address) {
			text = strings.Replace(text, old, "", 1)
		}
	}
	return text
}

// said returns the errors among diagnostics as people see them.
func said(problems language.Diagnostics) error {
	if !problems.HasErrors() {
		return nil
	}
	var b strings.Builder
	if err := problems.Render(&b, language.RenderOptions{}); err != nil {
		return err
	}
	return errors.New(b.String())
}
