package kernel

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// every returns all sets that can run here, with those that are never chosen: four lanes are for other processors.
func every() []Set {
	sets := Supported()
	if len(sets) == 0 || sets[len(sets)-1].lanes != 4 {
		sets = append(sets, Set{"four lanes", 4})
	}
	return sets
}

// source makes shapes and weights from a fuzzer's bytes: the first ones are the shapes, a generator makes the weights.
type source struct {
	shape []byte
	rng   *rand.Rand
	large int // of the largest shapes: eighths of channels; a fuzzer tries small ones, and many
}

func sourceOf(b []byte, large int) *source {
	var seed [8]byte
	copy(seed[:], b)
	return &source{b, rand.New(rand.NewPCG(binary.LittleEndian.Uint64(seed[:]), uint64(len(b)))), large}
}

// from returns a number from low to high.
func (s *source) from(low, high int) int {
	v := s.rng.IntN(1 << 16)
	if len(s.shape) > 0 {
		v = int(s.shape[0])
		s.shape = s.shape[1:]
	}
	return low + v%(high-low+1)
}

func (s *source) floats(n int, size float64) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(size * s.rng.NormFloat64())
	}
	return v
}

// near compares with a tolerance that grows with the number of additions.
func near(t *testing.T, what string, got, want []float32, limit float64) {
	t.Helper()
	worst, size := 0.0, 1.0
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		worst, size = max(worst, d), max(size, math.Abs(float64(want[i])))
	}
	if len(got) != len(want) || worst > limit*size {
		t.Fatalf("%s: %d and %d values, which differ by %g of %g", what, len(got), len(want), worst, size)
	}
}

// naive computes a convolution of the embedding in float64: in is [2 + time][width][inputs] with the rows of the hop before.
func naive(c Conv, in []float32, time, width int) []float32 {
	history, pad := c.Time-1, (c.Width-1)/2
	out := make([]float32, time*width*c.Outputs)
	for t := range time {
		for w := range width {
			for n := range c.Outputs {
				sum := 0.0
				if c.Bias != nil {
					sum = float64(c.Bias[n])
				}
				for dt := range c.Time {
					for dw := range c.Width {
						x := w + dw - pad
						if x < 0 || x >= width {
							continue
						}
						row := t + dt + 2 - history
						for i := range c.Inputs {
							sum += float64(in[(row*width+x)*c.Inputs+i]) * float64(c.Weights[((n*c.Inputs+i)*c.Time+dt)*c.Width+dw])
						}
					}
				}
				if c.Leaky {
					sum = max(sum, 0.2*sum, -0.4)
				}
				out[(t*width+w)*c.Outputs+n] = float32(sum)
			}
		}
	}
	return out
}

// checkConv compares a convolution of any shape, over three hops, with the naive one.
func checkConv(t *testing.T, set Set, s *source) {
	time, width := []int{1, 2, 3, 4, 8}[s.from(0, 4)], []int{1, 2, 3, 4, 6, 8, 16, 32}[s.from(0, 7)]
	c := Conv{Inputs: 8 * s.from(1, s.large), Outputs: 8 * s.from(1, s.large), Time: 1, Width: 3, Leaky: s.from(0, 3) > 0}
	switch s.from(0, 3) {
	case 0:
		c.Time, c.Width = 3, 1
	case 1:
		c.Time, c.Inputs = 3, 1
	}
	c.Weights, c.Bias = s.floats(c.Inputs*c.Outputs*c.Time*c.Width, 0.1), s.floats(c.Outputs, 0.1)
	if time%2 == 0 && width%2 == 0 && s.from(0, 2) == 0 {
		c.PoolTime, c.PoolWidth = s.from(1, 2), 2
	}
	b := newBuilder(set)
	defer b.release()
	in := layout{time: time, width: width, channels: c.Inputs}
	in.around(b, c)
	out, err := in.after(c)
	if err != nil {
		t.Fatal(err)
	}
	next := out
	to := out
	if c.PoolTime > 0 {
		next = layout{time: out.time / c.PoolTime, width: out.width / c.PoolWidth, channels: out.channels}
		to.data = b.buffer(out.time * out.row())
	}
	// The buffer of the next layer, which reads along time or along the width.
	next.around(b, Conv{Time: 1 + 2*s.from(0, 1), Width: 3})
	if c.PoolTime == 0 {
		to = next
	}
	table := alone(b, c, in, to, next)
	v := make([]float32, 2*c.Inputs*width)
	past := append(v, make([]float32, time*width*c.Inputs)...)
	for range 3 {
		x := s.floats(time*width*c.Inputs, 1)
		copy(past, past[time*width*c.Inputs:])
		copy(past[2*width*c.Inputs:], x)
		for row := range time {
			for col := range width {
				copy(in.data[in.into(row, col):], x[(row*width+col)*c.Inputs:][:c.Inputs])
			}
		}
		table.run()
		want := naive(c, past, time, width)
		if c.PoolTime > 0 {
			want = pooled(c, want, time, width)
		}
		got := make([]float32, 0, len(want))
		for row := range next.time {
			for col := range next.width {
				got = append(got, next.data[next.into(row, col):][:next.channels]...)
			}
		}
		near(t, set.String(), got, want, 1e-5)
	}
	for row := range next.time + next.history { // the columns around stay zero
		for _, col := range []int{0, next.width + next.pad} {
			for _, x := range next.data[next.at(row, col):][:next.channels*next.pad] {
				if x != 0 {
					t.Fatalf("%s wrote %g beside its outputs", set, x)
				}
			}
		}
	}
}

func pooled(c Conv, in []float32, time, width int) (out []float32) {
	for t := 0; t < time; t += c.PoolTime {
		for w := 0; w < width; w += c.PoolWidth {
			for n := range c.Outputs {
				top := float32(math.Inf(-1))
				for dt := range c.PoolTime {
					for dw := range c.PoolWidth {
						top = max(top, in[((t+dt)*width+w+dw)*c.Outputs+n])
					}
				}
				out = append(out, top)
			}
		}
	}
	return out
}

// together is how many hops a head computes at once, at the most.
const together = 16

// checkHead compares a head of any shape with float64, through all phases, and on.
func checkHead(t *testing.T, set Set, s *source) {
	spec := HeadSpec{Window: s.from(Least, Least+s.large), Classes: s.from(1, 9), Softmax: s.from(0, 1) == 1}
	layers := func() (list []Dense) {
		width := spec.Window * Embedding
		for range s.from(1, 3) {
			d := Dense{Inputs: width, Outputs: s.from(1, 8*s.large), Epsilon: 1e-5, ReLU: s.from(0, 1) == 1}
			if d.Outputs > 4 && s.from(0, 1) == 1 {
				d.Gain, d.Shift = s.floats(d.Outputs, 1), s.floats(d.Outputs, 1)
			}
			list, width = append(list, d), d.Outputs
		}
		list = append(list, Dense{Inputs: width, Outputs: spec.Classes})
		for i := range list {
			d := &list[i]
			d.Weights, d.Bias = s.floats(d.Inputs*d.Outputs, 1/math.Sqrt(float64(d.Inputs))), s.floats(d.Outputs, 0.1)
		}
		return list
	}
	spec.Layers = layers()
	if spec.Classes == 1 && s.from(0, 1) == 1 {
		spec.Softmax, spec.Second, spec.Doubt = false, layers(), 0.5
	}
	h, err := NewHead(set, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var window []float32
	scores := make([]float32, spec.Classes)
	for hop := range spec.Window + 2*together + 1 {
		emb := [Embedding]float32(s.floats(Embedding, 1))
		window = append(window, emb[:]...)
		window = window[max(0, len(window)-spec.Window*Embedding):]
		h.Push(&emb, scores, hop >= spec.Window-1)
		if hop < spec.Window-1 {
			continue
		}
		want := stack(spec.Layers, window, spec.Softmax)
		if spec.Second != nil && math.Abs(float64(want[0])-0.5) < 1e-4 {
			continue // either may be right
		}
		if spec.Second != nil && want[0] >= 0.5 {
			want = stack(spec.Second, window, false)
		}
		near(t, set.String(), scores, want, 2e-4) // a normalisation may divide by little
	}
}

func stack(layers []Dense, in []float32, softmax bool) []float32 {
	x := make([]float64, len(in))
	for i, v := range in {
		x[i] = float64(v)
	}
	for _, d := range layers {
		y := make([]float64, d.Outputs)
		mean, variance := 0.0, 0.0
		for n := range y {
			y[n] = float64(d.Bias[n])
			for k, v := range x {
				y[n] += v * float64(d.Weights[n*d.Inputs+k])
			}
			mean += y[n] / float64(d.Outputs)
		}
		for _, v := range y {
			variance += (v - mean) * (v - mean) / float64(d.Outputs)
		}
		for n := range y {
			if d.Gain != nil {
				y[n] = (y[n]-mean)/math.Sqrt(variance+float64(d.Epsilon))*float64(d.Gain[n]) + float64(d.Shift[n])
			}
			if d.ReLU {
				y[n] = max(y[n], 0)
			}
		}
		x = y
	}
	sum, out := 0.0, make([]float32, len(x))
	for _, v := range x {
		sum += math.Exp(v)
	}
	for i, v := range x {
		if out[i] = float32(1 / (1 + math.Exp(-v))); softmax {
			out[i] = float32(math.Exp(v) / sum)
		}
	}
	return out
}

// TestShapes: many shapes, in every number of lanes. The sanitizers watch it in .ci/kernel.
func TestShapes(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 15
	}
	for _, set := range every() {
		for seed := range seeds {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], uint64(seed)*0x9e3779b97f4a7c15)
			checkConv(t, set, sourceOf(b[:], 13))
			checkHead(t, set, sourceOf(b[:], 13))
		}
	}
}

func FuzzShapes(f *testing.F) {
	f.Add([]byte{0, 0, 4, 7, 2, 2, 1, 3, 1, 1, 0})
	f.Add([]byte{1, 1, 0, 3, 2, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, sets := sourceOf(b, 4), every()
		set := sets[s.from(0, len(sets)-1)]
		if s.from(0, 1) == 0 {
			checkConv(t, set, s)
		} else {
			checkHead(t, set, s)
		}
	})
}

// TestSetsAgree: a whole embedding, mel spectrogram and gate of random weights give the same in every number of lanes.
func TestSetsAgree(t *testing.T) {
	type results struct{ mel, embedding, gate []float32 }
	var want results
	for i, set := range every() {
		s := sourceOf([]byte("all sets"), 13)
		got := results{mel: make([]float32, Rows*Bins), embedding: make([]float32, Embedding)}
		spec := MelSpec{Window: s.floats(points, 1), Matrix: make([]float32, spectrum*Bins), Floor: 1e-10, Depth: 80}
		for band := range Bins {
			for k := range 9 {
				spec.Matrix[(2+7*band+k)*Bins+band] = float32(1 + s.rng.Float64())
			}
		}
		mel, err := NewMel(set, spec)
		if err != nil {
			t.Fatal(err)
		}
		convs := []Conv{{Inputs: 1, Outputs: 24, Time: 3, Width: 3, Leaky: true, PoolTime: 2, PoolWidth: 2}, {Inputs: 24, Outputs: 40, Time: 1, Width: 3, Leaky: true},
			{Inputs: 40, Outputs: 72, Time: 3, Width: 1, Leaky: true, PoolTime: 4, PoolWidth: 16}, {Inputs: 72, Outputs: Embedding, Time: 3, Width: 1}}
		for j := range convs {
			c := &convs[j]
			c.Weights = s.floats(c.Inputs*c.Outputs*c.Time*c.Width, 0.1)
			if j < 3 {
				c.Bias = s.floats(c.Outputs, 0.1)
			}
		}
		emb, err := NewEmbedder(set, convs)
		if err != nil {
			t.Fatal(err)
		}
		g := GateSpec{Basis: s.floats(2*voices*basis, 0.05), Filter: s.floats(7, 0.2), Decoder: s.floats(hidden, 0.1), Bias: 0.1}
		for j, stride := range gateStrides {
			in, out := gateChannels[j], gateChannels[j+1]
			b := GateBlock{Inputs: in, Outputs: out, Stride: stride, Depth: s.floats(5*in, 0.2), DepthBias: s.floats(in, 0.1), Mix: s.floats(in*out, 0.05),
				MixBias: s.floats(out, 0.1), Point: s.floats(out*out, 0.1), PointBias: s.floats(out, 0.1)}
			if in != out {
				b.Project, b.ProjectBias = s.floats(in*out, 0.05), s.floats(out, 0.1)
			}
			g.Blocks = append(g.Blocks, b)
		}
		for j := range g.LSTM {
			g.LSTM[j] = LSTM{s.floats(4*hidden*hidden, 0.1), s.floats(4*hidden*hidden, 0.1), s.floats(8*hidden, 0.1)}
		}
		gate, err := NewGate(set, g)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			mel.Run((*[Span]float32)(s.floats(Span, 1000)), (*[Rows * Bins]float32)(got.mel))
			emb.Push((*[Rows * Bins]float32)(got.mel), (*[Embedding]float32)(got.embedding))
			two := gate.Push((*[GateHop]float32)(s.floats(GateHop, 0.1)))
			got.gate = append(got.gate, two[:]...)
		}
		mel.Close()
		emb.Close()
		gate.Close()
		if i == 0 {
			want = got
			continue
		}
		near(t, set.String()+": mel", got.mel, want.mel, 1e-5)
		near(t, set.String()+": embedding", got.embedding, want.embedding, 1e-5)
		near(t, set.String()+": gate", got.gate, want.gate, 1e-5)
	}
}

// TestRefusedShapes: what the kernels do not compute is refused when it is packed.
func TestRefusedShapes(t *testing.T) {
	set := every()[0]
	good := Conv{Inputs: 1, Outputs: 8, Time: 3, Width: 3, Weights: make([]float32, 72)}
	for name, change := range map[string]func(*Conv){
		"a kernel of five":     func(c *Conv) { c.Time = 5 },
		"a kernel of one":      func(c *Conv) { c.Time, c.Width = 1, 1 },
		"an odd number":        func(c *Conv) { c.Outputs = 7 },
		"too many":             func(c *Conv) { c.Outputs = 1 << 30 },
		"fewer weights":        func(c *Conv) { c.Weights = c.Weights[1:] },
		"a bias that is short": func(c *Conv) { c.Bias = make([]float32, 3) },
		"a pooling of seven":   func(c *Conv) { c.PoolTime, c.PoolWidth = 7, 1 },
		"a pooling of nothing": func(c *Conv) { c.PoolTime, c.PoolWidth = 2, 0 },
		"an end too early":     func(*Conv) {},
	} {
		c := good
		change(&c)
		if e, err := NewEmbedder(set, []Conv{c}); err == nil {
			e.Close()
			t.Errorf("%s was accepted", name)
		}
	}
	dense := func(in, out int) Dense {
		return Dense{Inputs: in, Outputs: out, Weights: make([]float32, in*out), Bias: make([]float32, out)}
	}
	for name, s := range map[string]HeadSpec{
		"a short window":   {Window: 3, Classes: 1, Layers: []Dense{dense(3*Embedding, 8), dense(8, 1)}},
		"one layer":        {Window: 4, Classes: 1, Layers: []Dense{dense(4*Embedding, 1)}},
		"another window":   {Window: 5, Classes: 1, Layers: []Dense{dense(4*Embedding, 8), dense(8, 1)}},
		"other classes":    {Window: 4, Classes: 2, Layers: []Dense{dense(4*Embedding, 8), dense(8, 1)}},
		"a gap":            {Window: 4, Classes: 1, Layers: []Dense{dense(4*Embedding, 8), dense(9, 1)}},
		"two that decide":  {Window: 4, Classes: 2, Layers: []Dense{dense(4*Embedding, 8), dense(8, 2)}, Second: []Dense{dense(4*Embedding, 8), dense(8, 2)}},
		"a shift too few":  {Window: 4, Classes: 1, Layers: []Dense{{Inputs: 384, Outputs: 8, Weights: make([]float32, 3072), Bias: make([]float32, 8), Gain: make([]float32, 8)}, dense(8, 1)}},
		"too many classes": {Window: 4, Classes: 1 << 30, Layers: []Dense{dense(4*Embedding, 8), dense(8, 1)}},
	} {
		if h, err := NewHead(set, s); err == nil {
			h.Close()
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := NewGate(set, GateSpec{}); err == nil {
		t.Error("a gate of nothing was accepted")
	}
	if _, err := NewMel(set, MelSpec{Window: make([]float32, points), Matrix: make([]float32, spectrum*Bins)}); err == nil {
		t.Error("mel bands of nothing were accepted")
	}
}
