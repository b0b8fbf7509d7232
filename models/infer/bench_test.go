package infer

import "testing"

func BenchmarkHop(b *testing.B) {
	for _, c := range []struct {
		name string
		Config
	}{{"streaming", Config{}}, {"full", Config{Full: true, OnnxMel: true}}} {
		b.Run(c.name, func(b *testing.B) {
			p := pipeline{x: openExtractor(b, c.Config), heads: []*Head{openHead(b, "hey_jarvis")}}
			pcm := noise()
			b.ReportAllocs()
			for b.Loop() {
				if err := p.push(pcm); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMel(b *testing.B) {
	for _, c := range []struct {
		name string
		Config
	}{{"fft", Config{}}, {"onnx", Config{OnnxMel: true}}} {
		b.Run(c.name, func(b *testing.B) {
			x := openExtractor(b, c.Config)
			for i, v := range noise() {
				x.pcm[i] = float32(v)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := x.mel.run(&x.pcm, &x.rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHead(b *testing.B) {
	for _, model := range []string{"hey_jarvis", "alexa", "hey_mycroft", "hey_rhasspy", "timer", "weather"} {
		b.Run(model, func(b *testing.B) {
			p := pipeline{heads: []*Head{openHead(b, model)}}
			for range p.heads[0].Window() {
				p.score()
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := p.score(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVAD(b *testing.B) {
	v := openVAD(b)
	pcm := noise()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Push(pcm); err != nil {
			b.Fatal(err)
		}
	}
}

func openVAD(t testing.TB) *VAD {
	t.Helper()
	v, err := open(t).OpenVAD(data(t, "silero_vad"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func TestAHopDoesNotAllocate(t *testing.T) {
	vad, pcm := openVAD(t), noise()
	for _, c := range []Config{{}, {Full: true, OnnxMel: true}} {
		p := pipeline{x: openExtractor(t, c), heads: []*Head{openHead(t, "hey_jarvis"), openHead(t, "timer")}}
		for range 40 {
			p.push(pcm)
		}
		if n := testing.AllocsPerRun(50, func() { p.push(pcm); vad.Push(pcm) }); n != 0 {
			t.Errorf("%+v: %v allocations a hop", p.x.Forms(), n)
		}
	}
}
