package memo

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/models"
	"orac/models/wake"
)

// Recording is a recording that a Memo has written. It needs neither networks nor cgo, and may be used by many goroutines.
type Recording struct {
	// Again tells people how to record again; errors end with it.
	Again string

	networks []string // SHA-256
	models   map[identity]recordedModel
	features *table[*[96]float32]
	scores   *table[*score]
	voices   *table[*voice]
}

type recordedModel struct {
	window int
	says   wake.Model
}

// Recorded reads a recording. It refuses one that is damaged, or was made with networks other than the catalogue's.
func Recorded(r io.Reader) (*Recording, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxRecording+1))
	if err != nil {
		return nil, fmt.Errorf("recording of inference: %w", err)
	}
	rec, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("recording of inference: %w; record it anew with real inference", err)
	}
	for i, name := range networks {
		if e, err := models.Find(name); err != nil || e.SHA256 != rec.networks[i] {
			return nil, fmt.Errorf("recording of inference: it was made with another %s (SHA-256 %.12s…); record it anew with real inference", name, rec.networks[i])
		}
	}
	return rec, nil
}

// Inference replays the recording. A hop that is not in it is an error of the network that received it.
func (r *Recording) Inference() graph.Inference {
	again := r.Again
	if again == "" {
		again = "record it anew with real inference"
	}
	f, s, v := &features{table: r.features, again: again}, &scores{table: r.scores, again: again}, &voices{table: r.voices, again: again}
	find := func(m graph.ModelFile) (recordedModel, error) {
		known, ok := r.models[identify(m)]
		if !ok {
			return known, fmt.Errorf("recorded inference: %s (%s) was not there when it was recorded; %s", m.Address, m.Source, again)
		}
		return known, nil
	}
	return graph.Inference{
		Extractor: f.open, Gate: v.open,
		Model: func(m graph.ModelFile) (wake.Model, error) {
			known, err := find(m)
			return known.says, err
		},
		Head: func(m graph.ModelFile) (node.Classifier, error) {
			known, err := find(m)
			if err != nil {
				return nil, err
			}
			return s.open(&model{key: identify(m).key(), window: known.window}, m.Name), nil
		},
	}
}

// Stats counts the hops that were replayed. A miss ends the node in which it happens.
func (r *Recording) Stats() Stats {
	return Stats{Features: r.features.counts(), Scores: r.scores.counts(), Voices: r.voices.counts()}
}

// absent returns the error for an input that a recording does not hold. hop counts from 0 since the network was opened.
func absent(what string, hop int64, again string) error {
	return fmt.Errorf("recorded inference: hop %d that %s was given is not in the recording: the sound, or the moment at which it "+
		"began, is another than in the run that was recorded; %s", hop, what, again)
}

var errCut = errors.New("the file ends too early")

// parse reads a file of the format of record.go. It accepts only what encode would write.
func parse(b []byte) (*Recording, error) {
	switch {
	case len(b) > MaxRecording:
		return nil, fmt.Errorf("it is larger than %d MiB", MaxRecording>>20)
	case !bytes.HasPrefix(b, []byte(magic)):
		return nil, errors.New("it is no recording of inference")
	case len(b) < len(magic)+4+sha256.Size:
		return nil, errCut
	}
	if v := binary.LittleEndian.Uint32(b[len(magic):]); v != version {
		return nil, fmt.Errorf("it has version %d; this program reads version %d", v, version)
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(want[:], sum) {
		return nil, errors.New("it is damaged: its checksum is wrong")
	}
	d := &decoder{rest: body[len(magic)+4:]}
	r := d.recording()
	if d.err == nil && len(d.rest) > 0 {
		d.fail(fmt.Errorf("%d bytes are left over", len(d.rest)))
	}
	return r, d.err
}

// decoder decodes a recording. After an error it returns zeros.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err, d.rest = err, nil
	}
}

func (d *decoder) take(n int) []byte {
	if len(d.rest) < n {
		d.fail(errCut)
		return make([]byte, n) // n is at most maxString
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) uint8() int  { return int(d.take(1)[0]) }
func (d *decoder) uint16() int { return int(binary.LittleEndian.Uint16(d.take(2))) }

// count reads the number of parts that follow, each of at least size bytes.
func (d *decoder) count(most int64, size int) int {
	n := int64(binary.LittleEndian.Uint32(d.take(4)))
	if n > most || n*int64(size) > int64(len(d.rest)) {
		d.fail(fmt.Errorf("it says that %d parts follow, which is too many", n))
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.uint16()
	if n > maxString {
		d.fail(fmt.Errorf("a name of %d bytes", n))
		return ""
	}
	return string(d.take(n))
}

func (d *decoder) key() Key { return Key(d.take(len(Key{}))) }

func (d *decoder) floats(to []float32) {
	for i := range to {
		to[i] = math.Float32frombits(binary.LittleEndian.Uint32(d.take(4)))
	}
}

func (d *decoder) recording() *Recording {
	r := &Recording{
		models: map[identity]recordedModel{}, features: newTable[*[96]float32](0), scores: newTable[*score](0), voices: newTable[*voice](0),
	}
	for range networks {
		r.networks = append(r.networks, d.string())
	}
	var last identity
	for i := range d.count(maxModels, 11) {
		id := identity{d.string(), d.string(), d.string()}
		if i > 0 && last.compare(id) >= 0 {
			d.fail(errOrder)
		}
		r.models[id], last = d.model(), id
	}
	each(d, 16+4*96, func(k Key) {
		v := new([96]float32)
		d.floats(v[:])
		r.features.put(k, v)
	})
	each(d, 16+2, func(k Key) {
		masked, classes := d.uint8(), d.uint8()
		if masked > 1 || classes > node.MaxClasses {
			d.fail(fmt.Errorf("a score of %d classes with the mask %d", classes, masked))
			return
		}
		v := &score{masked: masked == 1, values: make([]float32, classes)}
		d.floats(v.values)
		r.scores.put(k, v)
	})
	each(d, 16+4+16, func(k Key) {
		var value [1]float32
		d.floats(value[:])
		r.voices.put(k, &voice{value: value[0], after: d.key()})
	})
	return r
}

var errOrder = errors.New("its parts are not in order")

// each reads a list of parts that begin with their keys.
func each(d *decoder, size int, part func(Key)) {
	var last Key
	for i := range d.count(math.MaxUint32, size) {
		k := d.key()
		if i > 0 && last.compare(k) >= 0 {
			d.fail(errOrder)
		}
		if d.err != nil {
			return
		}
		part(k)
		last = k
	}
}

func (d *decoder) model() (m recordedModel) {
	m.window, m.says.Classes = d.uint16(), d.uint8()
	if m.window < 1 || m.window > maxWindow || m.says.Classes > node.MaxClasses {
		d.fail(fmt.Errorf("a model with a window of %d and %d classes", m.window, m.says.Classes))
	}
	labels := d.uint8()
	if labels > maxLabels {
		d.fail(fmt.Errorf("a model of %d labels", labels))
	}
	for range min(labels, maxLabels) {
		m.says.Labels = append(m.says.Labels, d.string())
	}
	ignored := d.uint8()
	if ignored > node.MaxClasses {
		d.fail(fmt.Errorf("a model that ignores %d classes", ignored))
	}
	for range min(ignored, node.MaxClasses) {
		m.says.Ignored = append(m.says.Ignored, d.uint8())
	}
	return m
}
