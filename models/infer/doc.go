// Package infer runs openWakeWord's networks on sound, one 80 ms hop at a time.
//
// Guarantees:
//
//   - Nothing that a hop does allocates Go memory, and the cost of a hop does
//     not depend on how long the process has been listening.
//   - The embedding of a hop is the one that openWakeWord computes from the
//     last 76 mel frames. The streaming form of the network and the FFT mel
//     are used only after they were proved equal to the original networks on this very
//     machine; otherwise the originals run.
//   - It runs the bytes and the open library that it is given, and opens no
//     model by its path.
//   - A file that is no model, or another kind of model, is refused with an
//     error that names it before the inference library sees it.
//   - A score is masked until its window holds nothing but real sound.
//
// Sound is 16 kHz mono int16. A hop is 1280 samples. The algorithm is that of
// openWakeWord 0.6 (utils.py, model.py, vad.py).
//
// Values of this package are not safe for concurrent use: one goroutine at a
// time owns an Extractor, a Head or a VAD, and closes it. Several may exist
// side by side, owned by different goroutines.
package infer

// Sizes of openWakeWord's features.
const (
	SampleRate = 16000
	Hop        = 1280       // samples, 80 ms
	lead       = 480        // samples before the hop that the mel frames need
	span       = lead + Hop // samples of one mel call
	MelBins    = 32
	melFrames  = 8 // new mel frames a hop
	melRows    = melFrames * MelBins
	window     = 76 // mel frames an embedding looks at
	Embedding  = 96 // floats
)
