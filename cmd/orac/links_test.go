package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"orac/cmd/orac/guide"
)

// markdownFiles are the pages of the repository, by their path from its root.
func markdownFiles(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			text, err := os.ReadFile(path)
			pages[filepath.ToSlash(filepath.Clean(strings.TrimPrefix(path, "../../")))] = string(text)
			return err
		}
		return nil
	})
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d pages (%v)", len(pages), err)
	}
	return pages
}

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```|`[^`\n]*`")
)

// TestLinksLeadSomewhere: every link of a page to a file of the repository, and to a heading of a page, is right.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := markdownFiles(t)
	anchors := map[string]map[string]bool{}
	for path, text := range pages {
		anchors[path] = headings(text)
	}
	seen := 0
	for path, text := range pages {
		for _, m := range link.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
			to := m[1]
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			seen++
			file, anchor, _ := strings.Cut(to, "#")
			target := path
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", path, to)
				continue
			}
			if anchor != "" && !anchors[target][anchor] {
				t.Errorf("%s: %s has no heading #%s", path, target, anchor)
			}
		}
	}
	if seen < 80 {
		t.Errorf("only %d links were looked at", seen)
	}
}

// headings are the anchors of a page, as the web pages of repositories make them.
func headings(page string) map[string]bool {
	anchors := map[string]bool{}
	page = regexp.MustCompile("(?ms)^ *```.*?^ *```").ReplaceAllString(page, "")
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		text := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(m[1], "$1")
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r):
				return unicode.ToLower(r)
			}
			return -1
		}, text)
		again := anchor
		for n := 1; anchors[again]; n++ {
			again = fmt.Sprintf("%s-%d", anchor, n)
		}
		anchors[again] = true
	}
	return anchors
}

// TestTheReadmeListsEveryTopic: the table of contents is that of the guide.
func TestTheReadmeListsEveryTopic(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	table := ""
	for _, topic := range guide.Topics() {
		table += fmt.Sprintf("| `%s` | [%s](cmd/orac/guide/%s.md) |\n", topic.Name, topic.Title, topic.Name)
	}
	if !strings.Contains(string(readme), table) {
		t.Errorf("README has not the table\n%s", table)
	}
}

// TestTopicsAreNoCommands: orac help NAME has one meaning.
func TestTopicsAreNoCommands(t *testing.T) {
	root := (&app{}).root()
	for _, topic := range guide.Topics() {
		if c, rest, err := root.Find([]string{topic.Name}); err == nil && len(rest) == 0 && c != root {
			t.Errorf("%s is a topic and a command", topic.Name)
		}
	}
}
