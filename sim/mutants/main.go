// Command mutants proves that the simulator can fail. It puts one defect after the other into a copy of the code, builds orac
// with it, and runs the scenarios that must catch it. Then it runs the same scenarios with the unchanged orac, which must
// keep every promise. It exits with 1 if a defect is not caught, or if the text that a mutation changes is no longer in the
// code.
//
//	go run ./sim/mutants [-only NAME[,NAME]] [-jobs N]
//
// The defects exist only in what it builds: `go build -overlay` reads a changed file in place of the original, and no file
// of the repository is touched.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

func main() {
	only := flag.String("only", "", "names of mutations, with commas; default: all")
	jobs := flag.Int("jobs", min(4, runtime.NumCPU()), "mutations at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	list := slices.Clone(mutations)
	if *only != "" {
		names := strings.Split(*only, ",")
		list = slices.DeleteFunc(list, func(m mutation) bool { return !slices.Contains(names, m.name) })
	}
	if len(list) == 0 {
		fmt.Fprintf(os.Stderr, "mutants: no mutation is named %q\n", *only)
		os.Exit(64)
	}
	ok, err := prove(ctx, list, max(1, *jobs), os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "mutants: %v\n", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// caught is the outcome of a mutation.
type caught struct {
	scenario, promise, text string
	seed                    uint64
	took                    time.Duration
	err                     error
}

// prove tries all mutations and the control, prints the table, and tells whether all mutations were caught and the control
// kept its promises.
func prove(ctx context.Context, list []mutation, jobs int, w io.Writer) (bool, error) {
	root, err := moduleRoot()
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "orac-mutants-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	b := &bench{root: root, dir: dir}
	for _, m := range list { // find texts that do not match before anything is built
		if _, err := b.mutate(m); err != nil {
			return false, err
		}
	}
	began := time.Now()
	control := mutation{name: "none", does: "orac as it is: every promise is kept", seeds: widest(list)}
	for _, m := range list {
		for _, s := range m.scenarios {
			if !slices.Contains(control.scenarios, s) {
				control.scenarios = append(control.scenarios, s)
			}
		}
	}
	all := append([]mutation{control}, list...)
	results := make([]caught, len(all))
	next := make(chan int)
	var workers sync.WaitGroup
	for range jobs {
		workers.Go(func() {
			for i := range next {
				began := time.Now()
				results[i] = b.try(ctx, all[i])
				results[i].took = time.Since(began)
				fmt.Fprintf(os.Stderr, "%d of %d: %s, %v\n", i+1, len(all), all[i].name, results[i].took.Round(100*time.Millisecond))
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	workers.Wait()
	return table(w, all, results, time.Since(began)), ctx.Err()
}

// widest returns the longest list of seeds that a mutation needs.
func widest(list []mutation) string {
	seeds := ""
	for _, m := range list {
		if len(m.seeds) > len(seeds) {
			seeds = m.seeds
		}
	}
	return seeds
}

// table prints all outcomes, the control first.
func table(w io.Writer, all []mutation, results []caught, took time.Duration) bool {
	good, survived := true, 0
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MUTATION\tWHAT IT DOES\tCAUGHT BY\tWHICH PROMISE\tSEED")
	for i, m := range all {
		r := results[i]
		switch {
		case r.err != nil:
			good = false
			fmt.Fprintf(t, "%s\t%s\t?\t%v\t\n", m.name, m.does, r.err)
		case i == 0 && r.promise == "":
			fmt.Fprintf(t, "%s\t%s\tkept\t%d scenarios\t\n", m.name, m.does, len(m.scenarios))
		case i == 0:
			good = false
			fmt.Fprintf(t, "%s\tBROKEN without any defect\t%s\t%s\t%d\n", m.name, r.scenario, r.promise, r.seed)
		case r.promise == "":
			good, survived = false, survived+1
			fmt.Fprintf(t, "%s\t%s\tSURVIVED\t%s\t\n", m.name, m.does, strings.Join(m.scenarios, ", "))
		default:
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\n", m.name, m.does, r.scenario, r.promise, r.seed)
		}
	}
	_ = t.Flush() // a failed write to the terminal is ignored
	fmt.Fprintf(w, "%d of %d mutations were caught, in %v\n", len(all)-1-survived-failed(results[1:]), len(all)-1, took.Round(time.Second))
	return good
}

func failed(results []caught) (n int) {
	for _, r := range results {
		if r.err != nil {
			n++
		}
	}
	return n
}

// moduleRoot returns the folder of go.mod, at or above the current one.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("there is no go.mod here or above: run it in the repository")
		}
	}
}

// overlay is what `go build -overlay` reads.
type overlay struct{ Replace map[string]string }

func (o overlay) bytes() []byte {
	b, err := json.Marshal(o)
	if err != nil {
		panic("BUG: overlay: " + err.Error())
	}
	return b
}
