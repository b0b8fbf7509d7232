package stttest

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"time"
)

const (
	// SpeechTime is how long whatever is spoken lasts.
	SpeechTime = 1200 * time.Millisecond
	// SpeechTone is its sound: a tone of so many Hz, which no chime has.
	SpeechTone = 2400
)

// speech speaks a text, as OpenAI's interface for speech does.
func (s *Server) speech(x exchange, w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return
	}
	x.note(func(h *Heard) { h.Body, h.Whole = data, true })
	var asked struct{ Input string }
	if json.Unmarshal(data, &asked) != nil || asked.Input == "" {
		x.refuse(w, http.StatusUnprocessableEntity, "input: Field required")
		return
	}
	if !x.gate() || x.misbehave(w, r) {
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	if _, err := w.Write(Tone(SpeechTone, SpeechTime)); err == nil {
		x.answered()
	}
}

// Tone is a WAV file of a tone: 48 kHz, mono, 16 bits.
func Tone(hz float64, long time.Duration) []byte {
	const rate, level = 48000, 12000
	n := int(long * rate / time.Second)
	le := binary.LittleEndian
	b := append(make([]byte, 0, 44+2*n), "RIFF"...)
	b = append(le.AppendUint32(b, uint32(36+2*n)), "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1) // PCM
	b = le.AppendUint16(b, 1) // channel
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, 2*rate)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = le.AppendUint32(append(b, "data"...), uint32(2*n))
	for i := range n {
		b = le.AppendUint16(b, uint16(int16(level*math.Sin(2*math.Pi*hz*float64(i)/rate))))
	}
	return b
}
