package known

import (
	"slices"

	"orac/models/infer/kernel"
	"orac/models/onnx"
)

// Head recognises a wake word head: dense layers over the whole window, each with a normalisation and a ReLU or without, then a sigmoid
// or a softmax. A second stack may say the score where that of the first is high.
func Head(m *onnx.Model) (kernel.HeadSpec, error) {
	window, classes, err := onnx.Head(m, kernel.Embedding)
	if err != nil {
		return kernel.HeadSpec{}, unknown("%v", err)
	}
	if window < kernel.Least {
		return kernel.HeadSpec{}, unknown("its window of %d embeddings is shorter than %d", window, kernel.Least)
	}
	g := m.Graph
	s := kernel.HeadSpec{Window: int(window), Classes: int(classes)}
	p := follow(g, nil)
	in, out := g.Inputs[0].Name, g.Outputs[0].Name
	at, last, layers, err := p.stack(in, int(window)*kernel.Embedding)
	if err != nil {
		return s, err
	}
	s.Layers, s.Softmax = layers, last == "Softmax"
	if at != out {
		if at, err = p.second(&s, in, at); err != nil {
			return s, err
		}
	}
	if at != out || p.left > 0 {
		return s, unknown("%d operators are not dense layers", p.left)
	}
	if layers[len(layers)-1].Outputs != s.Classes {
		return s, unknown("%d outputs for %d classes", layers[len(layers)-1].Outputs, s.Classes)
	}
	return s, nil
}

// stack follows one stack of layers to its scores, and returns their value and the last operator's name.
func (p *path) stack(in string, width int) (at, last string, layers []kernel.Dense, err error) {
	n := p.next(in, "Flatten", 1)
	if n == nil || !is(n, "axis", 1, 1) {
		return "", "", nil, unknown("it does not begin with a Flatten of the window")
	}
	at = n.Outputs[0]
	for {
		l, ok := p.dense(&at, width)
		if !ok {
			break
		}
		if layers = append(layers, l); len(layers) > 8 {
			return "", "", nil, unknown("it has more than 8 layers")
		}
		width = l.Outputs
	}
	if len(layers) < 2 {
		return "", "", nil, unknown("it has fewer than two dense layers")
	}
	if n := p.next(at, "Sigmoid", 1); n != nil {
		return n.Outputs[0], n.Op, layers, nil
	}
	if n := p.next(at, "Softmax", 1); n != nil && (is(n, "axis", 1, -1) || is(n, "axis", -1, -1)) {
		return n.Outputs[0], n.Op, layers, nil
	}
	return "", "", nil, unknown("it does not end with a Sigmoid or a Softmax of dense layers")
}

// dense follows one layer. at becomes its result.
func (p *path) dense(at *string, width int) (l kernel.Dense, ok bool) {
	n := p.next(*at, "Gemm", 3)
	if n == nil || !is(n, "transA", 0, 0) || !is(n, "transB", 1, 0) || !factor(n, "alpha") || !factor(n, "beta") {
		return l, false
	}
	w := p.constants[n.Inputs[1]]
	if w == nil || len(w.Dims) != 2 || w.Dims[1] != int64(width) || w.Dims[0] < 1 || w.Dims[0] > 4096 {
		return l, false
	}
	l = kernel.Dense{Inputs: width, Outputs: int(w.Dims[0])}
	if l.Weights, l.Bias = p.weight(n, 1, w.Dims...), p.weight(n, 2, w.Dims[0]); l.Weights == nil || l.Bias == nil {
		return l, false
	}
	*at = n.Outputs[0]
	p.norm(at, &l)
	if r := p.next(*at, "Relu", 1); r != nil {
		l.ReLU, *at = true, r.Outputs[0]
	}
	return l, true
}

// factor tells whether an attribute of Gemm is 1, as it is without it.
func factor(n *onnx.Node, attr string) bool {
	a, ok := n.Attrs[attr]
	return !ok || a.Float == 1
}

// norm follows a normalisation over all outputs of a layer, if one follows it: as one operator, or as PyTorch writes it out.
func (p *path) norm(at *string, l *kernel.Dense) {
	width := int64(l.Outputs)
	if n := p.next(*at, "LayerNormalization", 3); n != nil {
		l.Gain, l.Shift, l.Epsilon = p.weight(n, 1, width), p.weight(n, 2, width), 1e-5
		if e, ok := n.Attrs["epsilon"]; ok {
			l.Epsilon = e.Float
		}
		if !is(n, "axis", -1, -1) && !is(n, "axis", 1, -1) || l.Gain == nil || l.Shift == nil {
			p.left++ // it computes something else
			l.Gain, l.Shift = nil, nil
			return
		}
		*at = n.Outputs[0]
		return
	}
	mean := p.next(*at, "ReduceMean", 1)
	sub := p.next(*at, "Sub", 2)
	if mean == nil || sub == nil || !overLast(mean) || sub.Inputs[1] != mean.Outputs[0] {
		return
	}
	from := func(n *onnx.Node, op string, inputs int) *onnx.Node {
		if n == nil {
			return nil
		}
		return p.next(n.Outputs[0], op, inputs)
	}
	pow := from(sub, "Pow", 2)
	variance := from(pow, "ReduceMean", 1)
	add := from(variance, "Add", 2)
	sqrt := from(add, "Sqrt", 1)
	div := from(sub, "Div", 2)
	mul := from(div, "Mul", 2)
	shift := from(mul, "Add", 2)
	if sqrt == nil || shift == nil || div.Inputs[1] != sqrt.Outputs[0] || !overLast(variance) {
		return
	}
	two, ok2 := p.scalar(pow, 1)
	epsilon, ok := p.scalar(add, 1)
	gain, by := p.weight(mul, 1, width), p.weight(shift, 1, width)
	if !ok || !ok2 || two != 2 || gain == nil || by == nil {
		return
	}
	l.Gain, l.Shift, l.Epsilon, *at = gain, by, epsilon, shift.Outputs[0]
}

func overLast(n *onnx.Node) bool {
	axes := n.Attrs["axes"].Ints
	return (slices.Equal(axes, []int64{-1}) || slices.Equal(axes, []int64{1})) && is(n, "keepdims", 1, 1)
}

// second follows an If that replaces a score of at least some doubt by that of a second stack.
func (p *path) second(s *kernel.HeadSpec, in, score string) (string, error) {
	at := p.next(score, "GreaterOrEqual", 2)
	if at == nil {
		return "", unknown("its scores are no result of dense layers")
	}
	doubt, ok := p.scalar(at, 1)
	cond := at.Outputs[0]
	const boolean = 9
	if c := p.next(cond, "Cast", 1); c != nil {
		ok = ok && is(c, "to", boolean, 0)
		cond = c.Outputs[0]
	}
	n := p.next(cond, "If", 1)
	if n == nil || !ok || s.Softmax || s.Classes != 1 {
		return "", unknown("it decides by something else than its score")
	}
	yes, no := n.Attrs["then_branch"].Graphs, n.Attrs["else_branch"].Graphs
	if len(yes) != 1 || len(no) != 1 || len(yes[0].Outputs) != 1 || len(no[0].Outputs) != 1 {
		return "", unknown("it decides between graphs of several results")
	}
	q := follow(yes[0], p.constants)
	end, last, layers, err := q.stack(in, s.Window*kernel.Embedding)
	if err != nil {
		return "", err
	}
	r := follow(no[0], p.constants)
	same := r.next(score, "Identity", 1)
	if end != yes[0].Outputs[0].Name || q.left > 0 || last != "Sigmoid" || layers[len(layers)-1].Outputs != 1 ||
		same == nil || same.Outputs[0] != no[0].Outputs[0].Name || r.left > 0 {
		return "", unknown("it decides between other scores than its own and those of a second stack of dense layers")
	}
	s.Second, s.Doubt = layers, doubt
	return n.Outputs[0], nil
}
