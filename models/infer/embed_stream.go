package infer

import (
	"orac/models/onnx"
)

// streaming runs the incremental form of the embedding network on the 8 new
// frames of a hop.
//
// The tensor of a state is input and output of the same run, in the same memory.
// The form that onnx.Stream builds makes that sound: state_i is read by one
// Concat only, and state_i_out is written by a Slice of that Concat's result, so
// the write cannot come before the read. It is proved with the rest when the form
// is built (see prove), and saves copying or swapping 37 KiB a hop.
type streaming struct {
	s      *session
	in     []float32
	out    []float32
	states [][]float32
	start  [][]float32 // the states after a past of only ones
}

func (r *Runtime) openStreaming(name string, f *onnx.Streamed) (*streaming, error) {
	e := &streaming{}
	in, inMem, err := tensor(f.Input.Dims...)
	if err != nil {
		return nil, err
	}
	out, outMem, err := tensor(1, 1, 1, Embedding)
	if err != nil {
		return nil, err
	}
	e.in, e.out = inMem, outMem
	inputs, outputs := []io{{f.Input.Name, in}}, []io{{f.Output.Name, out}}
	for _, st := range f.States {
		t, mem, err := tensor(st.Dims...)
		if err != nil {
			return nil, err
		}
		e.states = append(e.states, mem)
		inputs, outputs = append(inputs, io{st.In, t}), append(outputs, io{st.Out, t})
	}
	if e.s, err = r.session(name, f.Model, inputs, outputs); err != nil {
		return nil, err
	}
	if err := e.settle(); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// settle computes the states after a past of only ones. A state depends on at
// most the 76 newest frames, so feeding at least as many from states of zeros
// gives exactly the states that 76 ones leave.
func (e *streaming) settle() error {
	for i := range e.in {
		e.in[i] = 1
	}
	for range (window + melFrames - 1) / melFrames {
		if err := e.s.run(); err != nil {
			return err
		}
	}
	for _, st := range e.states {
		e.start = append(e.start, append([]float32(nil), st...))
	}
	return nil
}

func (e *streaming) push(rows *[melRows]float32, out *[Embedding]float32) error {
	copy(e.in, rows[:])
	if err := e.s.run(); err != nil {
		return err
	}
	copy(out[:], e.out)
	return nil
}

func (e *streaming) reset() error {
	for i, st := range e.start {
		copy(e.states[i], st)
	}
	return nil
}

func (e *streaming) close() error { return e.s.close() }
