package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/audio"
	"orac/appliance/audio/wav"
	"orac/cmd/orac/screen"
	"orac/models/detect"
	"orac/models/wake"
)

// detectFlags holds the flags of orac detect.
type detectFlags struct {
	models         []string
	channels       []int
	threshold, vad float64
	scores         bool

	runbook            bool // -f is given: its rules apply
	ownLevel, ownVoice bool // --threshold, --vad are given
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
			f.runbook, f.ownLevel, f.ownVoice = c.Flags().Changed("file"), c.Flags().Changed("threshold"), c.Flags().Changed("vad")
			return a.detect(c.Context(), f, files)
		},
	}
	c.Flags().StringSliceVar(&f.models, "model", nil, "listen for these `NAMES` from the catalogue, or paths of .onnx files")
	c.Flags().Float64Var(&f.threshold, "threshold", 0.3, "fire at this `SCORE`, above 0 to 1")
	c.Flags().Float64Var(&f.vad, "vad", 0, "fire only if there is this much `VOICE`, 0 (off) to 1")
	c.Flags().IntSliceVar(&f.channels, "channel", nil, "listen to these channel `NUMBERS` of a file, from 0 (otherwise all are mixed)")
	c.Flags().BoolVar(&f.scores, "scores", false, "with --json, also print the score of every 80 ms")
	return a.withJSON(a.withState(a.withFile(c)))
}

// detection and detected are lines of orac detect --json.
type detection struct {
	Model string  `json:"model"`
	Class string  `json:"class,omitempty"`
	At    float64 `json:"at"`
	Score float64 `json:"score"`
}

type detected struct {
	File       string               `json:"file"`
	Seconds    float64              `json:"seconds"`
	Hops       int64                `json:"hops"`
	Detections []detection          `json:"detections"`
	Max        map[string]float64   `json:"max"`
	Scores     map[string][]float64 `json:"scores,omitempty"`

	// Alone lists the channels in which something is heard although the mix of all channels has nothing: an array often has one
	// good channel.
	Alone []heardAlone `json:"alone,omitempty"`

	mixed int // channels of the file, if all were mixed
}

// undetected is the line for a file that cannot be read.
type undetected struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

// heardAlone is what was heard in one channel of a file.
type heardAlone struct {
	Channel    int         `json:"channel"`
	Detections []detection `json:"detections"`
}

func (f detectFlags) check(files []string) error {
	switch {
	case len(files) == 0:
		return usage("name the WAV files to run")
	case !(f.threshold > 0 && f.threshold <= 1):
		return usage("--threshold %g: it must be above 0 and at most 1", f.threshold)
	case !(f.vad >= 0 && f.vad <= 1):
		return usage("--vad %g: it must be from 0 to 1", f.vad)
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
	config, err := a.hearing(f, rb)
	if err != nil {
		return err
	}
	d, err := detect.Open(ctx, config)
	if err != nil {
		return failed(err)
	}
	defer d.Close()
	broken := 0
	for _, file := range files {
		r, err := a.hear(ctx, d, file, f.channels)
		if err == nil && len(r.Detections) == 0 && r.mixed > 1 {
			err = a.hearAlone(ctx, d, r)
		}
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
		a.complain(errors.New(screen.Clean(err.Error())))
		return nil
	}
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	return failed(e.Encode(undetected{file, err.Error()}))
}

// hear runs the detector on one file.
func (a *app) hear(ctx context.Context, d *detect.Detector, file string, channels []int) (*detected, error) {
	sound, err := wav.Open(file, channels...)
	if err != nil {
		return nil, err
	}
	defer sound.Close()
	if note := sound.Info().Note; note != "" {
		fmt.Fprintf(a.err, "%s %s: %s\n", a.err.Warn("orac:"), screen.Clean(file), note)
	}
	if err := d.Reset(); err != nil {
		return nil, err
	}
	total := sound.Info().Duration()
	r := &detected{File: file, Seconds: round(total.Seconds(), 3), Detections: []detection{}, Max: map[string]float64{}, Scores: map[string][]float64{}}
	if len(channels) == 0 {
		r.mixed = sound.Info().Channels
	}
	rules := d.Models()
	for _, m := range rules {
		r.Max[m.Name], r.Scores[m.Name] = 0, []float64{}
	}
	for shown := time.Now(); ; {
		var pcm [audio.HopSamples]int16
		n, err := sound.Read(pcm[:])
		if err != nil && err != io.EOF {
			return nil, err
		}
		if n < len(pcm) { // an incomplete hop at the end is ignored
			return r, ctx.Err()
		}
		hop, err := d.Push(&pcm)
		if err != nil {
			return nil, err
		}
		r.add(rules, hop)
		if now := time.Now(); now.Sub(shown) > 100*time.Millisecond && !a.json || ctx.Err() != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			shown = now
			a.err.Progress(screen.Clean(file), float64(r.Hops)*audio.HopTime.Seconds()/total.Seconds())
		}
	}
}

// hearAlone listens to the channels of a file one by one.
func (a *app) hearAlone(ctx context.Context, d *detect.Detector, mix *detected) error {
	for channel := range mix.mixed {
		r, err := a.hear(ctx, d, mix.File, []int{channel})
		if err != nil {
			return err
		}
		if len(r.Detections) > 0 {
			mix.Alone = append(mix.Alone, heardAlone{channel, r.Detections})
		}
	}
	return nil
}

// add adds the result of one hop.
func (r *detected) add(rules []wake.Model, hop detect.Result) {
	r.Hops++
	for i, m := range rules {
		var best float64
		for class, v := range hop.Scores[i].Values {
			if !hop.Scores[i].Masked && !slices.Contains(m.Ignored, class) {
				best = max(best, float64(v))
			}
		}
		best = round(best, 6)
		r.Scores[m.Name] = append(r.Scores[m.Name], best)
		r.Max[m.Name] = max(r.Max[m.Name], best)
	}
	for _, f := range hop.Detections {
		r.Detections = append(r.Detections, detection{f.Model, f.Class, round(f.At.Seconds(), 2), round(float64(f.Score), 6)})
	}
}

// heard reports the results of one file.
func (a *app) heard(r *detected) error {
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
	case r.mixed > 1 && len(r.Alone) == 0:
		fmt.Fprintf(a.out, "  nothing was heard, in the mix of its %d channels or in any single one\n", r.mixed)
	case r.mixed > 1:
		fmt.Fprintf(a.out, "  nothing was heard in the mix of its %d channels\n", r.mixed)
	default:
		fmt.Fprintln(a.out, "  nothing was heard")
	}
	for _, c := range r.Alone {
		fmt.Fprintf(a.out, "  only in channel %d (--channel %d; in the runbook, channel = %d):\n", c.Channel, c.Channel, c.Channel)
		a.wakes(c.Detections)
	}
	return nil
}

func (a *app) wakes(list []detection) {
	for _, d := range list {
		fmt.Fprintf(a.out, "  %8.2f s  %s %s  score %.3f\n", d.At, a.out.Mark("wake"), screen.Clean(strings.TrimSpace(d.Model+" "+d.Class)), d.Score)
	}
}

// round rounds to the given number of decimals.
func round(f float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(f*p) / p
}
