package onnx

// Data is a model file that was read once, so that the bytes that were checked
// are the bytes that run.
type Data struct {
	Path  string // names the file in errors, and says where the proof of a form is kept; the file is not read again
	Bytes []byte // the whole file, at most MaxFile; they do not change
}
