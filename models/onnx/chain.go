package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// Stream wraps ErrNotStreamable for a network without an incremental form that
// this package knows; such a network still runs on full windows.
var ErrNotStreamable = errors.New("the network has no streaming form")

func unstreamable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotStreamable, fmt.Sprintf(format, args...))
}

// extent is the size of an activation [1, channels, time, width].
type extent struct{ channels, time, width int64 }

// chain checks that a graph is a single path of operators from its input to its
// output, and returns the constants by name.
func chain(g *Graph) (map[string]*Tensor, error) {
	constants := map[string]*Tensor{}
	for _, t := range g.Initializers {
		constants[t.Name] = t
	}
	if len(g.Inputs) != 1 || len(g.Outputs) != 1 {
		return nil, unstreamable("it has %d inputs and %d outputs, not one each", len(g.Inputs), len(g.Outputs))
	}
	at := g.Inputs[0].Name
	for i, n := range g.Nodes {
		if n.Domain != "" || len(n.Inputs) == 0 || len(n.Outputs) != 1 || n.Inputs[0] != at {
			return nil, unstreamable("operator %d (%s) does not continue a single path from the input", i, n.Op)
		}
		for _, in := range n.Inputs[1:] {
			if constants[in] == nil {
				return nil, unstreamable("operator %d (%s) needs %q, which is not a constant", i, n.Op, in)
			}
		}
		at = n.Outputs[0]
	}
	if at != g.Outputs[0].Name {
		return nil, unstreamable("the path ends in %q, the output is %q", at, g.Outputs[0].Name)
	}
	return constants, nil
}

// step returns the extent after an operator of the path. In the streaming form,
// a convolution that is k long in time sees the last k-1 rows again, so it does
// not shorten time; in the full form it does.
func step(n *Node, in extent, constants map[string]*Tensor, streaming bool) (extent, error) {
	switch n.Op {
	case "LeakyRelu", "Relu", "Sigmoid", "Tanh":
		return in, nil
	case "Max", "Min", "Add", "Mul":
		for _, c := range n.Inputs[1:] {
			if constants[c].Count() != 1 {
				return in, unstreamable("%s with a constant of %d elements", n.Op, constants[c].Count())
			}
		}
		return in, nil
	case "Conv":
		return stepConv(n, in, constants, streaming)
	case "MaxPool":
		k, s, err := window(n)
		if err != nil {
			return in, err
		}
		if k[0] != s[0] || in.time%k[0] != 0 {
			return in, unstreamable("a pooling of %d rows by %d does not tile %d rows", k[0], s[0], in.time)
		}
		in.time /= k[0]
		in.width, err = slide(in.width, k[1], s[1], 0)
		return in, err
	}
	return in, unstreamable("operator %s is not known to be local in time", n.Op)
}

func stepConv(n *Node, in extent, constants map[string]*Tensor, streaming bool) (extent, error) {
	k, s, err := window(n)
	if err != nil {
		return in, err
	}
	if len(n.Inputs) < 2 || len(constants[n.Inputs[1]].Dims) != 4 {
		return in, unstreamable("a convolution without two-dimensional weights")
	}
	w := constants[n.Inputs[1]].Dims
	if w[1] != in.channels || w[2] != k[0] || w[3] != k[1] || s[0] != 1 {
		return in, unstreamable("a convolution with weights %v, kernel %v and strides %v on %d channels", w, k, s, in.channels)
	}
	if g, ok := n.Attrs["group"]; ok && g.Int != 1 {
		return in, unstreamable("a convolution in %d groups", g.Int)
	}
	if !streaming {
		in.time -= k[0] - 1
	}
	pad := int64(0)
	if p := n.Attrs["pads"].Ints; p != nil {
		pad = p[1] + p[3]
	}
	in.channels = w[0]
	if in.width, err = slide(in.width, k[1], s[1], pad); err == nil && in.time < 1 {
		err = unstreamable("nothing is left in time")
	}
	return in, err
}

// slide returns the length after a sliding window.
func slide(n, k, s, pad int64) (int64, error) {
	if n+pad < k {
		return 0, unstreamable("a window of %d on %d columns", k, n+pad)
	}
	return (n+pad-k)/s + 1, nil
}

// window reads the kernel and the strides [time, width] of a Conv or MaxPool. It refuses
// anything else that changes how the operator sees time: padding, dilation, rounding up.
func window(n *Node) (kernel, strides []int64, err error) {
	kernel, strides = n.Attrs["kernel_shape"].Ints, n.Attrs["strides"].Ints
	if strides == nil {
		strides = []int64{1, 1}
	}
	in := func(v []int64, n int) bool {
		return len(v) == n && slices.Min(v) >= 1 && slices.Max(v) <= 64
	}
	if !in(kernel, 2) || !in(strides, 2) {
		return nil, nil, unstreamable("%s with kernel %v and strides %v", n.Op, kernel, strides)
	}
	if p := n.Attrs["pads"].Ints; p != nil && (len(p) != 4 || p[0] != 0 || p[2] != 0 || slices.Min(p) < 0 || slices.Max(p) > 64) {
		return nil, nil, unstreamable("%s pads time: %v", n.Op, p)
	}
	if d := n.Attrs["dilations"].Ints; d != nil && !slices.Equal(d, []int64{1, 1}) {
		return nil, nil, unstreamable("%s is dilated: %v", n.Op, d)
	}
	auto, pads := n.Attrs["auto_pad"].Str, n.Attrs["pads"].Ints
	if auto != "" && auto != "NOTSET" || n.Attrs["ceil_mode"].Int != 0 || n.Op == "MaxPool" && pads != nil && slices.Max(pads) > 0 {
		return nil, nil, unstreamable("%s pads by itself", n.Op)
	}
	return kernel, strides, nil
}
