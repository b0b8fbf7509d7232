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
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/spool"
	"orac/appliance/status"
	"orac/appliance/store"
	"orac/models"
	"orac/runbook"
	"orac/web/control"
)

// App is what the routes ask of the appliance. Its methods may be called by many at once.
type App interface {
	control.Daemon
	// Ready is closed when it can be asked and changed.
	Ready() <-chan struct{}
	Runbook() *runbook.Runbook
	Graph() *appliance.Graph
	// History is nil if there is none.
	History() *store.Store
	// Incident finds one with its evidence.
	Incident(id string) (status.Incident, bool)
	// Request is how the runbook is applied: its file and variables. Whoever asks with it states the origin.
	Request() status.PlanRequest
	// Examine evaluates and judges a text as a plan does, and says all that is wrong with it; the runbook is nil if it could not run.
	Examine(ctx context.Context, r status.PlanRequest) (*runbook.Runbook, runbook.Diagnostics, error)
	// Change is Apply with all that belongs to it. Progress and ctx are as in Apply.
	Change(ctx context.Context, c appliance.Change, progress func(step string)) (status.Applied, error)
	// PlanRollback says what returning to a kept generation would do, and changes nothing.
	PlanRollback(ctx context.Context, r status.RollbackRequest) (status.Plan, error)
	// Audio opens the sound of an utterance, a WAV file; fs.ErrNotExist if it was not kept.
	Audio(utterance string) (io.ReadSeekCloser, time.Time, error)
	Devices(ctx context.Context) (capture.Listing, error)
	// Level listens for half a second to the microphone of that identity, whether or not it is in the runbook.
	Level(ctx context.Context, backend, identity string) (Heard, error)
	// Installed tells whether the file of a model of the catalogue is there and is the right one.
	Installed(model string) bool
}

// Heard is how loud it was at a microphone, as amplitudes of 16 bits.
type Heard struct {
	RMS  float64
	Peak int
}

// Live is a running appliance as an App.
type Live struct {
	*appliance.Daemon
	State   *appliance.State
	Applied status.PlanRequest // with absolute file
	Models  models.Store       // that the appliance takes its models from
}

// History implements App.
func (l *Live) History() *store.Store { return l.State.History() }

// Request implements App.
func (l *Live) Request() status.PlanRequest { return l.Applied }

// Audio implements App.
func (l *Live) Audio(utterance string) (io.ReadSeekCloser, time.Time, error) {
	if !patterns["id"].MatchString(utterance) {
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

// levelHops is how many hops a level is of: half a second.
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
