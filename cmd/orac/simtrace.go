package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/sim/trace"
)

<<<<<<< HEAD
// traces holds the files that traces are written to.
type traces struct {
	path   string
	folder bool

	mu     sync.Mutex     // guards opened
	opened map[string]int // how often each path was requested
}

// newTraces prepares the traces of the given number of runs: one run writes to a file, several to a
// folder. It returns nil without a path.
func newTraces(path string, runs int) (*traces, error) {
	switch {
	case path == "":
		return nil, nil
	case namesFolder(path):
		return &traces{path: path, folder: true, opened: map[string]int{}}, failed(os.MkdirAll(path, 0o755))
	case runs > 1:
		return nil, usage("--trace %s: %d runs write a trace each; name a folder, like %s/", path, runs, strings.TrimSuffix(path, filepath.Ext(path)))
	}
	return &traces{path: path, opened: map[string]int{}}, nil
}

// namesFolder tells whether a path means a folder: the folder exists, or the name says so.
func namesFolder(path string) bool {
	return isFolder(path) || strings.HasSuffix(path, string(os.PathSeparator))
}

// open creates the trace file of a run. If a scenario has several runs with one seed, they are numbered from the second on.
// Any goroutine may call it.
func (t *traces) open(scenario string, seed uint64) (io.WriteCloser, error) {
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
		return nil, fmt.Errorf("--trace %s: several runs with one seed write a trace each; name a folder, like %s/", path, strings.TrimSuffix(path, filepath.Ext(path)))
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

=======
>>>>>>> main
const (
	fewRecords  = 5
	manyRecords = 1000
)

func (a *app) simDiff() *cobra.Command {
	var context int
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "show where two traces differ",
		Long:  "Compares two traces that orac sim has written with --trace, and shows the first record that differs. Exit codes: 0 they are the same, 2 they differ, 1 one cannot be read.",
		Example: `  orac sim a.hcl --seed 3 --trace a.trace && GOMAXPROCS=1 orac sim a.hcl --seed 3 --trace b.trace
  orac sim diff a.trace b.trace`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if context < 0 || context > manyRecords {
				return usage("--context %d: it must be from 0 to %d", context, manyRecords)
			}
			return a.diff(args[0], args[1], context)
		},
	}
	c.Flags().IntVar(&context, "context", fewRecords, "show `N` records before the difference, and after it on each side")
	return a.withJSON(c)
}

func (a *app) diff(first, second string, context int) error {
	d, same, err := trace.DiffFiles(first, second, context)
	if err != nil {
		return failed(err)
	}
	if a.json {
		if err := a.printJSON(d.Report(same)); err != nil {
			return err
		}
	} else {
		a.printDiff(d, first, second, same)
	}
	if !d.Same() {
		return &exit{code: exitDiffers}
	}
	return nil
}

func (a *app) printDiff(d trace.Difference, first, second string, same int) {
	if d.Same() {
		fmt.Fprintf(a.out, "%s %s and %s are the same: %s\n", a.out.Good("✓"), screen.Clean(first), screen.Clean(second), plural(same, "record", "records"))
		return
	}
	fmt.Fprintf(a.out, "%s the traces differ from record %d on\n  A is %s\n  B is %s\n", a.out.Bad("≠"), d.Record, screen.Clean(first), screen.Clean(second))
	_, text, _ := strings.Cut(d.String(), "\n")
	for line := range strings.Lines(text) {
		line = "  " + screen.Clean(strings.TrimSuffix(line, "\n"))
		switch line[2] {
		case 'A', 'B':
			line = a.out.Strong(line)
		default:
			line = a.out.Faint(line)
		}
		fmt.Fprintln(a.out, line)
	}
}
