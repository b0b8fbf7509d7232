package infer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"orac/models/onnx"
)

// BenchResult compares our kernels with ONNX Runtime, in its streaming form and on full windows. All run in turns in one process, under
// the same load of the machine.
type BenchResult struct {
	Runtime  string      `json:"runtime"`          // version of ONNX Runtime
	Kernel   string      `json:"kernel,omitempty"` // the instruction set of our kernels; empty: they do not run here
	Heads    int         `json:"heads"`
	Hops     int         `json:"hops"`     // of each form, hot
	Forms    []BenchForm `json:"forms"`    // the fastest first
	Ratio    float64     `json:"ratio"`    // a hop of the first form, divided by one on full windows
	Realtime float64     `json:"realtime"` // sound seconds per CPU second, in the first form
}

// BenchForm is what a hop costs in one form.
type BenchForm struct {
	Name      string        `json:"name"` // "kernels", "streaming" or "full"
	Uses      Forms         `json:"uses"`
	Hop       time.Duration `json:"hop_ns"`   // with all heads, without the voice gate; one hop right after the other
	Paced     time.Duration `json:"paced_ns"` // the same at real pace, one hop in 80 ms: the caches have forgotten much
	Mel       time.Duration `json:"mel_ns"`   // parts of Hop, each measured by itself
	Embedding time.Duration `json:"embed_ns"`
	HeadsHop  time.Duration `json:"heads_ns"`
	Gate      time.Duration `json:"gate_ns"` // what the voice gate adds
	GatePaced time.Duration `json:"gate_paced_ns"`
}

// BenchConfig says what to measure.
type BenchConfig struct {
	Config
	Heads  []onnx.Data
	Gate   onnx.Data
	Rounds int // of 32 hops each
	Paced  int // hops at real pace; rounded up to a multiple of pacedHops
}

// pipeline is an extractor with its heads and its voice gate.
type pipeline struct {
	x     *Extractor
	heads []*Head
	gate  *VAD
	emb   [Embedding]float32
}

// opener opens networks: an Engine, or a Runtime.
type opener interface {
	OpenExtractor(Config) (*Extractor, error)
	OpenHead(onnx.Data) (*Head, error)
	OpenVAD(onnx.Data) (*VAD, error)
}

func openPipeline(o opener, c BenchConfig) (p *pipeline, err error) {
	p = &pipeline{}
	if p.x, err = o.OpenExtractor(c.Config); err == nil {
		p.gate, err = o.OpenVAD(c.Gate)
	}
	for _, d := range c.Heads {
		var h *Head
		if err == nil {
			h, err = o.OpenHead(d)
		}
		if h != nil {
			p.heads = append(p.heads, h)
		}
	}
	if err != nil {
		p.close()
	}
	return p, err
}

func (p *pipeline) close() {
	if p.x != nil {
		_ = p.x.Close()
	}
	if p.gate != nil {
		_ = p.gate.Close()
	}
	for _, h := range p.heads {
		_ = h.Close()
	}
}

func (p *pipeline) push(pcm *[Hop]int16) error {
	if err := p.x.Push(pcm, &p.emb); err != nil {
		return err
	}
	return p.score()
}

func (p *pipeline) score() error {
	for _, h := range p.heads {
		if _, _, err := h.Push(&p.emb); err != nil {
			return err
		}
	}
	return nil
}

// Bench measures the CPU time (user and system, of the whole process) of a hop of noise in each form. Rounds of 32 hops alternate, and the
// cheapest round counts for each part, because other work on the machine can only add to a round. Then hops at real pace alternate, each
// 80 ms after the one before; of their means over pacedHops the median counts. Nothing else should run in the process meanwhile.
func (e *Engine) Bench(c BenchConfig) (res BenchResult, err error) {
	const hops = 2 * pacedHops
	if c.Rounds < 1 || c.Paced < 1 || len(c.Heads) == 0 {
		return res, fmt.Errorf("bench: %d rounds and %d paced hops of %d heads", c.Rounds, c.Paced, len(c.Heads))
	}
	r, err := e.Runtime()
	if err != nil {
		return res, err
	}
	res = BenchResult{Runtime: r.Version(), Heads: len(c.Heads), Hops: c.Rounds * hops}
	full := c
	full.Full, full.OnnxMel = true, true
	forms := []struct {
		name string
		of   opener
		c    BenchConfig
	}{{"kernels", e, c}, {"streaming", r, c}, {"full", r, full}}
	if e.kernels {
		res.Kernel = e.set.String()
	} else {
		forms = forms[1:]
	}
	pipelines := make([]*pipeline, len(forms))
	res.Forms = make([]BenchForm, len(forms))
	for i, f := range forms {
		if pipelines[i], err = openPipeline(f.of, f.c); err != nil {
			return res, err
		}
		defer pipelines[i].close()
		res.Forms[i].Name, res.Forms[i].Uses = f.name, pipelines[i].x.Forms()
	}
	pcm := noise()
	for round := -2; round < c.Rounds; round++ { // two warm up and fill the heads' windows
		for i, p := range pipelines {
			if err := res.Forms[i].round(p, pcm, hops, round <= 0); err != nil {
				return res, err
			}
		}
	}
	if err := paced(res.Forms, pipelines, pcm, c.Paced); err != nil {
		return res, err
	}
	first, last := res.Forms[0], res.Forms[len(forms)-1]
	res.Ratio = float64(first.Hop) / float64(last.Hop)
	res.Realtime = float64(Hop) / SampleRate / first.Hop.Seconds()
	return res, nil
}

// round measures one round of each part, and keeps what is cheaper than before.
func (f *BenchForm) round(p *pipeline, pcm *[Hop]int16, hops int, first bool) error {
	for _, part := range []struct {
		run func() error
		to  *time.Duration
	}{
		{func() error { return p.push(pcm) }, &f.Hop},
		{func() error { return p.x.mel.run(&p.x.pcm, &p.x.rows) }, &f.Mel},
		{func() error { return p.x.emb.push(&p.x.rows, &p.emb) }, &f.Embedding},
		{p.score, &f.HeadsHop},
		{func() error { _, err := p.gate.Push(pcm); return err }, &f.Gate},
	} {
		d, err := cpuTime(hops, part.run)
		if err != nil {
			return err
		}
		if first || d < *part.to {
			*part.to = d
		}
	}
	return nil
}

// pacedHops is over how many hops our heads spread their work: some of them cost more than others.
const pacedHops = 16

// paced measures hops at real pace, one form after the other.
func paced(forms []BenchForm, pipelines []*pipeline, pcm *[Hop]int16, hops int) error {
	groups := (hops + pacedHops - 1) / pacedHops
	costs, gates := make([][]time.Duration, len(forms)), make([][]time.Duration, len(forms))
	for i := range forms {
		costs[i], gates[i] = make([]time.Duration, groups), make([]time.Duration, groups)
	}
	for hop := range groups * pacedHops {
		for i, p := range pipelines {
			time.Sleep(Hop * time.Second / SampleRate)
			d, err := cpuTime(1, func() error { return p.push(pcm) })
			if err != nil {
				return err
			}
			g, err := cpuTime(1, func() error { _, err := p.gate.Push(pcm); return err })
			if err != nil {
				return err
			}
			costs[i][hop/pacedHops] += d / pacedHops
			gates[i][hop/pacedHops] += g / pacedHops
		}
	}
	for i := range forms {
		slices.Sort(costs[i])
		slices.Sort(gates[i])
		forms[i].Paced, forms[i].GatePaced = costs[i][groups/2], gates[i][groups/2]
	}
	return nil
}

// noise is a hop of noise at a speaking level.
func noise() *[Hop]int16 {
	rng := rand.New(rand.NewPCG(1, 1))
	pcm := new([Hop]int16)
	for i := range pcm {
		pcm[i] = int16(1000 * rng.NormFloat64())
	}
	return pcm
}

// cpuTime returns the process's CPU time per call, over n calls.
func cpuTime(n int, f func() error) (time.Duration, error) {
	before, err := cpu()
	if err != nil {
		return 0, err
	}
	for range n {
		if err := f(); err != nil {
			return 0, err
		}
	}
	after, err := cpu()
	return (after - before) / time.Duration(n), err
}

// cpu returns the CPU time of the process so far, to the nanosecond (getrusage
// counts in ticks of the scheduler on some kernels).
func cpu() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("CPU clock: %w", err)
	}
	return time.Duration(t.Nano()), nil
}
