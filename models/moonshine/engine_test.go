package moonshine

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/models"
	"orac/models/infer"
	"orac/models/modelstest"
)

func runtime(t testing.TB) *infer.Engine {
	t.Helper()
	e, err := infer.New(func() (*os.File, error) { return os.Open(modelstest.Path(t, "onnxruntime")) })
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func load(t testing.TB, name string) Files {
	t.Helper()
	files, err := Load(models.Store{Dir: modelstest.Dir(t)}, name)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// tiny is the engine of all tests: opening one takes half a second, and none of them changes it.
var tiny struct {
	sync.Once
	*Engine
}

func open(t testing.TB) *Engine {
	t.Helper()
	tiny.Do(func() {
		e, err := Open(runtime(t), load(t, "moonshine_tiny"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		tiny.Engine = e
	})
	if tiny.Engine == nil {
		t.Fatal("the engine could not be opened")
	}
	return tiny.Engine
}

// sound reads an example sound.
func sound(t testing.TB, name string) []int16 {
	return wav(t, filepath.Join(modelstest.Dir(t), "..", "sounds", name+".wav"))
}

// wav reads a sound of 16 kHz mono behind a header of 44 bytes.
func wav(t testing.TB, path string) []int16 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("run make deps: %v", err)
	}
	pcm := make([]int16, (len(b)-44)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[44+2*i:]))
	}
	return pcm
}

func TestTranscripts(t *testing.T) {
	e := open(t)
	for name, want := range map[string]string{
		"alexa":           "alexa",
		"talk":            "the train to the coast leaves at seven in the evening",
		"hey_jarvis_time": "what time is it",
	} {
		got, err := e.Transcribe(sound(t, name), nil)
		if err != nil || !strings.HasSuffix(plain(got.Text), want) || got.Nothing != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		var words []string
		for _, w := range got.Words {
			words = append(words, w.Text)
			if w.Confidence <= 0 || w.Confidence > 1 {
				t.Errorf("%s: %+v", name, w)
			}
		}
		if strings.Join(words, " ") != got.Text || got.Confidence <= DefaultLeast || got.Confidence > 1 {
			t.Errorf("%s: %q, %+v", name, words, got)
		}
		if got.From < 1500*time.Millisecond || got.To <= got.From || got.To > got.From+4*time.Second { // the sounds begin with 2 s of silence
			t.Errorf("%s: speech from %v to %v", name, got.From, got.To)
		}
	}
}

// plain leaves out what is written and not spoken.
func plain(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(".,!?", r) {
			return -1
		}
		return r
	}, text))
}

func TestWhatIsNoSpeechGivesNoText(t *testing.T) {
	e := open(t)
	rng := rand.New(rand.NewPCG(1, 2))
	loud := make([]int16, 3*Rate)
	for i := range loud {
		loud[i] = int16(rng.IntN(20000) - 10000)
	}
	for name, c := range map[string]struct {
		pcm  []int16
		want []Reason
	}{
		"nothing at all": {nil, []Reason{Silence}},
		"one sample":     {[]int16{5}, []Reason{Silence}},
		"silence":        {sound(t, "silence"), []Reason{Silence}},
		"noise":          {sound(t, "noise"), []Reason{Noise, Wordless, Unclear}},
		"loud noise":     {loud, []Reason{Noise, Wordless, Unclear}},
		"the lowest":     {[]int16{-32768, -32768}, []Reason{Noise}},
	} {
		got, err := e.Transcribe(c.pcm, nil)
		found := false
		for _, r := range c.want {
			found = found || got.Nothing == r
		}
		if err != nil || !found || got.Text != "" || got.Words != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestTranscribeStops(t *testing.T) {
	e, asked := open(t), 0
	_, err := e.Transcribe(sound(t, "talk"), func() bool { asked++; return asked == 3 })
	if !errors.Is(err, ErrStopped) || asked != 3 {
		t.Errorf("%v after it was asked %d times", err, asked)
	}
	if _, err := e.Transcribe(make([]int16, 31*Rate), nil); !errors.Is(err, ErrTooLong) {
		t.Errorf("31 s: %v", err)
	}
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	r, good, base := runtime(t), load(t, "moonshine_tiny"), load(t, "moonshine_base")
	for want, change := range map[string]func(*Files){
		"moonshine_base_encoder.onnx is not a valid encoder of Moonshine: last_hidden_state":                               func(f *Files) { f.Encoder = base.Encoder },
		"moonshine_tiny_encoder.onnx is not a valid decoder of Moonshine: it has 1 inputs":                                 func(f *Files) { f.Decoder = f.Encoder },
		"silero_vad.onnx is not a valid decoder of Moonshine":                                                              func(f *Files) { f.Decoder = f.Voice },
		"silero_vad.onnx is not a valid encoder of Moonshine":                                                              func(f *Files) { f.Encoder = f.Voice },
		"moonshine_tiny_encoder.onnx is not a valid Silero VAD":                                                            func(f *Files) { f.Voice = f.Encoder },
		"silero_vad.onnx: it is not the source text of llama-tokenizer-js":                                                 func(f *Files) { f.Vocabulary = f.Voice },
		"moonshine_tiny_decoder.onnx is not a valid decoder of Moonshine: not an acceptable ONNX model":                    func(f *Files) { f.Decoder.Bytes = f.Decoder.Bytes[:1<<20] },
		"llama-tokenizer-1.2.2.js is not a valid encoder of Moonshine: not an acceptable ONNX model":                       func(f *Files) { f.Encoder = f.Vocabulary },
		"moonshine_tiny_encoder.onnx is not a valid encoder of Moonshine: not an acceptable ONNX model: the file is empty": func(f *Files) { f.Encoder.Bytes = nil },
	} {
		files := good
		change(&files)
		e, err := Open(r, files, Options{})
		if err == nil || e != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestLoadNamesWhatCanBeUsed(t *testing.T) {
	s := models.Store{Dir: modelstest.Dir(t)}
	if _, err := Load(s, "catalog:hey_jarvis"); err == nil || !strings.Contains(err.Error(), "take one of moonshine_tiny, moonshine_base") {
		t.Errorf("a wake word: %v", err)
	}
	if _, err := Load(s, "moonshine_tinny"); err == nil || !strings.Contains(err.Error(), `did you mean "moonshine_tiny"`) {
		t.Errorf("a wrong name: %v", err)
	}
	s.Dir = t.TempDir()
	if _, err := Load(s, "moonshine_tiny"); !errors.Is(err, models.ErrMissing) || !strings.Contains(err.Error(), "orac models pull onnxruntime silero_vad moonshine_tiny") {
		t.Errorf("an empty store: %v", err)
	}
}

func TestPiecesEndInPauses(t *testing.T) {
	e := open(t)
	twice := sound(t, "hey_jarvis_twice") // 2 s of silence, a command, 3 s of silence, another, 2 s of silence
	first, err := e.Piece(twice)
	if err != nil || first < 4*Rate || first > 8*Rate {
		t.Fatalf("the first piece has %d samples, %v", first, err)
	}
	if more, err := e.Piece(twice[:4*Rate]); err != nil || more != 0 {
		t.Errorf("in the middle of a command: %d, %v", more, err)
	}
	rest := twice[first:]
	second, err := e.Piece(rest)
	if err != nil || second < 2*Rate || second > len(rest) {
		t.Errorf("the second piece has %d samples of %d, %v", second, len(rest), err)
	}
	if n, err := e.Piece(make([]int16, 40*Rate)); err != nil || n != 15*Rate {
		t.Errorf("silence: %d, %v", n, err)
	}
	var talk []int16 // without a pause
	for len(talk) < 20*Rate {
		talk = append(talk, sound(t, "talk")[2*Rate+Rate/4:4*Rate]...)
	}
	if n, err := e.Piece(talk); err != nil || n <= 9*Rate || n > 15*Rate {
		t.Errorf("speech without a pause: %d, %v", n, err)
	}
	if n, err := e.Piece(nil); err != nil || n != 0 {
		t.Errorf("nothing: %d, %v", n, err)
	}
}

func TestQuietSpeechIsUnderstoodAsLoudSpeechIs(t *testing.T) {
	e := open(t)
	pcm := sound(t, "talk")
	for i := range pcm {
		pcm[i] /= 100 // its loudest sample is at -43 dB
	}
	copy(pcm, []int16{30000, -30000, 30000, -30000}) // a click
	got, err := e.Transcribe(pcm, nil)
	if err != nil || !strings.HasPrefix(plain(got.Text), "the train to the coast") || got.From < 1500*time.Millisecond {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestGainIsForQuietSoundOnly(t *testing.T) {
	level := func(n int) []int16 {
		pcm := make([]int16, Rate)
		for i := range pcm {
			pcm[i] = int16(n * (1 - 2*(i/8%2)))
		}
		return pcm
	}
	for n, want := range map[int]float64{0: 1, 50: 1, 61: 4000. / 61, 400: 10, 4000: 1, 30000: 1} {
		if got := gainFor(level(n)); got < want*0.99 || got > want*1.01 {
			t.Errorf("level %d: %g, not %g", n, got, want)
		}
	}
	if got := gainFor(nil); got != 1 {
		t.Errorf("nothing: %g", got)
	}
}
