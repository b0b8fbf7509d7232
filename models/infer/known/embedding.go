package known

import (
	"slices"

	"orac/models/infer/kernel"
	"orac/models/onnx"
)

// window is how many mel frames an embedding looks at.
const window = 76

// Embedding recognises openWakeWord's embedding network: a single path of convolutions over a window of mel frames, each with
// max(max(x, 0.2 x), -0.4) and perhaps a pooling behind it. Time is not padded and ends with one row, so that only the newest rows need
// be computed (models/onnx, Stream).
func Embedding(m *onnx.Model) ([]kernel.Conv, error) {
	g := m.Graph
	if len(g.Inputs) != 1 || len(g.Outputs) != 1 || len(g.Nodes) < 3 || !g.Inputs[0].Fits(1, window, kernel.Bins, 1) || !g.Outputs[0].Fits(1, 1, 1, kernel.Embedding) {
		return nil, unknown("it does not map [1 %d %d 1] to [1 1 1 %d]", window, kernel.Bins, kernel.Embedding)
	}
	p := follow(g, nil)
	at := g.Inputs[0].Name
	reshape := func(shape ...int64) bool {
		n := p.next(at, "Reshape", 2)
		if n == nil {
			return false
		}
		at = n.Outputs[0]
		t := p.constants[n.Inputs[1]]
		if t == nil || len(t.Dims) != 1 || !is(n, "allowzero", 0, 0) {
			return false
		}
		to := t.Int64s()
		return len(to) == len(shape)+1 && slices.Equal(to[1:], shape) && (to[0] == -1 || to[0] == 1)
	}
	if !reshape(1, window, kernel.Bins) {
		return nil, unknown("it does not begin with a Reshape to [-1 1 %d %d]", window, kernel.Bins)
	}
	var convs []kernel.Conv
	time := int64(window)
	for {
		c, ok := p.conv(&at)
		if !ok {
			break
		}
		convs = append(convs, c)
		if time -= int64(c.Time - 1); c.PoolTime > 0 {
			if time%int64(c.PoolTime) != 0 {
				return nil, unknown("a pooling of %d rows does not tile %d", c.PoolTime, time)
			}
			time /= int64(c.PoolTime)
		}
	}
	if !reshape(1, 1, kernel.Embedding) || at != g.Outputs[0].Name || p.left > 0 {
		return nil, unknown("%d operators are not on a path of convolutions, or not such as the kernels compute", p.left)
	}
	if time != 1 {
		return nil, unknown("a window leaves %d rows, not one", time)
	}
	return convs, nil
}

// conv follows a convolution with what belongs to it. at becomes its result.
func (p *path) conv(at *string) (c kernel.Conv, ok bool) {
	n := p.next(*at, "Conv", 3)
	if n == nil {
		n = p.next(*at, "Conv", 2)
	}
	if n == nil {
		return c, false
	}
	w := p.constants[n.Inputs[1]]
	k := n.Attrs["kernel_shape"].Ints
	if w == nil || len(w.Dims) != 4 || len(k) != 2 || k[0] != w.Dims[2] || k[1] != w.Dims[3] || w.Dims[0] > 512 || w.Dims[1] > 512 || k[0] > 3 || k[1] > 3 {
		return c, false
	}
	pad := (k[1] - 1) / 2
	if !plain(n) || !ints(n, "pads", 0, pad, 0, pad) || !ints(n, "strides", 1, 1) || !is(n, "group", 1, 1) {
		return c, false
	}
	c = kernel.Conv{Outputs: int(w.Dims[0]), Inputs: int(w.Dims[1]), Time: int(k[0]), Width: int(k[1]), Weights: p.weight(n, 1, w.Dims...)}
	if len(n.Inputs) == 3 {
		if c.Bias = p.weight(n, 2, w.Dims[0]); c.Bias == nil {
			return c, false
		}
	}
	*at = n.Outputs[0]
	if l := p.next(*at, "LeakyRelu", 1); l != nil {
		top := p.next(l.Outputs[0], "Max", 2)
		if top == nil || l.Attrs["alpha"].Float != 0.2 {
			return c, false
		}
		if least, ok := p.scalar(top, 1); !ok || least != -0.4 {
			return c, false
		}
		c.Leaky, *at = true, top.Outputs[0]
	}
	if n := p.next(*at, "MaxPool", 1); n != nil {
		k, s := n.Attrs["kernel_shape"].Ints, n.Attrs["strides"].Ints
		if len(k) != 2 || !slices.Equal(k, s) || !plain(n) || !ints(n, "pads", 0, 0, 0, 0) || !is(n, "ceil_mode", 0, 0) || min(k[0], k[1]) < 1 || max(k[0], k[1]) > 64 {
			return c, false
		}
		c.PoolTime, c.PoolWidth, *at = int(k[0]), int(k[1]), n.Outputs[0]
	}
	return c, c.Weights != nil
}

// plain tells whether an operator neither dilates nor pads by itself.
func plain(n *onnx.Node) bool {
	auto := n.Attrs["auto_pad"].Str
	return (auto == "" || auto == "NOTSET") && ints(n, "dilations", 1, 1)
}

// ints tells whether an attribute has these values; an operator without it has zeros for pads, and ones for the others.
func ints(n *onnx.Node, attr string, want ...int64) bool {
	v := n.Attrs[attr].Ints
	if v != nil {
		return slices.Equal(v, want)
	}
	without := int64(1)
	if attr == "pads" {
		without = 0
	}
	return !slices.ContainsFunc(want, func(x int64) bool { return x != without })
}
