package onnx

import (
	"encoding/binary"
	"math"
	"strings"
)

// Model is a parsed ONNX file.
type Model struct {
	IRVersion       int64
	Producer        string // producer_name, for example "tf2onnx"
	ProducerVersion string
	Opsets          map[string]int64 // domain ("" is ai.onnx) to version
	Graph           *Graph

	fields message
}

// Graph is the network. Nodes are in the file's order, which ONNX requires to
// be topological.
type Graph struct {
	Name         string
	Nodes        []*Node
	Initializers []*Tensor
	Inputs       []Value // without those that are initialisers
	Outputs      []Value

	fields message
}

// Node is one operator.
type Node struct {
	Op, Domain, Name string
	Inputs, Outputs  []string
	Attrs            map[string]Attr
}

// Attr is an attribute of a node; only the member of its own kind is set.
type Attr struct {
	Int    int64
	Float  float32
	Ints   []int64
	Str    string
	Tensor *Tensor
	Graphs []*Graph
}

// Tensor is an initialiser or a tensor attribute.
type Tensor struct {
	Name string
	Type DataType
	Dims []int64 // empty: a scalar

	raw    []byte  // raw_data, little-endian
	floats []byte  // float_data, packed
	ints   []int64 // int64_data
}

// Value is a graph input or output. A dimension is -1 where the file names it
// or leaves it open.
type Value struct {
	Name string
	Type DataType
	Dims []int64
}

// DataType is TensorProto.DataType.
type DataType int32

// The element types that speech models use. Other types only have names.
const (
	Float32 DataType = 1
	Int64   DataType = 7
)

var typeNames = [...]string{"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64",
	"string", "bool", "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"}

func (t DataType) String() string {
	if t >= 0 && int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// size returns the number of bytes of one element in raw_data, or 0 if it has
// none.
func (t DataType) size() int64 {
	switch t {
	case 2, 3, 9:
		return 1
	case 4, 5, 10, 16:
		return 2
	case 1, 6, 12:
		return 4
	case 7, 11, 13, 14:
		return 8
	case 15:
		return 16
	}
	return 0
}

// Count returns the number of elements.
func (t *Tensor) Count() int64 {
	n := int64(1)
	for _, d := range t.Dims {
		n *= d
	}
	return n
}

// Float32s returns a copy of the elements, nil unless Type is Float32.
func (t *Tensor) Float32s() []float32 {
	if t.Type != Float32 {
		return nil
	}
	b := t.raw
	if len(b) == 0 {
		b = t.floats
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// Int64s returns a copy of the elements, nil unless Type is Int64.
func (t *Tensor) Int64s() []int64 {
	if t.Type != Int64 {
		return nil
	}
	if len(t.raw) == 0 {
		return append([]int64(nil), t.ints...)
	}
	out := make([]int64, len(t.raw)/8)
	for i := range out {
		out[i] = int64(binary.LittleEndian.Uint64(t.raw[8*i:]))
	}
	return out
}

// Initializer finds an initialiser of the main graph by name.
func (g *Graph) Initializer(name string) (*Tensor, bool) {
	for _, t := range g.Initializers {
		if t.Name == name {
			return t, true
		}
	}
	return nil, false
}

// Parameters counts the floating-point elements of all initialisers: the number
// that model cards call "parameters".
func (m *Model) Parameters() int64 {
	var n int64
	for _, t := range m.Graph.Initializers {
		if t.Type == Float32 {
			n += t.Count()
		}
	}
	return n
}

// Ops counts the operators by name, including those of sub-graphs. An operator
// of a foreign domain is "domain.Name".
func (m *Model) Ops() map[string]int {
	ops := make(map[string]int)
	countOps(m.Graph, ops)
	return ops
}

func countOps(g *Graph, ops map[string]int) {
	for _, n := range g.Nodes {
		ops[strings.TrimPrefix(n.Domain+"."+n.Op, ".")]++
		for _, a := range n.Attrs {
			for _, sub := range a.Graphs {
				countOps(sub, ops)
			}
		}
	}
}

// Encode returns the file's bytes.
func (m *Model) Encode() []byte { return m.fields.encode() }
