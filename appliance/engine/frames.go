package engine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"orac/appliance/stt"
	"orac/appliance/stt/wire"
)

// Both sides write frames: the magic "ore", a kind, the length of the payload as a little-endian uint32, the payload.
const (
	kindJob    = 'J' // to the worker: number of the job (uint64), int16 samples at 16 kHz; all little-endian
	kindCancel = 'C' // to the worker: number of a job that nobody waits for any more
	kindReady  = 'R' // from the worker, first: JSON ready
	kindAnswer = 'A' // from the worker: JSON answer, one to each job
	kindError  = 'E' // from the worker, last: JSON failure
)

const (
	magic      = "ore"
	headerSize = 8
	numberSize = 8
	// maxSamples is the longest sound of a job. Utterances are shorter: see stt.MaxSpeech.
	maxSamples = 30 * 16000
	maxJSON    = 64 << 10
)

// ready is what a worker reports when its model is loaded.
type ready struct {
	Model string `json:"model"`
}

// answer is what a worker says to a job.
type answer struct {
	Job        uint64  `json:"job"`
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
	Nothing    string  `json:"nothing,omitempty"` // why there is no text
	Error      string  `json:"error,omitempty"`   // the engine failed on this job, and goes on
	Refused    bool    `json:"refused,omitempty"` // with an error: this sound will never be accepted
	Cancelled  bool    `json:"cancelled,omitempty"`
}

// failure is why a worker gives up.
type failure struct {
	Message string `json:"message"`
}

// errGarbage means that the other side does not speak the protocol.
var errGarbage = errors.New("malformed frames")

// sizes bounds the payload of a kind of frame; least is above most if there is no such kind in that direction.
type sizes func(kind byte) (least, most int)

func toWorker(kind byte) (least, most int) {
	switch kind {
	case kindJob:
		return numberSize, numberSize + 2*maxSamples
	case kindCancel:
		return numberSize, numberSize
	}
	return 1, 0
}

func fromWorker(kind byte) (least, most int) {
	switch kind {
	case kindReady, kindAnswer, kindError:
		return 2, maxJSON
	}
	return 1, 0
}

// frameReader reads frames. It never holds more than the longest frame of its direction.
type frameReader struct {
	r     io.Reader
	sizes sizes
	head  [headerSize]byte
}

// next returns the kind of the next frame and its payload. io.EOF: the other side ended between two frames.
func (f *frameReader) next() (kind byte, payload []byte, err error) {
	if _, err := io.ReadFull(f.r, f.head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: the end in the middle of a frame's header", errGarbage)
		}
		return 0, nil, err
	}
	if string(f.head[:len(magic)]) != magic {
		return 0, nil, fmt.Errorf("%w: a frame begins with %q", errGarbage, f.head[:])
	}
	kind = f.head[len(magic)]
	n := binary.LittleEndian.Uint32(f.head[4:])
	if least, most := f.sizes(kind); int64(n) < int64(least) || int64(n) > int64(most) {
		return 0, nil, fmt.Errorf("%w: a frame %q of %d bytes", errGarbage, kind, n)
	}
	payload = make([]byte, n)
	if _, err := io.ReadFull(f.r, payload); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: the end in the middle of a frame %q", errGarbage, kind)
		}
		return 0, nil, err
	}
	return kind, payload, nil
}

func frame(kind byte, length int) []byte {
	b := append(make([]byte, 0, headerSize+length), magic...)
	return binary.LittleEndian.AppendUint32(append(b, kind), uint32(length))
}

// jsonFrame is a frame of JSON.
func jsonFrame(kind byte, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil || len(b) > maxJSON {
		panic(fmt.Sprintf("BUG: engine: a frame of %d bytes: %v", len(b), err))
	}
	return append(frame(kind, len(b)), b...)
}

func jobFrame(number uint64, pcm []int16) []byte {
	b := binary.LittleEndian.AppendUint64(frame(kindJob, numberSize+2*len(pcm)), number)
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func cancelFrame(number uint64) []byte {
	return binary.LittleEndian.AppendUint64(frame(kindCancel, numberSize), number)
}

// parseJob reads the payload of a job.
func parseJob(payload []byte) (number uint64, pcm []int16, err error) {
	sound := payload[numberSize:]
	if len(sound)%2 != 0 {
		return 0, nil, fmt.Errorf("%w: half a sample", errGarbage)
	}
	pcm = make([]int16, len(sound)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(sound[2*i:]))
	}
	return binary.LittleEndian.Uint64(payload), pcm, nil
}

func parseJSON(payload []byte, v any) error {
	if err := json.Unmarshal(payload, v); err != nil {
		return fmt.Errorf("%w: %w", errGarbage, err)
	}
	return nil
}

// result is what an answer says, within bounds.
func (a answer) result() (r stt.Result, err error) {
	if !(a.Confidence >= 0 && a.Confidence <= 1) || a.Text == "" && a.Nothing == "" {
		return r, fmt.Errorf("%w: an answer of no sense", errGarbage)
	}
	r = stt.Result{Text: wire.CleanText(a.Text), Confidence: a.Confidence, Nothing: wire.CleanText(a.Nothing)}
	if r.Text == "" && r.Nothing == "" {
		r.Nothing = "no words" // nothing but marks that no text may hold
	}
	r.Silence = r.Text == ""
	return r, nil
}
