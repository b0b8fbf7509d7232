package onnx

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"orac/models/modelstest"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(modelstest.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, b []byte) *Model {
	t.Helper()
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var all = []string{"alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy", "timer", "weather", "melspectrogram", "embedding_model", "silero_vad"}

func TestRoundTrip(t *testing.T) {
	for _, name := range all {
		b := read(t, name)
		if !bytes.Equal(parse(t, b).Encode(), b) {
			t.Errorf("%s: the encoded model differs from the file", name)
		}
	}
	// Fields of a later version survive as well.
	b := append(read(t, "alexa"), bytesField(4000, []byte("later")).raw...)
	b = append(b, varintField(4001, 7).raw...)
	if !bytes.Equal(parse(t, b).Encode(), b) {
		t.Error("unknown fields are lost")
	}
}

func TestStreamStates(t *testing.T) {
	s, err := Stream(parse(t, read(t, "embedding_model")), 76, 8)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]int64{{1, 1, 2, 32}, {1, 24, 2, 32}, {1, 48, 2, 16}, {1, 48, 2, 16}, {1, 72, 2, 8}, {1, 72, 2, 8},
		{1, 96, 2, 4}, {1, 96, 2, 4}, {1, 96, 2, 2}, {1, 96, 2, 2}, {1, 96, 2, 1}}
	if len(s.States) != len(want) {
		t.Fatalf("%d states, want %d", len(s.States), len(want))
	}
	for i, st := range s.States {
		if !slices.Equal(st.Dims, want[i]) {
			t.Errorf("state %d: %v, want %v", i, st.Dims, want[i])
		}
	}
	m := parse(t, s.Model)
	if len(m.Graph.Inputs) != 12 || len(m.Graph.Outputs) != 12 || m.Ops()["Concat"] != 11 || m.Ops()["Slice"] != 11 {
		t.Errorf("%d inputs, %d outputs, %v", len(m.Graph.Inputs), len(m.Graph.Outputs), m.Ops())
	}
	again, err := Stream(parse(t, read(t, "embedding_model")), 76, 8)
	if err != nil || !bytes.Equal(again.Model, s.Model) {
		t.Error("the same model gives other bytes the second time")
	}
	if _, err := Stream(m, 76, 8); !errors.Is(err, ErrNotStreamable) {
		t.Errorf("a streaming form is streamed again: %v", err)
	}
}

// TestNotStreamable changes one thing at a time in a network that is.
func TestNotStreamable(t *testing.T) {
	for _, name := range all {
		if name == "embedding_model" {
			continue
		}
		if _, err := Stream(parse(t, read(t, name)), 76, 8); !errors.Is(err, ErrNotStreamable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	firstConv := func(m *Model, k0 int64) *Node {
		for _, n := range m.Graph.Nodes {
			if n.Op == "Conv" && n.Attrs["kernel_shape"].Ints[0] == k0 {
				return n
			}
		}
		t.Fatal("no such convolution")
		return nil
	}
	for want, change := range map[string]func(m *Model){
		"opset 9":            func(m *Model) { m.Opsets[""] = 9 },
		"pads time":          func(m *Model) { firstConv(m, 3).Attrs["pads"] = Attr{Ints: []int64{1, 1, 1, 1}} },
		"strides [2 1]":      func(m *Model) { firstConv(m, 3).Attrs["strides"] = Attr{Ints: []int64{2, 1}} },
		"dilated":            func(m *Model) { firstConv(m, 3).Attrs["dilations"] = Attr{Ints: []int64{2, 1}} },
		"pads by itself":     func(m *Model) { firstConv(m, 3).Attrs["auto_pad"] = Attr{Str: "SAME_UPPER"} },
		"in 2 groups":        func(m *Model) { firstConv(m, 3).Attrs["group"] = Attr{Int: 2} },
		"kernel [0 3]":       func(m *Model) { firstConv(m, 1).Attrs["kernel_shape"] = Attr{Ints: []int64{0, 3}} },
		"kernel []":          func(m *Model) { delete(firstConv(m, 3).Attrs, "kernel_shape") },
		"GlobalAveragePool":  func(m *Model) { m.Graph.Nodes[2].Op = "GlobalAveragePool" },
		"single path":        func(m *Model) { m.Graph.Nodes[5].Inputs[0] = m.Graph.Inputs[0].Name },
		"not a constant":     func(m *Model) { m.Graph.Nodes[3].Inputs[1] = m.Graph.Inputs[0].Name },
		"not one each":       func(m *Model) { m.Graph.Inputs = append(m.Graph.Inputs, Value{Name: "more"}) },
		"not [1 76 width 1]": func(m *Model) { m.Graph.Inputs[0].Dims = []int64{1, 80, 32, 1} },
	} {
		m := parse(t, read(t, "embedding_model"))
		change(m)
		if _, err := Stream(m, 76, 8); !errors.Is(err, ErrNotStreamable) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for _, hop := range []int64{4, 7, 16} {
		if _, err := Stream(parse(t, read(t, "embedding_model")), 76, hop); !errors.Is(err, ErrNotStreamable) {
			t.Errorf("hop of %d: %v", hop, err)
		}
	}
}

// tiny is a model with one operator and one initialiser.
func tiny(tensor message) []byte {
	graph := message{
		bytesField(1, newNode("Add", []string{"x", "w"}, []string{"y"})),
		bytesField(5, tensor.encode()),
		bytesField(11, newValue("x", []int64{1})), bytesField(12, newValue("y", []int64{1})),
	}
	return message{varintField(1, 8), bytesField(7, graph.encode())}.encode()
}

func tensor(dims []uint64, rest ...field) message {
	m := message{varintField(2, uint64(Float32)), bytesField(8, []byte("w"))}
	for _, d := range dims {
		m = append(m, varintField(1, d))
	}
	return append(m, rest...)
}

// nested wraps graphs in attributes of nodes.
func nested(depth int) []byte {
	g := message{bytesField(1, newNode("Add", []string{"x"}, []string{"y"})), bytesField(12, newValue("y", nil))}
	for range depth {
		attr := message{bytesField(1, []byte("body")), bytesField(6, g.encode())}
		g = message{bytesField(1, newNode("If", []string{"x"}, []string{"y"}, attr.encode())), bytesField(12, newValue("y", nil))}
	}
	return message{bytesField(7, g.encode())}.encode()
}

func TestParseRefuses(t *testing.T) {
	raw := func(n int) field { return bytesField(9, make([]byte, n)) }
	gigabyte := protowire.AppendVarint(protowire.AppendTag(nil, 7, protowire.BytesType), 1<<30)
	for want, b := range map[string][]byte{
		"empty":                   {},
		"holds no graph":          varintField(1, 8).raw,
		"announces more bytes":    append(gigabyte, "short"...),
		"invalid":                 {0x07},
		"wire type":               {0x3b, 0x3c},
		"announces 4 elements":    tiny(tensor([]uint64{4}, raw(12))),
		"more than a file":        tiny(tensor([]uint64{1 << 20, 1 << 20}, raw(12))),
		"dimensions [-1]":         tiny(tensor([]uint64{1<<64 - 1}, raw(4))),
		"do not fit type float32": tiny(tensor([]uint64{1}, raw(5))),
		"another file":            tiny(tensor([]uint64{1}, bytesField(13, nil))),
		"more than 8 integers":    tiny(tensor(make([]uint64, 9), raw(4))),
		"float_data is cut off":   tiny(tensor([]uint64{1}, bytesField(4, []byte{1, 2, 3}))),
		"not of its type float32": tiny(tensor([]uint64{1}, varintField(7, 1))),
		"nest more than 8 deep":   nested(9),
		"no operators":            message{bytesField(7, nil)}.encode(),
		"two graphs":              append(tiny(tensor([]uint64{1}, raw(4))), tiny(tensor([]uint64{1}, raw(4)))...),
		"functions are not":       append(tiny(tensor([]uint64{1}, raw(4))), bytesField(25, nil).raw...),
		"5000 bytes long":         bytesField(2, make([]byte, 5000)).raw,
		"more than the limit of":  make([]byte, MaxFile+1),
		"more than 400000 fields": bytes.Repeat([]byte{0x08, 0x00}, MaxFields+1),
		"sparse tensors are not":  message{bytesField(7, bytesField(15, nil).raw)}.encode(),
		"is not a string":         varintField(2, 1).raw,
		"packed integer is cut":   tiny(message{bytesField(1, []byte{0x80})}),
	} {
		if _, err := Parse(b); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	parse(t, tiny(tensor([]uint64{3}, raw(12))))
	parse(t, nested(MaxDepth-1))
}

// TestTruncated cuts real models at many places: never a panic, never accepted.
func TestTruncated(t *testing.T) {
	for _, name := range []string{"hey_rhasspy", "silero_vad"} {
		b := read(t, name)
		for n := 0; n < len(b)-64; n += 1 + len(b)/199 {
			if _, err := Parse(b[:n]); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s cut to %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestHeadSaysWhatElseItIs(t *testing.T) {
	if w, c, err := Head(parse(t, read(t, "timer")), 96); err != nil || w != 34 || c != 7 {
		t.Errorf("timer: %d, %d, %v", w, c, err)
	}
	for name, want := range map[string]string{"silero_vad": "4 inputs", "embedding_model": "[-1 76 32 1]", "melspectrogram": "[-1 -1]"} {
		if _, _, err := Head(parse(t, read(t, name)), 96); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

func TestHeadRefusesLoops(t *testing.T) {
	body := message{bytesField(1, newNode("Identity", []string{"x"}, []string{"y"})), bytesField(12, newValue("y", nil))}
	attr := message{bytesField(1, []byte("body")), bytesField(6, body.encode())}
	g := message{bytesField(1, newNode("Loop", []string{"x"}, []string{"y"}, attr.encode())),
		bytesField(11, newValue("x", []int64{1, 16, 96})), bytesField(12, newValue("y", []int64{1, 1}))}
	m := parse(t, message{bytesField(7, g.encode())}.encode())
	if _, _, err := Head(m, 96); err == nil || !strings.Contains(err.Error(), "Loop") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{})
	f.Add(tiny(tensor([]uint64{1}, bytesField(9, make([]byte, 4)))))
	f.Add(nested(3))
	f.Add(read(f, "hey_rhasspy")[:4096])
	f.Add(small(f))
	f.Add(quantised(14, product("scale", "zero", "x", "floats")))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("%v does not wrap ErrMalformed", err)
			}
			return
		}
		if !bytes.Equal(m.Encode(), b) {
			t.Fatal("the encoded model differs")
		}
		m.Ops()
		m.Parameters()
		Head(m, 96)
		if form, err := Integers(m); err == nil {
			if _, err := Parse(form); err != nil {
				t.Fatalf("the form of integers cannot be parsed: %v", err)
			}
		}
		if s, err := Stream(m, 76, 8); err == nil {
			if _, err := Parse(s.Model); err != nil {
				t.Fatalf("the streaming form cannot be parsed: %v", err)
			}
		}
	})
}

// small is a streamable network of two kilobytes: reshape, convolution 69 long
// in time, reshape. (A hop of 8 rows leaves 8, so it is refused at the end.)
func small(t testing.TB) []byte {
	ints := func(name string, v ...uint64) []byte {
		m := message{bytesField(1, []byte(name))}
		for _, x := range v {
			m = append(m, varintField(8, x))
		}
		return m.encode()
	}
	weights := message{varintField(1, 1), varintField(1, 1), varintField(1, 3), varintField(1, 3), varintField(2, 1),
		bytesField(8, []byte("w")), bytesField(9, make([]byte, 36))}
	graph := message{
		bytesField(1, newNode("Reshape", []string{"x", "s"}, []string{"a"})),
		bytesField(1, newNode("Conv", []string{"a", "w"}, []string{"b"}, ints("kernel_shape", 3, 3))),
		bytesField(1, newNode("Reshape", []string{"b", "e"}, []string{"y"})),
		bytesField(5, weights.encode()),
		bytesField(5, int64Tensor("s", -1, 1, 76, 32)), bytesField(5, int64Tensor("e", -1, 1, 1, 96)),
		bytesField(11, newValue("x", []int64{1, 76, 32, 1})), bytesField(12, newValue("y", []int64{1, 1, 1, 96})),
	}
	opset := varintField(2, 13).raw
	b := message{varintField(1, 8), bytesField(7, graph.encode()), bytesField(8, opset)}.encode()
	if _, err := Stream(parse(t, b), 76, 8); !errors.Is(err, ErrNotStreamable) || !strings.Contains(err.Error(), "leaves") {
		t.Fatalf("the seed is refused too early: %v", err)
	}
	return b
}

// multiplications counts those of a network's convolutions, where nearly all of its arithmetic is.
func multiplications(t *testing.T, g *Graph, rows int64, streaming bool) (sum int64) {
	t.Helper()
	constants, err := chain(g)
	if err != nil {
		t.Fatal(err)
	}
	at := extent{1, rows, g.Inputs[0].Dims[2]}
	for _, n := range g.Nodes[1 : len(g.Nodes)-1] {
		if at, err = step(n, at, constants, streaming); err != nil {
			t.Fatal(err)
		}
		if n.Op == "Conv" {
			w := constants[n.Inputs[1]].Dims
			sum += at.channels * at.time * at.width * w[1] * w[2] * w[3]
		}
	}
	return sum
}

// TestStreamingMultipliesLess counts the arithmetic of a hop. make bench measures its time, and claims a quarter.
func TestStreamingMultipliesLess(t *testing.T) {
	g := parse(t, read(t, "embedding_model")).Graph
	full, part := multiplications(t, g, 76, false), multiplications(t, g, 8, true)
	if part == 0 || full < 7*part {
		t.Errorf("%d multiplications a hop, full windows %d", part, full)
	}
	t.Logf("%d of %d: 1/%.1f", part, full, float64(full)/float64(part))
}
