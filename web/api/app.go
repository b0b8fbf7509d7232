package api

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"orac/appliance"
	"orac/appliance/act"
	"orac/appliance/audio/capture"
	"orac/appliance/audio/devices"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/spool"
	"orac/appliance/status"
	"orac/appliance/store"
	"orac/models"
	"orac/runbook"
	"orac/web/schema"
)

// App is the appliance as the routes see it: each group of routes declares beside itself what it asks of it. The methods must be
// safe for concurrent use.
type App struct {
	Running     Running
	Declared    Declared
	Logs        Logs
	Microphones Microphones
	Catalogue   Catalogue
	Records     Records
	Incidents   Incidents
	Spool       Spool
	Planner     Planner
	Generations Generations
	Changer     Changer
	STTServers  STTServers
	Voices      Voices
	Satellites  Satellites
	Acting      Acting
	Orders      Orders
}

// Whole is something that is all of an App.
type Whole interface {
	Running
	Declared
	Logs
	Microphones
	Catalogue
	Records
	Incidents
	Spool
	Planner
	Generations
	Changer
	STTServers
	Voices
	Satellites
	Acting
	Orders
}

// AppOf returns the App that one thing is.
func AppOf(w Whole) App { return App{w, w, w, w, w, w, w, w, w, w, w, w, w, w, w, w} }

// Live is a running appliance: all of an App.
type Live struct {
	*appliance.Daemon
	State   *appliance.State
	Applied status.PlanRequest // with an absolute file
	Models  models.Store       // the appliance's models
}

// Acting implements Whole.
func (l *Live) Acting() act.Core {
	if !slices.ContainsFunc(l.Runbook().Topics, runbook.Topic.Acts) {
		return nil
	}
	return l.Daemon.Acting()
}

// History implements Whole.
func (l *Live) History() *store.Store { return l.State.History() }

// Request implements Whole.
func (l *Live) Request() status.PlanRequest { return l.Applied }

// Audio implements Whole.
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

// Devices implements Whole.
func (l *Live) Devices(ctx context.Context) (found devices.Listing, err error) {
	err = live.New(nil).Run(ctx, "devices", func(t *rt.Task) (err error) {
		found, err = devices.List(t)
		return err
	})
	return found, err
}

// Level implements Whole.
func (l *Live) Level(ctx context.Context, backend, identity string) (heard capture.Loudness, err error) {
	err = live.New(nil).Run(ctx, "level", func(t *rt.Task) (err error) {
		heard, err = capture.Measure(t, capture.Spec{Selector: capture.Selector{Identity: identity}, Backend: backend, StartTimeout: listenTime}, listenTime)
		return err
	})
	return heard, err
}

// Installed implements Whole.
func (l *Live) Installed(model string) bool { return l.Models.Verify(model) == nil }
