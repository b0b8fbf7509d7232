package api

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"orac/appliance"
	"orac/appliance/audio"
	"orac/appliance/audio/capture"
	"orac/appliance/core"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/spool"
	"orac/appliance/status"
	"orac/appliance/store"
	"orac/models"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/control"
	"orac/web/schema"
)

// App is what the routes need from the appliance. Its methods must be safe for concurrent use.
type App interface {
	control.Daemon
	// Ready is closed when the appliance can answer and be changed.
	Ready() <-chan struct{}
	Runbook() *runbook.Runbook
	Graph() *graph.Graph
	// History returns nil if there is none.
	History() *store.Store
	// Incident returns an incident with its evidence.
	Incident(id string) (status.Incident, bool)
	// Request returns how the runbook is applied: its file and variables. The caller adds the origin.
	Request() status.PlanRequest
	// Examine evaluates and checks a text as a plan does, and returns everything that is wrong with it. The runbook is nil if it
	// could not run.
	Examine(ctx context.Context, r status.PlanRequest) (*runbook.Runbook, language.Diagnostics, error)
	// Change is Apply with everything that belongs to it. progress and ctx are as in Apply.
	Change(ctx context.Context, c core.Change, progress func(step string)) (status.Applied, error)
	// PlanRollback returns what returning to a kept generation would do. It changes nothing.
	PlanRollback(ctx context.Context, r status.RollbackRequest) (status.Plan, error)
	// Audio opens the sound of an utterance, a WAV file; the error is fs.ErrNotExist if it was not
	// kept.
	Audio(utterance string) (io.ReadSeekCloser, time.Time, error)
	Devices(ctx context.Context) (capture.Listing, error)
	// Level listens for half a second to the microphone with that identity, whether or not it is in the
	// runbook.
	Level(ctx context.Context, backend, identity string) (Heard, error)
	// Installed tells whether the file of a catalogue model is there and is the right one.
	Installed(model string) bool
}

// Heard is how loud a microphone was, as 16-bit amplitudes.
type Heard struct {
	RMS  float64
	Peak int
}

// Live is a running appliance as an App.
type Live struct {
	*appliance.Daemon
	State   *appliance.State
	Applied status.PlanRequest // with an absolute file
	Models  models.Store       // the appliance's models
}

// History implements App.
func (l *Live) History() *store.Store { return l.State.History() }

// Request implements App.
func (l *Live) Request() status.PlanRequest { return l.Applied }

// Audio implements App.
func (l *Live) Audio(utterance string) (io.ReadSeekCloser, time.Time, error) {
	if !schema.IsID(utterance) {
		return nil, time.Time{}, os.ErrNotExist
	}
	for _, dir := range []string{spool.KeptDir, filepath.Join("spool", "refused")} {
		f, err := l.State.Folder.Open(filepath.Join(dir, utterance+".wav"))
		if err != nil {
			continue
		}
		info, err := f.Stat()
		if err != nil {
			_ = f.Close()
			return nil, time.Time{}, errors.Join(err, os.ErrNotExist)
		}
		return f, info.ModTime(), nil
	}
	return nil, time.Time{}, os.ErrNotExist
}

// Devices implements App.
func (l *Live) Devices(ctx context.Context) (found capture.Listing, err error) {
	err = live.New(nil).Run(ctx, "devices", func(t *rt.Task) (err error) {
		found, err = capture.List(t, capture.Spec{})
		return err
	})
	return found, err
}

// levelHops is how many hops a level covers: half a second.
const levelHops = 6

// Level implements App.
func (l *Live) Level(ctx context.Context, backend, identity string) (heard Heard, err error) {
	err = live.New(nil).Run(ctx, "level", func(t *rt.Task) error {
		source := capture.New(capture.Spec{Selector: capture.Selector{Identity: identity}, Backend: backend, StartTimeout: listenTime})
		stream, err := source.Open(t)
		if err != nil {
			return err
		}
		defer stream.Close(t)
		var hop [audio.HopSamples]int16
		for range levelHops {
			if err := stream.Read(t, &hop, t.Now().Add(listenTime)); err != nil {
				return err
			}
			heard.RMS, heard.Peak = max(heard.RMS, float64(audio.RMS(hop[:]))), max(heard.Peak, audio.Peak(hop[:]))
		}
		return nil
	})
	return heard, err
}

// Installed implements App.
func (l *Live) Installed(model string) bool { return l.Models.Verify(model) == nil }
