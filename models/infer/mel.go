package infer

// openMel gives the mel front end: the original network.
func (r *Runtime) openMel(c Config, f *Forms) (mel, error) {
	n, err := load(c.Mel)
	if err != nil {
		return nil, err
	}
	m, err := r.openMelNetwork(n)
	if err != nil {
		return nil, err
	}
	f.Mel = "onnx"
	return m, nil
}
