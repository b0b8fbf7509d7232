package sim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"orac/appliance/audio"
	"orac/appliance/stt/wire"
	"orac/runbook/scenario"
)

// maker is how a kind of fault is made in the simulated world. While a fault lasts, its target and the machine know of it: see
// ailments. A maker may say how these behave, or do something when the fault begins and ends, or leave both to the models.
type maker struct {
	how string                                    // what exactly is modelled
	can func(*machine, *occurrence) bool          // whether there is something to break; nil: always
	do  func(*machine, *occurrence) (undo func()) // nil: nothing; undo may be nil

	hangs   bool                                     // opening the device takes until its deadline
	silent  bool                                     // the device gives nothing
	shape   shape                                    // what the device makes of its sound
	answer  func(c sttClient, op string) *wire.Error // what the client has instead of an answer; it may return nil
	empty   bool                                     // the service makes no text of what it is given, and Core gets nothing
	cut     error                                    // why the appliance reaches nothing and nobody
	refuses error                                    // why the disk refuses
}

// shape changes a hop of a device; n counts the hops of its stream.
type shape func(pcm *[audio.HopSamples]int16, n int)

// makerOf returns how a kind of fault is made; false if the simulator has no model of it.
func makerOf(k scenario.Kind) (maker, bool) {
	mk, ok := makers[k]
	switch i := k.Info(); {
	case ok:
		return mk, true
	case i.Status > 0:
		return maker{how: fmt.Sprintf("the client is told %d %s", i.Status, http.StatusText(i.Status))}, true
	case i.Refuses:
		return maker{how: "the client's connections are refused"}, true
	case i.Sound != nil:
		return maker{how: i.How, shape: func(pcm *[audio.HopSamples]int16, n int) { i.Sound(pcm[:], n*audio.HopSamples) }}, true
	case i.Late:
		return maker{how: "answers come later, or not in time"}, true
	}
	return mk, false
}

// How says what exactly the simulator models of a kind of fault; false if it has no model of it.
func How(k scenario.Kind) (string, bool) {
	mk, ok := makerOf(k)
	return mk.how, ok
}

// makers are the makers of all kinds but those of which the table of kinds says everything.
var makers = map[scenario.Kind]maker{
	scenario.ReadBlocks:  onWorker("the pipe gives nothing until the process is replaced", (*microphone).freeze),
	scenario.WorkerStop:  onWorker("the pipe gives nothing until the process is replaced", (*microphone).freeze),
	scenario.WorkerKill:  onWorker("the pipe ends", func(d *microphone) { d.die(errors.New("the capture process ended: signal: killed")) }),
	scenario.WorkerTrash: onWorker("the reader of frames ends the process", func(d *microphone) { d.die(errors.New("the capture process writes what are no frames")) }),
	scenario.OpenHangs: {how: "the open stream gives nothing, and opening takes until its deadline", hangs: true, do: func(m *machine, o *occurrence) func() {
		m.mics[o.Target].freeze()
		return nil
	}},
	scenario.ListHangs:  {how: "opening takes until its deadline", hangs: true},
	scenario.Drops:      {how: "hops are skipped and counted as lost"},
	scenario.ShortReads: {how: "hops come up to 60 ms late"},
	scenario.WrongRate:  {how: "hops come at another rate"},
	scenario.Stuck: {how: "the same hop of RMS 79, again and again", shape: func(pcm *[audio.HopSamples]int16, _ int) {
		for i := range pcm {
			pcm[i] = int16(79 - 158*(i&1)) // the level of the recorded incident
		}
	}},
	scenario.Noise: {how: "noise of RMS 12000", shape: func(pcm *[audio.HopSamples]int16, n int) { *pcm = loud[n%len(loud)] }},
	scenario.Unplug: {how: "the pipe falls silent and opening fails; back with another index", do: func(m *machine, o *occurrence) func() {
		d := m.mics[o.Target]
		was := d.present
		d.present, d.other = false, o.Other
		return func() {
			d.present, d.other = was, false
			d.index++
		}
	}},
	scenario.Suspended: {how: "the pipe falls silent, and opening takes until its deadline", hangs: true, silent: true},
	scenario.AudioDown: {how: "all pipes fall silent and opening fails", silent: true, do: func(m *machine, _ *occurrence) func() {
		for _, d := range m.mics {
			d.index++ // a stream from before delivers nothing any more
		}
		for _, name := range slices.Sorted(maps.Keys(m.speakers)) {
			m.speakers[name].loses()
		}
		return nil
	}},

	scenario.PlayerKill:  onPlayer("the pipe ends", func(o *loudOutput) { o.ends(errors.New("the playback worker ended: signal: killed")) }),
	scenario.PlayerStop:  onPlayer("no more frames are taken until the process is replaced", func(o *loudOutput) { o.frozen = true }),
	scenario.PlayerTrash: onPlayer("the reader of frames ends the process", func(o *loudOutput) { o.ends(errors.New("the playback worker writes what are no frames")) }),
	scenario.SpeakerUnplug: {how: "no more frames are taken, the process ends a second later, and opening fails", do: func(m *machine, o *occurrence) func() {
		s := m.speakerOf(o.Target)
		s.absent = true
		s.loses()
		return func() { s.absent = false }
	}},
	scenario.TTSTrash:   {how: "the client finds no sound in what comes"},
	scenario.HomeGone:   {how: "its connection ends, at once or in the phase of the next run that the way says; it connects again within 3 s of its return", do: goneHome},
	scenario.HomeHangs:  {how: "nothing more is told of a run, once it is in the phase that the way says"},
	scenario.HomeTwice:  {how: "whatever it says of a run it says twice"},
	scenario.HomeCrowd:  {how: "every 5 s the satellite is told that another one serves it, and 1.5 s later that this one has gone and the first serves again", do: crowdedHome},
	scenario.HomeTrash:  {how: "three times a second it says something that fits nothing", do: madHome},
	scenario.SoundStall: {how: "half of each sound that is fetched comes, and the rest when it is over"},
	scenario.MDNSLost:   {how: "it does not connect when the satellite is served again, but when it tries the next time"},

	scenario.STTDown: {how: "the client's connections are refused, or end, and what the server had is gone", do: func(m *machine, o *occurrence) func() {
		m.services[o.Target].end()
		return nil
	}},
	scenario.STTStopped: {how: "nothing is heard of the server; what it has or is sent meanwhile it does afterwards, whoever waits for it", do: func(m *machine, o *occurrence) func() {
		m.services[o.Target].stop()
		return m.services[o.Target].proceed
	}},
	scenario.STTEngine: {how: "the client is told a failure in a stream, and an empty text by HTTP", empty: true, answer: func(c sttClient, op string) *wire.Error {
		switch {
		case op == "stream" || c.plain:
			return c.fault(op, wire.Engine, 200, engineText)
		case op == "check":
			return c.fault(op, wire.Engine, 200, "no text, and the language unknown: its engine failed")
		}
		return nil
	}},
	scenario.STTEnds: {how: "Core has what was said, and the client's connection ends before the answer", answer: func(c sttClient, op string) *wire.Error {
		return doubtful(c.fault(op, wire.Unreachable, 0, "connection reset by peer"), wire.UnderWay)
	}},
	scenario.STTReset: {how: "the client's connections end in the middle"},
	scenario.STTEmpty: {how: "answers are empty", empty: true},
	scenario.STTTrash: {how: "the client finds no answer in what comes", answer: noAnswer},
	scenario.STTLies: {how: "the client finds a failure in what comes", empty: true, answer: func(c sttClient, op string) *wire.Error {
		return c.fault(op, wire.Engine, 200, engineText)
	}},
	scenario.STTLate:  {how: "the client's time is up a second before the answer, and Core has it all the same"},
	scenario.STTHolds: {how: "the client's time is up, and nothing ends"},
	scenario.STTCut: {how: "the client finds half an answer", answer: func(c sttClient, op string) *wire.Error {
		return doubtful(c.fault(op, wire.Protocol, 200, "the answer ends in the middle: unexpected EOF"), wire.Acted)
	}},
	scenario.STTCorrupt:  {how: "the client finds no answer in what comes", answer: noAnswer},
	scenario.STTSilent:   {how: "the client's time is up, in connecting too"},
	scenario.STTNoStream: {how: "the client's streams are refused with 403, and its health checks say why"},
	scenario.STTPoison: {how: "the client fails on the first utterance that it brings, as the way says, and on no other", do: func(m *machine, o *occurrence) func() {
		m.services[o.Target].poison = ""
		return nil
	}},
	scenario.BrokerDown: {how: "connections are refused, the one that there is ends, and what was retained is gone", do: func(m *machine, o *occurrence) func() {
		clear(m.brokerOf(o.Target).retained)
		return nil
	}},
	scenario.BrokerDenied:   {how: "connections are refused with 0x86, and the one that there is ends"},
	scenario.BrokerFlaps:    {how: "the connection ends again and again, and can be made anew at once"},
	scenario.BrokerTrash:    {how: "a client writes twelve messages a second that nobody may obey: retained, forbidden, unknown, unclear"},
	scenario.CollectorFlood: {how: "the client has a success, and no more of the answer than it reads"},
	scenario.NetDown:        {how: "no client reaches its server, and who waits for an answer waits in vain", cut: syscall.ENETUNREACH},

	scenario.EngineDies:   onEngine("the process ends, and with it what it works on", func(u *understander, _ *occurrence) { u.Kill() }),
	scenario.EngineHangs:  onEngine("the process does nothing until it is replaced", func(u *understander, _ *occurrence) { u.frozen = true }),
	scenario.EngineMemory: onEngine("the measured memory of the process is higher until it is replaced", func(u *understander, o *occurrence) { u.grown += int64(o.Size) }),
	scenario.EngineTrash: onEngine("the reader of frames ends the process", func(u *understander, _ *occurrence) {
		u.end(errors.New("the engine's process writes what are no frames"))
	}),
	scenario.EngineSlow:   {how: "each job takes longer"},
	scenario.EngineBroken: {how: "every process ends while it loads its model"},

	scenario.WyomingUnread: {how: "clients take all places for sound, the engine understands one sound after the other, and nobody takes an answer", do: (*machine).unreading},

	scenario.WebhookPoison: {how: "the client fails on the first event that it brings, as the way says, and on no other", do: func(m *machine, o *occurrence) func() {
		m.receiver(o.Target).poison = ""
		return nil
	}},
	scenario.CoreEnds:          {how: "the Core has acted on what was said, and the client's connection ends before the answer"},
	scenario.BackendEnds:       {how: "the home has done what it was asked, and the client's connection ends before the answer"},
	scenario.BackendStuck:      {how: "calls are accepted, and nothing is done"},
	scenario.ModelHangs:        {how: "no question is answered, until its client stops waiting"},
	scenario.ModelTrash:        {how: "answers are prose, halves, and things that cannot be chosen"},
	scenario.IssuerKeysRotated: {how: "the issuer signs with another key; servers know of it when they have asked", do: rotated},
	scenario.WebhookFlood:      {how: "the client takes a 200 for a yes, reads nothing after it, and connects anew"},

	scenario.DiskFull:     onDisk("whatever needs space fails with ENOSPC", syscall.ENOSPC, "mkdir", "create", "write"),
	scenario.DiskReadOnly: onDisk("whatever writes fails with EROFS", syscall.EROFS, "mkdir", "create", "write", "sync", "rename", "remove", "syncdir"),
	scenario.DiskError:    onDisk("whatever reads or writes fails with EIO", syscall.EIO, ""),
	scenario.DiskSlow: {how: "every operation takes longer", do: func(m *machine, o *occurrence) func() {
		m.disk.Slow = func(string, string) time.Duration { return o.Delay }
		return func() { m.disk.Slow = nil }
	}},
	scenario.Descriptors: exhausted(),

	scenario.NodePanic: {how: "the node panics in the wait that it is in", can: (*machine).running, do: func(m *machine, o *occurrence) func() {
		m.driver.Panic(nodePath+o.Target+"#", "a defect of the scenario")
		return nil
	}},
	scenario.NodeStarve: {how: "no task of the node is resumed; a source stands between the read of a hop and its return", do: func(m *machine, o *occurrence) func() {
		if name, ok := strings.CutPrefix(o.Target, "source."); ok && m.mics[name] != nil {
			m.mics[name].held = o.End
		} else if m.driver != nil {
			m.driver.Starve(nodePath+o.Target+"#", m.instant(o.End))
		}
		return nil
	}},
	scenario.CPUStarve: {how: "no task of the appliance is resumed, nor until a processor has worked off what came meanwhile", do: func(m *machine, o *occurrence) func() {
		if m.driver != nil {
			m.stalled = max(m.stalled, o.End+m.workOff(o))
			m.driver.Starve("", m.instant(m.stalled))
		}
		return nil
	}},
	scenario.MemoryLeak: {how: "the measured memory grows until the process is replaced", do: func(m *machine, o *occurrence) func() {
		now, _ := m.measure()
		m.memory.base, m.memory.rate, m.memory.since = now-restMemory, m.memory.rate+int64(o.Size), m.now()
		return nil
	}},
	scenario.MemoryRise: {how: "the measured memory is higher until the process is replaced", do: func(m *machine, o *occurrence) func() {
		m.memory.base += int64(o.Size)
		return nil
	}},

	scenario.PowerLoss: {how: "all tasks end where they stand; what was not synced is lost or torn, as drawn from the seed", can: (*machine).running, do: func(m *machine, o *occurrence) func() {
		m.powerLoss(o)
		return m.launch
	}},
	scenario.Kill:        killed,
	scenario.OutOfMemory: killed,
	scenario.ClockJump: {how: "the time of day jumps", do: func(m *machine, o *occurrence) func() {
		by := o.By
		if o.Back {
			by = -by
		}
		m.jump += by
		if m.driver != nil {
			m.driver.JumpWall(by)
		}
		return nil
	}},
	scenario.Mute: {how: "the mute is asked for, and ends by itself", can: (*machine).running, do: (*machine).mute},
	scenario.Apply: {how: "the steward applies the changed runbook", can: (*machine).running, do: func(m *machine, o *occurrence) func() {
		m.apply(o)
		return nil
	}},
	scenario.Push: {how: "the real code of a push asks models of two other members, and this appliance's steward", can: (*machine).trusts, do: func(m *machine, o *occurrence) func() {
		m.centre.push(o)
		return nil
	}},
}

// nodePath is where the tasks of nodes are in the tree of tasks.
const nodePath = "orac/runner/node/"

// running tells whether there is a process to break.
func (m *machine) running(*occurrence) bool { return m.driver != nil }

// onWorker makes a fault of a capture process that happens at an instant.
func onWorker(how string, do func(*microphone)) maker {
	return maker{how: how,
		can: func(m *machine, o *occurrence) bool { return m.mics[o.Target].holders() > 0 },
		do:  func(m *machine, o *occurrence) func() { do(m.mics[o.Target]); return nil },
	}
}

// onDisk makes operations of the disk fail; "" is all of them.
func onDisk(how string, err error, ops ...string) maker {
	return maker{how: how, refuses: err, do: func(m *machine, _ *occurrence) func() {
		var mends []func()
		for _, op := range ops {
			mends = append(mends, m.disk.Break(op, "", err))
		}
		return func() {
			for _, mend := range mends {
				mend()
			}
			m.diskBad = m.clock
		}
	}}
}

// exhausted makes a process that can open nothing more.
func exhausted() maker {
	mk := onDisk("files, capture processes and connections that are opened fail with EMFILE", syscall.EMFILE, "create", "read", "list")
	mk.cut = syscall.EMFILE
	return mk
}

// killed ends the process; it is started again when the fault is over.
var killed = maker{how: "all tasks end where they stand; the disk keeps what was written", can: (*machine).running, do: func(m *machine, _ *occurrence) func() {
	m.account.power(scenario.Kill)
	m.end()
	m.judge.Noticed(m.clock, "process")
	return m.launch
}}

// engineText is what a service says instead of a text when its engine fails.
const engineText = "[Transcription Failed: out of memory]"

func noAnswer(c sttClient, op string) *wire.Error {
	return doubtful(c.fault(op, wire.Protocol, 200, "the answer is no JSON"), wire.Acted)
}

// doubtful says what is unknown after an error.
func doubtful(e *wire.Error, d wire.Doubt) *wire.Error {
	e.Doubt = d
	return e
}
