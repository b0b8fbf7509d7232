package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/chaos"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/runbook"
	"orac/runbook/scenario"
)

// The hidden commands of the binary that runs scenarios. They run the watchdog and the peers of the appliance as separate processes.
const (
	WatchdogCommand = "chaos-watchdog"
	ServerCommand   = "chaos-stt"
	HouseCommand    = "chaos-house"
)

// World is the environment of one appliance for the duration of a scenario.
type World struct {
	chaos.Orac // with the binary to break

	Tools string // the binary with the hidden commands

	life     context.Context // of the run: everything that is started again ends with it
	again    func() error    // starts the appliance again and follows it
	sc       *scenario.Scenario
	seed     uint64
	book     book
	root     string // folder of the run; everything below it is removed
	journal  *journal.Journal
	watchdog *journal.Watchdog
	network  *network // nil: that of the machine
	clocked  bool     // the appliance has a clock of its own
	services map[runbook.Address]*service
	mics     map[string]*microphone // by name of the block
	speakers map[string]*speaker    // the same
	homes    map[string]*home       // the Home Assistant of each satellite, by name of the block

	pulse sync.Mutex // guards audio: its methods are for one goroutine
	audio *pulsetest.Server
	other *pulsetest.Mic // takes the place of a missing microphone; nil: there was none yet

	mu                  sync.Mutex // guards what follows
	orac                *chaos.Appliance
	boots               int
	image               uint64                    // of the process at its start
	offset              time.Duration             // of its clock, since then
	saved               book                      // what is on disk
	ending              map[*chaos.Appliance]bool // those ended on purpose; whoever ended one restarts it if necessary
	applied, rolledBack int
	refusals            []string // of applies, with the reason
}

// build makes the world of a scenario in its own folder: everything except the appliance.
func build(ctx context.Context, sc *scenario.Scenario, o Options) (_ *World, err error) {
	w := &World{Orac: chaos.Orac{Binary: o.Binary}, Tools: o.Tools, life: ctx, sc: sc, seed: o.Seed, services: map[runbook.Address]*service{}, mics: map[string]*microphone{}, speakers: map[string]*speaker{}, homes: map[string]*home{}, ending: map[*chaos.Appliance]bool{}}
	if w.book, err = load(sc); err != nil {
		return nil, err
	}
	if w.root, err = os.MkdirTemp(o.Temp, "orac-chaos-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.journal, err = journal.Create(w.root); err != nil {
		return nil, errors.Join(err, os.RemoveAll(w.root))
	}
	if w.watchdog, err = journal.Watch(w.root, w.Tools, WatchdogCommand); err != nil {
		return nil, err
	}
	if _, err = w.journal.Begin("folder of the run", 0, journal.Step{Do: journal.Remove, Path: w.root}); err != nil {
		return nil, err
	}
	if err = w.mount(); err != nil {
		return nil, err
	}
	if separated(sc) && separable() == nil { // otherwise the fault is unsupported
		if w.network, err = separate(); err != nil {
			return nil, err
		}
		w.Within = w.network.within
	}
	w.clocked = jumps(sc) && w.network == nil && chaos.ClockSupported() == nil
	if err = w.serveAll(); err != nil {
		return nil, err
	}
	if w.audio, err = pulsetest.StartIn(w.root); err != nil {
		return nil, err
	}
	if err = w.noteAudio(); err != nil {
		return nil, err
	}
	w.Env = append(w.audio.Env(), "ORAC_STATE_DIR="+w.State) // replaces the one of this process, which would override the runbook
	w.Env = append(w.Env, w.book.secrets()...)
	if o.Models != "" {
		w.Env = append(w.Env, "ORAC_MODELS_DIR="+o.Models)
	}
	if err = w.plug(); err != nil {
		return nil, err
	}
	if err = w.plugSpeakers(); err != nil {
		return nil, err
	}
	return w, w.settleHomes()
}

// mount creates the file system of the state directory.
func (w *World) mount() (err error) {
	dir := filepath.Join(w.root, "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if _, err := w.journal.Begin("file system of the state directory", 0, journal.Step{Do: journal.Unmount, Path: dir}); err != nil {
		return err
	}
	if _, err = chaos.MountTmpfsOn(dir, diskBytes(w.book.rb.Disk)); err != nil { // the journal unmounts it
		return err
	}
	w.Dir = filepath.Join(w.root, "runbook")
	w.State, w.File = filepath.Join(dir, "state"), filepath.Join(w.Dir, "orac.hcl")
	return os.Mkdir(w.Dir, 0o700)
}

// diskBytes returns the size of the file system for a runbook: what must be kept free, plus room for a history and an hour of
// speech. When full, it occupies that much memory of this machine.
func diskBytes(d runbook.Disk) int64 { return min(int64(d.KeepFree), 512<<20) + 64<<20 }

// noteAudio records the audio server's process in the journal.
func (w *World) noteAudio() error {
	p, err := process.Of(w.audio.PID())
	if err != nil {
		return err
	}
	_, err = w.journal.Begin("audio server", 0, journal.Step{Do: journal.Kill, Process: p})
	return err
}

// Start starts the appliance, also after it has ended.
func (w *World) Start(ctx context.Context) (*chaos.Appliance, error) {
	launch := w.Orac.Start
	if w.clocked {
		launch = w.Orac.StartWithClock
	}
	a, err := launch(ctx)
	if err != nil {
		return nil, err
	}
	image, err := a.Process().Image()
	if err != nil {
		return nil, errors.Join(err, a.Kill())
	}
	if _, err := w.journal.Begin("appliance", 0, journal.Step{Do: journal.Kill, Process: a.Process()}); err != nil {
		return nil, errors.Join(err, a.Kill())
	}
	w.mu.Lock()
	w.orac = a
	w.image, w.offset = image, 0
	w.boots++
	w.mu.Unlock()
	return a, nil
}

// errDown is returned while the appliance is not running.
var errDown = errors.New("the appliance is not running at that moment")

// Running returns the appliance, or an error while it is not running.
func (w *World) Running() (*chaos.Appliance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.orac == nil {
		return nil, errDown
	}
	select {
	case <-w.orac.Ended():
		return nil, errDown
	default:
		return w.orac, nil
	}
}

// Close ends and removes everything, whatever its state.
func (w *World) Close() error {
	var errs []error
	if a, err := w.Running(); err == nil {
		w.end(a)
		errs = append(errs, stop(a))
	}
	for _, a := range sorted(w.services) {
		errs = append(errs, w.services[a].close())
	}
	for _, name := range sorted(w.homes) {
		errs = append(errs, w.homes[name].close())
	}
	for _, name := range sorted(w.speakers) {
		w.speakers[name].end()
	}
	if w.audio != nil {
		w.pulse.Lock()
		w.audio.Close()
		w.pulse.Unlock()
	}
	if w.network != nil {
		w.network.close()
	}
	if w.journal != nil {
		errs = append(errs, w.journal.Close())
	}
	if w.watchdog != nil {
		errs = append(errs, w.watchdog.Close())
	}
	return errors.Join(errs...)
}

// stopTime is how long the appliance may take to shut down at the end of a run.
const stopTime = 15 * time.Second

// stop shuts the appliance down gracefully, or kills it if that fails.
func stop(a *chaos.Appliance) error {
	done := make(chan error, 1)
	go func() { done <- a.Stop() }()
	select {
	case err := <-done:
		return err
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("the appliance did not end within %v", stopTime), a.Kill())
	}
}

// end notes that an appliance is being ended on purpose.
func (w *World) end(a *chaos.Appliance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ending[a] = true
}

// wanted tells whether an appliance has been ended on purpose.
func (w *World) wanted(a *chaos.Appliance) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ending[a]
}

// stepped returns the offset of the appliance's clock from that of the machine.
func (w *World) stepped() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.offset
}

// booted returns how often the appliance was started.
func (w *World) booted() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.boots
}

// changes returns how many applies were kept, and how many were rolled back.
func (w *World) changes() (applied, rolledBack int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.applied, w.rolledBack
}
