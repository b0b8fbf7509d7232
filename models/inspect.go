package models

import (
	"cmp"
	"fmt"
	"slices"

	"orac/models/onnx"
)

// Report is what `orac models inspect` tells about a model file.
type Report struct {
	Path       string  `json:"path"`
	SHA256     string  `json:"sha256"`
	Bytes      int64   `json:"bytes"`
	Producer   string  `json:"producer"` // program and version that wrote it
	IRVersion  int64   `json:"ir_version"`
	Opset      int64   `json:"opset"`
	Inputs     []Port  `json:"inputs"`
	Outputs    []Port  `json:"outputs"`
	Ops        []Count `json:"ops"`        // most frequent first
	Parameters int64   `json:"parameters"` // float32 elements of all constants

	Head       bool   `json:"head"`              // maps [1, window, 96] to [1, classes]
	Window     int64  `json:"window,omitempty"`  // of a head: hops of 80 ms
	Classes    int64  `json:"classes,omitempty"` // of a head
	Streamable bool   `json:"streamable"`        // has an incremental form
	States     int    `json:"states,omitempty"`  // tensors that form carries from hop to hop
	Why        string `json:"why,omitempty"`     // neither a head nor streamable

	Name     string   `json:"name,omitempty"` // in the catalogue, as are the following
	Kind     Kind     `json:"kind,omitempty"`
	Licence  string   `json:"licence,omitempty"` // empty: unknown, ask where the file came from
	WakeWord string   `json:"wake_word,omitempty"`
	Labels   []string `json:"labels,omitempty"`
}

// Port is an input or output. A dimension of -1 is open.
type Port struct {
	Name string  `json:"name"`
	Type string  `json:"type"`
	Dims []int64 `json:"dims"`
}

// Count is an operator and how often it occurs.
type Count struct {
	Op string `json:"op"`
	N  int    `json:"n"`
}

// Of openWakeWord: a head takes embeddings of 96 floats, and the embedding
// network turns 76 mel frames, 8 of which are new in a hop, into one.
const (
	embedding       = 96
	embeddingWindow = 76
	embeddingHop    = 8
)

func ports(values []onnx.Value) []Port {
	out := []Port{}
	for _, v := range values {
		out = append(out, Port{v.Name, v.Type.String(), v.Dims})
	}
	return out
}

// Inspect reads a model file without running it. Errors name the file and
// wrap onnx.ErrMalformed when its content is at fault.
func Inspect(path string) (Report, error) {
	d, err := hooks{}.readFile(path)
	if err != nil {
		return Report{}, fmt.Errorf("model file: %w", err)
	}
	return inspect(d)
}

// Inspect is Inspect for the file of a catalogue entry. Errors wrap what those of Load do, too.
func (s Store) Inspect(name string) (Report, error) {
	f, err := s.Load(name)
	if err != nil {
		return Report{}, err
	}
	return inspect(f.Data)
}

func inspect(d onnx.Data) (Report, error) {
	m, err := onnx.Parse(d.Bytes)
	if err != nil {
		return Report{}, fmt.Errorf("model file %s: %w", d.Path, err)
	}
	sum := sumOfBytes(d.Bytes)
	r := Report{Path: d.Path, SHA256: sum, Bytes: int64(len(d.Bytes)), IRVersion: m.IRVersion, Opset: m.Opsets[""],
		Producer: m.Producer, Inputs: ports(m.Graph.Inputs), Outputs: ports(m.Graph.Outputs), Parameters: m.Parameters()}
	if m.ProducerVersion != "" {
		r.Producer += " " + m.ProducerVersion
	}
	for op, n := range m.Ops() {
		r.Ops = append(r.Ops, Count{op, n})
	}
	slices.SortFunc(r.Ops, func(a, b Count) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Op, b.Op)) })
	if w, c, err := onnx.Head(m, embedding); err == nil {
		r.Head, r.Window, r.Classes = true, w, c
	} else if form, err := onnx.Stream(m, embeddingWindow, embeddingHop); err == nil {
		r.Streamable, r.States = true, len(form.States)
	} else {
		r.Why = err.Error()
	}
	if e, ok := bySum(sum); ok {
		r.Name, r.Kind, r.Licence, r.WakeWord, r.Labels = e.Name, e.Kind, e.Licence, e.WakeWord, e.Labels
	}
	return r, nil
}
