// Command recovery breaks a real appliance in every way that its promises name, measures how long the appliance takes to
// notice and to recover, and prints a table. It exits with 1 if a bound is missed.
//
// It starts the orac binary, private audio servers with virtual microphones, and speech-to-text servers on loopback. State
// directories are on file systems of their own, which requires root. Nothing else on the machine is touched.
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
	"syscall"
	"time"

	"orac/chaos"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the options of the command line.
type options struct {
	binary, models, sounds, json, only string
	all                                bool
}

func run(ctx context.Context, args []string, out, progress io.Writer) int {
	var o options
	flags := flag.NewFlagSet("recovery", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&o.binary, "orac", "bin/orac", "the binary to break")
	flags.StringVar(&o.models, "models", ".orac/models", "the folder of its models, unless ORAC_MODELS_DIR is set")
	flags.StringVar(&o.sounds, "sounds", ".orac/sounds", "the folder of spoken commands that make deps makes")
	flags.StringVar(&o.json, "json", "", "also write the table to this file as JSON")
	flags.StringVar(&o.only, "only", "", "only rows whose name contains this")
	flags.BoolVar(&o.all, "all", false, "200 applies and 1000 plans, instead of 40 and 200")
	if err := flags.Parse(args); err != nil {
		return 64
	}
	results, err := measure(ctx, o, progress)
	if err != nil {
		fmt.Fprintln(progress, "recovery:", err)
		return 1
	}
	table(out, results)
	if o.json != "" {
		if err := save(o.json, results); err != nil {
			fmt.Fprintln(progress, "recovery:", err)
			return 1
		}
	}
	for _, r := range results {
		if r.Err != "" {
			return 1
		}
	}
	return 0
}

func save(path string, results []result) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// measure runs all rows: the lanes in parallel, the rows of a lane one after the other.
func measure(ctx context.Context, o options, progress io.Writer) ([]result, error) {
	binary, err := filepath.Abs(o.binary)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w: run make build", err)
	}
	if os.Getenv("ORAC_MODELS_DIR") == "" {
		dir, err := filepath.Abs(o.models)
		if err == nil {
			err = os.Setenv("ORAC_MODELS_DIR", dir)
		}
		if err != nil {
			return nil, err
		}
	}
	speech, err := chaos.LoadSpeech(o.sounds)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	done := make(chan result)
	running := 0
	for _, l := range lanes {
		rows := l.chosen(o.only)
		if len(rows) == 0 {
			continue
		}
		running++
		go func() {
			runLane(ctx, l.name, rows, binary, speech, o.all, done)
			done <- result{}
		}()
	}
	var results []result
	for running > 0 {
		r := <-done
		if r.Fault == "" { // a lane is over
			running--
			continue
		}
		results = append(results, r)
		fmt.Fprintf(progress, "%5.1f s  %s\n", time.Since(began).Seconds(), r.line())
	}
	return inOrder(results), ctx.Err()
}
