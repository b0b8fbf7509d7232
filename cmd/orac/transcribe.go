package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/hearing"
	"orac/cmd/orac/screen"
	"orac/models"
	"orac/models/moonshine"
)

func (a *app) transcribeCommand() *cobra.Command {
	var model string
	var channels []int
	c := &cobra.Command{
		Use:   "transcribe FILE…",
		Short: "turn the speech in WAV files into text, on this machine",
		Long: `Turns the speech in WAV files into text (English), with the engine that stt blocks with protocol = "embedded" use. Nothing leaves
this machine. Files may have 8 to 48 kHz, 8 to 32 bits or float, and up to 32 channels, which are mixed. Long files are cut where
nobody speaks. If a file cannot be read, the others still run, and the exit code is 1.

Each line is what was said between two pauses, with the seconds from the start of the file. Silence, noise and what the engine does
not believe itself give no text: the reason is shown instead. See orac models list for the models; ` + strings.Join(moonshine.Names(), " and ") + `.`,
		Example: `  orac transcribe speech.wav
  orac transcribe --model moonshine_base speech.wav
  orac transcribe --json *.wav | jq -r .text`,
		RunE: func(c *cobra.Command, files []string) error { return a.transcribe(c.Context(), model, channels, files) },
	}
	c.Flags().StringVar(&model, "model", "moonshine_tiny", "use this `NAME` from the catalogue")
	c.Flags().IntSliceVar(&channels, "channel", nil, "listen to these channel `NUMBERS` of a file, from 0 (otherwise all are mixed)")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) transcribe(ctx context.Context, model string, channels []int, files []string) error {
	if len(files) == 0 {
		return usage("name the WAV files to transcribe")
	}
	if err := moonshine.Check(model); err != nil {
		return usage("--model: %w", err)
	}
	rb, err := a.anyRunbook()
	if err != nil {
		return err
	}
	store := a.store(rb)
	if err := models.Missing(store, moonshine.Needs(model)); err != nil {
		return failed(err)
	}
	open := sync.OnceValues(func() (*moonshine.Engine, error) { return moonshine.OpenModel(store, model) }) // takes half a second
	broken := 0
	for _, file := range files {
		err := hearing.Readable(file, channels)
		var t *hearing.Transcribed
		if err == nil {
			engine, bad := open()
			if bad != nil {
				return failed(bad)
			}
			t, err = hearing.Transcribe(ctx, engine, file, channels, a.transcribing(file))
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
		if err := a.transcribed(t); err != nil {
			return err
		}
	}
	if broken > 0 {
		return failed(fmt.Errorf("%d of %s could not be read", broken, plural(len(files), "file", "files")))
	}
	return nil
}

// transcribing shows how much of a file is done.
func (a *app) transcribing(file string) func(part float64) {
	shown := time.Now()
	return func(part float64) {
		if now := time.Now(); now.Sub(shown) > 100*time.Millisecond && !a.json {
			shown = now
			a.err.Progress(screen.Clean(file), part)
		}
	}
}

// transcribed reports the text of one file.
func (a *app) transcribed(t *hearing.Transcribed) error {
	a.err.Still()
	if t.Note != "" {
		fmt.Fprintf(a.err, "%s %s: %s\n", a.err.Warn("orac:"), screen.Clean(t.File), t.Note)
	}
	if a.json {
		e := json.NewEncoder(a.out)
		e.SetEscapeHTML(false)
		return failed(e.Encode(t))
	}
	fmt.Fprintf(a.out, "%s  %s\n", a.out.Strong(screen.Clean(t.File)), a.out.Faint(fmt.Sprintf("%.1f s", t.Seconds)))
	for _, p := range t.Pieces {
		fmt.Fprintf(a.out, "  %8.2f s  %s  %s\n", p.From, screen.Clean(p.Text), a.out.Faint(fmt.Sprintf("%.2f", p.Confidence)))
	}
	if len(t.Pieces) == 0 {
		fmt.Fprintf(a.out, "  nothing was understood: %s\n", t.Nothing.Words())
	}
	return nil
}
