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
	s       *ort.DynamicAdvancedSession
	outputs int
}

// OpenNetwork loads a network. judge sees the parsed file before the inference library does: it returns the names of the inputs and outputs in
// the order in which Run takes and gives them, or why the file is no valid what.
func (r *Runtime) OpenNetwork(what string, d onnx.Data, judge func(*onnx.Model) (inputs, outputs []string, err error)) (*Network, error) {
	n, err := load(d)
	if err != nil {
		return nil, err
	}
	inputs, outputs, err := judge(n.model)
	if err != nil {
		return nil, n.wrong(what, "%v", err)
	}
	opts, err := options()
	if err != nil {
		return nil, err
	}
	defer opts.Destroy()
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(n.bytes, inputs, outputs, opts)
	if err != nil {
		return nil, fmt.Errorf("model file %s: ONNX Runtime refuses the network: %w", n.file, err)
	}
	return &Network{file: n.file, s: s, outputs: len(outputs)}, nil
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
