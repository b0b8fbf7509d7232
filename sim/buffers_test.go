package sim_test

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"orac/appliance/audio"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// noting is an extractor that notes every hop without holding it.
type noting struct {
	node.Extractor
	hops *[]weak.Pointer[[audio.HopSamples]int16]
}

func (n noting) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	*n.hops = append(*n.hops, weak.Make(pcm))
	return n.Extractor.Push(pcm, out)
}

// TestWhatWasRecordedIsReleased: of the sound that was heard, recorded, spooled and delivered nothing is held but what the ring
// remembers for the next pre-roll, whether an utterance went out as it was spoken or whole.
func TestWhatWasRecordedIsReleased(t *testing.T) {
	player := plays(speech(command(1)...))
	player.End = audio.EndLoop
	r := &rig{book: room, source: player, service: &service{takes: 300 * time.Millisecond}, inference: loud()}
	var hops []weak.Pointer[[audio.HopSamples]int16]
	open := r.inference.Extractor
	r.inference.Extractor = func() (node.Extractor, error) {
		x, err := open()
		return noting{x, &hops}, err
	}
	d := virtual.New(1, started, nil)
	defer d.Close()
	rt.New(d, "orac", r.root(t))
	heap := func(at time.Duration) (bytes int64) {
		d.Run(rt.Instant(at))
		runtime.GC()
		runtime.GC() // what the first has found to be free
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	early, spoken := heap(2*time.Minute), len(r.recorded())
	late := heap(12 * time.Minute)
	commands := len(r.recorded()) - spoken
	held := 0
	for _, h := range hops {
		if h.Value() != nil {
			held++
		}
	}
	const ring, under = 125, 48 // hops that the ring remembers; those on their way, and the last of the source
	if held < ring || held > ring+under {
		t.Errorf("%d of %d hops are held; the ring remembers %d", held, len(hops), ring)
	}
	// A recording is some 100 kB of sound: what grows with the number of recordings would show as many of them.
	if grown := late - early - int64(8*len(hops)*5/6); commands < 60 || grown > 1<<20 {
		t.Errorf("the heap grew by %d kB over %d commands", grown>>10, commands)
	}
	if n := len(r.service.(*service).heard); n < len(r.recorded())-1 {
		t.Errorf("%d of %d were delivered", n, len(r.recorded()))
	}
}
