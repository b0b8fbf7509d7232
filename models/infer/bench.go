package infer

import (
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"

	"orac/models/onnx"
)

// BenchResult compares the fast forms with the original networks. They run in
// turns in one process, under the same load of the machine.
type BenchResult struct {
	Runtime   string        `json:"runtime"` // version of ONNX Runtime
	Fast      Forms         `json:"fast"`    // the forms that ran as fast
	Heads     int           `json:"heads"`
	Hops      int           `json:"hops"` // of each form
	FastHop   time.Duration `json:"fast_ns_per_hop"`
	FullHop   time.Duration `json:"full_ns_per_hop"`
	Ratio     float64       `json:"ratio"`       // FastHop / FullHop
	Realtime  float64       `json:"realtime"`    // sound seconds per CPU second, fast
	MelHop    time.Duration `json:"mel_ns"`      // parts of FastHop, each measured by itself
	EmbedHop  time.Duration `json:"embed_ns"`    //
	HeadsHop  time.Duration `json:"heads_ns"`    //
	FullMel   time.Duration `json:"full_mel_ns"` // parts of FullHop, except for the heads
	FullEmbed time.Duration `json:"full_embed_ns"`
}

// pipeline is an extractor and its heads.
type pipeline struct {
	x     *Extractor
	heads []*Head
	emb   [Embedding]float32
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

// Bench measures the CPU time (user and system, of the whole process) of a hop
// of noise, for the fast forms and for full windows. Rounds of 25 hops
// alternate, and the cheapest of the given number of rounds counts for each
// part, because other work on the machine can only add to a round. It takes
// about rounds × 0.1 s. Nothing else should run in the process meanwhile.
func (r *Runtime) Bench(c Config, heads []onnx.Data, rounds int) (res BenchResult, err error) {
	const hops = 25
	if rounds < 1 {
		return res, fmt.Errorf("bench: %d rounds", rounds)
	}
	var fast, full pipeline
	for _, p := range []*pipeline{&fast, &full} {
		c.Full, c.OnnxMel = p == &full, p == &full
		if p.x, err = r.OpenExtractor(c); err != nil {
			return res, err
		}
		defer p.x.Close()
		for _, d := range heads {
			h, err := r.OpenHead(d)
			if err != nil {
				return res, err
			}
			defer h.Close()
			p.heads = append(p.heads, h)
		}
	}
	pcm := noise()
	push := func(p *pipeline) func() error { return func() error { return p.push(pcm) } }
	melOf := func(p *pipeline) func() error { return func() error { return p.x.mel.run(&p.x.pcm, &p.x.rows) } }
	embed := func(p *pipeline) func() error { return func() error { return p.x.emb.push(&p.x.rows, &p.emb) } }
	parts := []struct {
		run func() error
		to  *time.Duration
	}{
		{push(&fast), &res.FastHop}, {push(&full), &res.FullHop},
		{melOf(&fast), &res.MelHop}, {embed(&fast), &res.EmbedHop}, {fast.score, &res.HeadsHop},
		{melOf(&full), &res.FullMel}, {embed(&full), &res.FullEmbed},
	}
	for round := -2; round < rounds; round++ { // two warm up and fill the heads' windows
		for _, p := range parts {
			d, err := cpuTime(hops, p.run)
			if err != nil {
				return res, err
			}
			if round == 0 || round > 0 && d < *p.to {
				*p.to = d
			}
		}
	}
	res.Runtime, res.Fast, res.Heads, res.Hops = r.Version(), fast.x.Forms(), len(heads), rounds*hops
	res.Ratio = float64(res.FastHop) / float64(res.FullHop)
	res.Realtime = float64(Hop) / SampleRate / res.FastHop.Seconds()
	return res, nil
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
