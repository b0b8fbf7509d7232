package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The analysers of the source, from the Go module proxy, each of a version whose findings are known. govulncheck would be the
// third, and needs a database that is not there: it is not run.
const (
	gosecAt       = "github.com/securego/gosec/v2/cmd/gosec@v2.30.0"
	staticcheckAt = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
)

// leastFiles is how many files an analyser has looked at, at least, when it has looked at this program.
const leastFiles = 300

// static analyses the source of this module, tests left out.
func static(ctx context.Context, keep string) ([]finding, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	report := filepath.Join(keep, "gosec.json")
	// It ends with 1 when it has found anything; the report says whether it ran.
	out, failed := exec.CommandContext(ctx, "go", "run", gosecAt, "-quiet", "-no-fail", "-exclude-generated", "-fmt", "json", "-out", report, "./...").CombinedOutput()
	if failed != nil {
		return nil, fmt.Errorf("gosec: %w\n%s", failed, out)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		return nil, err
	}
	found, err := readGosec(text, here)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "run", staticcheckAt, "-tests=false", "-f", "json", "./...")
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err = cmd.Output()
	if ended, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || ended.ExitCode() != 1 || len(text) == 0) { // 1: it has found anything
		return nil, fmt.Errorf("staticcheck: %w\n%s", err, said.Bytes())
	}
	if err := os.WriteFile(filepath.Join(keep, "staticcheck.json"), text, 0o600); err != nil {
		return nil, err
	}
	more, err := readStaticcheck(text, here)
	return append(found, more...), err
}

// readGosec reads a report of gosec. Code that it could not read is an error: it was not looked at.
func readGosec(text []byte, root string) (found []finding, err error) {
	var r struct {
		Errors map[string]json.RawMessage `json:"Golang errors"`
		Issues []struct {
			Rule    string `json:"rule_id"`
			Details string `json:"details"`
			File    string `json:"file"`
		}
		Stats struct{ Files int }
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("gosec's report: %w", err)
	}
	if len(r.Errors) > 0 {
		return nil, fmt.Errorf("gosec could not read %v", r.Errors)
	}
	if r.Stats.Files < leastFiles {
		return nil, fmt.Errorf("gosec looked at only %d files", r.Stats.Files)
	}
	for _, i := range r.Issues {
		found = append(found, finding{Tool: "gosec", Role: "source", What: i.Rule, Where: below(root, i.File), Says: i.Details})
	}
	return found, nil
}

// readStaticcheck reads what staticcheck has found: an object a line.
func readStaticcheck(text []byte, root string) (found []finding, err error) {
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var i struct {
			Code, Message string
			Location      struct{ File string }
		}
		err := d.Decode(&i)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("staticcheck's report: %w", err)
		}
		if i.Code == "compile" {
			return nil, fmt.Errorf("staticcheck could not read %s: %s", i.Location.File, i.Message)
		}
		found = append(found, finding{Tool: "staticcheck", Role: "source", What: i.Code, Where: below(root, i.Location.File), Says: i.Message})
	}
}

// below is a file as the module knows it.
func below(root, file string) string {
	if rel, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return strings.TrimPrefix(file, root)
}
