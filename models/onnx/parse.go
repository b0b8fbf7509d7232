package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// parser carries the limits that remain for one file.
type parser struct{ fields, nodes, tensors int }

// Parse reads a model. Every error wraps ErrMalformed and says what is wrong;
// the caller adds the file's name and the way out. The result refers to b,
// which must not be changed afterwards.
func Parse(b []byte) (*Model, error) {
	p := &parser{}
	if len(b) == 0 {
		return nil, p.bad("the file is empty")
	}
	if len(b) > MaxFile {
		return nil, p.bad("%d bytes, more than the limit of %d", len(b), MaxFile)
	}
	fields, err := p.cut(b, "model")
	if err != nil {
		if known := foreignFile(b); known != nil {
			return nil, known
		}
		return nil, err
	}
	m := &Model{fields: fields, Opsets: map[string]int64{}}
	for _, f := range fields { // ModelProto
		switch f.num {
		case 1:
			m.IRVersion = int64(f.num64)
		case 2:
			m.Producer, err = p.str(f, "producer_name")
		case 3:
			m.ProducerVersion, err = p.str(f, "producer_version")
		case 7:
			if m.Graph != nil {
				return nil, p.bad("two graphs")
			}
			m.Graph, err = p.graph(f, 0)
		case 8:
			err = p.opset(m, f)
		case 25:
			err = p.bad("model-local functions are not supported")
		}
		if err != nil {
			return nil, err
		}
	}
	if m.Graph == nil {
		return nil, p.bad("it holds no graph")
	}
	if len(m.Graph.Nodes) == 0 || len(m.Graph.Outputs) == 0 {
		return nil, p.bad("its graph has no operators or no outputs")
	}
	return m, nil
}

func (p *parser) opset(m *Model, f field) error { // OperatorSetIdProto
	fs, err := p.cut(f.body, "opset_import")
	if err != nil {
		return err
	}
	var domain string
	var version int64
	for _, f := range fs {
		switch f.num {
		case 1:
			if domain, err = p.str(f, "opset domain"); err != nil {
				return err
			}
		case 2:
			version = int64(f.num64)
		}
	}
	m.Opsets[domain] = version
	return nil
}

func (p *parser) graph(f field, depth int) (*Graph, error) {
	if depth >= MaxDepth {
		return nil, p.bad("graphs nest more than %d deep", MaxDepth)
	}
	fields, err := p.cut(f.body, "graph")
	if err != nil {
		return nil, err
	}
	g := &Graph{fields: fields}
	constant := map[string]bool{}
	for _, f := range fields { // GraphProto
		switch f.num {
		case 1:
			var n *Node
			if n, err = p.node(f, depth); err == nil {
				g.Nodes = append(g.Nodes, n)
			}
		case 2:
			g.Name, err = p.str(f, "graph name")
		case 5:
			var t *Tensor
			if t, err = p.tensor(f); err == nil {
				g.Initializers = append(g.Initializers, t)
				constant[t.Name] = true
			}
		case 11, 12:
			var v Value
			if v, err = p.value(f); err == nil && f.num == 11 {
				g.Inputs = append(g.Inputs, v)
			} else if err == nil {
				g.Outputs = append(g.Outputs, v)
			}
		case 15:
			err = p.bad("sparse tensors are not supported")
		}
		if err != nil {
			return nil, err
		}
	}
	// Before IR version 4 initialisers are listed among the inputs too.
	kept := g.Inputs[:0]
	for _, v := range g.Inputs {
		if !constant[v.Name] {
			kept = append(kept, v)
		}
	}
	g.Inputs = kept
	return g, nil
}

func (p *parser) node(f field, depth int) (*Node, error) {
	if p.nodes++; p.nodes > MaxNodes {
		return nil, p.bad("more than %d operators", MaxNodes)
	}
	fs, err := p.cut(f.body, "node")
	if err != nil {
		return nil, err
	}
	n := &Node{Attrs: map[string]Attr{}}
	for _, f := range fs { // NodeProto
		var s string
		switch f.num {
		case 1, 2, 3, 4, 7:
			if s, err = p.str(f, "a name in a node"); err != nil {
				return nil, err
			}
		}
		switch f.num {
		case 1:
			n.Inputs = append(n.Inputs, s)
		case 2:
			n.Outputs = append(n.Outputs, s)
		case 3:
			n.Name = s
		case 4:
			n.Op = s
		case 7:
			n.Domain = s
		case 5:
			if err := p.attr(n, f, depth); err != nil {
				return nil, err
			}
		}
	}
	return n, nil
}

func (p *parser) attr(n *Node, f field, depth int) error {
	fs, err := p.cut(f.body, "attribute")
	if err != nil {
		return err
	}
	var name string
	var a Attr
	for _, f := range fs { // AttributeProto
		switch f.num {
		case 1:
			name, err = p.str(f, "attribute name")
		case 2:
			if f.typ == protowire.Fixed32Type {
				a.Float = math.Float32frombits(binary.LittleEndian.Uint32(f.raw[len(f.raw)-4:]))
			}
		case 3:
			a.Int = int64(f.num64)
		case 4:
			a.Str = string(f.body[:min(len(f.body), MaxName)])
		case 5:
			a.Tensor, err = p.tensor(f)
		case 6, 11:
			var g *Graph
			if g, err = p.graph(f, depth+1); err == nil {
				a.Graphs = append(a.Graphs, g)
			}
		case 8:
			a.Ints, err = p.appendInts(a.Ints, f, MaxFields, "attribute")
		case 10:
			_, err = p.tensor(f)
		case 22, 23:
			err = p.bad("sparse tensors are not supported")
		}
		if err != nil {
			return err
		}
	}
	n.Attrs[name] = a
	return nil
}
