package main

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"orac/cmd/orac/docstest"
	"orac/cmd/orac/screen"
)

// These tests run what the documents show, literally: package docstest says how a document is written, and what cannot be run.

// TestDocuments runs the command lines and blocks of every Markdown file.
func TestDocuments(t *testing.T) {
	pages := 0
	for _, file := range pagesOf(t) {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := docstest.Markdown(file, string(text))
		if err != nil {
			t.Error(err)
		}
		pages++
		if len(blocks) > 0 {
			t.Run(file, func(t *testing.T) { runBlocks(t, blocks) })
		}
	}
	if pages < 15 {
		t.Errorf("only %d pages were found: the walk is wrong", pages)
	}
}

// pagesOf are the Markdown files of the repository.
func pagesOf(t *testing.T) (pages []string) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || slices.Contains([]string{"node_modules", "bin", "testdata"}, d.Name())) {
			return fs.SkipDir
		}
		if err == nil && filepath.Ext(path) == ".md" {
			rel, err := filepath.Rel("../..", path)
			pages = append(pages, rel)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// TestExamplesOfHelp runs what the help of every command shows. The commands of one group share a sandbox.
func TestExamplesOfHelp(t *testing.T) {
	root := (&app{out: screen.New(os.Stdout), err: screen.New(os.Stderr)}).root()
	groups := map[string][]docstest.Block{}
	var order []string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		// Those of subcommands first: orac sim diff makes the traces that orac sim shows.
		for _, sub := range c.Commands() {
			walk(sub)
		}
		if c.Example != "" {
			group := strings.Join(strings.Fields(c.CommandPath() + " -")[:2], " ")
			if groups[group] == nil {
				order = append(order, group)
			}
			groups[group] = append(groups[group], docstest.Help(c.CommandPath(), c.Example)...)
		} else if c.Runnable() && !c.HasSubCommands() && c.Name() != "help" && c.Name() != "version" {
			t.Errorf("%s has no example", c.CommandPath())
		}
	}
	walk(root)
	for _, group := range order {
		t.Run(group, func(t *testing.T) { runBlocks(t, groups[group]) })
	}
}

// TestCommentsOfExamples runs what the comments of examples say.
func TestCommentsOfExamples(t *testing.T) {
	groups := map[string][]docstest.Block{}
	files := []string{"orac.hcl"}
	err := filepath.WalkDir("../../examples", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !slices.Contains([]string{".md", ".svg"}, filepath.Ext(path)) {
			rel, err := filepath.Rel("../..", path)
			files = append(files, rel)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		group := filepath.Base(filepath.Dir(file))
		groups[group] = append(groups[group], docstest.Comments(file, string(text))...)
	}
	for group, blocks := range groups {
		if len(blocks) > 0 {
			t.Run(group, func(t *testing.T) { runBlocks(t, blocks) })
		}
	}
}

// runBlocks runs the blocks of a document in a sandbox of its own.
func runBlocks(t *testing.T, blocks []docstest.Block) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	stock, err := os.ReadFile("testdata/docs/stock.hcl")
	if err != nil {
		t.Fatal(err)
	}
	scenario, err := os.ReadFile("testdata/docs/scenario.hcl")
	if err != nil {
		t.Fatal(err)
	}
	need(t, ".orac/sounds")
	need(t, ".orac/models")
	s := docstest.New(t, root, "testdata/docs/files")
	d := document{t: t, s: s, pages: s.NewPages(string(stock), string(scenario))}
	for _, b := range blocks {
		d.block(b)
	}
}

// document is one that is run.
type document struct {
	t       *testing.T
	s       *docstest.Sandbox
	pages   *docstest.Pages
	command string // that was run last
	output  string
}

// spansRun are the commands within sentences that were run: once, whichever document is first.
var spansRun sync.Map

func (d *document) block(b docstest.Block) {
	d.t.Helper()
	undo := func() {}
	if change := b.Info["change"]; change != "" {
		d.s.Before(b.Text)
		var err error
		if undo, err = d.s.Change(change); err != nil {
			d.t.Errorf("%s: %v", b.At(), err)
			return
		}
	}
	defer func() { undo() }()
	var err error
	switch b.Lang {
	case "sh", "console":
		err = d.commands(b)
	case "hcl":
		err = d.pages.HCL(b.Text, b.Info["in"])
	case "json":
		err = d.json(b)
	case "go":
		err = goCode(b.Text)
	case "js":
		err = docstest.JavaScript(b.Text)
	case "yaml":
		err = docstest.YAML(b.Text)
	case "text":
		err = docstest.NoCommand(b.Text)
	}
	if err != nil {
		d.t.Errorf("%s: %v\n%s", b.At(), err, b.Text)
	}
	if name := b.Info["file"]; name != "" {
		if err := d.s.Save(name, b.Text); err != nil {
			d.t.Errorf("%s: %v", b.At(), err)
		}
	}
}

// commands runs the command lines of a block.
func (d *document) commands(b docstest.Block) error {
	list, err := docstest.Commands(b)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Span {
			if _, again := spansRun.LoadOrStore(c.Text, true); again || mention(c.Text) {
				continue
			}
			c.Text = strings.TrimSuffix(c.Text, " …") // what is left out is the reader's
		}
		output, code := d.s.Run(c)
		if !slices.Contains(c.Exit, code) {
			d.t.Errorf("%s: exit code %d, not %d:\n  $ %s\n%s", c.At, code, c.Exit, c.Text, output)
		} else if lack := docstest.Differs(c.Shown, output); lack != "" {
			d.t.Errorf("%s: %s:\n  $ %s\n%s", c.At, lack, c.Text, output)
		}
		d.command, d.output = c.Text, output
	}
	return nil
}

// mention tells whether a text in a sentence only names a command: arguments that it must have are missing, or left open. A
// command or flag that does not exist is no mention.
func mention(text string) bool {
	words := strings.Fields(text)
	if !strings.HasSuffix(words[0], "orac") || strings.ContainsAny(text, "|>$;&") {
		return false
	}
	open := strings.Contains(text, "…")
	words = slices.DeleteFunc(words[1:], func(w string) bool { return w == "…" })
	root := (&app{out: screen.New(os.Stdout), err: screen.New(os.Stderr)}).root()
	c, rest, err := root.Find(words)
	if err != nil || unknownCommand(root, words) != nil {
		return false
	}
	if c.HasSubCommands() && len(rest) == 0 {
		return true
	}
	err = c.ParseFlags(rest)
	if err != nil && strings.Contains(err.Error(), "flag needs an argument") {
		return true
	}
	none := c.Flags().NArg() == 0 && (c.Name() == "detect" || c.Flags().NFlag() == 0 && (c.Name() == "sim" || c.Name() == "chaos"))
	return err == nil && (open || none || c.ValidateArgs(c.Flags().Args()) != nil)
}

// json compares a value with what the command above it printed, or with an event.
func (d *document) json(b docstest.Block) error {
	shown, err := docstest.Values(b.Text)
	if err != nil {
		return err
	}
	output, from := d.output, d.command
	if of := b.Info["of"]; of != "" {
		c := docstest.Command{At: b.At(), Text: of}
		output, _ = d.s.Run(c)
		from = of
	}
	for _, v := range shown {
		if strings.Contains(from, "orac run --json") {
			err = d.event(v)
		} else if from == "" {
			return fmt.Errorf("no command before it prints this: say which one, ```json of=\"orac status --json\"")
		} else {
			real, bad := docstest.Values(output)
			if bad != nil {
				return fmt.Errorf("%s prints: %w\n%s", from, bad, output)
			}
			if lack := docstest.Shape(v, real); lack != "" {
				err = fmt.Errorf("%s: %s", from, lack)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// event compares a value with the events of the appliance of this document.
func (d *document) event(shown any) error {
	lack := "no event"
	_, found := d.s.Event(func(line string) bool {
		var v map[string]any
		if json.Unmarshal([]byte(line), &v) != nil {
			return false
		}
		if object, is := shown.(map[string]any); !is || object["kind"] != v["kind"] {
			return false
		}
		lack = docstest.Shape(shown, []any{v})
		return lack == ""
	})
	if !found {
		return fmt.Errorf("orac run --json: %s", lack)
	}
	return nil
}

// goCode parses declarations, or a whole file.
func goCode(text string) error {
	if !strings.HasPrefix(text, "package ") {
		text = "package p\n" + text
	}
	_, err := parser.ParseFile(token.NewFileSet(), "block.go", text, 0)
	return err
}
