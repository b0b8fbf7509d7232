package infer

import (
	"errors"
	"fmt"
	"os"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Runtime is the inference library. It is loaded once and stays loaded until
// the process ends (ONNX Runtime cannot be loaded twice).
type Runtime struct{ file *os.File }

var (
	loadMu sync.Mutex // guards loaded and the library's global initialisation
	loaded *Runtime
)

// Open loads libonnxruntime from an open file, or returns the one that is already loaded. It loads that very file, whatever
// is at its path by now, and keeps or closes it. The library must offer the API version of this binding (24, that is ONNX
// Runtime 1.24 or later).
func Open(library *os.File) (*Runtime, error) {
	loadMu.Lock()
	defer loadMu.Unlock()
	name := library.Name()
	if loaded != nil {
		same, err := sameFile(library, loaded.file)
		if err := errors.Join(err, library.Close()); err != nil {
			return nil, fmt.Errorf("ONNX Runtime library: %w", err)
		}
		if !same {
			return nil, fmt.Errorf("ONNX Runtime is already loaded from %s; it cannot be loaded again from %s in one process", loaded.Library(), name)
		}
		return loaded, nil
	}
	oneArena()
	noTelemetry()
	ort.SetSharedLibraryPath(fmt.Sprintf("/proc/self/fd/%d", library.Fd()))
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return nil, errors.Join(fmt.Errorf("ONNX Runtime library %s cannot be used: %w "+
			"(it must be version 1.24 or later for this machine; run: orac models pull onnxruntime)", name, err), library.Close())
	}
	loaded = &Runtime{file: library}
	return loaded, nil
}

// sameFile tells whether two open files are one, whatever the paths that led to it.
func sameFile(a, b *os.File) (bool, error) {
	x, err := a.Stat()
	if err != nil {
		return false, err
	}
	y, err := b.Stat()
	if err != nil {
		return false, err
	}
	return os.SameFile(x, y), nil
}

// Library returns the path that the library was opened at.
func (r *Runtime) Library() string { return r.file.Name() }

// Version returns the library's version, for example "1.30.0".
func (r *Runtime) Version() string { return ort.GetVersion() }

// io is one named tensor of a session.
type io struct {
	name  string
	value ort.Value
}

// session is a network with its tensors bound: run reads the memory of the
// inputs and writes that of the outputs.
type session struct {
	s    *ort.AdvancedSession
	vals []ort.Value
}

func (r *Runtime) session(name string, model []byte, inputs, outputs []io) (*session, error) {
	opts, err := options()
	if err != nil {
		return nil, err
	}
	defer opts.Destroy()
	s := &session{}
	split := func(list []io) (names []string, values []ort.Value) {
		for _, x := range list {
			names, values = append(names, x.name), append(values, x.value)
		}
		return
	}
	inNames, ins := split(inputs)
	outNames, outs := split(outputs)
	s.vals = append(append(s.vals, ins...), outs...)
	if s.s, err = ort.NewAdvancedSessionWithONNXData(model, inNames, outNames, ins, outs, opts); err != nil {
		s.close()
		return nil, fmt.Errorf("%s: ONNX Runtime refuses the network: %w", name, err)
	}
	return s, nil
}

// options returns the options of every session: one thread that never spins, and no arena. The networks
// are small and their shapes fixed, so the memory pattern already makes one block of everything that a run
// needs. Without arenas, a process with one model holds 2 MB less and one with six 3 MB less (sharing an
// arena through the environment saved the same), and a hop costs no more.
func options() (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime session options: %w", err)
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(1),
		o.SetInterOpNumThreads(1),
		o.SetCpuMemArena(false),
		o.SetExecutionMode(ort.ExecutionModeSequential),
		o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
		o.SetLogSeverityLevel(ort.LoggingLevelError),
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		o.AddSessionConfigEntry("session.inter_op.allow_spinning", "0"),
	)
	if err != nil {
		o.Destroy()
		return nil, fmt.Errorf("ONNX Runtime session options: %w", err)
	}
	return o, nil
}

func (s *session) run() error { return s.s.Run() }

func (s *session) close() error {
	var errs []error
	if s.s != nil {
		errs = append(errs, s.s.Destroy())
		s.s = nil
	}
	for _, v := range s.vals {
		errs = append(errs, v.Destroy())
	}
	s.vals = nil
	return errors.Join(errs...)
}

// tensor makes a float32 tensor and returns the memory behind it.
func tensor(dims ...int64) (*ort.Tensor[float32], []float32, error) {
	t, err := ort.NewEmptyTensor[float32](ort.NewShape(dims...))
	if err != nil {
		return nil, nil, fmt.Errorf("tensor %v: %w", dims, err)
	}
	return t, t.GetData(), nil
}
