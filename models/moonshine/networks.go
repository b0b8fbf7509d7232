package moonshine

import (
	"fmt"

	"orac/models/onnx"
)

// shape is what tells one model from another: all of them have the same structure.
type shape struct {
	layers int   // of the decoder
	heads  int64 // of attention
	width  int64 // of a head; heads*width is the width of a hidden state
}

// The names of inputs and outputs, apart from the caches.
const (
	soundIn   = "input_values"
	hiddenOut = "last_hidden_state" // of the encoder
	tokenIn   = "input_ids"
	hiddenIn  = "encoder_hidden_states"
	branchIn  = "use_cache_branch"
	scoresOut = "logits"
)

// boolean is a type of tensors that package onnx does not name.
const boolean onnx.DataType = 9

const (
	logits    = 32768 // scores of a step: the vocabulary, and tokens that no text holds
	maxLayers = 64
	maxWidth  = 4096
)

// judge checks that the networks of an engine are what they should be and of one size. It returns that, and the decoder in the form that
// runs: the published one turns the vocabulary into floats at every step, which takes most of its time.
func judge(files Files) (s shape, decoder onnx.Data, err error) {
	decoder = files.Decoder
	m, err := parse("decoder", decoder)
	if err != nil {
		return s, decoder, err
	}
	if s, err = decoderShape(m); err != nil {
		return s, decoder, wrong("decoder", decoder, err)
	}
	encoder, err := parse("encoder", files.Encoder)
	if err != nil {
		return s, decoder, err
	}
	if err := checkEncoder(encoder, s); err != nil {
		return s, decoder, wrong("encoder", files.Encoder, err)
	}
	if form, err := onnx.Integers(m); err == nil { // otherwise it runs as it is
		decoder.Bytes = form
	}
	return s, decoder, nil
}

func parse(what string, d onnx.Data) (*onnx.Model, error) {
	m, err := onnx.Parse(d.Bytes)
	if err != nil {
		return nil, wrong(what, d, err)
	}
	return m, nil
}

func wrong(what string, d onnx.Data, err error) error {
	return fmt.Errorf("model file %s is not a valid %s of Moonshine: %w; fetch it again", d.Path, what, err)
}

// checkEncoder checks that a network is an encoder for decoders of this shape.
func checkEncoder(m *onnx.Model, s shape) error {
	g := m.Graph
	if len(g.Inputs) != 1 || len(g.Outputs) != 1 {
		return fmt.Errorf("it has %d inputs and %d outputs, not one each", len(g.Inputs), len(g.Outputs))
	}
	if err := has(g.Inputs, soundIn, onnx.Float32, 1, -1); err != nil {
		return err
	}
	return has(g.Outputs, hiddenOut, onnx.Float32, 1, -1, s.heads*s.width)
}

// decoderShape reads the shape of a decoder from its inputs and outputs, and checks all of them.
func decoderShape(m *onnx.Model) (s shape, err error) {
	g := m.Graph
	s.layers = (len(g.Inputs) - 3) / 4
	if s.layers < 1 || s.layers > maxLayers {
		return s, fmt.Errorf("it has %d inputs: no number of layers has so many", len(g.Inputs))
	}
	if len(g.Inputs) != 3+4*s.layers || len(g.Outputs) != 1+4*s.layers {
		return s, fmt.Errorf("it has %d inputs and %d outputs: no number of layers has so many", len(g.Inputs), len(g.Outputs))
	}
	first := s.caches()[0]
	for _, in := range g.Inputs {
		if in.Name == first && len(in.Dims) == 4 {
			s.heads, s.width = in.Dims[1], in.Dims[3]
		}
	}
	if s.heads < 1 || s.width < 1 || s.heads*s.width > maxWidth {
		return s, fmt.Errorf("%s [1 HEADS -1 WIDTH] is not there", first)
	}
	for _, check := range []error{
		has(g.Inputs, tokenIn, onnx.Int64, 1, -1),
		has(g.Inputs, hiddenIn, onnx.Float32, 1, -1, s.heads*s.width),
		has(g.Inputs, branchIn, boolean, 1),
		has(g.Outputs, scoresOut, onnx.Float32, 1, -1, logits),
	} {
		if check != nil {
			return s, check
		}
	}
	for i, name := range s.caches() {
		if err := has(g.Inputs, name, onnx.Float32, 1, s.heads, -1, s.width); err != nil {
			return s, err
		}
		if err := has(g.Outputs, s.presents()[i], onnx.Float32, 1, s.heads, -1, s.width); err != nil {
			return s, err
		}
	}
	return s, nil
}

// inputs and outputs of the decoder, in the order in which they are given.
func (s shape) inputs() []string  { return append([]string{tokenIn, hiddenIn, branchIn}, s.caches()...) }
func (s shape) outputs() []string { return append([]string{scoresOut}, s.presents()...) }

// caches are the names of the inputs that hold what the steps before have computed: of each layer the keys and values of the text, then those of
// the sound.
func (s shape) caches() []string { return s.each("past_key_values") }

// presents are the names of the outputs that become them.
func (s shape) presents() []string { return s.each("present") }

func (s shape) each(prefix string) (names []string) {
	for layer := range s.layers {
		for _, of := range []string{"decoder", "encoder"} {
			for _, what := range []string{"key", "value"} {
				names = append(names, fmt.Sprintf("%s.%d.%s.%s", prefix, layer, of, what))
			}
		}
	}
	return names
}

// has checks that a list of inputs or outputs holds one of this name, type and shape. A dimension of -1 may be anything.
func has(list []onnx.Value, name string, t onnx.DataType, dims ...int64) error {
	for _, v := range list {
		if v.Name == name {
			if v.Type == t && v.Fits(dims...) {
				return nil
			}
			return fmt.Errorf("%s is %s %v, not %s %v", name, v.Type, v.Dims, t, dims)
		}
	}
	return fmt.Errorf("%s %s %v is not there", name, t, dims)
}
