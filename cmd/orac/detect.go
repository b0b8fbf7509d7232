package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/hearing"
	"orac/cmd/orac/screen"
	"orac/models/detect"
)

// detectFlags holds the flags of orac detect.
type detectFlags struct {
	hearing.Request
	channels []int
	scores   bool
	runbook  bool // -f is given: its rules apply
}

func (a *app) detectCommand() *cobra.Command {
	var f detectFlags
	c := &cobra.Command{
		Use:   "detect {--model A,B | -f RUNBOOK} FILE…",
		Short: "run WAV files through the models, faster than they play",
		Long: `Runs WAV files through the code that the appliance listens with, and reports what would have woken it. Files may have 8 to 48 kHz, 8
to 32 bits or float, and up to 32 channels, which are mixed. If a file cannot be read, the others still run, and the exit code is 1.
Times are in seconds from the start of the file.

With -f, models and rules are those of the runbook: threshold, cooldown and patience of each model; vad_threshold, rms_filter and
multi_trigger of the first listener that has it. --model, --threshold and --vad override them. Without -f the threshold is 0.3, and
there is no voice gate.`,
		Example: `  orac detect --model hey_jarvis speech.wav
  orac detect --model hey_jarvis,alexa --threshold 0.5 --json *.wav
  orac detect -f orac.hcl speech.wav
  orac detect --model hey_jarvis --channel 0 array.wav
  orac detect --model ./my_word.onnx --vad 0.5 --scores --json speech.wav`,
		RunE: func(c *cobra.Command, files []string) error {
			f.runbook, f.OwnThreshold, f.OwnVoice = c.Flags().Changed("file"), c.Flags().Changed("threshold"), c.Flags().Changed("vad")
			return a.detect(c.Context(), f, files)
		},
	}
	c.Flags().StringSliceVar(&f.Models, "model", nil, "listen for these `NAMES` from the catalogue, or paths of .onnx files")
	c.Flags().Float64Var(&f.Threshold, "threshold", 0.3, "fire at this `SCORE`, above 0 to 1")
	c.Flags().Float64Var(&f.Voice, "vad", 0, "fire only if there is this much `VOICE`, 0 (off) to 1")
	c.Flags().IntSliceVar(&f.channels, "channel", nil, "listen to these channel `NUMBERS` of a file, from 0 (otherwise all are mixed)")
	c.Flags().BoolVar(&f.scores, "scores", false, "with --json, also print the score of every 80 ms")
	return a.withJSON(a.withState(a.withFile(c)))
}

// undetected is the line of orac detect --json for a file that cannot be read.
type undetected struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

func (f detectFlags) check(files []string) error {
	switch {
	case len(files) == 0:
		return usage("name the WAV files to run")
	case !(f.Threshold > 0 && f.Threshold <= 1):
		return usage("--threshold %g: it must be above 0 and at most 1", f.Threshold)
	case !(f.Voice >= 0 && f.Voice <= 1):
		return usage("--vad %g: it must be from 0 to 1", f.Voice)
	}
	return nil
}

func (a *app) detect(ctx context.Context, f detectFlags, files []string) error {
	if err := f.check(files); err != nil {
		return err
	}
	rb, err := a.anyRunbook()
	if f.runbook && rb == nil && err == nil { // the state directory is named, but the rules are still needed
		rb, err = a.load()
	}
	if err != nil {
		return err
	}
	if f.runbook {
		f.Rules = rb
	}
	config, err := f.Config(a.store(rb))
	if err != nil {
		return usage("%w", err)
	}
	d, err := detect.Open(ctx, config)
	if err != nil {
		return failed(err)
	}
	defer d.Close()
	broken := 0
	for _, file := range files {
		shown := time.Now()
		r, err := hearing.File(ctx, d, file, f.channels, func(part float64) {
			if now := time.Now(); now.Sub(shown) > 100*time.Millisecond && !a.json {
				shown = now
				a.err.Progress(screen.Clean(file), part)
			}
		})
		if ctx.Err() != nil {
			return failed(errors.New("interrupted"))
		}
		if err != nil {
			broken++
			if err := a.deaf(file, err); err != nil {
				return err
			}
			continue
		}
		if r.Note != "" {
			fmt.Fprintf(a.err, "%s %s: %s\n", a.err.Warn("orac:"), screen.Clean(file), r.Note)
		}
		if !f.scores {
			r.Scores = nil
		}
		if err := a.heard(r); err != nil {
			return err
		}
	}
	if broken > 0 {
		return failed(fmt.Errorf("%d of %s could not be read", broken, plural(len(files), "file", "files")))
	}
	return nil
}

// deaf reports a file that the detector cannot listen to.
func (a *app) deaf(file string, err error) error {
	a.err.Still()
	if !a.json {
		a.complain(errors.New(screen.Clean(plainly(err))))
		return nil
	}
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	return failed(e.Encode(undetected{file, err.Error()}))
}

// heard reports the results of one file.
func (a *app) heard(r *hearing.Heard) error {
	a.err.Still()
	if a.json {
		e := json.NewEncoder(a.out)
		e.SetEscapeHTML(false)
		return failed(e.Encode(r))
	}
	var best []string
	for name, score := range r.Max {
		best = append(best, fmt.Sprintf("%s %.3f", screen.Clean(name), score))
	}
	slices.Sort(best)
	fmt.Fprintf(a.out, "%s  %s\n", a.out.Strong(screen.Clean(r.File)), a.out.Faint(fmt.Sprintf("%.1f s · best: %s", r.Seconds, strings.Join(best, ", "))))
	a.wakes(r.Detections)
	switch {
	case len(r.Detections) > 0:
	case r.Mixed > 1 && len(r.Alone) == 0:
		fmt.Fprintf(a.out, "  nothing was heard, in the mix of its %d channels or in any single one\n", r.Mixed)
	case r.Mixed > 1:
		fmt.Fprintf(a.out, "  nothing was heard in the mix of its %d channels\n", r.Mixed)
	default:
		fmt.Fprintln(a.out, "  nothing was heard")
	}
	for _, c := range r.Alone {
		fmt.Fprintf(a.out, "  only in channel %d (--channel %d; in the runbook, channel = %d):\n", c.Channel, c.Channel, c.Channel)
		a.wakes(c.Detections)
	}
	return nil
}

func (a *app) wakes(list []hearing.Detection) {
	for _, d := range list {
		fmt.Fprintf(a.out, "  %8.2f s  %s %s  score %.3f\n", d.At, a.out.Mark("wake"), screen.Clean(strings.TrimSpace(d.Model+" "+d.Class)), d.Score)
	}
}
