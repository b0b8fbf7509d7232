package memo

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"

	"orac/appliance/node"
	"orac/models"
)

// The format of a recording. All numbers are little-endian; a string is its length (uint16) and its bytes.
//
//	"orac-inf", version uint32
//	the SHA-256 of the extractor's networks and of the voice gate's, as in the catalogue: 3 strings
//	models, uint32: name, source, sha256 (strings); window uint16; classes uint8;
//	    labels, uint8: strings; ignored classes, uint8: uint8 each
//	features, uint32: key [16]byte, embedding [96]float32
//	scores, uint32: key [16]byte, masked uint8 (0 or 1), classes uint8, scores [classes]float32
//	voices, uint32: key [16]byte, value float32, key of the state after it [16]byte
//	SHA-256 of all that
//
// Models are ordered by name, source and sha256, everything else by key: the same run always produces the same recording.
const (
	magic   = "orac-inf"
	version = 1

	// MaxRecording is the size of the largest recording that is read or written, in bytes: 2.5 hours of sound without
	// repetition, with one model and the voice gate.
	MaxRecording = 64 << 20

	maxModels = 256
	maxString = 4096
	maxLabels = 64
	maxWindow = 1024 // embeddings
)

// networks are the ones that all models share, by their names in the catalogue.
var networks = []string{"melspectrogram", "embedding_model", "silero_vad"}

// WriteTo writes a recording of everything that is remembered, for Recorded. It fails if the memory is incomplete:
// something was forgotten, or was not memoised.
func (m *Memo) WriteTo(w io.Writer) (int64, error) {
	s := m.Stats()
	if n := s.Features.Evicted + s.Scores.Evicted + s.Voices.Evicted; n > 0 {
		return 0, fmt.Errorf("recording: %d outputs of the run are forgotten already; record less, or raise the limits", n)
	}
	if s.Bypassed > 0 {
		return 0, fmt.Errorf("recording: %d heads and voice gates of the run cannot be memoised, nor recorded", s.Bypassed)
	}
	r := &Recording{
		models: map[identity]recordedModel{}, features: m.features.table, scores: m.scores.table, voices: m.voices.table,
	}
	for _, name := range networks {
		e, err := models.Find(name)
		if err != nil {
			return 0, fmt.Errorf("recording: %w", err)
		}
		r.networks = append(r.networks, e.SHA256)
	}
	m.mu.Lock()
	for id, known := range m.models {
		r.models[id] = recordedModel{window: known.window, says: m.says[id]}
	}
	m.mu.Unlock()
	b, err := r.encode()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(b)
	return int64(n), err
}

// encode returns the file of a recording.
func (r *Recording) encode() ([]byte, error) {
	var e encoder
	e.b = append(e.b, magic...)
	e.uint32(version)
	for _, sum := range r.networks {
		e.string(sum)
	}
	e.uint32(len(r.models))
	for _, id := range slices.SortedFunc(maps.Keys(r.models), identity.compare) {
		e.model(id, r.models[id])
	}
	embeddings, scores, voices := r.features.all(), r.scores.all(), r.voices.all()
	e.uint32(len(embeddings))
	for _, k := range sorted(embeddings) {
		e.b = append(e.b, k[:]...)
		e.floats(embeddings[k][:])
	}
	e.uint32(len(scores))
	for _, k := range sorted(scores) {
		v := scores[k]
		masked := byte(0)
		if v.masked {
			masked = 1
		}
		e.limit("classes of a head", len(v.values), node.MaxClasses)
		e.b = append(append(e.b, k[:]...), masked, byte(len(v.values)))
		e.floats(v.values)
	}
	e.uint32(len(voices))
	for _, k := range sorted(voices) {
		v := voices[k]
		e.b = append(e.b, k[:]...)
		e.floats([]float32{v.value})
		e.b = append(e.b, v.after[:]...)
	}
	e.limit("models", len(r.models), maxModels)
	sum := sha256.Sum256(e.b)
	e.b = append(e.b, sum[:]...)
	e.limit("bytes", len(e.b), MaxRecording)
	return e.b, e.err
}

type encoder struct {
	b   []byte
	err error // what does not fit the format
}

func (e *encoder) limit(what string, n, most int) {
	if n > most && e.err == nil {
		e.err = fmt.Errorf("recording: %d %s; at most %d can be recorded", n, what, most)
	}
}

func (e *encoder) uint32(n int) { e.b = binary.LittleEndian.AppendUint32(e.b, uint32(n)) }

func (e *encoder) string(s string) {
	e.limit("bytes of a name", len(s), maxString)
	e.b = append(binary.LittleEndian.AppendUint16(e.b, uint16(len(s))), s...)
}

func (e *encoder) floats(list []float32) {
	for _, v := range list {
		e.b = appendFloat(e.b, v)
	}
}

func (e *encoder) model(id identity, m recordedModel) {
	e.string(id.name)
	e.string(id.source)
	e.string(id.sha256)
	e.b = binary.LittleEndian.AppendUint16(e.b, uint16(m.window))
	e.limit("classes of a model", m.says.Classes, node.MaxClasses)
	e.limit("labels of a model", len(m.says.Labels), maxLabels)
	e.limit("ignored classes of a model", len(m.says.Ignored), node.MaxClasses)
	e.b = append(e.b, byte(m.says.Classes), byte(len(m.says.Labels)))
	for _, label := range m.says.Labels {
		e.string(label)
	}
	e.b = append(e.b, byte(len(m.says.Ignored)))
	for _, class := range m.says.Ignored {
		e.b = append(e.b, byte(class))
	}
}

func sorted[V any](m map[Key]V) []Key { return slices.SortedFunc(maps.Keys(m), Key.compare) }

func (id identity) compare(other identity) int {
	return bytes.Compare(id.bytes(), other.bytes())
}

func (id identity) bytes() []byte {
	return fmt.Appendf(nil, "%q", []string{id.name, id.source, id.sha256})
}
