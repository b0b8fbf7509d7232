// Package devices lists what the machine can record from and play at, and tells which blocks of a runbook mean which device. It guarantees
// that a block is shown at the device that it would open now, and nowhere if it would open none.
package devices

import (
	"errors"
	"slices"

	"orac/appliance/audio/capture"
	"orac/appliance/audio/library"
	"orac/appliance/audio/playback"
	"orac/appliance/audio/workers"
	"orac/appliance/rt"
	"orac/runbook"
)

// Device is a microphone or a speaker.
type Device struct {
	library.Device
	// Blocks are those of a runbook that mean this device, by their addresses.
	Blocks []runbook.Address `json:"blocks,omitempty"`
}

// Listing is what there is.
type Listing struct {
	Devices  []Device `json:"devices"` // microphones, and copies of what loudspeakers play
	Speakers []Device `json:"speakers"`
	// Backends are those that answered, in order of preference.
	Backends []string `json:"backends"`
	// Notes say why a backend has nothing to list.
	Notes []string `json:"notes,omitempty"`
}

// List asks all backends for microphones and speakers, side by side. It takes at most capture.DefaultStartTimeout plus 200 ms.
func List(t *rt.Task) (Listing, error) {
	return list(t,
		func(t *rt.Task) (workers.Listing, error) { return capture.List(t, capture.Spec{}) },
		func(t *rt.Task) (workers.Listing, error) { return playback.List(t, playback.Spec{}) })
}

func list(t *rt.Task, microphones, speakers func(*rt.Task) (workers.Listing, error)) (Listing, error) {
	var heard, played workers.Listing
	var failed [2]error
	beside := t.Go("speakers", func(t *rt.Task) error {
		played, failed[1] = speakers(t)
		return nil
	})
	heard, failed[0] = microphones(t)
	if err := t.Wait(beside, rt.Never); err != nil { // the list has a deadline of its own
		return Listing{}, err
	}
	if err := errors.Join(failed[:]...); err != nil {
		return Listing{}, err
	}
	l := Listing{Devices: plain(heard.Devices), Speakers: plain(played.Devices), Backends: heard.Backends, Notes: heard.Notes}
	for _, n := range played.Notes { // both say the same of a server that is away
		if !slices.Contains(l.Notes, n) {
			l.Notes = append(l.Notes, n)
		}
	}
	return l, nil
}

func plain(list []library.Device) []Device {
	out := make([]Device, len(list))
	for i, d := range list {
		out[i] = Device{Device: d}
	}
	return out
}

// Mark notes at each device the blocks of the runbook that mean it.
func (l *Listing) Mark(rb *runbook.Runbook) {
	for _, m := range rb.Microphones {
		l.mark(l.Devices, library.Microphones, m.Address, m.Backend, library.Selector{Match: m.Match, Identity: m.Identity, ID: m.ID})
	}
	for _, s := range rb.Speakers {
		l.mark(l.Speakers, library.Speakers, s.Address, s.Backend, library.Selector{Match: s.Match, Identity: s.Identity, ID: s.ID})
	}
}

// mark finds the device as a worker does: on the backend of the block, or on the first that answers.
func (l *Listing) mark(list []Device, use *library.Use, block runbook.Address, backend string, s library.Selector) {
	if backend == "auto" || backend == "" {
		if len(l.Backends) == 0 {
			return
		}
		backend = l.Backends[0]
	}
	var there []library.Device
	for _, d := range list {
		if d.Backend == backend {
			there = append(there, d.Device)
		}
	}
	meant, err := s.Pick(use, there)
	if err != nil {
		return // it would open none
	}
	i := slices.IndexFunc(list, func(d Device) bool { return d.Backend == meant.Backend && d.ID == meant.ID })
	list[i].Blocks = append(list[i].Blocks, block)
}
