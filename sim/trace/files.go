package trace

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"orac/appliance/rt"
)

// Files are the files that the traces of runs are written to.
type Files struct {
	path   string
	folder bool

	mu     sync.Mutex     // guards opened
	opened map[string]int // how often each path was requested
}

// NewFiles prepares the traces of the given number of runs: one run writes to a file, several to a folder, which exists or whose path
// says so.
func NewFiles(path string, runs int) (*Files, error) {
	t := &Files{path: path, opened: map[string]int{}}
	info, err := os.Stat(path)
	t.folder = err == nil && info.IsDir() || strings.HasSuffix(path, string(os.PathSeparator))
	switch {
	case t.folder:
		return t, os.MkdirAll(path, 0o755)
	case runs > 1:
		return nil, fmt.Errorf("%d runs write a trace each; name a folder, like %s", runs, t.asFolder())
	}
	return t, nil
}

// asFolder is the folder that a person may have meant.
func (t *Files) asFolder() string { return strings.TrimSuffix(t.path, filepath.Ext(t.path)) + "/" }

// Open creates the trace file of a run. If a scenario has several runs with one seed, they are numbered from the second on.
// Any goroutine may call it.
func (t *Files) Open(scenario string, seed uint64) (io.WriteCloser, error) {
	path := t.path
	if t.folder {
		path = filepath.Join(path, fmt.Sprintf("%s-%d", fileName(scenario), seed))
	}
	t.mu.Lock()
	t.opened[path]++
	n := t.opened[path]
	t.mu.Unlock()
	switch {
	case !t.folder && n > 1:
		return nil, fmt.Errorf("--trace %s: several runs with one seed write a trace each; name a folder, like %s", path, t.asFolder())
	case t.folder && n > 1:
		path += fmt.Sprintf(".%d.trace", n)
	case t.folder:
		path += ".trace"
	}
	file, err := os.Create(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return file, err
	}
	return &packed{gzip.NewWriter(file), file}, nil
}

// fileName turns the name of a scenario into a file name.
func fileName(scenario string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, scenario)
	return name[:min(len(name), 100)]
}

// packed is a compressed file.
type packed struct {
	*gzip.Writer
	file *os.File
}

// Close implements io.Closer.
func (p *packed) Close() error { return errors.Join(p.Writer.Close(), p.file.Close()) }

// DiffFiles compares two files as Diff compares two traces.
func DiffFiles(a, b string, context int) (d Difference, same int, err error) {
	first, err := os.Open(a)
	if err != nil {
		return d, 0, err
	}
	defer first.Close()
	second, err := os.Open(b)
	if err != nil {
		return d, 0, err
	}
	defer second.Close()
	return Diff(first, second, context)
}

// Report is a difference as orac sim diff --json prints it.
type Report struct {
	Same    bool     `json:"same"`
	Records int      `json:"same_records"`
	Record  int      `json:"record,omitempty"` // the first record that differs, from 1
	Before  []string `json:"before,omitempty"`
	A       []string `json:"a,omitempty"`
	B       []string `json:"b,omitempty"`
}

// Report returns the difference as text, after that many records that are the same.
func (d Difference) Report(same int) Report {
	texts := func(records []rt.Record) (list []string) {
		for _, r := range records {
			list = append(list, Line(r))
		}
		return list
	}
	if d.Same() {
		return Report{Same: true, Records: same}
	}
	return Report{Records: same, Record: d.Record, Before: texts(d.Before), A: texts(d.A), B: texts(d.B)}
}
