package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"orac/appliance/core"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook/scenario"
	"orac/sim/trial/judge"
	"orac/sim/trial/report"
	"orac/sim/trial/schedule"
)

// breaks is how a fault is made and undone in the simulated world. Undo is nil where there is nothing to undo.
type breaks struct {
	how string // what exactly is modelled
	do  func(m *machine, o *occurrence) (undo func())
}

// onDevice makes a fault that changes what a device delivers while it lasts.
func onDevice(how string) breaks {
	return breaks{how, func(m *machine, o *occurrence) func() {
		d := m.mics[o.Target]
		d.faults[o.Kind] = o.Fault
		return func() { delete(d.faults, o.Kind) }
	}}
}

// onAll is onDevice for all devices.
func onAll(how string) breaks {
	return breaks{how, func(m *machine, o *occurrence) func() {
		for _, d := range m.mics {
			d.faults[o.Kind] = o.Fault
		}
		return func() {
			for _, d := range m.mics {
				delete(d.faults, o.Kind)
			}
		}
	}}
}

// onService makes a fault of a speech-to-text service.
func onService(how string) breaks {
	return breaks{how, func(m *machine, o *occurrence) func() {
		s := m.services[o.Target]
		s.faults[o.Kind] = o.Fault
		return func() { delete(s.faults, o.Kind) }
	}}
}

// onHeartbeat makes a fault of a server that receives heartbeats.
func onHeartbeat(how string) breaks {
	return breaks{how, func(m *machine, o *occurrence) func() {
		p := m.peer("heartbeat " + o.Target)
		p.faults[o.Kind] = o.Fault
		return func() { delete(p.faults, o.Kind) }
	}}
}

// onWebhook makes a fault of a server that receives the events of a webhook.
func onWebhook(how string) breaks {
	return breaks{how, func(m *machine, o *occurrence) func() {
		r := m.receiver(o.Target)
		r.faults[o.Kind], r.poison = o.Fault, ""
		return func() { delete(r.faults, o.Kind) }
	}}
}

// onDisk makes operations of the disk fail; without names, all of them.
func onDisk(how string, err error, ops ...string) breaks {
	if len(ops) == 0 {
		ops = []string{""}
	}
	return breaks{how, func(m *machine, _ *occurrence) func() {
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

// everywhere makes a fault that the affected models check for themselves while it lasts.
func everywhere(how string) breaks {
	return breaks{how, func(*machine, *occurrence) func() { return nil }}
}

// instantly makes a fault that happens at an instant.
func instantly(how string, f func(m *machine, o *occurrence)) breaks {
	return breaks{how, func(m *machine, o *occurrence) func() { f(m, o); return nil }}
}

// killed ends the process; it is started again when the fault is over.
var killed = breaks{"all tasks end where they stand; the disk keeps what was written", func(m *machine, _ *occurrence) func() {
	m.account.power(scenario.Kill)
	m.end()
	m.judge.Noticed(m.clock, "process")
	return m.launch
}}

// nodePath is where the tasks of nodes are in the tree of tasks.
const nodePath = "orac/runner/node/"

// faults is every kind of fault that the simulator can make.
var faults map[scenario.Kind]breaks

func init() {
	faults = map[scenario.Kind]breaks{
		scenario.ReadBlocks: instantly("the pipe gives nothing until the process is replaced", func(m *machine, o *occurrence) { m.mics[o.Target].freeze() }),
		scenario.WorkerStop: instantly("the pipe gives nothing until the process is replaced", func(m *machine, o *occurrence) { m.mics[o.Target].freeze() }),
		scenario.WorkerKill: instantly("the pipe ends", func(m *machine, o *occurrence) {
			m.mics[o.Target].die(errors.New("the capture process ended: signal: killed"))
		}),
		scenario.WorkerTrash: instantly("the reader of frames ends the process", func(m *machine, o *occurrence) {
			m.mics[o.Target].die(errors.New("the capture process writes what are no frames"))
		}),
		scenario.OpenHangs: breaks{"the open stream gives nothing, and opening takes until its deadline", func(m *machine, o *occurrence) func() {
			d := m.mics[o.Target]
			d.freeze()
			d.faults[o.Kind] = o.Fault
			return func() { delete(d.faults, o.Kind) }
		}},
		scenario.ListHangs:  onAll("opening takes until its deadline"),
		scenario.Drops:      onDevice("hops are skipped and counted as lost"),
		scenario.ShortReads: onDevice("hops come up to 60 ms late"),
		scenario.WrongRate:  onDevice("hops come at another rate"),
		scenario.Stuck:      onDevice("the same hop of RMS 79, again and again"),
		scenario.Silence:    onDevice("hops of zeros"),
		scenario.Noise:      onDevice("noise of RMS 12000"),
		scenario.Clipping:   onDevice("full scale by the sign of each sample"),
		scenario.Unplug: {"the pipe falls silent and opening fails; back with another index", func(m *machine, o *occurrence) func() {
			d := m.mics[o.Target]
			was := d.present
			d.present, d.other = false, o.Other
			return func() {
				d.present, d.other = was, false
				d.index++
			}
		}},
		scenario.Suspended: onDevice("the pipe falls silent, and opening takes until its deadline"),
		scenario.AudioDown: {"all pipes fall silent and opening fails", func(m *machine, _ *occurrence) func() {
			for _, d := range m.mics {
				d.index++ // a stream from before delivers nothing any more
			}
			return func() {}
		}},

		scenario.STTDown: {"the client's connections are refused, or end, and what the server had is gone", func(m *machine, o *occurrence) func() {
			s := m.services[o.Target]
			s.faults[o.Kind] = o.Fault
			s.end()
			return func() { delete(s.faults, o.Kind) }
		}},
		scenario.STTStopped: {"nothing is heard of the server; what it has or is sent meanwhile it does afterwards, whoever waits for it", func(m *machine, o *occurrence) func() {
			s := m.services[o.Target]
			s.faults[o.Kind] = o.Fault
			s.stop()
			return func() {
				delete(s.faults, o.Kind)
				s.proceed()
			}
		}},
		scenario.STTEngine:       onService("the client is told a failure in a stream, and an empty text by HTTP"),
		scenario.STTEnds:         onService("Core has what was said, and the client's connection ends before the answer"),
		scenario.STTSlow:         onService("answers come later"),
		scenario.STTReset:        onService("the client's connections end in the middle"),
		scenario.STTEmpty:        onService("answers are empty"),
		scenario.STTTrash:        onService("the client finds no answer in what comes"),
		scenario.STTLies:         onService("the client finds a failure in what comes"),
		scenario.STTLate:         onService("the client's time is up a second before the answer, and Core has it all the same"),
		scenario.STTUnauthorized: onService("the client is told 401"),
		scenario.STTHolds:        onService("the client's time is up, and nothing ends"),
		scenario.STTCut:          onService("the client finds half an answer"),
		scenario.STTCorrupt:      onService("the client finds no answer in what comes"),
		scenario.STTSilent:       onService("the client's time is up, in connecting too"),
		scenario.STTNoStream:     onService("the client's streams are refused with 403, and its health checks say why"),
		scenario.STTPoison: {"the client fails on the first utterance that it brings, as the way says, and on no other", func(m *machine, o *occurrence) func() {
			s := m.services[o.Target]
			s.faults[o.Kind], s.poison = o.Fault, ""
			return func() { delete(s.faults, o.Kind) }
		}},
		scenario.NetDown:       everywhere("no client reaches its server, and who waits for an answer waits in vain"),
		scenario.HeartbeatDown: onHeartbeat("the client's connections are refused"),
		scenario.HeartbeatNo:   onHeartbeat("the client is told 401"),

		scenario.WebhookSlow:    onWebhook("answers come later, or not in time"),
		scenario.WebhookDown:    onWebhook("the client's connections are refused"),
		scenario.WebhookRefused: onWebhook("the client is told 401"),
		scenario.WebhookGone:    onWebhook("the client is told 410"),
		scenario.WebhookPoison:  onWebhook("the client fails on the first event that it brings, as the way says, and on no other"),
		scenario.WebhookFlood:   onWebhook("the client takes a 200 for a yes, reads nothing after it, and connects anew"),

		scenario.DiskFull:     onDisk("whatever needs space fails with ENOSPC", syscall.ENOSPC, "mkdir", "create", "write"),
		scenario.DiskReadOnly: onDisk("whatever writes fails with EROFS", syscall.EROFS, "mkdir", "create", "write", "sync", "rename", "remove", "syncdir"),
		scenario.DiskError:    onDisk("whatever reads or writes fails with EIO", syscall.EIO),
		scenario.DiskSlow: {"every operation takes longer", func(m *machine, o *occurrence) func() {
			m.disk.Slow = func(string, string) time.Duration { return o.Delay }
			return func() { m.disk.Slow = nil }
		}},

		scenario.NodePanic: instantly("the node panics in the wait that it is in", func(m *machine, o *occurrence) {
			if m.driver != nil {
				m.driver.Panic(nodePath+o.Target+"#", "a defect of the scenario")
			}
		}),
		scenario.NodeStarve: {"no task of the node is resumed; a source stands between the read of a hop and its return", func(m *machine, o *occurrence) func() {
			if name, ok := strings.CutPrefix(o.Target, "source."); ok && m.mics[name] != nil {
				m.mics[name].held = o.End
				return func() {}
			}
			if m.driver != nil {
				m.driver.Starve(nodePath+o.Target+"#", m.instant(o.End))
			}
			return func() {}
		}},
		scenario.CPUStarve: {"no task of the appliance is resumed", func(m *machine, o *occurrence) func() {
			if m.driver != nil {
				m.driver.Starve("", m.instant(o.End))
			}
			return func() {}
		}},
		scenario.MemoryLeak: instantly("the measured memory grows until the process is replaced", func(m *machine, o *occurrence) {
			now, _ := m.measure()
			m.memory.base, m.memory.rate, m.memory.since = now-restMemory, m.memory.rate+int64(o.Size), m.now()
		}),
		scenario.MemoryRise: instantly("the measured memory is higher until the process is replaced", func(m *machine, o *occurrence) {
			m.memory.base += int64(o.Size)
		}),

		scenario.PowerLoss: {"all tasks end where they stand; what was not synced is lost or torn, as drawn from the seed", func(m *machine, o *occurrence) func() {
			m.powerLoss(o)
			return m.launch
		}},
		scenario.Kill:        killed,
		scenario.OutOfMemory: killed,
		scenario.Descriptors: onDisk("files, capture processes and connections that are opened fail with EMFILE", syscall.EMFILE, "create", "read", "list"),
		scenario.ClockJump: instantly("the time of day jumps", func(m *machine, o *occurrence) {
			by := o.By
			if o.Back {
				by = -by
			}
			m.jump += by
			if m.driver != nil {
				m.driver.JumpWall(by)
			}
		}),
		scenario.Apply: instantly("the steward applies the changed runbook", (*machine).apply),
	}
}

// instant converts a time of the world to the clock of the process.
func (m *machine) instant(at time.Duration) rt.Instant { return rt.Instant(at - m.booted) }

func (m *machine) powerLoss(o *occurrence) {
	m.account.power(scenario.PowerLoss)
	m.disk.PowerOff()
	m.end()
	m.disk.TornPowerLoss(m.random("torn " + o.Name))
	m.judge.Noticed(m.clock, "process")
}

// apply changes the runbook as a person does: edit the file, plan, apply.
func (m *machine) apply(o *occurrence) {
	if m.driver == nil {
		return
	}
	text, err := m.sc.Changed(m.text, o.Fault)
	if err != nil {
		m.broken = err
		return
	}
	changed := m.core
	before, busy := changed.Graph(), m.applying
	m.applying++
	rt.New(m.driver, "orac-apply", func(t *rt.Task) error {
		done, err := changed.Change(t, core.Change{ApplyRequest: status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: asTheOwner}.Text(string(text))}}, func(string) {})
		m.applying--
		if !(err == nil && done.OK) && busy == 0 && changed.Graph() != before && !strings.Contains(done.Why, "there is no way back") {
			m.judge.Break(m.now(), "applied", "a change that was not kept is in force: "+errors.Join(err, errors.New(done.Why)).Error())
		}
		switch {
		case err != nil:
			m.mark("process", "apply refused", err.Error())
		case done.OK:
			m.text = text
			m.applied++
			m.mark("process", "applied", fmt.Sprintf("generation %d", done.Generation))
		default:
			m.rolledBack++
			m.mark("process", "rolled back", done.Why)
		}
		return nil
	})
}

// plan puts the faults of a schedule on the agenda.
func (m *machine) plan(list []occurrence) {
	for _, o := range list {
		schedule.Aim(&o, m.first)
		b, ok := faults[o.Kind]
		if !ok {
			m.out.Unsupported = append(m.out.Unsupported, fmt.Sprintf("%s: the simulator has no model of %s: orac chaos makes it", o.Name, o.Kind))
			continue
		}
		if !m.reaches(&o) {
			m.out.Unsupported = append(m.out.Unsupported, fmt.Sprintf("%s: there is no %s %q to break", o.Name, o.Kind.Info().Target, o.Target))
			continue
		}
		m.todo.add(o.Begin, func() { m.begin(o, b) })
	}
}

// reaches tells whether the target of a fault exists.
func (m *machine) reaches(o *occurrence) bool {
	return o.Kind.Info().Target == "" || slices.Contains(schedule.Targets(o.Kind, m.first), o.Target)
}

// disturbing tells whether a wake word may go unheard during a fault of this kind.
func disturbing(k scenario.Kind) bool {
	switch k.Info().Target {
	case "stt", "heartbeat", "webhook":
		return false
	}
	switch k {
	case scenario.DiskFull, scenario.DiskReadOnly, scenario.DiskError, scenario.DiskSlow, scenario.ClockJump, scenario.MemoryLeak, scenario.MemoryRise, scenario.NetDown:
		return false
	}
	return true
}

// breakable tells whether the target of a fault is there now: the process, or a capture process.
func (m *machine) breakable(o occurrence) bool {
	switch o.Kind {
	case scenario.Kill, scenario.OutOfMemory, scenario.PowerLoss, scenario.NodePanic, scenario.Apply:
		return m.driver != nil
	case scenario.ReadBlocks, scenario.WorkerKill, scenario.WorkerStop, scenario.WorkerTrash:
		return m.mics[o.Target].holders() > 0
	}
	return true
}

// begin makes a fault, and schedules its end if it lasts.
func (m *machine) begin(o occurrence, b breaks) {
	at := m.clock
	if !m.breakable(o) {
		return
	}
	id := m.judge.Began(at, judge.Fault{Address: o.Address, Kind: o.Kind, Target: o.Target, Lasts: o.Lasts()})
	m.out.Faults = append(m.out.Faults, report.Fault{
		Name: o.Name, Kind: string(o.Kind), Target: o.Target, Fidelity: "modelled", How: b.how, Begin: at.Seconds(),
	})
	n := len(m.out.Faults) - 1
	if disturbing(o.Kind) {
		end := max(o.End, at+4*time.Second)
		m.disturbed(at, end)
	}
	if starving(o.Kind) {
		m.starving = append(m.starving, stretch{at, max(o.End, at)})
	}
	m.lasting[o.Kind]++
	if !o.Kind.Info().Harmless {
		m.faulty++
	}
	undo := b.do(m, &o)
	m.look()
	over := func() {
		m.lasting[o.Kind]--
		if !o.Kind.Info().Harmless {
			m.faulty--
		}
		if undo != nil {
			undo()
		}
		m.judge.Ended(m.clock, id)
		m.look()
		if o.Lasts() {
			m.out.Faults[n].End = m.clock.Seconds()
		}
	}
	if !o.Lasts() {
		over()
		return
	}
	m.todo.add(o.End, over)
}

// occurrence is a fault of a run.
type occurrence = schedule.Occurrence
