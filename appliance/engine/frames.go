package engine

import (
	"encoding/binary"
	"fmt"

	"orac/appliance/child"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/models/moonshine/nothing"
)

// Both sides write frames of these kinds: see child.Protocol.
const (
	kindJob    = 'J' // to the worker: number of the job (uint64), int16 samples at 16 kHz; all little-endian
	kindCancel = 'C' // to the worker: number of a job that nobody waits for any more
	kindReady  = 'R' // from the worker, first: JSON ready
	kindAnswer = 'A' // from the worker: JSON answer, one to each job
	kindError  = 'E' // from the worker, last: JSON failure
)

const (
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

var toWorker = child.Protocol{Letters: "ore", Sizes: func(kind byte) (least, most int) {
	switch kind {
	case kindJob:
		return numberSize, numberSize + 2*maxSamples
	case kindCancel:
		return numberSize, numberSize
	}
	return 1, 0
}}

var fromWorker = child.Protocol{Letters: "ore", Sizes: func(kind byte) (least, most int) {
	switch kind {
	case kindReady, kindAnswer, kindError:
		return 2, maxJSON
	}
	return 1, 0
}}

// jsonFrame is a frame of JSON from the worker, which bounds all that it says.
func jsonFrame(kind byte, v any) []byte {
	b, err := fromWorker.JSON(nil, kind, v)
	if err != nil {
		panic("BUG: engine: " + err.Error())
	}
	return b
}

func jobFrame(number uint64, pcm []int16) []byte {
	b := binary.LittleEndian.AppendUint64(toWorker.Frame(make([]byte, 0, 16+2*len(pcm)), kindJob, numberSize+2*len(pcm)), number)
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func cancelFrame(number uint64) []byte {
	return binary.LittleEndian.AppendUint64(toWorker.Frame(nil, kindCancel, numberSize), number)
}

// parseJob reads the payload of a job.
func parseJob(payload []byte) (number uint64, pcm []int16, err error) {
	sound := payload[numberSize:]
	if len(sound)%2 != 0 {
		return 0, nil, fmt.Errorf("%w: half a sample", child.ErrGarbage)
	}
	pcm = make([]int16, len(sound)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(sound[2*i:]))
	}
	return binary.LittleEndian.Uint64(payload), pcm, nil
}

// result is what an answer says, within bounds.
func (a answer) result() (r stt.Result, err error) {
	if !(a.Confidence >= 0 && a.Confidence <= 1) || a.Text == "" && a.Nothing == "" {
		return r, fmt.Errorf("%w: an answer of no sense", child.ErrGarbage)
	}
	r = stt.Result{Text: wire.CleanText(a.Text), Confidence: a.Confidence, Nothing: wire.CleanText(a.Nothing)}
	if r.Text == "" && r.Nothing == "" {
		r.Nothing = string(nothing.Wordless) // nothing but marks that no text may hold
	}
	r.Silence = r.Text == ""
	return r, nil
}
