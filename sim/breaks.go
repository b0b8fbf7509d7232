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
	"orac/appliance/stt/wire"
	"orac/runbook/scenario"
	"orac/sim/trial/judge"
	"orac/sim/trial/report"
	"orac/sim/trial/schedule"
)

// occurrence is a fault of a run.
type occurrence = schedule.Occurrence

// ailment is a fault that lasts.
type ailment struct {
	scenario.Fault
	maker
}

// ailments are the faults from which something suffers now.
type ailments struct{ list []*ailment }

// first returns the first ailment, in the order of the table, that fits; nil if none does.
func (a *ailments) first(fits func(*ailment) bool) (found *ailment) {
	for _, x := range a.list {
		if fits(x) && (found == nil || scenario.Compare(x.Kind, found.Kind) < 0) {
			found = x
		}
	}
	return found
}

// of returns the oldest ailment of a kind; nil if there is none.
func (a *ailments) of(k scenario.Kind) *ailment {
	for _, x := range a.list {
		if x.Kind == k {
			return x
		}
	}
	return nil
}

func (a *ailments) has(k scenario.Kind) bool { return a.of(k) != nil }

// delay returns how much later than usual a server answers.
func (a *ailments) delay() time.Duration {
	if x := a.first(func(x *ailment) bool { return x.Kind.Info().Late }); x != nil {
		return x.Delay
	}
	return 0
}

// refusal returns the error of a client whose server refuses its connections or its requests; nil if it does not.
func (a *ailments) refusal(op, address string) *wire.Error {
	if a.first(func(x *ailment) bool { return x.Kind.Info().Refuses }) != nil {
		return &wire.Error{Op: op, Address: address, Kind: wire.Unreachable, Cause: syscall.ECONNREFUSED}
	}
	if x := a.first(func(x *ailment) bool { return x.Kind.Info().Status > 0 }); x != nil {
		return wire.Answered(op, address, x.Kind.Info().Status)
	}
	return nil
}

// unreached returns the error of a client that reaches nobody; nil if it does.
func (m *machine) unreached(op, address string) *wire.Error {
	if x := m.ailments.first(func(x *ailment) bool { return x.cut != nil }); x != nil {
		return &wire.Error{Op: op, Address: address, Kind: wire.Unreachable, Cause: x.cut}
	}
	return nil
}

// refusal returns why the disk refuses operations now; nil if it does not.
func (m *machine) refusal() error {
	if x := m.ailments.first(func(x *ailment) bool { return x.refuses != nil }); x != nil {
		return x.refuses
	}
	return nil
}

// suffers returns what has a fault while it lasts: its target, or the machine.
func (m *machine) suffers(o *occurrence) *ailments {
	switch o.Kind.Info().Target {
	case scenario.Device:
		return &m.mics[o.Target].ailments
	case scenario.STTTarget:
		return &m.services[o.Target].ailments
	case scenario.EngineTarget:
		return &m.engineOf(o.Target).ailments
	case scenario.HeartbeatTarget:
		return &m.peer("heartbeat " + o.Target).ailments
	case scenario.WebhookTarget:
		return &m.receiver(o.Target).ailments
	case scenario.CoreTarget:
		return &m.peer("core " + o.Target).ailments
	case scenario.BackendTarget:
		return &m.homeOf(o.Target).ailments
	case scenario.ModelTarget:
		return &m.mindOf(o.Target).ailments
	case scenario.LoginTarget:
		return &m.issuerOf(o.Target).ailments
	case scenario.SpeakerTarget:
		return &m.speakerOf(o.Target).ailments
	case scenario.TTSTarget:
		return &m.spokesmanOf(o.Target).ailments
	case scenario.ESPHomeTarget:
		return &m.satelliteHomeOf(o.Target).ailments
	case scenario.TracesTarget:
		return &m.collectorOf().ailments
	case scenario.BrokerTarget:
		return &m.brokerOf(o.Target).ailments
	}
	return &m.ailments
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
	rt.New(m.driver, "orac-apply", func(t *rt.Task) error {
		_, _ = m.change(t, string(text), "") // what came of it is noted
		return nil
	})
}

// change has the appliance take another text, for the plan of a hash, if one is given; the file is what runs when it is kept.
func (m *machine) change(t *rt.Task, text, hash string) (status.Applied, error) {
	running := m.core
	before, busy := running.Graph(), m.applying
	m.applying++
	request := status.ApplyRequest{PlanRequest: status.PlanRequest{Origin: asTheOwner}.Text(text), Hash: hash}
	done, err := running.Change(t, core.Change{ApplyRequest: request, Kept: func(text string, _ *status.Applied) { m.text = []byte(text) }}, func(string) {})
	m.applying--
	if !(err == nil && done.OK) && busy == 0 && running.Graph() != before && !strings.Contains(done.Why, "there is no way back") {
		m.judge.Break(m.now(), "applied", "a change that was not kept is in force: "+errors.Join(err, errors.New(done.Why)).Error())
	}
	switch {
	case err != nil:
		m.Mark("process", "apply refused", err.Error())
	case done.OK:
		m.applied++
		m.Mark("process", "applied", fmt.Sprintf("generation %d", done.Generation))
	default:
		m.rolledBack++
		m.Mark("process", "rolled back", done.Why)
	}
	return done, err
}

// plan puts the faults of a schedule on the agenda.
func (m *machine) plan(list []occurrence) {
	for _, o := range list {
		schedule.Aim(&o, m.first)
		mk, ok := makerOf(o.Kind)
		if !ok {
			m.out.Unsupported = append(m.out.Unsupported, fmt.Sprintf("%s: the simulator has no model of %s: %s", o.Name, o.Kind, o.Kind.Info().Unmodelled))
			continue
		}
		if !m.reaches(&o) {
			m.out.Unsupported = append(m.out.Unsupported, fmt.Sprintf("%s: there is no %s %q to break", o.Name, o.Kind.Info().Target, o.Target))
			continue
		}
		m.todo.add(o.Begin, func() { m.begin(o, mk) })
	}
}

// reaches tells whether the target of a fault exists.
func (m *machine) reaches(o *occurrence) bool {
	return o.Kind.Info().Target == "" || slices.Contains(schedule.Targets(o.Kind, m.first), o.Target)
}

// begin makes a fault, and schedules its end if it lasts.
func (m *machine) begin(o occurrence, mk maker) {
	at, kind := m.clock, o.Kind.Info()
	if mk.can != nil && !mk.can(m, &o) {
		return
	}
	id := m.judge.Began(at, judge.Fault{Address: o.Address, Kind: o.Kind, Target: o.Target, Lasts: o.Lasts()})
	m.out.Faults = append(m.out.Faults, report.Fault{
		Name: o.Name, Kind: string(o.Kind), Target: o.Target, Fidelity: "modelled", How: mk.how, Begin: at.Seconds(),
	})
	n := len(m.out.Faults) - 1
	if kind.Family.Unheard {
		m.account.Trouble(at).To = max(o.End, at+4*time.Second)
	}
	if kind.Family.Starves {
		m.starving = append(m.starving, stretch{at, max(o.End, at)})
	}
	x, who := &ailment{o.Fault, mk}, m.suffers(&o)
	who.list = append(who.list, x)
	if !kind.Harmless {
		m.faulty++
	}
	var undo func()
	if mk.do != nil {
		undo = mk.do(m, &o)
	}
	m.look()
	over := func() {
		who.list = slices.DeleteFunc(who.list, func(y *ailment) bool { return x == y })
		if !kind.Harmless {
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
