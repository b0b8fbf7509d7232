package infer

// openEmbedding gives the embedding network on full windows.
func (r *Runtime) openEmbedding(c Config, f *Forms) (embedder, error) {
	n, err := load(c.Embedding)
	if err != nil {
		return nil, err
	}
	e, err := r.openFullWindows(n)
	if err != nil {
		return nil, err
	}
	f.Embedding = "full"
	return e, nil
}
