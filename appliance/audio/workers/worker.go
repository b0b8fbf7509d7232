package workers

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/library"
)

// Worker is the state of every worker.
type Worker struct {
	Name    string // the word on the command line
	Use     *library.Use
	Backend string // pulse or alsa; the first that answers if empty
	Out     *Writer
	Log     *library.QuietLog
	Quit    chan struct{} // closed when the parent wants the end
}

// Main does the work, or lists the devices instead, until it ends or the parent wants the end; the work has grace to end after that. It returns
// the code that the caller must end the process with at once: a call into the audio library may still be stuck.
func (w *Worker) Main(list bool, work func() error, grace time.Duration, stderr io.Writer) int {
	if list {
		work = w.list
	}
	done := make(chan error, 1)
	go func() { done <- w.run(work) }()
	var err error
	select {
	case err = <-done:
	case <-w.Quit:
		select {
		case err = <-done:
		case <-time.After(grace):
			fmt.Fprintln(stderr, w.Name+": the audio library is stuck; exiting anyway")
			return 1
		}
	}
	if err != nil {
		return 1
	}
	return 0
}

// run does the work, and reports an error to the parent before it returns it. Nothing else writes to Out meanwhile.
func (w *Worker) run(work func() error) error {
	err := work()
	if err == nil {
		return w.Out.Bye()
	}
	return errors.Join(err, w.Out.JSON(KindError, failureOf(w.Use, err)))
}

// list sends the devices of every backend, or of the one that was asked for.
func (w *Worker) list() error {
	var listing Listing
	for _, b := range library.Backends {
		if w.Backend != "" && w.Backend != b.Name {
			continue
		}
		lib, err := library.Open(b.Name, w.Log.Line)
		if err != nil {
			listing.Notes = append(listing.Notes, err.Error())
			continue
		}
		devices, err := lib.Devices(w.Use, true)
		if err != nil {
			listing.Notes = append(listing.Notes, b.Title+": "+err.Error())
		}
		listing.Devices = append(listing.Devices, devices...)
		listing.Backends = append(listing.Backends, b.Name)
	}
	return w.Out.JSON(KindDevices, listing)
}

// Find opens the backend and finds the device that s means; see library.Selector.Find for one that is not listed.
func (w *Worker) Find(s library.Selector) (lib *library.Library, d library.Device, listed bool, err error) {
	if lib, err = library.Open(w.Backend, w.Log.Line); err != nil {
		return nil, d, false, err
	}
	devices, err := lib.Devices(w.Use, false)
	if err != nil {
		return nil, d, false, err
	}
	if d, listed, err = s.Find(w.Use, lib.Backend, devices); err != nil {
		return nil, d, false, lib.Without(err)
	}
	return lib, d, listed, nil
}

// Watch tells gone when the device is no longer listed, or the server does not answer. every is how often it checks; 0 means once a second.
// It may get stuck: then either the sound stops, too, or all is well.
func (w *Worker) Watch(lib *library.Library, d library.Device, every time.Duration, gone chan<- error) {
	tick := time.NewTicker(cmp.Or(every, audio.LookEvery))
	defer tick.Stop()
	for {
		select {
		case <-w.Quit:
			return
		case <-tick.C:
		}
		devices, err := lib.Devices(w.Use, false)
		if err != nil {
			gone <- fmt.Errorf("%w: the audio server no longer answers: %w", w.Use.Gone, err)
			return
		}
		if _, err := (library.Selector{ID: d.ID}).Pick(w.Use, devices); err != nil {
			gone <- fmt.Errorf("%w: the audio server no longer lists it; plug it in again", w.Use.Gone)
			return
		}
	}
}
