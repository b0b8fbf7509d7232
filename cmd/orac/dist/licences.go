package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// module is a Go module that is part of the program.
type module struct {
	Path, Version, Dir string
	Main               bool
}

// modules returns the modules that are part of the program on an architecture, sorted.
func modules(env []string) (list []module, err error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Module", "./cmd/orac")
	cmd.Env = env
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	seen := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ Module *module }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Module != nil && !p.Module.Main && !seen[p.Module.Path] {
			seen[p.Module.Path] = true
			list = append(list, *p.Module)
		}
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

// licences writes the licences of everything in the program, word for word.
func licences(w io.Writer, env []string) error {
	list, err := modules(env)
	if err != nil {
		return err
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	parts := []part{{"Go, its runtime and standard library", strings.TrimSpace(string(goroot))}}
	for _, m := range list {
		parts = append(parts, part{m.Path + " " + m.Version, m.Dir})
	}
	for _, name := range []string{"htmx.org", "uplot"} { // part of the program, for its pages: web/npm/package.json
		parts = append(parts, part{name + " (npm), for the pages of the console", filepath.Join("web/npm/node_modules", name)})
	}
	fmt.Fprintf(w, "orac is made of what follows. The models, which orac models pull fetches, have licences of their own:\norac models list shows them, and LICENCES-MODELS.md tells more.\n")
	for _, p := range parts {
		if err := p.write(w); err != nil {
			return err
		}
	}
	return nil
}

// part is something with a licence, in a folder.
type part struct{ name, folder string }

func (p part) write(w io.Writer) error {
	entries, err := os.ReadDir(p.folder)
	if err != nil {
		return fmt.Errorf("the licence of %s: %w", p.name, err)
	}
	found := false
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !slices.ContainsFunc([]string{"LICENSE", "LICENCE", "UNLICENSE", "COPYING", "NOTICE", "PATENTS"}, func(s string) bool { return strings.HasPrefix(name, s) }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(p.folder, e.Name()))
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(w, "\n%s\n%s: %s\n%s\n\n%s\n", strings.Repeat("=", 78), p.name, e.Name(), strings.Repeat("=", 78), strings.TrimSpace(string(text)))
	}
	if !found {
		return fmt.Errorf("%s has no licence in %s: look at it before it is given to others", p.name, p.folder)
	}
	return nil
}
