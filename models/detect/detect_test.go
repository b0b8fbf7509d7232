package detect

import (
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/models"
	"orac/models/infer"
	"orac/models/modelstest"
	"orac/models/wake"
)

// say lets flite speak with two seconds of silence around. flite writes the
// canonical header of 44 bytes, 16 kHz, mono, 16 bit.
func say(t *testing.T, voice, text string) []int16 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "say.wav")
	if out, err := exec.Command("flite", "-voice", voice, "-t", text, "-o", file).CombinedOutput(); err != nil {
		t.Fatalf("run make deps: flite: %v %s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil || len(b) < 44 || string(b[36:40]) != "data" || binary.LittleEndian.Uint32(b[24:]) != infer.SampleRate {
		t.Fatalf("flite wrote something unexpected (%v)", err)
	}
	pcm := make([]int16, 2*infer.SampleRate)
	for b = b[44:]; len(b) >= 2; b = b[2:] {
		pcm = append(pcm, int16(binary.LittleEndian.Uint16(b)))
	}
	return append(pcm, make([]int16, 2*infer.SampleRate)...)
}

func listen(t *testing.T, c Config) *Detector {
	t.Helper()
	c.Store = models.Store{Dir: modelstest.Dir(t)}
	d, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func catalog(name string, m wake.Model) Model {
	m.Name = name
	return Model{Model: m, Source: models.CatalogPrefix + name}
}

// hear pushes whole hops and returns the detections and each model's maximum.
func hear(t *testing.T, d *Detector, pcm []int16) (found []wake.Detection, top []float32) {
	t.Helper()
	top = make([]float32, len(d.Models()))
	for ; len(pcm) >= infer.Hop; pcm = pcm[infer.Hop:] {
		r, err := d.Push((*[infer.Hop]int16)(pcm))
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range r.Scores {
			for _, v := range s.Values {
				top[i] = max(top[i], v)
			}
		}
		found = append(found, r.Detections...)
	}
	return found, top
}

func TestHearsSeveralModels(t *testing.T) {
	rules := wake.Model{Threshold: .5, Cooldown: 2 * time.Second, VADThreshold: .3}
	d := listen(t, Config{RMSFilter: 50, Models: []Model{catalog("hey_jarvis", rules), catalog("alexa", rules), catalog("timer", wake.Model{Threshold: .9})}})
	for round := range 2 { // the second time after a reset
		for want, pcm := range map[string][]int16{"hey_jarvis": say(t, "kal16", "hey jarvis"), "alexa": say(t, "slt", "alexa")} {
			found, top := hear(t, d, pcm)
			if len(found) != 1 || found[0].Model != want || found[0].Score < .5 || found[0].Voice < .3 {
				t.Errorf("round %d, %s: %+v, maxima %v", round, want, found, top)
			}
			if len(found) == 1 && (found[0].At < 2*time.Second || found[0].At != time.Duration(found[0].Hop+1)*HopTime) {
				t.Errorf("%s at %v in hop %d", want, found[0].At, found[0].Hop)
			}
			if err := d.Reset(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if m := d.Models()[2]; m.Classes != 7 || m.Labels[1] != "1_minute_timer" || len(m.Ignored) != 1 {
		t.Errorf("timer: %+v", m)
	}
}

// TestFullWindowsHearTheSame: the same detections in the same hops.
func TestFullWindowsHearTheSame(t *testing.T) {
	m := []Model{catalog("hey_jarvis", wake.Model{Threshold: .5, Patience: 2, Cooldown: time.Second})}
	fast, full := listen(t, Config{Models: m}), listen(t, Config{Models: m, Full: true})
	if fast.Forms().Embedding == "full" || full.Forms().Embedding != "full" {
		t.Fatalf("%+v, %+v", fast.Forms(), full.Forms())
	}
	pcm := say(t, "kal16", "hey jarvis, turn on the light. hey jarvis")
	a, _ := hear(t, fast, pcm)
	b, _ := hear(t, full, pcm)
	if len(a) == 0 || len(a) != len(b) {
		t.Fatalf("streaming %+v\nfull %+v", a, b)
	}
	for i := range a {
		if d := a[i].Score - b[i].Score; a[i].Hop != b[i].Hop || d > 1e-4 || d < -1e-4 {
			t.Errorf("streaming %+v\nfull %+v", a[i], b[i])
		}
	}
}

// TestNoPhantomAfterReset: silence and noise fire nothing, least of all in the
// first hops.
func TestNoPhantomAfterReset(t *testing.T) {
	d := listen(t, Config{Models: []Model{catalog("hey_jarvis", wake.Model{Threshold: .05}), catalog("alexa", wake.Model{Threshold: .05})}})
	pcm := make([]int16, 40*infer.Hop)
	for round := range 2 {
		if found, top := hear(t, d, pcm); len(found) != 0 {
			t.Errorf("round %d: %+v, maxima %v", round, found, top)
		}
		for i := range pcm {
			pcm[i] = int16((i*7919)%2001 - 1000)
		}
		d.Reset()
	}
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	empty := models.Store{Dir: t.TempDir()}
	real := models.Store{Dir: modelstest.Dir(t)}
	for want, c := range map[string]Config{
		"orac models list":                          {Store: real},
		"pull melspectrogram embedding_model alexa": {Store: empty, Models: []Model{catalog("alexa", wake.Model{Threshold: .5})}},
		"orac models pull onnxruntime":              {Store: empty, Models: []Model{{Source: "own.onnx"}}},
		"did you mean":                              {Store: real, Models: []Model{catalog("alexi", wake.Model{Threshold: .5})}},
		"threshold":                                 {Store: real, Models: []Model{catalog("alexa", wake.Model{})}},
		"used twice":                                {Store: real, Models: []Model{catalog("alexa", wake.Model{Threshold: .5}), catalog("alexa", wake.Model{Threshold: .5})}},
		"no such file":                              {Store: real, BaseDir: t.TempDir(), Models: []Model{{Source: "gone.onnx"}}},
	} {
		if d, err := Open(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
			if err == nil {
				d.Close()
			}
		}
	}
}

func TestPushDoesNotAllocate(t *testing.T) {
	d := listen(t, Config{RMSFilter: 1, Models: []Model{catalog("hey_jarvis", wake.Model{Threshold: .5, VADThreshold: .5})}})
	var pcm [infer.Hop]int16
	hear(t, d, make([]int16, 20*infer.Hop))
	if n := testing.AllocsPerRun(20, func() { d.Push(&pcm) }); n != 0 {
		t.Errorf("%v allocations a hop", n)
	}
}

func TestRMS(t *testing.T) {
	for _, tc := range []struct {
		pcm  []int16
		want float64
	}{{nil, 0}, {[]int16{0, 0}, 0}, {[]int16{3, -3}, 3}, {[]int16{-32768}, 32768}, {[]int16{0, 0, 0, 10}, 5}} {
		if got := RMS(tc.pcm); got != tc.want {
			t.Errorf("RMS(%v) = %v, want %v", tc.pcm, got, tc.want)
		}
	}
}
