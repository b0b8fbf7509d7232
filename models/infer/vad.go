package infer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	ort "github.com/yalue/onnxruntime_go"

	"orac/models/onnx"
)

// vadChunk is the length of sound that openWakeWord feeds to Silero: 640
// samples, two per hop (vad.py, __call__).
const vadChunk = Hop / 2

// VAD is Silero's voice activity detection in its h/c form (inputs input, sr,
// h, c; outputs output, hn, cn).
type VAD struct {
	net   voice
	in    [Hop]float32
	state [2][]float32 // h, c: the network's own memory
}

// voice scores the halves of a hop, samples from -1 to 1.
type voice interface {
	push(pcm *[Hop]float32) (scores [2]float32, err error)
	close() error
}

// voiceNetwork runs Silero in ONNX Runtime.
type voiceNetwork struct {
	s     *session
	in    []float32
	state [2][]float32 // h, c
	next  [2][]float32 // hn, cn
	out   []float32
}

// OpenVAD loads a Silero VAD network into ONNX Runtime.
func (r *Runtime) OpenVAD(d onnx.Data) (*VAD, error) {
	n, err := load(d)
	if err != nil {
		return nil, err
	}
	return r.openVAD(n)
}

func (r *Runtime) openVAD(n *network) (*VAD, error) {
	if err := isSilero(n); err != nil {
		return nil, err
	}
	v := &voiceNetwork{}
	rate, err := ort.NewScalar[int64](SampleRate)
	if err != nil {
		return nil, fmt.Errorf("VAD: %w", err)
	}
	inputs, outputs := []io{{"sr", rate}}, []io{}
	for _, x := range []struct {
		list *[]io
		name string
		mem  *[]float32
		dims []int64
	}{
		{&inputs, "input", &v.in, []int64{1, vadChunk}},
		{&inputs, "h", &v.state[0], []int64{2, 1, 64}},
		{&inputs, "c", &v.state[1], []int64{2, 1, 64}},
		{&outputs, "output", &v.out, []int64{1, 1}},
		{&outputs, "hn", &v.next[0], []int64{2, 1, 64}},
		{&outputs, "cn", &v.next[1], []int64{2, 1, 64}},
	} {
		t, mem, err := tensor(x.dims...)
		if err != nil {
			return nil, err
		}
		*x.list, *x.mem = append(*x.list, io{x.name, t}), mem
	}
	if v.s, err = r.session("model file "+n.file, n.bytes, inputs, outputs); err != nil {
		return nil, err
	}
	if err := v.s.run(); err != nil {
		return nil, errors.Join(n.wrong("Silero VAD", "it does not run on %d samples: %v", vadChunk, err), v.close())
	}
	vad := &VAD{net: v, state: v.state}
	vad.Reset()
	return vad, nil
}

func (v *voiceNetwork) push(pcm *[Hop]float32) (scores [2]float32, err error) {
	for half := range scores {
		copy(v.in, pcm[half*vadChunk:])
		if err := v.s.run(); err != nil {
			return scores, err
		}
		for i := range v.state {
			copy(v.state[i], v.next[i])
		}
		scores[half] = v.out[0]
	}
	return scores, nil
}

func (v *voiceNetwork) close() error { return v.s.close() }

func isSilero(n *network) error {
	const what = "Silero VAD with inputs input, sr, h, c"
	g := n.model.Graph
	have := map[string]onnx.Value{}
	for _, x := range append(append([]onnx.Value{}, g.Inputs...), g.Outputs...) {
		have[x.Name] = x
	}
	state := []int64{2, 1, 64}
	for _, want := range []onnx.Value{
		{Name: "input", Type: onnx.Float32, Dims: []int64{1, vadChunk}},
		{Name: "sr", Type: onnx.Int64},
		{Name: "h", Type: onnx.Float32, Dims: state}, {Name: "c", Type: onnx.Float32, Dims: state},
		{Name: "output", Type: onnx.Float32, Dims: []int64{1, 1}},
		{Name: "hn", Type: onnx.Float32, Dims: state}, {Name: "cn", Type: onnx.Float32, Dims: state},
	} {
		got, ok := have[want.Name]
		if !ok || got.Type != want.Type || !got.Fits(want.Dims...) {
			return n.wrong(what, "%s %v %s is not there", want.Name, want.Dims, want.Type)
		}
	}
	if len(g.Inputs) != 4 || len(g.Outputs) != 3 {
		return n.wrong(what, "it has %d inputs and %d outputs, not 4 and 3", len(g.Inputs), len(g.Outputs))
	}
	return nil
}

// Push adds one hop and returns the voice scores in [0, 1] of its two halves.
// openWakeWord divides samples by 32767 and uses the mean of the two as the
// hop's score; Gate does the same.
func (v *VAD) Push(pcm *[Hop]int16) (scores [2]float32, err error) {
	for i, s := range pcm {
		v.in[i] = float32(s) / 32767
	}
	if scores, err = v.net.push(&v.in); err != nil {
		err = fmt.Errorf("VAD: %w", err)
	}
	return scores, err
}

// Reset forgets all sound.
func (v *VAD) Reset() {
	for i := range v.state {
		clear(v.state[i])
	}
}

// vadState is the size in bytes of the state of a VAD: h and c, [2 1 64] float32 each.
const vadState = 4 * 2 * 2 * 64

// AppendState appends everything that the VAD remembers of the sound so far: the bits of h and then of c, little-endian.
// Two VADs of the same network with the same state score what follows alike, bit for bit.
func (v *VAD) AppendState(b []byte) []byte {
	for _, part := range v.state {
		for _, x := range part {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	return b
}

// SetState replaces everything that the VAD remembers with what AppendState
// appended.
func (v *VAD) SetState(b []byte) error {
	if len(b) != vadState {
		return fmt.Errorf("VAD: a state of %d bytes, not %d", len(b), vadState)
	}
	for _, part := range v.state {
		for i := range part {
			part[i], b = math.Float32frombits(binary.LittleEndian.Uint32(b)), b[4:]
		}
	}
	return nil
}

// Close frees its network.
func (v *VAD) Close() error { return v.net.close() }
