// Package infer runs openWakeWord's networks on sound, one 80 ms hop at a time.
//
// Guarantees:
//
//   - No hop allocates Go memory, and the cost of a hop does not depend on how long
//     the process has been listening.
//   - The embedding of a hop is the one that openWakeWord computes from the last 76
//     mel frames. Our kernels, the streaming form of the network and the FFT mel are
//     used only after they were proved to agree with the original networks on this
//     very machine; otherwise the originals run.
//   - An Engine loads ONNX Runtime only for a network that needs it. Those of the
//     catalogue do not, where kernels were built for the processor.
//   - It runs the bytes and the open library that it is given, and opens no model by
//     its path.
//   - A file that is not a model, or is another kind of model, is refused before the
//     inference library sees it; the error names the file.
//   - A score is masked until its window holds only real sound.
//
// Sound is 16 kHz mono int16. A hop is 1280 samples. The algorithm is the one
// of openWakeWord 0.6 (utils.py, model.py, vad.py).
//
// The values of this package are not safe for concurrent use: one goroutine at
// a time owns an Extractor, a Head or a VAD, and closes it. Different
// goroutines may each own one at the same time.
package infer

// Sizes of openWakeWord's features.
const (
	SampleRate = 16000
	Hop        = 1280       // samples, 80 ms
	lead       = 480        // samples before the hop that the mel frames need
	span       = lead + Hop // samples of one mel call
	MelBins    = 32
	melFrames  = 8 // new mel frames per hop
	melRows    = melFrames * MelBins
	window     = 76 // mel frames an embedding looks at
	Embedding  = 96 // floats
)
