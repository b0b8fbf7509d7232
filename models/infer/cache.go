package infer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"orac/models/atomicfile"
	"orac/models/onnx"
)

// The proved streaming form is kept beside its model as
// NAME.streaming-KEY.onnx. KEY is derived from the model's bytes, the version
// of the rewriting, the runtime's version and the processor's architecture: if
// one of them changes, the form is proved again. The file is an ordinary ONNX
// model.
//
// The form is derived again at every start, which takes milliseconds, and the
// file must be equal to it, byte for byte. A damaged or forged file is
// therefore never run. The file only saves repeating the proof.

func (r *Runtime) cacheFile(n *network) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %s\n", onnx.StreamVersion, r.Version(), runtime.GOARCH)
	h.Write(n.bytes)
	key := hex.EncodeToString(h.Sum(nil))[:12]
	return strings.TrimSuffix(n.file, filepath.Ext(n.file)) + ".streaming-" + key + ".onnx"
}

// proved tells whether this very form was proved before.
func (r *Runtime) proved(n *network, f *onnx.Streamed) bool {
	file := r.cacheFile(n)
	info, err := os.Stat(file)
	if err != nil || info.Size() != int64(len(f.Model)) {
		return false
	}
	b, err := os.ReadFile(file)
	return err == nil && bytes.Equal(b, f.Model)
}

// remember writes a proved form to the cache. It reports no failure, because a
// failure only costs another proof at the next start.
func (r *Runtime) remember(n *network, f *onnx.Streamed) {
	_ = atomicfile.WriteFile(r.cacheFile(n), f.Model, 0o644)
}
