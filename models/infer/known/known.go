// Package known reads the networks that our kernels compute out of ONNX models, by their structure: openWakeWord's mel spectrogram and
// embedding, its heads, and Silero's voice gate.
//
// Guarantees:
//
//   - A network is recognised only if every operator of it, with its attributes and connections, is one that the kernels compute. Names
//     do not matter, and weights may be any finite numbers; whether the results agree is proved by running both (models/infer).
//   - Everything else is refused with ErrUnknown and what is different. It is not an error of the file: ONNX Runtime may run it.
//   - It allocates no more than a few times what the model holds.
package known

import (
	"errors"
	"fmt"
	"math"

	"orac/models/infer/kernel"
	"orac/models/onnx"
)

// ErrUnknown is wrapped by what is said about a network that the kernels do not compute.
var ErrUnknown = errors.New("our kernels do not compute this network")

func unknown(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnknown, fmt.Sprintf(format, args...))
}

// The structures that there is one of (onnx.Model.Structure).
const (
	melStructure    = "4d25488c9d0eb8d852e7a7734126edae89f06a9a51469d0043c9c5a39f7ac6ce" // torchlibrosa, as openWakeWord exports it
	sileroStructure = "b36d80f005a6b11f8c24c37af3ad14b119b3aa9ba53c8854816d86f9525974ca" // Silero with inputs input, sr, h and c
)

// Mel recognises the mel spectrogram network.
func Mel(m *onnx.Model) (kernel.MelSpec, error) {
	sum, weights := m.Structure()
	if sum != melStructure {
		return kernel.MelSpec{}, unknown("it is not openWakeWord's mel spectrogram")
	}
	v, err := values(weights)
	if err != nil {
		return kernel.MelSpec{}, err
	}
	const points = 512
	window := v[0][:points] // the Fourier kernel of frequency 0, whose cosine is 1
	return kernel.MelSpec{Window: window, Matrix: v[2], Floor: 1e-10, Depth: 80}, nil
}

// Gate recognises Silero's voice gate, and reads its network for 16 kHz.
func Gate(m *onnx.Model) (kernel.GateSpec, error) {
	sum, weights := m.Structure()
	if sum != sileroStructure {
		return kernel.GateSpec{}, unknown("it is not Silero's voice gate with inputs input, sr, h and c")
	}
	v, err := values(weights)
	if err != nil {
		return kernel.GateSpec{}, err
	}
	// The weights of the network for 8 kHz come first, then: basis, filter, four blocks, what a state of zeros would need, the LSTM, the decoder.
	v = v[len(v)/2:]
	s := kernel.GateSpec{Basis: v[0], Filter: v[1], Decoder: v[46], Bias: v[47][0]}
	at := 2
	next := func() []float32 { at++; return v[at-1] }
	for _, b := range []kernel.GateBlock{{Inputs: 258, Outputs: 16, Stride: 2}, {Inputs: 16, Outputs: 32, Stride: 2},
		{Inputs: 32, Outputs: 32, Stride: 2}, {Inputs: 32, Outputs: 64, Stride: 1}} {
		b.Depth, b.DepthBias, b.Mix, b.MixBias = next(), next(), next(), next()
		if b.Inputs != b.Outputs {
			b.Project, b.ProjectBias = next(), next()
		}
		b.Point, b.PointBias = next(), next()
		s.Blocks = append(s.Blocks, b)
	}
	at = 40
	for i := range s.LSTM {
		s.LSTM[i] = kernel.LSTM{W: next(), R: next(), B: next()}
	}
	return s, nil
}

// values returns the elements of weights, which must be finite: what an infinity becomes depends on the order of additions.
func values(weights []*onnx.Tensor) (list [][]float32, err error) {
	for _, t := range weights {
		v := t.Float32s()
		if int64(len(v)) != t.Count() {
			return nil, unknown("a weight lacks its values")
		}
		for _, x := range v {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				return nil, unknown("a weight is not a finite number")
			}
		}
		list = append(list, v)
	}
	return list, nil
}
