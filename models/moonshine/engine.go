package moonshine

import (
	"errors"
	"fmt"
	"time"

	ort "github.com/yalue/onnxruntime_go"

	"orac/models/infer"
)

// Options change how an engine works. The zero value is what ORAC uses.
type Options struct {
	// Least is the confidence below which a text is not believed; 0 means DefaultLeast, and a negative number believes everything.
	Least float64
}

// DefaultLeast is the confidence below which a text is not believed: models/README.md says how it was measured.
const DefaultLeast = 0.4

// Engine turns speech into text.
type Engine struct {
	shape   shape
	encoder *infer.Network
	decoder *infer.Network
	gate    *infer.VAD
	words   *vocabulary
	least   float64
}

// Open loads an engine. A file that is not what it should be is refused by its name. A model whose encoder and decoder are of
// different sizes is refused, too.
func Open(networks *infer.Engine, files Files, o Options) (_ *Engine, err error) {
	r, err := networks.Runtime()
	if err != nil {
		return nil, err
	}
	e := &Engine{least: o.Least}
	if e.least == 0 {
		e.least = DefaultLeast
	}
	if e.words, err = readVocabulary(files.Vocabulary); err != nil {
		return nil, err
	}
	shape, decoder, err := judge(files)
	if err != nil {
		return nil, err
	}
	e.shape = shape
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	if e.gate, err = networks.OpenVAD(files.Voice); err != nil {
		return nil, err
	}
	if e.encoder, err = r.OpenNetwork(files.Encoder, []string{soundIn}, []string{hiddenOut}); err != nil {
		return nil, err
	}
	if e.decoder, err = r.OpenNetwork(decoder, e.shape.inputs(), e.shape.outputs()); err != nil {
		return nil, err
	}
	if err = e.try(); err != nil {
		return nil, err
	}
	return e, nil
}

// try runs the networks once: a network may load and still not run.
func (e *Engine) try() error {
	_, err := e.transcribe(make([]float32, Rate/2), func() bool { return false })
	if err != nil {
		return fmt.Errorf("the networks do not run on half a second of silence: %w", err)
	}
	return nil
}

// Close frees the networks.
func (e *Engine) Close() error {
	var errs []error
	for _, n := range []*infer.Network{e.encoder, e.decoder} {
		if n != nil {
			errs = append(errs, n.Close())
		}
	}
	if e.gate != nil {
		errs = append(errs, e.gate.Close())
	}
	e.encoder, e.decoder, e.gate = nil, nil, nil
	return errors.Join(errs...)
}

// Transcribe says what is spoken in a sound of 16 kHz, one channel, at most MaxSound. It asks stop between its steps, each of some tens of
// milliseconds at most, and returns ErrStopped where that says so; nil never stops. A sound without text is no error: the transcript
// says why it has none.
func (e *Engine) Transcribe(pcm []int16, stop func() bool) (Transcript, error) {
	if length := lengthOf(len(pcm)); length > MaxSound {
		return Transcript{}, fmt.Errorf("a sound of %.1f s is %w: the limit is %v", length.Seconds(), ErrTooLong, MaxSound)
	}
	if stop == nil {
		stop = func() bool { return false }
	}
	from, to, nothing, err := e.speech(pcm)
	if err != nil || nothing != "" {
		return Transcript{Nothing: nothing}, err
	}
	sound := make([]float32, to-from)
	for i, x := range pcm[from:to] {
		sound[i] = float32(x) / 32768
	}
	said, err := e.transcribe(sound, stop)
	if err != nil {
		return Transcript{}, err
	}
	t := e.words.transcript(said, e.least)
	t.From, t.To = lengthOf(from), lengthOf(to)
	return t, nil
}

func lengthOf(samples int) time.Duration { return time.Duration(samples) * time.Second / Rate }

// transcribe runs the networks on a sound.
func (e *Engine) transcribe(sound []float32, stop func() bool) (said, error) {
	if stop() {
		return said{}, ErrStopped
	}
	in, err := ort.NewTensor(ort.NewShape(1, int64(len(sound))), sound)
	if err != nil {
		return said{}, fmt.Errorf("sound for the encoder: %w", err)
	}
	defer in.Destroy()
	hidden, err := e.encoder.Run(in)
	if err != nil {
		return said{}, err
	}
	defer hidden[0].Destroy()
	return e.decode(hidden[0], most(len(sound)), stop)
}
