package infer

import (
	"fmt"

	"orac/models/onnx"
)

// network is a model file that was read and parsed but has not run yet.
type network struct {
	file  string
	bytes []byte
	model *onnx.Model
}

// load parses a model. Its errors name the file and what to do about it.
func load(d onnx.Data) (*network, error) {
	m, err := onnx.Parse(d.Bytes)
	if err != nil {
		return nil, fmt.Errorf("model file %s: %w; fetch it again or choose another model", d.Path, err)
	}
	return &network{file: d.Path, bytes: d.Bytes, model: m}, nil
}

// one returns the single input and the single output of a network, which must
// be float32. what says, for the error, what the network was expected to be.
func (n *network) one(what string) (in, out onnx.Value, err error) {
	g := n.model.Graph
	if len(g.Inputs) != 1 || len(g.Outputs) != 1 {
		return in, out, n.wrong(what, "it has %d inputs and %d outputs, not one each", len(g.Inputs), len(g.Outputs))
	}
	in, out = g.Inputs[0], g.Outputs[0]
	if in.Type != onnx.Float32 || out.Type != onnx.Float32 {
		return in, out, n.wrong(what, "it maps %s to %s, not float32 to float32", in.Type, out.Type)
	}
	return in, out, nil
}

func (n *network) wrong(what, format string, args ...any) error {
	return fmt.Errorf("model file %s is not a valid %s: %s", n.file, what, fmt.Sprintf(format, args...))
}

// data is what the network was loaded from.
func (n *network) data() onnx.Data { return onnx.Data{Path: n.file, Bytes: n.bytes} }
