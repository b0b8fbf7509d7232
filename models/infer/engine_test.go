package infer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/models/infer/kernel"
	"orac/models/modelstest"
	"orac/models/onnx"
)

var errNoLibrary = errors.New("no library here: orac models pull onnxruntime")

func noLibrary() (*os.File, error) { return nil, errNoLibrary }

// engine returns an engine whose kernels run in an instruction set, or ONNX Runtime.
func engine(t testing.TB, name string, library func() (*os.File, error)) *Engine {
	t.Helper()
	t.Setenv(Variable, name)
	e, err := New(library)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func withLibrary(t testing.TB) func() (*os.File, error) {
	return func() (*os.File, error) { return os.Open(modelstest.Path(t, "onnxruntime")) }
}

// ears opens everything that a runbook can hear with.
func ears(t testing.TB, o opener, c Config) *pipeline {
	t.Helper()
	c.Mel, c.Embedding = data(t, "melspectrogram"), data(t, "embedding_model")
	b := BenchConfig{Config: c, Gate: data(t, "silero_vad")}
	for _, name := range catalogue {
		b.Heads = append(b.Heads, data(t, name))
	}
	p, err := openPipeline(o, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// examples are the example sounds.
func examples(t testing.TB) map[string][][Hop]int16 {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(modelstest.Dir(t), "..", "sounds", "*.wav"))
	if err != nil || len(files) < 5 {
		t.Fatalf("run make deps: %d example sounds, %v", len(files), err)
	}
	all := map[string][][Hop]int16{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil || len(b) < 44 {
			t.Fatal(err)
		}
		hops := make([][Hop]int16, (len(b)-44)/2/Hop)
		if err := binary.Read(bytes.NewReader(b[44:]), binary.LittleEndian, hops); err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = hops
	}
	return all
}

// agreement compares two ways to hear, hop by hop.
type agreement struct {
	ours, theirs *pipeline
	scores, gate float64 // the largest differences
	decided      int     // scores of at least 0.5, in both
	apart        int     // scores of at least 0.5 in one only
}

func (a *agreement) reset(t testing.TB) {
	for _, p := range []*pipeline{a.ours, a.theirs} {
		if err := p.x.Reset(); err != nil {
			t.Fatal(err)
		}
		p.gate.Reset()
		for _, h := range p.heads {
			h.Reset()
		}
	}
}

func (a *agreement) hear(t testing.TB, pcm *[Hop]int16) {
	for _, p := range []*pipeline{a.ours, a.theirs} {
		if err := p.x.Push(pcm, &p.emb); err != nil {
			t.Fatal(err)
		}
	}
	for i, h := range a.ours.heads {
		x, masked, err := h.Push(&a.ours.emb)
		y, other, err2 := a.theirs.heads[i].Push(&a.theirs.emb)
		if err != nil || err2 != nil || masked != other || len(x) != len(y) {
			t.Fatalf("%s: %v, %v; masked %v and %v", catalogue[i], err, err2, masked, other)
		}
		for c := range x {
			a.judge(x[c], y[c], &a.scores)
		}
	}
	x, err := a.ours.gate.Push(pcm)
	y, err2 := a.theirs.gate.Push(pcm)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for i := range x {
		a.judge(x[i], y[i], &a.gate)
	}
}

func (a *agreement) judge(x, y float32, worst *float64) {
	d := math.Abs(float64(x - y))
	if math.IsNaN(d) {
		d = math.Inf(1)
	}
	*worst = max(*worst, d)
	switch {
	case (x >= 0.5) != (y >= 0.5):
		a.apart++
	case x >= 0.5:
		a.decided++
	}
}

// TestKernelsScoreLikeONNXRuntime: in every instruction set, on every example sound and on made ones, the scores of all heads and of the
// gate agree within 1e-4, and decide the same.
func TestKernelsScoreLikeONNXRuntime(t *testing.T) {
	sets := kernel.Supported()
	if len(sets) == 0 {
		t.Skip("no kernels were built for this processor")
	}
	all := sounds(t)
	for name, hops := range examples(t) {
		all[name] = hops
	}
	for _, set := range sets {
		e := engine(t, set.String(), withLibrary(t))
		a := agreement{ours: ears(t, e, Config{}), theirs: ears(t, open(t), Config{})}
		if f := a.ours.x.Forms(); f != (Forms{Mel: "kernel", Embedding: "kernel", Kernel: set.String()}) {
			t.Fatalf("%s does not compute: %+v", set, f)
		}
		for name, hops := range all {
			a.reset(t)
			a.scores, a.gate = 0, 0
			for i := range hops {
				a.hear(t, &hops[i])
			}
			if a.scores > maxScoreDiff || a.gate > maxScoreDiff {
				t.Errorf("%s on %s: scores differ by %g, the gate by %g", set, name, a.scores, a.gate)
			}
		}
		if a.apart != 0 || a.decided < 20 {
			t.Errorf("%s: %d scores mean something else, %d the same", set, a.apart, a.decided)
		}
	}
}

// TestTheCatalogueNeedsNoONNXRuntime: everything opens in the kernels, and nothing loads the library.
func TestTheCatalogueNeedsNoONNXRuntime(t *testing.T) {
	for _, set := range kernel.Supported() {
		e := engine(t, set.String(), noLibrary)
		p := ears(t, e, Config{})
		if p.x.Forms().Embedding != "kernel" || len(e.Libraries()) != 0 {
			t.Errorf("%s: %+v, %q", set, p.x.Forms(), e.Libraries())
		}
	}
}

// first is the instruction set that computes without the environment.
func first(t testing.TB) string {
	t.Helper()
	sets := kernel.Supported()
	if len(sets) == 0 {
		t.Skip("no kernels were built for this processor")
	}
	return sets[0].String()
}

// foreign is a head that is not in the catalogue, in a folder of its own: old is replaced by new in its file.
func foreign(t *testing.T, name string, old, new []byte) onnx.Data {
	t.Helper()
	d := data(t, name)
	if !bytes.Contains(d.Bytes, old) {
		t.Fatalf("%s has no %x", name, old)
	}
	return onnx.Data{Path: filepath.Join(t.TempDir(), "own.onnx"), Bytes: bytes.ReplaceAll(d.Bytes, old, new)}
}

// ownWord is hey_rhasspy with another last bias.
func ownWord(t *testing.T) onnx.Data {
	return foreign(t, "hey_rhasspy", rawFloats([]float32{0.032161724}), rawFloats([]float32{-1.25}))
}

// TestAForeignHeadIsProvedOnce: against ONNX Runtime; the proof is kept beside the model, and holds for that very file.
func TestAForeignHeadIsProvedOnce(t *testing.T) {
	set, d := first(t), ownWord(t)
	opens := func(library func() (*os.File, error), d onnx.Data) error {
		h, err := engine(t, set, library).OpenHead(d)
		if err == nil {
			if _, ours := h.net.(computedHead); !ours {
				t.Errorf("it runs in %T", h.net)
			}
			h.Close()
		}
		return err
	}
	if err := opens(noLibrary, d); !errors.Is(err, errNoLibrary) || !strings.Contains(err.Error(), "nothing has proved") || !strings.Contains(err.Error(), d.Path) {
		t.Fatalf("without any proof: %v", err)
	}
	if err := opens(withLibrary(t), d); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(filepath.Dir(d.Path), "own.kernel-*.proof"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %q, %v", kept, err)
	}
	if err := opens(noLibrary, d); err != nil {
		t.Errorf("with the proof that was kept: %v", err)
	}
	other := d
	other.Bytes = bytes.ReplaceAll(d.Bytes, rawFloats([]float32{-1.25}), rawFloats([]float32{-1.5}))
	if err := opens(noLibrary, other); !errors.Is(err, errNoLibrary) {
		t.Errorf("the proof of another file was believed: %v", err)
	}
	if err := os.WriteFile(kept[0], []byte("yes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opens(noLibrary, d); !errors.Is(err, errNoLibrary) {
		t.Errorf("a damaged proof was believed: %v", err)
	}
}

// TestAnUnknownHeadRunsInONNXRuntime: here because of an operator that the kernels do not compute.
func TestAnUnknownHeadRunsInONNXRuntime(t *testing.T) {
	d := foreign(t, "alexa", []byte("\x22\x04Relu"), []byte("\x22\x04Tanh"))
	set := first(t)
	if _, err := engine(t, set, noLibrary).OpenHead(d); !errors.Is(err, errNoLibrary) || !strings.Contains(err.Error(), "do not compute") {
		t.Errorf("without it: %v", err)
	}
	e := engine(t, set, withLibrary(t))
	h, err := e.OpenHead(d)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, theirs := h.net.(*headNetwork); !theirs || len(e.Libraries()) != 1 {
		t.Errorf("it runs in %T, and %q are loaded", h.net, e.Libraries())
	}
}

// TestKernelsThatDifferDoNotRun: what computes something else than ONNX Runtime is found, and ONNX Runtime runs instead.
func TestKernelsThatDifferDoNotRun(t *testing.T) {
	e := engine(t, first(t), withLibrary(t))
	n, err := load(ownWord(t))
	if err != nil {
		t.Fatal(err)
	}
	h, err := e.computeHead(data(t, "hey_rhasspy")) // instead of n
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := e.proveHead(h, n); !errors.Is(err, errDiffers) || !errors.Is(noKernel(n, err), errNoKernel) {
		t.Errorf("another head was accepted: %v", err)
	}
	if e.proved(n, keyOf([]*network{n})) {
		t.Error("a proof that failed is kept")
	}
	if v, err := e.computeVAD(data(t, "silero_vad")); err != nil {
		t.Error(err)
	} else {
		g := v.net.(computedGate)
		was, err := v.numbersOf()
		if err != nil {
			t.Fatal(err)
		}
		g.State()[5] = 3
		if two, err := v.Push(noise()); err != nil || two[0] == was[0] {
			t.Errorf("the state of the gate is not its memory: %v, %v", two, err)
		}
		v.Close()
	}
}

func TestTheEnvironmentChooses(t *testing.T) {
	for name, want := range map[string]string{"": first(t), first(t): first(t), "onnxruntime": "onnxruntime"} {
		if e := engine(t, name, noLibrary); e.Kernel() != want {
			t.Errorf("%s=%s: %s computes", Variable, name, e.Kernel())
		}
	}
	if _, err := engine(t, "onnxruntime", noLibrary).OpenHead(data(t, "alexa")); !errors.Is(err, errNoLibrary) {
		t.Errorf("without kernels: %v", err)
	}
	t.Setenv(Variable, "mmx")
	if _, err := New(noLibrary); err == nil || !strings.Contains(err.Error(), `"mmx"`) || !strings.Contains(err.Error(), first(t)) {
		t.Errorf("an unknown set: %v", err)
	}
}

// TestAScoreDependsOnTheWindowAlone: bit for bit, whatever was heard before it, and at whichever of the hops that are computed together it
// comes.
func TestAScoreDependsOnTheWindowAlone(t *testing.T) {
	for _, set := range kernel.Supported() {
		e := engine(t, set.String(), noLibrary)
		for _, name := range catalogue {
			h, err := e.OpenHead(data(t, name))
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(7, 7))
			window := make([][Embedding]float32, h.Window())
			for i := range window {
				for j := range window[i] {
					window[i][j] = float32(3 * rng.NormFloat64())
				}
			}
			var want string
			for before := range 35 {
				h.Reset()
				for range before {
					var e [Embedding]float32
					for j := range e {
						e[j] = float32(10 * rng.NormFloat64())
					}
					h.Push(&e)
				}
				var got []float32
				for i := range window {
					got, _, err = h.Push(&window[i])
				}
				if text := fmt.Sprintf("%x %v", got, err); want == "" {
					want = text
				} else if text != want {
					t.Errorf("%s, %s, %d embeddings before: %s, not %s", set, name, before, text, want)
				}
			}
			h.Close()
		}
	}
}

// TestTheGateContinuesFromAState: bit for bit.
func TestTheGateContinuesFromAState(t *testing.T) {
	e := engine(t, first(t), noLibrary)
	open := func() *VAD {
		v, err := e.OpenVAD(data(t, "silero_vad"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.Close() })
		return v
	}
	a, b := open(), open()
	hops := sounds(t)["noise"]
	for i := range hops {
		if err := b.SetState(a.AppendState(nil)); err != nil {
			t.Fatal(err)
		}
		x, err := a.Push(&hops[i])
		y, err2 := b.Push(&hops[i])
		if err != nil || err2 != nil || x != y {
			t.Fatalf("hop %d: %v and %v, %v %v", i, x, y, err, err2)
		}
	}
}

// TestKernelsKeepNoMemory: networks that are opened and closed again and again leave nothing, and a hop allocates nothing.
func TestKernelsKeepNoMemory(t *testing.T) {
	e := engine(t, first(t), noLibrary)
	p := ears(t, e, Config{})
	pcm := noise()
	for range 40 {
		p.push(pcm)
	}
	if n := testing.AllocsPerRun(50, func() { p.push(pcm); p.gate.Push(pcm) }); n != 0 {
		t.Errorf("%v allocations a hop", n)
	}
}
