package sim_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/incident"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/models/wake"
	"orac/runbook/testkit"
)

// whole is a model of inference that computes with whole numbers alone: floating-point sums may differ between processors. A
// hop above 20000 is the wake word.
type whole struct{ heard int }

func (*whole) embed(pcm *[audio.HopSamples]int16, out *[96]float32) {
	out[0] = float32(audio.Peak(pcm[:]))
}

type wholeExtractor struct{ whole }

func (x *wholeExtractor) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	x.embed(pcm, out)
	return nil
}
func (*wholeExtractor) Reset() error { return nil }
func (*wholeExtractor) Close() error { return nil }

type wholeHead struct {
	whole
	score [1]float32
}

func (h *wholeHead) Push(e *[96]float32) ([]float32, bool, error) {
	h.heard++
	h.score[0] = 0
	if e[0] > 20000 {
		h.score[0] = 1
	}
	return h.score[:], h.heard < 16, nil
}
func (h *wholeHead) Reset()       { h.heard = 0 }
func (h *wholeHead) Close() error { return nil }

func wholeNumbers() graph.Inference {
	return graph.Inference{
		Extractor: func() (node.Extractor, error) { return &wholeExtractor{}, nil },
		Gate:      func() (node.Gate, error) { return alwaysVoice{}, nil },
		Model:     func(graph.ModelFile) (wake.Model, error) { return wake.Model{}, nil },
		Head:      func(graph.ModelFile) (node.Classifier, error) { return &wholeHead{}, nil },
	}
}

// recordedRun is three minutes of an appliance with all that can go wrong in it on the seam: a service that is away, a disk
// that is full, a processor that is busy, a clock that is set, a node that dies, and a loss of power that tears what is being
// written, with a start after it. It gives the trace as text and its hashes.
func recordedRun(t *testing.T) []byte {
	var text bytes.Buffer
	record := func(r rt.Record) { fmt.Fprintf(&text, "%v %s %s %v\n", r.At, r.Task, r.What, r.Args) }
	disk := virtual.NewDisk(1 << 30)
	for run := range uint64(2) {
		text.WriteString(fmt.Sprintf("run %d\n", run+1))
		player := plays(speech(command(1)...))
		player.End = audio.EndLoop
		s := &service{takes: 300 * time.Millisecond}
		s.down = func(at rt.Instant) bool { return at > rt.Instant(20*time.Second) && at < rt.Instant(50*time.Second) }
		r := &rig{book: room, disk: disk, source: player, service: s, inference: wholeNumbers()}
		d := virtual.New(7+run, started, record)
		events := rt.NewMailbox[event.Event]("events to the monitor", 1<<10)
		graph, parts := compile(t, r.book), r.parts(events)
		rt.New(d, "orac", func(k *rt.Task) error {
			runner, err := core.NewRunner(graph, parts)
			if err != nil {
				return err
			}
			log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
			k.Go("monitor", (&core.Monitor{Runner: runner, Log: log, FS: parts.FS, Events: events}).Run)
			return runner.Run(k)
		})
		d.Run(rt.Instant(30 * time.Second))
		mend := disk.Break("write", "", syscall.ENOSPC)
		d.Run(rt.Instant(45 * time.Second))
		mend()
		d.JumpWall(time.Hour)
		d.Starve("orac/node/features", rt.Instant(66*time.Second))
		d.Run(rt.Instant(70 * time.Second))
		if run == 0 { // the power fails while an utterance is written
			disk.CrashAt(disk.Changes()+9, false, d.Halt)
		}
		end := d.Run(rt.Instant(90 * time.Second))
		fmt.Fprintf(&text, "end at %v with %d tasks, trace %016x\n", end, d.Tasks(), d.Hash())
		d.Close()
		disk.TornPowerLoss(rand.New(rand.NewPCG(run, 0)))
		fmt.Fprintf(&text, "on disk: %s\n", strings.Join(disk.Files(), " "))
	}
	return text.Bytes()
}

// TestGoldenTrace: a run gives this trace, on one processor and on two, and on every architecture (.ci/arm64 runs this test on
// another one).
func TestGoldenTrace(t *testing.T) {
	var first []byte
	for _, procs := range []int{1, 2} {
		old := runtime.GOMAXPROCS(procs)
		got := recordedRun(t)
		runtime.GOMAXPROCS(old)
		if first == nil {
			first = got
		}
		testkit.Same(t, fmt.Sprintf("the trace with GOMAXPROCS %d", procs), first, got)
	}
	testkit.Golden(t, "testdata/golden.trace", first)
}
