package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/chaos/process"
)

// Fault is something that goes wrong with the world of an appliance. Undo takes it back; it may be called any number of times,
// after Apply has failed and without Apply, too. Both return when it is so.
type Fault struct {
	Name        string
	Apply, Undo func() error
}

func nothing() error { return nil }

// once makes a fault's two halves take turns: Undo without Apply does nothing.
func once(name string, apply, undo func() error) Fault {
	applied := false
	return Fault{
		Name:  name,
		Apply: func() error { applied = true; return apply() },
		Undo: func() error {
			if !applied {
				return nil
			}
			applied = false
			return undo()
		},
	}
}

// StopWorker freezes the capture process (SIGSTOP). The appliance is to end it; going on is not asked of it.
func StopWorker(a *Appliance) Fault {
	return Fault{"capture process stopped", func() error { return a.signalWorker(syscall.SIGSTOP) }, nothing}
}

// KillWorker ends the capture process (SIGKILL).
func KillWorker(a *Appliance) Fault {
	return Fault{"capture process killed", func() error { return a.signalWorker(syscall.SIGKILL) }, nothing}
}

// GarbageFrames puts bytes that are no frames into the pipe between the capture process and the appliance.
func GarbageFrames(a *Appliance) Fault {
	return Fault{"capture process writes garbage", func() error {
		p, err := a.Worker()
		if err != nil {
			return err
		}
		return WriteGarbage(p)
	}, nothing}
}

// WriteGarbage writes what are no frames where a child of the appliance writes: a capture process, or that of an engine.
func WriteGarbage(worker process.Process) error {
	pipe, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/1", worker.PID), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	if !worker.Alive() { // the number may have become somebody else's
		return errors.Join(fmt.Errorf("process %d: %w", worker.PID, process.ErrGone), pipe.Close())
	}
	_, err = pipe.Write(bytes.Repeat([]byte{0xa5, 0x00, 0xff, 0x5a, 0x80, 0x7f, 0x01}, 500)) // below PIPE_BUF: in one piece
	return errors.Join(err, pipe.Close())
}

// StopAudio freezes the audio server; Undo lets it go on.
func StopAudio(s *pulsetest.Server) Fault { return once("audio server stopped", s.Stop, s.Cont) }

// KillAudio ends the audio server; Undo starts it again, with the microphones that were plugged in.
func KillAudio(s *pulsetest.Server) Fault { return once("audio server killed", s.Kill, s.Restart) }

// Unplug takes a microphone away; Undo plugs it in again, under another index.
func Unplug(m *pulsetest.Mic) Fault { return once("microphone unplugged", m.Unload, m.Load) }

// STTDown closes the speech-to-text server and all its connections; Undo opens it again at the same address.
func STTDown(s *STT) Fault { return once("speech-to-text down", s.Close, s.Open) }

// FillDisk takes all the space of the file system that holds dir, which is to be one of the rig's own.
func FillDisk(dir string) Fault {
	ballast := filepath.Join(dir, "ballast")
	return once("state directory full", func() error { return fill(ballast) }, func() error { return os.Remove(ballast) })
}

// fill writes a file until there is no space left.
func fill(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for block := make([]byte, 64<<10); ; {
		switch n, err := f.Write(block); {
		case errors.Is(err, syscall.ENOSPC) && len(block) == 1:
			return f.Close()
		case errors.Is(err, syscall.ENOSPC):
			block = block[:max(1, (len(block)-n)/2)]
		case err != nil:
			return errors.Join(err, f.Close())
		}
	}
}

// ClockStep moves the time of day of an appliance that was started with a clock of its own; Undo moves it back.
func ClockStep(a *Appliance, by time.Duration) Fault {
	step := func(by time.Duration) func() error {
		return func() error {
			if a.clock == nil {
				return fmt.Errorf("%w: the appliance uses the machine's clock; start it with a clock of its own", ErrUnsupported)
			}
			a.clock.Step(by)
			return nil
		}
	}
	return once(fmt.Sprint("clock stepped by ", by), step(by), step(-by))
}

// Truncate cuts a file in half, as a disk that lost its last blocks does; Undo restores it.
func Truncate(path string) Fault {
	var whole []byte
	return once("file cut in half", func() (err error) {
		if whole, err = os.ReadFile(path); err != nil {
			return err
		}
		return os.Truncate(path, int64(len(whole)/2))
	}, func() error {
		err := os.WriteFile(path, whole, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // its folder was set aside
		}
		return err
	})
}
