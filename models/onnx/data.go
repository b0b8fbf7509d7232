package onnx

// Data is a model file that was read once: what was checked of it is what runs.
type Data struct {
	Path  string // names the file in errors, and says where the proof of a form is kept; it is not read again
	Bytes []byte // all of it, at most MaxFile; they do not change
}
