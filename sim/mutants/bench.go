package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"orac/sim/trial/report"
)

// bench builds orac and runs scenarios.
type bench struct{ root, dir string }

// mutate returns the text of a mutation's file with the defect in it.
func (b *bench) mutate(m mutation) (string, error) {
	data, err := os.ReadFile(filepath.Join(b.root, m.file))
	if err != nil {
		return "", fmt.Errorf("mutation %s: %w", m.name, err)
	}
	return replaced(m, string(data))
}

// replaced puts a defect into a text. The text to replace must occur exactly once.
func replaced(m mutation, text string) (string, error) {
	if n := strings.Count(text, m.old); n != 1 {
		return "", fmt.Errorf("mutation %s: its text stands %d times in %s: the code has changed, and sim/mutants/mutations.go must follow", m.name, n, m.file)
	}
	return strings.Replace(text, m.old, m.new, 1), nil
}

// try builds orac with a mutation and runs its scenarios until one catches it.
func (b *bench) try(ctx context.Context, m mutation) (c caught) {
	bin, err := b.build(ctx, m)
	if err != nil {
		return caught{err: err}
	}
	defer os.Remove(bin)
	for _, s := range m.scenarios {
		if c = b.run(ctx, bin, m, s); c.err != nil || c.promise != "" {
			return c
		}
	}
	return c
}

// build builds orac, with a mutation or unchanged.
func (b *bench) build(ctx context.Context, m mutation) (string, error) {
	bin := filepath.Join(b.dir, "orac-"+m.name)
	args := []string{"build", "-ldflags=-s -w", "-o", bin}
	if m.file != "" {
		text, err := b.mutate(m)
		if err != nil {
			return "", err
		}
		file, list := filepath.Join(b.dir, m.name+".go"), filepath.Join(b.dir, m.name+".json")
		replace := overlay{map[string]string{filepath.Join(b.root, m.file): file}}
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.WriteFile(list, replace.bytes(), 0o600)); err != nil {
			return "", err
		}
		args = append(args, "-overlay", list)
	}
	c := exec.CommandContext(ctx, "go", append(args, "./cmd/orac")...)
	c.Dir = b.root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("mutation %s does not build: %w: %s", m.name, err, strings.TrimSpace(string(out)))
	}
	return bin, nil
}

// run runs a scenario, and returns the first promise that it breaks. A verdict of "unknown" does not count as a catch.
func (b *bench) run(ctx context.Context, bin string, m mutation, name string) caught {
	file := filepath.Join(b.dir, m.name+".report.json")
	args := []string{"sim", "examples/scenarios/" + name + ".hcl", "--json", file}
	if m.seeds != "" {
		args = append(args, "--seeds", m.seeds)
	}
	c := exec.CommandContext(ctx, bin, args...)
	c.Dir = b.root
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return caught{err: err}
	}
	data, rerr := os.ReadFile(file)
	var r report.Report
	if rerr == nil {
		rerr = json.Unmarshal(data, &r)
	}
	if rerr != nil {
		return caught{err: fmt.Errorf("%s: %w: %s", name, rerr, strings.TrimSpace(string(out)))}
	}
	defer os.Remove(file)
	return first(r, name)
}

// first returns the first break of a report. A run that failed for a different reason does not count.
func first(r report.Report, name string) caught {
	for _, s := range r.Scenarios {
		for _, run := range s.Runs {
			if run.Verdict == report.NotSame {
				return caught{err: fmt.Errorf("%s, seed %d: two runs differ: %s", name, run.Seed, run.Differs)}
			}
			for _, b := range run.Breaks {
				promise := b.Promise
				if b.What != "" && b.What != "safety" {
					promise += " (" + b.What + ")"
				}
				return caught{scenario: name, promise: promise, text: b.Text, seed: run.Seed}
			}
		}
		if s.Verdict != report.Kept {
			return caught{err: fmt.Errorf("%s is %s: %s", name, s.Verdict, strings.Join(s.Why, "; "))}
		}
	}
	return caught{}
}
