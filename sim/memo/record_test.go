//go:build !race

package memo

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/models/wake"
	"orac/sim/trial/sound"
)

var alexa = graph.ModelFile{Model: graph.Model{Address: "model.alexa", Name: "alexa", Source: "catalog:alexa"}}

// listen lets inference hear a sound and gives all that it says, as bits.
func listen(i graph.Inference, m graph.ModelFile, pcm []int16) (bits []uint32, err error) {
	x, err := i.Extractor()
	if err != nil {
		return nil, err
	}
	defer x.Close()
	g, err := i.Gate()
	if err != nil {
		return nil, err
	}
	defer g.Close()
	w, err := i.Model(m)
	if err != nil {
		return nil, err
	}
	bits = append(bits, uint32(w.Classes))
	h, err := i.Head(m)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	for at := 0; at+audio.HopSamples <= len(pcm); at += audio.HopSamples {
		hop := (*[audio.HopSamples]int16)(pcm[at:])
		var e [96]float32
		if err := x.Push(hop, &e); err != nil {
			return bits, err
		}
		scores, masked, err := h.Push(&e)
		if err != nil {
			return bits, err
		}
		voice, err := g.Push(hop)
		if err != nil {
			return bits, err
		}
		for _, v := range append(append(e[:], scores...), voice) {
			bits = append(bits, math.Float32bits(v))
		}
		if masked {
			bits = append(bits, 1<<31)
		}
	}
	return bits, nil
}

func said(t *testing.T, i graph.Inference, m graph.ModelFile, pcm []int16) []uint32 {
	t.Helper()
	bits, err := listen(i, m, pcm)
	if err != nil {
		t.Fatal(err)
	}
	return bits
}

var phrase = sound.Join(sound.Silence(2*time.Second), sound.Word("alexa"), sound.Command(time.Second, 1), sound.Noise{Seed: 1, RMS: 100}.Of(time.Second))

func record(t testing.TB, sounds ...[]int16) []byte {
	t.Helper()
	m := Wrap(Modelled(), Limits{})
	for _, pcm := range sounds {
		if _, err := listen(m.Inference(), alexa, pcm); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if n, err := m.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatal(n, err)
	}
	return b.Bytes()
}

func TestARecordingSaysWhatWasSaid(t *testing.T) {
	file := record(t, phrase)
	if !bytes.Equal(file, record(t, phrase, phrase)) {
		t.Error("the same sounds gave another recording")
	}
	rec, err := Recorded(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !slices.Equal(said(t, rec.Inference(), alexa, phrase), said(t, Modelled(), alexa, phrase)) {
			t.Error("the recording says something else")
		}
	}
	if s := rec.Stats(); s.Features.Misses > 0 || s.Features.Hits == 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhatIsNotInARecordingIsAnError(t *testing.T) {
	rec, err := Recorded(bytes.NewReader(record(t, phrase)))
	if err != nil {
		t.Fatal(err)
	}
	rec.Again = "run: orac sim --record x"
	other := slices.Clone(phrase)
	other[20*audio.HopSamples+5]++
	_, err = listen(rec.Inference(), alexa, other)
	if err == nil || !strings.Contains(err.Error(), "hop 20 that the extractor") || !strings.HasSuffix(err.Error(), "run: orac sim --record x") {
		t.Errorf("another sound: %v", err)
	}
	_, err = listen(rec.Inference(), graph.ModelFile{Model: graph.Model{Address: "model.x", Name: "x", Source: "catalog:hey_jarvis"}}, phrase)
	if err == nil || !strings.Contains(err.Error(), "model.x (catalog:hey_jarvis) was not there") {
		t.Errorf("another model: %v", err)
	}
	h, err := rec.Inference().Head(alexa)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Push(&[96]float32{17}); err == nil || !strings.Contains(err.Error(), "hop 0 that the head of alexa") {
		t.Errorf("another embedding: %v", err)
	}
	g, err := rec.Inference().Gate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Push((*[audio.HopSamples]int16)(other[20*audio.HopSamples:])); err == nil || !strings.Contains(err.Error(), "hop 0 that the voice gate") {
		t.Errorf("another voice: %v", err)
	}
}

func TestARecordingThatIsNotWholeIsNotWritten(t *testing.T) {
	m := Wrap(Modelled(), Limits{Features: 5})
	said(t, m.Inference(), alexa, phrase)
	if _, err := m.WriteTo(new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "forgotten already") {
		t.Errorf("after forgetting: %v", err)
	}
	i := Modelled()
	i.Gate = func() (node.Gate, error) { return deaf{}, nil }
	m = Wrap(i, Limits{})
	said(t, m.Inference(), alexa, phrase)
	if _, err := m.WriteTo(new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "1 heads and voice gates") {
		t.Errorf("with a gate that is no value: %v", err)
	}
}

// deaf is a gate without a state that is a value.
type deaf struct{}

func (deaf) Push(*[audio.HopSamples]int16) (float32, error) { return 0.25, nil }
func (deaf) Reset()                                         {}
func (deaf) Close() error                                   { return nil }

// sealed gives a body its checksum.
func sealed(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(slices.Clone(body), sum[:]...)
}

func TestBadRecordingsAreRefused(t *testing.T) {
	good := record(t, phrase[:20*audio.HopSamples])
	body := good[:len(good)-sha256.Size]
	changed := func(at int, b ...byte) []byte {
		c := slices.Clone(body)
		copy(c[at:], b)
		return sealed(c)
	}
	flipped := slices.Clone(good)
	flipped[len(flipped)/2] ^= 1
	networks := len(magic) + 4
	models := networks + 3*(2+64)
	for name, tc := range map[string]struct {
		file []byte
		want string
	}{
		"empty":            {nil, "no recording"},
		"text":             {[]byte("<html>404</html>"), "no recording"},
		"cut":              {good[:len(good)-1], "checksum"},
		"nothing but name": {good[:len(magic)+4], "too early"},
		"one bit":          {flipped, "damaged"},
		"version":          {changed(len(magic), 2), "version 2; this program reads version 1"},
		"more":             {sealed(append(slices.Clone(body), 0)), "1 bytes are left over"},
		"other networks":   {changed(networks+2, 'x'), "another melspectrogram"},
		"many models":      {changed(models, 0xff, 0xff, 0xff, 0x7f), "too many"},
		"a short body":     {sealed(body[:len(body)-3]), "too many"},
		"too large":        {make([]byte, MaxRecording+1), "larger than 64 MiB"},
	} {
		_, err := Recorded(bytes.NewReader(tc.file))
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "record it anew") {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	if _, err := Recorded(failing{}); err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

// FuzzParse: what is taken is written again as it was, and says the same.
func FuzzParse(f *testing.F) {
	good := record(f, phrase[:2*audio.HopSamples])
	f.Add(good[:len(good)-sha256.Size])
	empty, err := (&Recording{networks: []string{"", "", ""}, features: newTable[*[96]float32](0), scores: newTable[*score](0), voices: newTable[*voice](0)}).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(empty[:len(empty)-sha256.Size])
	f.Fuzz(func(t *testing.T, body []byte) {
		file := sealed(body) // else nothing would come past the checksum
		r, err := parse(file)
		if err != nil {
			return
		}
		again, err := r.encode()
		if err != nil || !bytes.Equal(again, file) {
			t.Errorf("it is written as another file (%v)", err)
		}
	})
}

func TestModelsAreToldApart(t *testing.T) {
	seen := map[Key]string{}
	for name, m := range map[string]graph.Model{
		"catalogue":  {Name: "a", Source: "catalog:alexa"},
		"other name": {Name: "b", Source: "catalog:alexa"},
		"other":      {Name: "a", Source: "catalog:hey_jarvis"},
		"a file":     {Name: "a", Source: "a.onnx"},
		"its sum":    {Name: "a", Source: "a.onnx", SHA256: strings.Repeat("a", 64)},
		"other sum":  {Name: "a", Source: "a.onnx", SHA256: strings.Repeat("b", 64)},
	} {
		k := identify(graph.ModelFile{Model: m, Path: "/etc/orac/" + m.Source}).key()
		if other, ok := seen[k]; ok {
			t.Errorf("%s and %s are one", name, other)
		}
		seen[k] = name
	}
	if a, b := identify(graph.ModelFile{Model: graph.Model{Source: "a.onnx"}, Path: "/etc/orac/a.onnx"}), identify(graph.ModelFile{Model: graph.Model{Source: "a.onnx"}, Path: "/tmp/a.onnx"}); a == b {
		t.Error("files of two directories are one")
	}
}

// TestErrorsOfTheNetworksAreTheirs: they are passed on, are not remembered, and leave nothing wrong behind.
func TestErrorsOfTheNetworksAreTheirs(t *testing.T) {
	broken := errors.New("inference has failed")
	fail, opens := true, 0
	i := Modelled()
	extractor, head, gate := i.Extractor, i.Head, i.Gate
	i.Extractor = func() (node.Extractor, error) {
		opens++
		x, err := extractor()
		return failsAt{x, &fail}, err
	}
	m := Wrap(i, Limits{})
	x, err := m.Inference().Extractor()
	if err != nil {
		t.Fatal(err)
	}
	var e, want [96]float32
	hop := (*[audio.HopSamples]int16)(phrase[30*audio.HopSamples:])
	if err := x.Push(hop, &e); !errors.Is(err, errNetwork) {
		t.Fatalf("the error is %v", err)
	}
	fail = false
	x.Reset()
	real, _ := extractor()
	if err := errors.Join(x.Push(hop, &e), real.Push(hop, &want)); err != nil || e != want {
		t.Errorf("after the error: %v", err)
	}
	if opens != 1 {
		t.Errorf("opened %d times", opens)
	}

	i.Extractor = func() (node.Extractor, error) { return nil, broken }
	i.Gate = func() (node.Gate, error) { return nil, broken }
	i.Head = func(graph.ModelFile) (node.Classifier, error) { return nil, broken }
	i.Model = func(graph.ModelFile) (wake.Model, error) { return wake.Model{}, broken }
	in := Wrap(i, Limits{}).Inference()
	_, err1 := in.Extractor()
	_, err2 := in.Gate()
	_, err3 := in.Head(alexa)
	_, err4 := in.Model(alexa)
	for n, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, broken) {
			t.Errorf("opening %d: %v", n, err)
		}
	}

	i = graph.Inference{Extractor: extractor, Head: head, Gate: gate, Model: Modelled().Model}
	m = Wrap(i, Limits{})
	in = m.Inference()
	late, _ := in.Extractor()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := late.Push(hop, &e); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := in.Head(alexa); !errors.Is(err, errClosed) {
		t.Errorf("a head after Close: %v", err)
	}
}

var errNetwork = errors.New("the network has failed")

type failsAt struct {
	node.Extractor
	fail *bool
}

func (f failsAt) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	if *f.fail {
		return errNetwork
	}
	return f.Extractor.Push(pcm, out)
}

// TestTheOldestIsForgotten, and no more is held than the limit, whether a table is cut or not.
func TestTheOldestIsForgotten(t *testing.T) {
	key := func(i int) Key { return hash(binary.LittleEndian.AppendUint64(nil, uint64(i))) }
	for _, limit := range []int{1, 7, evenly} {
		table := newTable[int](limit)
		for i := range 3 * limit {
			table.put(key(i), i)
			table.put(key(i), -1) // it is known already
		}
		c := table.counts()
		if c.Held > limit || c.Held < limit*9/10 || c.Evicted != uint64(3*limit-c.Held) || c.Limit != limit {
			t.Errorf("limit %d: %+v", limit, c)
		}
		for i := range 3 * limit {
			v, ok := table.get(key(i))
			if ok && (v != i || i < limit) || !ok && i >= 3*limit-limit/2 && len(table.shards) == 1 {
				t.Errorf("limit %d: %d is %v, %d", limit, i, ok, v)
			}
		}
	}
}
