package infer

// fullWindows runs the original embedding network on all 76 frames every hop.
type fullWindows struct {
	s   *session
	in  []float32 // 76 frames of 32 bins, oldest first
	out []float32
}

func (r *Runtime) openFullWindows(n *network) (*fullWindows, error) {
	const what = "embedding network"
	in, out, err := n.one(what)
	if err != nil {
		return nil, err
	}
	if !in.Fits(1, window, MelBins, 1) || !out.Fits(1, 1, 1, Embedding) {
		return nil, n.wrong(what, "it maps %v to %v, not [1 %d %d 1] to [1 1 1 %d]", in.Dims, out.Dims, window, MelBins, Embedding)
	}
	inT, inMem, err := tensor(1, window, MelBins, 1)
	if err != nil {
		return nil, err
	}
	outT, outMem, err := tensor(1, 1, 1, Embedding)
	if err != nil {
		return nil, err
	}
	e := &fullWindows{in: inMem, out: outMem}
	if e.s, err = r.session("model file "+n.file, n.bytes, []io{{in.Name, inT}}, []io{{out.Name, outT}}); err != nil {
		return nil, err
	}
	if err := e.s.run(); err != nil {
		e.close()
		return nil, n.wrong(what, "it does not run on %d frames: %v", window, err)
	}
	return e, nil
}

func (e *fullWindows) push(rows *[melRows]float32, out *[Embedding]float32) error {
	copy(e.in, e.in[melRows:])
	copy(e.in[len(e.in)-melRows:], rows[:])
	if err := e.s.run(); err != nil {
		return err
	}
	copy(out[:], e.out)
	return nil
}

func (e *fullWindows) reset() error {
	for i := range e.in {
		e.in[i] = 1
	}
	return nil
}

func (e *fullWindows) close() error { return e.s.close() }
