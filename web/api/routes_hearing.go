package api

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/audio/capture"
	"orac/appliance/audio/devices"
	"orac/appliance/rt"
	"orac/models"
	"orac/web/schema"
)

// Microphones are those of the machine, with its speakers.
type Microphones interface {
	Devices(ctx context.Context) (devices.Listing, error)
	// Level listens for half a second to the microphone with that identity, whether or not it is in the runbook.
	Level(ctx context.Context, backend, identity string) (capture.Loudness, error)
}

// What the machine hears with and plays at, for the console, which may not import the package that listens.
type (
	Device  = devices.Device
	Devices = devices.Listing
)

// Catalogue are the models that can be fetched.
type Catalogue interface {
	// Installed tells whether the file of a catalogue model is there and is the right one.
	Installed(model string) bool
}

// CatalogueModel is a wake-word model that ORAC can fetch.
type CatalogueModel struct {
	Name       string `json:"name" doc:"Its source in a runbook is catalog:NAME."`
	WakeWord   string `json:"wake_word"`
	Licence    string `json:"licence" doc:"SPDX identifier."`
	Commercial bool   `json:"commercial" doc:"Whether its licence allows commercial use."`
	Installed  bool   `json:"installed" doc:"Whether its file is on this machine and has the right hash."`
}

func getCatalogue(c *Call, _ schema.None) ([]CatalogueModel, error) {
	list := []CatalogueModel{}
	for _, e := range models.Catalogue() {
		if e.Kind == models.Head {
			list = append(list, CatalogueModel{e.Name, e.WakeWord, e.Licence, !strings.Contains(e.Licence, "-NC-"), c.Server.o.App.Catalogue.Installed(e.Name)})
		}
	}
	return list, nil
}

type LevelInput struct {
	Backend  string `query:"backend" check:"enum=pulse|alsa" doc:"The sound system; default: the first that answers."`
	Identity string `query:"identity" check:"required;min=1;max=512" doc:"The device's identity, from GET /api/devices."`
}

// DeviceLevel is how loud it is at a microphone.
type DeviceLevel struct {
	Decibels float64 `json:"rms_db" doc:"Loudness of half a second, in dB below full scale: about -60 in a quiet room, -100 for silence."`
	Peak     float64 `json:"peak_db" doc:"The loudest sample, in dB."`
	Problem  string  `json:"problem,omitempty" doc:"Why the microphone cannot be heard."`
}

// listenTime limits how long a microphone may take to open and deliver its first sound.
const listenTime = 4 * time.Second

// getLevel listens to a microphone for half a second. It keeps no sound.
func getLevel(c *Call, in LevelInput) (DeviceLevel, error) {
	if in.Identity == "" {
		return DeviceLevel{}, schema.Invalid(schema.FieldError{Field: "identity", Wrong: "is missing"})
	}
	if muted := c.Server.o.App.Running.Status().Muted; len(muted) > 0 { // whose microphone it is, is not for sure
		return DeviceLevel{Decibels: silent, Peak: silent, Problem: "ORAC is muted. Unmute it first."}, nil
	}
	ctx, cancel := context.WithTimeout(c.Context(), 2*listenTime)
	defer cancel()
	heard, err := c.Server.o.App.Microphones.Level(ctx, in.Backend, in.Identity)
	if err != nil {
		c.Log().Info("cannot hear a microphone", "identity", in.Identity, "cause", err)
		return DeviceLevel{Decibels: silent, Peak: silent, Problem: unheard(err)}, nil
	}
	return DeviceLevel{Decibels: decibels(heard.RMS), Peak: decibels(float64(heard.Peak))}, nil
}

// unheard says why a microphone cannot be heard, without quoting anything from the request.
func unheard(err error) string {
	switch {
	case errors.Is(err, capture.ErrNotFound), errors.Is(err, capture.ErrGone):
		return "It is no longer plugged in."
	case errors.Is(err, capture.ErrAmbiguous):
		return "Several microphones have this identity."
	case errors.Is(err, rt.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return "It sends no sound."
	}
	return "It cannot be opened. Another program may be using it."
}

// silent stands for digital silence, in decibels.
const silent = -100

// decibels converts a 16-bit amplitude into decibels relative to full scale.
func decibels(amplitude float64) float64 {
	return amount.Round(max(silent, 20*math.Log10(max(amplitude, 1e-3)/32768)), 1)
}
