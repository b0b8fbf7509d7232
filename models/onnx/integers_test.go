package onnx

import (
	"errors"
	"slices"
	"testing"
)

// quantised is a network of two branches, each the graph inner, beside a quantised constant c and what turns it into floats.
func quantised(opset uint64, inner message) []byte {
	const float, uint8s, graph = 1, 2, 5
	tensor := func(name string, typ uint64, raw []byte, dims ...uint64) field {
		m := message{varintField(2, typ), bytesField(8, []byte(name)), bytesField(9, raw)}
		for _, d := range dims {
			m = append(m, varintField(1, d))
		}
		return bytesField(5, m.encode())
	}
	branch := func(name string) []byte {
		return message{bytesField(1, []byte(name)), bytesField(6, inner.encode()), varintField(20, graph)}.encode()
	}
	g := message{
		bytesField(1, newNode("If", []string{"flag"}, []string{"y"}, branch("then_branch"), branch("else_branch"))),
		tensor("c", uint8s, []byte{1, 2, 3, 4}, 2, 2), tensor("scale", float, make([]byte, 4)), tensor("zero", uint8s, []byte{2}),
		tensor("scales", float, make([]byte, 8), 2),
		bytesField(11, newValue("x", []int64{1, 2})), bytesField(12, newValue("y", []int64{1, 2})),
	}
	return message{varintField(1, 8), bytesField(7, g.encode()), bytesField(8, message{varintField(2, opset)}.encode())}.encode()
}

// product is a graph that makes floats of c and multiplies left by right. More operators may use what these name.
func product(scale, zero, left, right string, more ...[]byte) message {
	g := message{
		bytesField(1, newNode("DequantizeLinear", []string{"c", scale, zero}, []string{"floats"})),
		bytesField(1, newNode("MatMul", []string{left, right}, []string{"y"})),
	}
	for _, n := range more {
		g = append(g, bytesField(1, n))
	}
	return append(g, bytesField(12, newValue("y", []int64{1, 2})))
}

func TestIntegersRewritesTheProductsOfAllGraphs(t *testing.T) {
	m, err := Parse(quantised(14, product("scale", "zero", "x", "floats")))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Integers(m)
	if err != nil {
		t.Fatal(err)
	}
	made, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if ops := made.Ops(); ops["MatMul"] != 0 || ops["DequantizeLinear"] != 0 || ops["MatMulInteger"] != 2 || ops["DynamicQuantizeLinear"] != 2 {
		t.Errorf("%v", ops)
	}
	branches := made.Graph.Nodes[0].Attrs
	for _, name := range []string{"then_branch", "else_branch"} {
		nodes := branches[name].Graphs[0].Nodes
		if len(nodes) != 5 || !slices.Equal(nodes[4].Outputs, []string{"y"}) || nodes[1].Inputs[1] != "c" || nodes[1].Inputs[3] != "zero" || nodes[3].Inputs[1] != "scale" {
			t.Errorf("%s: %+v", name, nodes)
		}
	}
	if !slices.Equal(made.Encode(), b) || len(made.Graph.Initializers) != len(m.Graph.Initializers) {
		t.Error("something else changed")
	}
	if _, err := Integers(made); !errors.Is(err, ErrNoIntegers) {
		t.Errorf("a second time: %v", err)
	}
}

func TestIntegersLeavesAlone(t *testing.T) {
	usual := product("scale", "zero", "x", "floats")
	for name, b := range map[string][]byte{
		"an old opset":               quantised(10, usual),
		"a scale for each column":    quantised(14, product("scales", "zero", "x", "floats")),
		"a zero that is computed":    quantised(14, product("scale", "x", "x", "floats")),
		"a constant on the left":     quantised(14, product("scale", "zero", "floats", "x")),
		"floats that are used twice": quantised(14, product("scale", "zero", "x", "floats", newNode("Neg", []string{"floats"}, []string{"z"}))),
		"floats that are an output":  quantised(14, append(usual, bytesField(12, newValue("floats", []int64{2, 2})))),
	} {
		m, err := Parse(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := Integers(m); !errors.Is(err, ErrNoIntegers) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
