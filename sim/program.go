package sim

import (
	"cmp"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/sim/trial/tally"
)

// program is what a device hears over a whole run: a background, and sounds at their times. It is all integer arithmetic on a
// grid of hops, so that it is the same everywhere and repeats of a sound are the same hops.
type program struct {
	background [][audio.HopSamples]int16 // repeated; empty is digital silence
	plays      []play                    // in order of their start
	next       int                       // the first that has not ended, for readers that only move forward
	longest    int64                     // hops of the longest play
	echoes     []*play                   // of what a speaker says, in order of their start
}

// play is a sound at a time.
type play struct {
	tally.Sound
	begin, end int64 // hops
	pcm        []int16
}

// backgroundHops is how many hops the background has before it repeats: 5 s.
const backgroundHops = 64

// noise makes hops of noise at an RMS level on the int16 scale. No two hops are alike.
func noise(seed uint64, rms, hops int) [][audio.HopSamples]int16 {
	if rms <= 0 {
		return nil
	}
	list := make([][audio.HopSamples]int16, hops)
	state := seed*2 + 1
	most := int64(rms) * 7 / 4 // uniform noise between -a and a has an RMS of a/√3; 7/4 is √3 near enough
	for i := range list {
		for k := range list[i] {
			state = state*6364136223846793005 + 1442695040888963407 // Knuth, MMIX
			list[i][k] = int16(int64(state>>33)%(2*most+1) - most)
		}
	}
	return list
}

// loud is the sound of the fault scenario.Noise.
var loud = noise(7, 12000, 16)

// add puts a sound into the program.
func (p *program) add(x play) {
	x.begin = int64(x.At / audio.HopTime)
	x.end = x.begin + int64((len(x.pcm)+audio.HopSamples-1)/audio.HopSamples)
	x.At = time.Duration(x.begin) * audio.HopTime
	x.Until = time.Duration(x.end) * audio.HopTime
	p.plays = append(p.plays, x)
	p.longest = max(p.longest, x.end-x.begin)
}

func (p *program) sort() {
	slices.SortStableFunc(p.plays, func(a, b play) int { return cmp.Compare(a.begin, b.begin) })
}

// echo adds the beginning of what a speaker beside the device says, from a hop on that nobody has heard yet.
func (p *program) echo(pcm []int16, begin int64) *play {
	x := &play{pcm: pcm, begin: begin, end: begin + int64((cap(pcm)+audio.HopSamples-1)/audio.HopSamples)}
	p.echoes = append(p.echoes, x)
	return x
}

// grow makes more of an echo heard: so many samples of it in all, of those that there are.
func (x *play) grow(samples int) { x.pcm = x.pcm[:max(len(x.pcm), min(samples, cap(x.pcm)))] }

// fill writes a hop, for a reader that only moves forward.
func (p *program) fill(pcm *[audio.HopSamples]int16, hop int64) {
	for p.next < len(p.plays) && p.plays[p.next].end+backlog < hop {
		p.next++
	}
	p.mix(pcm, hop, p.next)
}

// again writes a hop of any time, past or future.
func (p *program) again(pcm *[audio.HopSamples]int16, hop int64) {
	first, _ := slices.BinarySearchFunc(p.plays, hop-p.longest, func(x play, hop int64) int { return cmp.Compare(x.begin, hop) })
	p.mix(pcm, hop, first)
}

// mix writes a hop of the background and of the plays, beginning with play first.
func (p *program) mix(pcm *[audio.HopSamples]int16, hop int64, first int) {
	if n := int64(len(p.background)); n > 0 {
		*pcm = p.background[((hop%n)+n)%n]
	} else {
		*pcm = [audio.HopSamples]int16{}
	}
	for i := first; i < len(p.plays) && p.plays[i].begin <= hop; i++ {
		p.plays[i].add(pcm, hop)
	}
	for i := len(p.echoes) - 1; i >= 0 && p.echoes[i].begin > hop-mostEcho; i-- {
		p.echoes[i].add(pcm, hop)
	}
}

// mostEcho is longer than an echo lasts, in hops.
const mostEcho = 32

// add adds what is heard of a sound in a hop.
func (x *play) add(pcm *[audio.HopSamples]int16, hop int64) {
	if hop < x.begin || hop >= x.end {
		return
	}
	from := min(int(hop-x.begin)*audio.HopSamples, len(x.pcm))
	for k, v := range x.pcm[from:min(len(x.pcm), from+audio.HopSamples)] {
		pcm[k] = int16(max(-32768, min(32767, int(pcm[k])+int(v))))
	}
}
