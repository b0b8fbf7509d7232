package play

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"orac/chaos"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/chaos/ptrace"
	"orac/runbook"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

// Kind is how a kind of fault is made on a live appliance.
type Kind struct {
	Kind scenario.Kind
	How  string // what exactly is done; "" if it cannot be done
	Not  string // why it cannot be done, or what it does not do

	machine func() error                   // returns why it cannot be made on this machine; nil: it can be on every machine
	probe   func(*World, occurrence) error // returns why it cannot be made in this world; nil: it can be in every world
	// prepare returns the fault for this moment, or an error if there is nothing to break just then.
	prepare func(*World, occurrence) (*broken, error)
}

// broken is a fault that is ready to be made. Its steps are in the journal before it is made.
type broken struct {
	steps []journal.Step
	apply func() error
	undo  func() error // what only this process can undo, besides the steps; nil: nothing. It may be called after apply has failed
	how   string       // replaces Kind.How if the machine decides
}

// Kinds are all kinds of faults in one table, in the order of the documentation.
var Kinds = []Kind{
	{Kind: scenario.ReadBlocks, How: "SIGSTOP to the capture process in the middle of its read", prepare: stopWorker},
	{Kind: scenario.OpenHangs, How: "SIGSTOP to the audio server: it accepts connections and never answers, so reading stops and opening hangs", prepare: stopAudio},
	{Kind: scenario.ListHangs, Not: "an audio server that answers a reader also answers a list; open_hangs stops both"},
	{Kind: scenario.Drops, How: "a share of the sound, in pieces of 10 ms, does not reach the audio server", prepare: lose},
	{Kind: scenario.ShortReads, How: "the audio server gets the sound in odd pieces of a few samples", prepare: crumble},
	{Kind: scenario.WrongRate, How: "the virtual microphone writes at another rate than it says", prepare: hurry},
	{Kind: scenario.Stuck, How: "the same hop without end, bit for bit", prepare: stick},
	{Kind: scenario.Silence, How: "zeros", prepare: hush},
	{Kind: scenario.Noise, How: "noise with an RMS of 12000", prepare: roar},
	{Kind: scenario.Clipping, How: "a square wave at full scale", prepare: clip},
	{Kind: scenario.Unplug, How: "the source is unloaded and loaded again, under another index", prepare: unplug},
	{Kind: scenario.Suspended, How: "pactl suspend-source: the source stays, its sound stops", prepare: suspend},
	{Kind: scenario.AudioDown, How: "SIGKILL to the audio server; it is started again with the same sources", prepare: killAudio},
	{Kind: scenario.WorkerKill, How: "SIGKILL to the capture process", prepare: killWorker},
	{Kind: scenario.WorkerStop, How: "SIGSTOP to the capture process", prepare: stopWorker},
	{Kind: scenario.WorkerTrash, How: "malformed frames are written into the capture process's pipe", prepare: trash},

	{Kind: scenario.STTDown, How: "the proxy refuses new connections and resets open ones", probe: reachable, prepare: down},
	{Kind: scenario.STTSlow, How: "the server delays its answers", probe: reachable, prepare: slow},
	{Kind: scenario.STTReset, How: "the proxy resets connections after a number of bytes that the seed decides", probe: reachable, prepare: reset},
	{Kind: scenario.STTEmpty, How: "the server answers with empty text", probe: reachable, prepare: empty},
	{Kind: scenario.STTTrash, How: "the server answers with half a JSON object", probe: reachable, prepare: garbage},
	{Kind: scenario.STTLies, How: "the server answers \"[Transcription Failed: …]\"", probe: reachable, prepare: lie},
	{Kind: scenario.STTLate, How: "the server answers a second after the appliance has given up", probe: reachable, prepare: late},
	{Kind: scenario.STTUnauthorized, How: "the server answers 401", probe: reachable, prepare: refuse},
	{Kind: scenario.STTHolds, How: "the server accepts the sound and never answers; the stream stays open", probe: reachable, prepare: hold},
	{Kind: scenario.STTCut, How: "the proxy closes connections cleanly within an answer, at a byte that the seed decides", probe: reachable, prepare: cut},
	{Kind: scenario.STTCorrupt, How: "the proxy changes bytes of answers that the seed decides", probe: reachable, prepare: corrupt},
	{Kind: scenario.STTSilent, How: "the proxy accepts connections and passes nothing on; open ones fall silent", probe: reachable, prepare: swallow},
	{Kind: scenario.STTPoison, How: "the server fails on the first utterance that it receives, every time, in the way that the fault names", probe: reachable, prepare: poison},
	{Kind: scenario.STTEngine, How: "the server answers streams with \"[Transcription Failed: …]\", and requests with 200, an empty text and the language unknown; its health check passes", probe: reachable, prepare: failEngine},
	{Kind: scenario.STTStopped, How: "SIGSTOP to the server, then SIGCONT", probe: reachable, prepare: freeze},
	{Kind: scenario.STTEnds, How: "the server forwards what it has understood, and resets the connection", probe: reachable, prepare: die},
	{Kind: scenario.STTNoStream, How: "the server refuses streams with 403, and says in its health that streaming is switched off", probe: reachable, prepare: unstream},
	{Kind: scenario.NetDown, How: "the appliance runs in a network namespace of its own, whose only link is taken down", machine: separable, prepare: unlink},
	{Kind: scenario.HeartbeatDown, How: "the proxy before the heartbeat's server refuses connections", prepare: down},
	{Kind: scenario.HeartbeatNo, How: "the server answers heartbeats with 500", prepare: refuseHeartbeats},
	{Kind: scenario.WebhookSlow, How: "the webhook's server delays its answers", prepare: slowWebhook},
	{Kind: scenario.WebhookDown, How: "the proxy before the webhook's server refuses connections", prepare: down},
	{Kind: scenario.WebhookRefused, How: "the webhook's server answers 401", prepare: refuseWebhook},
	{Kind: scenario.WebhookGone, How: "the webhook's server answers 410", prepare: endWebhook},
	{Kind: scenario.WebhookPoison, How: "the webhook's server fails on the first event that it receives, every time, in the way that the fault names", prepare: poisonWebhook},
	{Kind: scenario.WebhookFlood, How: "the webhook's server answers with 1 GB", prepare: floodWebhook},

	{Kind: scenario.DiskFull, How: "a file takes all the space of the state directory's file system", prepare: fillDisk},
	{Kind: scenario.DiskReadOnly, How: "with strace, the appliance's calls that sync, rename, remove, make folders and write the history fail with EROFS; it can still create and read files, and is slower meanwhile", machine: traceable, prepare: readOnly},
	{Kind: scenario.DiskError, How: "with strace, the appliance's calls that sync, rename, remove, make folders and write the history fail with EIO; it is slower meanwhile", machine: traceable, prepare: diskError},
	{Kind: scenario.DiskSlow, How: "strace delays the appliance's calls that sync, rename, remove and write the history; it is slower meanwhile", machine: traceable, prepare: diskSlow},

	{Kind: scenario.NodePanic, Not: "no node of the real binary fails on demand"},
	{Kind: scenario.NodeStarve, Not: "nobody outside can keep one goroutine from running"},
	{Kind: scenario.CPUStarve, How: "a control group leaves the appliance and its children 1 ms of CPU a second; where there is none, SIGSTOP and SIGCONT", prepare: starve},
	{Kind: scenario.Descriptors, How: "prlimit leaves the appliance as many descriptors as it has open", prepare: closeUp},
	{Kind: scenario.MemoryLeak, How: "ptrace makes the appliance map more memory every second", machine: ptrace.Supported, prepare: leak},
	{Kind: scenario.MemoryRise, How: "ptrace makes the appliance map memory that it did not ask for", machine: ptrace.Supported, prepare: rise},

	{Kind: scenario.PowerLoss, Not: "only kill -9 is possible here, and the kernel keeps unsynced data across it: use kill, and simulate this"},
	{Kind: scenario.Kill, How: "SIGKILL to the appliance; started again afterwards", prepare: kill},
	{Kind: scenario.OutOfMemory, How: "a control group allows 32 MiB more than the appliance has, ptrace makes it map more, and the kernel kills it; started again afterwards", machine: limitable, prepare: exhaust},
	{Kind: scenario.ClockJump, How: "a seccomp filter hands the appliance's questions for the time of day to this program, which answers with the changed time", machine: chaos.ClockSupported, probe: clocked, prepare: jump},
	{Kind: scenario.Apply, How: "orac apply --auto-approve of the changed runbook", prepare: applyChange},
}

// kindOf returns how a kind of fault is made.
func kindOf(k scenario.Kind) Kind {
	for _, x := range Kinds {
		if x.Kind == k {
			return x
		}
	}
	return Kind{Kind: k, Not: "this version of orac chaos does not know it"}
}

// Here returns why faults of the kind cannot be made on this machine; nil if they can.
func (k Kind) Here() error {
	switch {
	case k.prepare == nil:
		return errors.New(k.Not)
	case k.machine != nil:
		return k.machine()
	}
	return nil
}

// supported returns why a fault cannot be made; nil if it can. Whether a live appliance permits it shows only when it is made.
func (w *World) supported(o occurrence) error {
	k := kindOf(o.Kind)
	if err := k.Here(); err != nil || k.probe == nil {
		return err
	}
	return k.probe(w, o)
}

// target returns the microphone that a fault affects.
func (w *World) target(o occurrence) (*microphone, error) {
	if m, ok := w.mics[o.Target]; ok {
		return m, nil
	}
	return nil, fmt.Errorf("there is no virtual microphone for device %q", o.Target)
}

// peer returns the service that a fault affects.
func (w *World) peer(o occurrence) (*service, error) {
	block := "stt"
	switch o.Kind {
	case scenario.HeartbeatDown, scenario.HeartbeatNo:
		block = "heartbeat"
	case scenario.WebhookDown, scenario.WebhookSlow, scenario.WebhookRefused, scenario.WebhookGone, scenario.WebhookPoison, scenario.WebhookFlood:
		block = "webhook"
	}
	if s, ok := w.services[runbook.Address(block+"."+o.Target)]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("there is no server for %s %q that could break: with protocol exec it is a program", block, o.Target)
}

// worker returns the capture process that holds the device of a fault.
func (w *World) worker(o occurrence) (process.Process, error) {
	a, err := w.Running()
	if err != nil {
		return process.Process{}, err
	}
	m, ok := w.book.rb.Microphone(runbook.Address("device.microphone." + o.Target))
	var words []string
	switch {
	case !ok:
	case m.Identity != "":
		words = append(words, "--identity="+m.Identity)
	case m.Match != "":
		words = append(words, "--match="+m.Match)
	}
	return a.Worker(words...)
}

// occurrence is a fault of a run.
type occurrence = schedule.Occurrence

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
