package onnx

import (
	"bytes"
	"fmt"
)

// foreign lists the kinds of files that people mistake for models, each with the bytes it
// begins with and the way out.
var foreign = []struct {
	at   int
	with string
	what string
}{
	{4, "TFL3", "it is a TensorFlow Lite model: take the .onnx file of the same wake word"},
	{0, "PK\x03\x04", "it is a ZIP archive or a PyTorch model: unpack it, or export the model to ONNX"},
	{0, "version https://git-lfs", "it is a pointer of Git LFS and not the file itself: download that"},
	{0, "<", "it is a web page: download the file itself, not the page that shows it"},
	{0, "{", "it is JSON: download the model itself"},
	{0, "\x1f\x8b", "it is compressed: unpack it with gunzip"},
}

// foreignFile returns an error for a file of another well-known kind, and nil for every other file.
func foreignFile(file []byte) error {
	for _, f := range foreign {
		if len(file) >= f.at && bytes.HasPrefix(file[f.at:], []byte(f.with)) {
			return fmt.Errorf("%w: %s", ErrMalformed, f.what)
		}
	}
	return nil
}
