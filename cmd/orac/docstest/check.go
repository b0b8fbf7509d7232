package docstest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Save writes a block of a document where later commands find it.
func (s *Sandbox) Save(name, text string) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("file=%s: a name below the folder", name)
	}
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(s.inside(text)), 0o644)
}

// Change replaces a text in a file: "FILE|old|new". undo reverts it.
func (s *Sandbox) Change(change string) (undo func(), err error) {
	part := strings.Split(change, "|")
	if len(part) != 3 || !filepath.IsLocal(part[0]) {
		return nil, fmt.Errorf(`change=%q: write it as "FILE|old|new"`, change)
	}
	path := filepath.Join(s.Dir, part[0])
	before, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(before), part[1]) {
		return nil, fmt.Errorf("%s has no %q", part[0], part[1])
	}
	after := strings.Replace(string(before), part[1], part[2], 1)
	if err := os.WriteFile(path, []byte(after), 0o644); err != nil {
		return nil, err
	}
	return func() { s.must(os.WriteFile(path, before, 0o644)) }, nil
}

// NoCommand reports a line that is a command, in a text that is not run.
func NoCommand(text string) error {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "$ ") || isCommand(explained(line)) {
			return fmt.Errorf("%q is a command: ```sh runs it", line)
		}
	}
	return nil
}

// JavaScript returns what is wrong with the syntax of a program, according to Node, which also builds the
// console.
func JavaScript(text string) error {
	cmd := exec.Command("node", "--check", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// YAML reports what no YAML can contain: tabs before a key, and a line that is neither a key, an item, nor part of
// a text.
func YAML(text string) error {
	block := -1 // the indentation of the key whose multi-line text this is
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n ")
		trimmed := strings.TrimLeft(line, " ")
		indent := len(line) - len(trimmed)
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
			continue
		case block >= 0 && indent > block:
			continue
		case strings.HasPrefix(trimmed, "\t"):
			return fmt.Errorf("a tab before %q", trimmed)
		case !strings.HasPrefix(trimmed, "- ") && !strings.Contains(trimmed, ":") && trimmed != "-":
			return fmt.Errorf("%q is neither a key nor an item", trimmed)
		}
		block = -1
		if last := trimmed[len(trimmed)-1]; last == '|' || last == '>' {
			block = indent
		}
	}
	return nil
}
