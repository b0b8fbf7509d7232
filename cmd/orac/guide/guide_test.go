package guide

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

func plain(s string) string { return s }

// TestEveryPageIsATopic: a page that is in the folder is in the list, and has a title and an answer before anything else.
func TestEveryPageIsATopic(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil || len(files) != len(topics) {
		t.Errorf("%d pages and %d topics (%v)", len(files), len(topics), err)
	}
	for _, topic := range Topics() {
		lines := strings.Split(string(topic.Text), "\n")
		if len(lines) < 5 || !strings.HasPrefix(lines[0], "# ") || lines[1] != "" || lines[2] == "" || strings.ContainsAny(lines[2][:1], "#|`-") {
			t.Errorf("%s.md begins with no title and a sentence", topic.Name)
		}
		if len(lines) > 200 && topic.Name != "json" {
			t.Errorf("%s.md has %d lines: it answers more than one question", topic.Name, len(lines))
		}
	}
}

// TestPagesFit: every line fits the terminal, but for code and for words that are longer than the terminal is wide.
func TestPagesFit(t *testing.T) {
	for _, columns := range []int{40, 60, 80, 100} {
		for _, topic := range Topics() {
			for n, line := range strings.Split(Render(topic.Text, columns, plain), "\n") {
				text := strings.TrimLeft(line, " ")
				if len([]rune(line)) > columns && strings.Contains(text, " ") && !strings.HasPrefix(line, "    ") && columns >= 60 {
					t.Errorf("orac help %s, %d columns, line %d: %s", topic.Name, columns, n+1, line)
				}
				if strings.ContainsAny(line, "\t\x1b") {
					t.Errorf("orac help %s, line %d: %q", topic.Name, n+1, line)
				}
			}
		}
	}
}

// TestCodeFits: a command can be copied from a terminal of 80 columns as one line.
func TestCodeFits(t *testing.T) {
	for _, topic := range Topics() {
		code := false
		for n, line := range strings.Split(string(topic.Text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				code = !code
			} else if code && len([]rune(line)) > 120 {
				t.Errorf("%s.md:%d: %d characters of code", topic.Name, n+1, len([]rune(line)))
			}
		}
		if code {
			t.Errorf("%s.md: a block of code does not end", topic.Name)
		}
	}
}

// TestRender compares a page that has everything with what a wide and a narrow terminal show of it.
func TestRender(t *testing.T) {
	page, err := os.ReadFile("testdata/page.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file    string
		columns int
	}{{"wide.golden", 80}, {"narrow.golden", 36}} {
		testkit.Golden(t, filepath.Join("testdata", c.file), Render(page, c.columns, func(s string) string { return "<" + s + ">" }))
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns int
		want    []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"a `b c d` e", 7, []string{"a", "`b c d`", "e"}},
		{"see `orac help install`, then", 24, []string{"see `orac help install`,", "then"}},
		{"`a b c d e f g h`", 6, []string{"`a b c", "d e f", "g h`"}},
		{"incomprehensibilities are long", 10, []string{"incomprehensibilities", "are long"}},
		{"ünïcödé ünïcödé", 7, []string{"ünïcödé", "ünïcödé"}},
	} {
		if got := strings.Join(Wrap(c.text, c.columns), "|"); got != strings.Join(c.want, "|") {
			t.Errorf("%q in %d columns: %s", c.text, c.columns, got)
		}
	}
}

// FuzzRender: no page makes it panic, hang, or write more than a little beside the terminal's edge without need.
func FuzzRender(f *testing.F) {
	for _, topic := range Topics() {
		f.Add(topic.Text, 60)
	}
	f.Add([]byte("| a | b |\n|---|---|\n| x |\n"), 3)
	f.Add([]byte("1. a\n   - b\n\n     > c\n"), 200)
	f.Fuzz(func(t *testing.T, page []byte, columns int) {
		if len(page) > 4096 {
			return
		}
		Render(page, columns%300, plain)
	})
}
