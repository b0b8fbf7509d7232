package infer

import (
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"orac/models/onnx"
)

// Network is a network whose tensors change their shape from run to run, as those of speech to text do. One goroutine at a time owns
// it, and closes it.
type Network struct {
	file    string
	outputs int
	s       *ort.DynamicAdvancedSession
}

// OpenNetwork loads a network that the caller has parsed and judged. The names say in which order Run takes the inputs and gives the
// outputs.
func (r *Runtime) OpenNetwork(d onnx.Data, inputs, outputs []string) (*Network, error) {
	opts, err := options()
	if err != nil {
		return nil, err
	}
	defer opts.Destroy()
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(d.Bytes, inputs, outputs, opts)
	if err != nil {
		return nil, fmt.Errorf("model file %s: ONNX Runtime refuses the network: %w", d.Path, err)
	}
	return &Network{file: d.Path, outputs: len(outputs), s: s}, nil
}

// Run computes the outputs. The caller destroys them.
func (n *Network) Run(inputs ...ort.Value) ([]ort.Value, error) {
	out := make([]ort.Value, n.outputs)
	if err := n.s.Run(inputs, out); err != nil {
		for _, v := range out {
			if v != nil {
				v.Destroy()
			}
		}
		return nil, fmt.Errorf("model file %s: %w", n.file, err)
	}
	return out, nil
}

// Close frees the session.
func (n *Network) Close() error { return n.s.Destroy() }
