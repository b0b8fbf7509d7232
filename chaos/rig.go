package chaos

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"orac/appliance/audio/pulsetest"
)

// MicName is the identity of the rig's microphone.
const MicName = "testmic"

// Rig is the world of one appliance: an audio server with a microphone, a speech-to-text server, and a folder for the runbook
// with the state directory on a file system of its own.
type Rig struct {
	Orac
	Audio  *pulsetest.Server
	Mic    *pulsetest.Mic
	STT    *STT
	Speech Speech

	disk    *Tmpfs
	started []*Appliance
}

// NewRig makes a world.
func NewRig(binary string, speech Speech) (_ *Rig, err error) {
	r := &Rig{Orac: Orac{Binary: binary}, Speech: speech}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if r.disk, err = MountTmpfs(); err != nil {
		return nil, err
	}
	if r.Dir, err = os.MkdirTemp("", "orac-chaos-rig-"); err != nil {
		return nil, err
	}
	r.State, r.File = filepath.Join(r.disk.Dir, "state"), filepath.Join(r.Dir, "orac.hcl")
	if r.STT, err = ServeSTT(); err != nil {
		return nil, err
	}
	if r.Audio, err = pulsetest.Start(); err != nil {
		return nil, err
	}
	r.Env = r.Audio.Env()
	r.Mic, err = r.Audio.Plug(MicName, "Test microphone")
	return r, err
}

// Write makes a runbook the one on disk. A running appliance does not notice.
func (r *Rig) Write(b Runbook) error { return b.write(r.File, r.State, r.STT.URL()) }

// Beside is a path in the folder of the runbook.
func (r *Rig) Beside(name string) string { return filepath.Join(r.Dir, name) }

// FillDisk is the fault of the rig's own file system.
func (r *Rig) FillDisk() Fault { return FillDisk(r.disk.Dir) }

// Start runs the appliance, with more arguments of orac run. It ends with Close at the latest, or with ctx.
func (r *Rig) Start(ctx context.Context, args ...string) (*Appliance, error) {
	return r.note(r.Orac.Start(ctx, args...))
}

// StartWithClock is Start for an appliance whose clock ClockStep can step. The error wraps ErrUnsupported where that cannot be.
func (r *Rig) StartWithClock(ctx context.Context, args ...string) (*Appliance, error) {
	return r.note(r.Orac.StartWithClock(ctx, args...))
}

func (r *Rig) note(a *Appliance, err error) (*Appliance, error) {
	if err == nil {
		r.started = append(r.started, a)
	}
	return a, err
}

// Close ends all that the rig has started and removes all that it has made.
func (r *Rig) Close() error {
	var errs []error
	for _, a := range r.started {
		errs = append(errs, a.Kill())
	}
	if r.Audio != nil {
		r.Audio.Close()
	}
	if r.STT != nil {
		errs = append(errs, r.STT.Close())
	}
	if r.disk != nil {
		errs = append(errs, r.disk.Close())
	}
	if r.Dir != "" {
		errs = append(errs, os.RemoveAll(r.Dir))
	}
	return errors.Join(errs...)
}
