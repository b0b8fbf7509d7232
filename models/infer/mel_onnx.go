package infer

// melNetwork runs the original mel spectrogram network on 1760 samples.
type melNetwork struct {
	s   *session
	in  []float32
	out []float32
}

func (r *Runtime) openMelNetwork(n *network) (*melNetwork, error) {
	const what = "mel spectrogram network"
	in, out, err := n.one(what)
	if err != nil {
		return nil, err
	}
	if !in.Fits(1, span) || len(out.Dims) != 4 || out.Dims[3] != MelBins {
		return nil, n.wrong(what, "it maps %v to %v, not [1 samples] to [frames 1 1 %d]", in.Dims, out.Dims, MelBins)
	}
	inT, inMem, err := tensor(1, span)
	if err != nil {
		return nil, err
	}
	outT, outMem, err := tensor(1, 1, melFrames, MelBins)
	if err != nil {
		return nil, err
	}
	m := &melNetwork{in: inMem, out: outMem}
	if m.s, err = r.session("model file "+n.file, n.bytes, []io{{in.Name, inT}}, []io{{out.Name, outT}}); err != nil {
		return nil, err
	}
	if err := m.s.run(); err != nil {
		m.close()
		return nil, n.wrong(what, "it does not run on %d samples: %v", span, err)
	}
	return m, nil
}

// decibels writes the network's own output, before scaling, to out.
func (m *melNetwork) decibels(pcm *[span]float32, out *[melRows]float32) error {
	copy(m.in, pcm[:])
	if err := m.s.run(); err != nil {
		return err
	}
	copy(out[:], m.out)
	return nil
}

func (m *melNetwork) run(pcm *[span]float32, out *[melRows]float32) error {
	if err := m.decibels(pcm, out); err != nil {
		return err
	}
	scale(out)
	return nil
}

// scale is openWakeWord's melspec_transform, x/10 + 2.
func scale(rows *[melRows]float32) {
	for i, v := range rows {
		rows[i] = v/10 + 2
	}
}

func (m *melNetwork) close() error { return m.s.close() }
