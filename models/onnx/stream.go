package onnx

import (
	"fmt"
	"math"
	"slices"
)

// StreamVersion names the way in which Stream rewrites. It changes whenever the
// rewritten bytes do, so that cached results can be told apart.
const StreamVersion = "1"

// Streamed is a network in its incremental form.
type Streamed struct {
	Model  []byte
	Input  Value   // [1, hop, width, 1]
	Output Value   // as in the original
	States []State // zero or carried over from the previous run
}

// State is what one convolution remembers: the last rows of its input.
type State struct {
	In, Out string // names of the graph's input and output
	Dims    []int64
}

// Stream rewrites a network that maps the newest `window` rows [1, window, width, 1] to
// one vector. The result is fed only the `hop` new rows and carries its state.
//
// The network must be a single path: a Reshape to [*, 1, window, width], then convolutions,
// poolings and element-wise operators, then a Reshape. Every convolution that is k long in time
// gets Concat(state, x) in place of x, where state is the k-1 rows before; Slice keeps the last k-1
// rows of that as the next state. The result is exact if time is never padded, if convolutions have
// stride 1 in time, if poolings tile it, on the hop and on the full window alike (so that they stay
// aligned with the newest row), and if the full window leaves exactly one row. Stream checks all of
// that. The caller proves that the results are equal by running both.
func Stream(m *Model, windowRows, hop int64) (*Streamed, error) {
	g := m.Graph
	if v := m.Opsets[""]; v < 10 || v > 25 { // Slice takes its bounds as inputs since opset 10
		return nil, unstreamable("opset %d is not 10 to 25", v)
	}
	constants, err := chain(g)
	if err != nil {
		return nil, err
	}
	in := g.Inputs[0]
	if len(in.Dims) != 4 || in.Dims[1] != windowRows || in.Dims[2] < 1 || in.Dims[3] != 1 || len(g.Nodes) < 3 {
		return nil, unstreamable("its input is %v, not [1 %d width 1]", in.Dims, windowRows)
	}
	width := in.Dims[2]
	first, last := g.Nodes[0], g.Nodes[len(g.Nodes)-1]
	shape, err := reshapes(first, last, constants, windowRows, width)
	if err != nil {
		return nil, err
	}
	full, part := extent{1, windowRows, width}, extent{1, hop, width}
	s := &Streamed{Input: Value{Name: in.Name, Type: Float32, Dims: []int64{1, hop, width, 1}}, Output: g.Outputs[0]}
	states := map[int]State{}
	for i, n := range g.Nodes[1 : len(g.Nodes)-1] {
		if k := n.Attrs["kernel_shape"].Ints; n.Op == "Conv" && len(k) == 2 && k[0] > 1 {
			name := fmt.Sprintf("orac_state_%d", len(s.States))
			st := State{In: name, Out: name + "_out", Dims: []int64{1, part.channels, k[0] - 1, part.width}}
			s.States = append(s.States, st)
			states[i+1] = st
		}
		if full, err = step(n, full, constants, false); err == nil {
			part, err = step(n, part, constants, true)
		}
		if err != nil {
			return nil, fmt.Errorf("operator %d: %w", i+1, err)
		}
	}
	if full != part || part.time != 1 || len(s.States) == 0 {
		return nil, unstreamable("a window of %d rows leaves %v, a hop of %d leaves %v", windowRows, full, hop, part)
	}
	s.Model = m.withGraph(g.streaming(s, states, shape))
	return s, nil
}

// reshapes checks the first and the last operator and returns the name of the
// shape constant of the first.
func reshapes(first, last *Node, constants map[string]*Tensor, rows, width int64) (string, error) {
	if first.Op != "Reshape" || last.Op != "Reshape" || len(first.Inputs) != 2 || len(last.Inputs) != 2 {
		return "", unstreamable("it does not begin and end with a Reshape")
	}
	if s := constants[first.Inputs[1]].Int64s(); !slices.Equal(s, []int64{-1, 1, rows, width}) && !slices.Equal(s, []int64{1, 1, rows, width}) {
		return "", unstreamable("its first Reshape is to %v, not to [-1 1 %d %d]", s, rows, width)
	}
	if first.Inputs[1] == last.Inputs[1] {
		return "", unstreamable("both Reshapes share one shape")
	}
	return first.Inputs[1], nil
}

// streaming copies the graph field by field and adds the states. Fields that it
// does not know stay as they are.
func (g *Graph) streaming(s *Streamed, states map[int]State, shape string) message {
	const from, to, axis = "orac_slice_from_%d", "orac_slice_to", "orac_slice_axis"
	var out message
	node := -1
	for _, f := range g.fields {
		switch f.num {
		case 1: // node
			node++
			st, ok := states[node]
			if !ok {
				out = append(out, f)
				continue
			}
			n := g.Nodes[node]
			joined := st.In + "_joined"
			out = append(out,
				bytesField(1, newNode("Concat", []string{st.In, n.Inputs[0]}, []string{joined}, intAttr("axis", 2))),
				bytesField(1, withFirstInput(f.body, joined)),
				bytesField(1, newNode("Slice", []string{joined, fmt.Sprintf(from, st.Dims[2]), to, axis}, []string{st.Out})))
		case 5: // initializer
			if t := tensorName(f.body); t == shape {
				out = append(out, bytesField(5, int64Tensor(shape, 1, 1, s.Input.Dims[1], s.Input.Dims[2])))
			} else {
				out = append(out, f)
			}
		case 11: // input
			if valueName(f.body) == s.Input.Name {
				f = bytesField(11, newValue(s.Input.Name, s.Input.Dims))
			}
			out = append(out, f)
		case 13: // value_info: the shapes of the full form
		default:
			out = append(out, f)
		}
	}
	seen := map[int64]bool{}
	for _, st := range s.States {
		out = append(out, bytesField(11, newValue(st.In, st.Dims)), bytesField(12, newValue(st.Out, st.Dims)))
		if rows := st.Dims[2]; !seen[rows] {
			seen[rows] = true
			out = append(out, bytesField(5, int64Tensor(fmt.Sprintf(from, rows), -rows)))
		}
	}
	return append(out, bytesField(5, int64Tensor(to, math.MaxInt64)), bytesField(5, int64Tensor(axis, 2)))
}

// withGraph encodes the model with another graph.
func (m *Model) withGraph(g message) []byte {
	fields := slices.Clone(m.fields)
	for i, f := range fields {
		if f.num == 7 {
			fields[i] = bytesField(7, g.encode())
		}
	}
	return fields.encode()
}
