package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
)

// Structure says what a network computes, apart from its weights: two networks have the same sum if one is the other with other names and
// other weights. The weights are all constants of floats except for scalars, in the order in which they are first used. The sum covers
// operators, their attributes and connections, the shapes of weights, and the values of scalars and of integers. Operators that hold
// graphs are covered with them, in the order of the attributes' names.
func (m *Model) Structure() (sum string, weights []*Tensor) {
	s := structure{h: sha256.New(), seen: map[*Tensor]int{}}
	for _, domain := range slices.Sorted(maps.Keys(m.Opsets)) {
		if domain == "" { // the others name nothing here: an operator carries its domain
			fmt.Fprintf(s.h, "opset %d\n", m.Opsets[domain])
		}
	}
	s.graph(m.Graph, map[string]any{})
	return hex.EncodeToString(s.h.Sum(nil)), s.weights
}

type structure struct {
	h       hash.Hash
	values  int
	seen    map[*Tensor]int
	weights []*Tensor
}

// graph writes a graph whose outer scope is what it may refer to: the number of a value, or a constant.
func (s *structure) graph(g *Graph, outer map[string]any) {
	scope := maps.Clone(outer)
	name := func(n string) {
		s.values++
		scope[n] = s.values
	}
	for _, v := range g.Inputs {
		name(v.Name)
		fmt.Fprintf(s.h, "input %d %v %v\n", s.values, v.Type, v.Dims)
	}
	for _, t := range g.Initializers {
		scope[t.Name] = t
	}
	for _, n := range g.Nodes {
		fmt.Fprintf(s.h, "%q %q", n.Domain, n.Op)
		for _, in := range n.Inputs {
			switch v := scope[in].(type) {
			case *Tensor:
				s.constant(v)
			default: // nil: the input is left out
				fmt.Fprintf(s.h, " %v", v)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(n.Attrs)) {
			a := n.Attrs[k]
			fmt.Fprintf(s.h, " %q %d %x %v %q", k, a.Int, a.Float, a.Ints, a.Str)
			if a.Tensor != nil {
				s.constant(a.Tensor)
			}
			for _, sub := range a.Graphs {
				s.graph(sub, scope)
			}
		}
		for _, out := range n.Outputs {
			name(out)
		}
		fmt.Fprintf(s.h, " = %d\n", s.values)
	}
	for _, v := range g.Outputs {
		fmt.Fprintf(s.h, "output %v\n", scope[v.Name])
	}
}

func (s *structure) constant(t *Tensor) {
	n, ok := s.seen[t]
	if !ok {
		n = len(s.seen)
		s.seen[t] = n
	}
	fmt.Fprintf(s.h, " constant %d %v %v", n, t.Type, t.Dims)
	switch {
	case ok:
	case t.Type == Float32 && len(t.Dims) > 0:
		s.weights = append(s.weights, t)
	case t.Type == Float32:
		fmt.Fprintf(s.h, " %x", t.Float32s())
	case t.Type == Int64:
		fmt.Fprintf(s.h, " %v", t.Int64s())
	default:
		fmt.Fprintf(s.h, " %x", t.raw)
	}
}
