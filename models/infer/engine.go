package infer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"orac/models/infer/kernel"
	"orac/models/onnx"
)

// Variable is the environment variable that chooses what computes: avx512, avx2 or neon (our kernels, in that instruction set), or
// onnxruntime. Without it, the kernels run in the fastest set that the processor has.
const Variable = "ORAC_KERNEL"

const withoutKernels = "onnxruntime"

// Kernels returns the instruction set that our kernels run in. ok is false where ONNX Runtime computes everything, because the
// environment says so or because no kernels were built for this processor.
func Kernels() (set kernel.Set, ok bool, err error) {
	switch name := os.Getenv(Variable); name {
	case "":
		if sets := kernel.Supported(); len(sets) > 0 {
			return sets[0], true, nil
		}
		return set, false, nil
	case withoutKernels:
		return set, false, nil
	default:
		if set, err = kernel.Named(name); err != nil {
			return set, false, fmt.Errorf("%s=%s: %w; unset it, or set it to %s", Variable, name, err, withoutKernels)
		}
		return set, true, nil
	}
}

// NeedsRuntime tells whether even the networks of the catalogue run in ONNX Runtime. An environment that New will refuse needs nothing.
func NeedsRuntime() bool {
	_, ok, err := Kernels()
	return !ok && err == nil
}

// Engine opens networks. Those that our kernels compute run in them, once they were proved to agree with ONNX Runtime (prove.go). The
// others run in ONNX Runtime, which is loaded when the first of them is opened. It is safe for concurrent use; what it opens is not.
type Engine struct {
	library func() (*os.File, error)
	set     kernel.Set
	kernels bool

	mu      sync.Mutex // guards runtime, and loading it
	runtime *Runtime
}

// New returns an engine. library opens ONNX Runtime, where it is needed (models.Store.Library).
func New(library func() (*os.File, error)) (*Engine, error) {
	set, ok, err := Kernels()
	return &Engine{library: library, set: set, kernels: ok}, err
}

// Kernel names what computes: the instruction set of our kernels, or "onnxruntime".
func (e *Engine) Kernel() string {
	if e.kernels {
		return e.set.String()
	}
	return withoutKernels
}

// Runtime loads ONNX Runtime, unless that was done before.
func (e *Engine) Runtime() (*Runtime, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.runtime != nil {
		return e.runtime, nil
	}
	f, err := e.library()
	if err != nil {
		return nil, err
	}
	r, err := Open(f)
	if err == nil {
		e.runtime = r
	}
	return r, err
}

// Libraries returns the path of ONNX Runtime, if it was loaded.
func (e *Engine) Libraries() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.runtime == nil {
		return nil
	}
	return []string{e.runtime.Library()}
}

// OpenExtractor loads both networks. Where the kernels do not compute them, ONNX Runtime does, and Forms says why; a file that is not
// such a network is an error.
func (e *Engine) OpenExtractor(c Config) (*Extractor, error) {
	var why error
	if e.kernels && !c.Full && !c.OnnxMel {
		x, err := e.compute(c)
		if err == nil || !errors.Is(err, errNoKernel) {
			return x, err
		}
		why = err
	}
	r, err := e.Runtime()
	if err != nil {
		return nil, errors.Join(why, err)
	}
	x, err := r.OpenExtractor(c)
	if err == nil && why != nil {
		x.notes.Why = strings.Join(append([]string{why.Error()}, nonempty(x.notes.Why)...), "; ")
	}
	return x, err
}

func nonempty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// OpenHead loads a head. Its window and its number of classes are read from the network, whose input must be [1, window, 96] and whose
// output [1, classes].
func (e *Engine) OpenHead(d onnx.Data) (*Head, error) {
	var why error
	if e.kernels {
		h, err := e.computeHead(d)
		if err == nil || !errors.Is(err, errNoKernel) {
			return h, err
		}
		why = err
	}
	r, err := e.Runtime()
	if err != nil {
		return nil, errors.Join(why, err)
	}
	return r.OpenHead(d)
}

// OpenVAD loads a Silero VAD network.
func (e *Engine) OpenVAD(d onnx.Data) (*VAD, error) {
	var why error
	if e.kernels {
		v, err := e.computeVAD(d)
		if err == nil || !errors.Is(err, errNoKernel) {
			return v, err
		}
		why = err
	}
	r, err := e.Runtime()
	if err != nil {
		return nil, errors.Join(why, err)
	}
	return r.OpenVAD(d)
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
