package sim

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/report"
	"orac/sim/trial/schedule"
	"orac/sim/trial/tally"
)

// runOptions are what the runs of one scenario share.
type runOptions struct {
	book       book
	inference  graph.Inference
	evaluation language.Options
	sounds     func(play string, s scenario.Sound) ([]int16, error)
	trace      func(rt.Record)
	only       func([]occurrence) []occurrence // selects faults from a schedule; nil: all
	crash      int                             // the power fails before this change of the disk; 0: never
	last       bool                            // or, if set, right after it
	until      <-chan struct{}                 // ends the run early
	passed     func(time.Duration)             // receives the virtual time that has passed, piece by piece; may be nil
}

// book is the runbook that a scenario runs.
type book struct {
	file    string
	text    []byte
	runbook *runbook.Runbook
}

// once runs a scenario with one seed.
func once(sc *scenario.Scenario, seed uint64, o runOptions) (r report.Run, err error) {
	began := time.Now()
	m, err := newMachine(sc, seed, o)
	if err != nil {
		return r, err
	}
	defer m.end()
	defer m.centre.close()
	list := schedule.Of(sc, m.first, seed)
	if o.only != nil {
		list = o.only(list)
	}
	m.plan(list)
	m.invite()
	if o.crash > 0 {
		m.crashAt(o.crash, o.last)
	}
	m.todo.add(sc.Head.Heal, func() { m.memory.base, m.memory.rate = 0, 0 }) // end the leaks that a process would keep until it is replaced
	m.boot()
	m.watch()
	m.step(sc.Head.For)
	if m.broken != nil {
		return r, m.broken
	}
	return m.finish(seed, began), nil
}

// step runs until the end in pieces, and checks the limits of the run itself (time, memory) after
// each piece.
func (m *machine) step(until time.Duration) {
	began := time.Now()
	const piece = time.Minute
	for at := piece; m.clock < until && !m.over && m.broken == nil; at += piece {
		m.run(min(at, until))
		if m.o.passed != nil {
			m.o.passed(min(at, until) - (at - piece))
		}
		select {
		case <-m.o.until:
			m.out.Unsupported = append(m.out.Unsupported, "the run was ended early")
			m.over = true
		default:
		}
		if w := m.sc.Limits.Wall; w > 0 && time.Since(began) > w {
			m.out.Unsupported = append(m.out.Unsupported, fmt.Sprintf("limits.wall: %v of it took more than %v", m.clock.Round(time.Second), w))
			m.over = true
		}
		if l := m.sc.Limits.Memory; l > 0 && at%(10*piece) == 0 {
			var s runtime.MemStats
			if runtime.ReadMemStats(&s); s.HeapAlloc > uint64(l) {
				m.out.Unsupported = append(m.out.Unsupported, fmt.Sprintf("limits.memory: the simulator takes %v", language.Size(s.HeapAlloc)))
				m.over = true
			}
		}
	}
}

// watch schedules the judge's looks, the checks of every second, and the samples of health and
// memory.
func (m *machine) watch() {
	m.look()
	health := ""
	var note func()
	note = func() {
		if h := m.Health(); h != health && len(m.out.Health) < mostSteps {
			health = h
			m.out.Health = append(m.out.Health, report.Step{At: m.clock.Seconds(), Value: h})
		}
		m.account.Sweep(m.clock)
		m.duties.see(m.clock)
		m.todo.add(m.clock+time.Second, note)
	}
	m.todo.add(0, note)
	every := max(m.sc.Head.For/memorySamples, time.Second)
	var sample func()
	sample = func() {
		if m.Up() {
			m.out.Memory = append(m.out.Memory, report.Sample{At: m.clock.Seconds(), Value: float64(m.Memory())})
		}
		m.todo.add(m.clock+every, sample)
	}
	m.todo.add(0, sample)
}

// look has the judge look now, and again whenever it asks to. A call replaces the one before, because a fault that begins or
// ends changes when the judge wants to look.
func (m *machine) look() {
	m.looks++
	this := m.looks
	var again func()
	again = func() {
		if m.looks != this {
			return
		}
		m.judge.See(m.clock, m)
		m.todo.add(max(m.judge.Next(m.clock), m.clock+time.Millisecond), again)
	}
	m.todo.add(m.clock, again)
}

const (
	mostSteps     = 2000
	memorySamples = 400
)

// finish judges the run at its end.
func (m *machine) finish(seed uint64, began time.Time) report.Run {
	m.account.Sweep(m.clock + time.Hour)
	for _, what := range m.account.Lost(m.spooled()) {
		m.judge.Break(m.clock, "lost", what)
	}
	m.floor.finish(m)
	m.loud.finish()
	for _, name := range slices.Sorted(maps.Keys(m.satellites)) {
		m.satellites[name].finish()
	}
	m.account.proveKept()
	for id, what := range m.account.astray() {
		m.judge.Break(m.clock, "aside", id+" "+what)
	}
	for _, what := range m.account.silent() {
		m.judge.Break(m.clock, "told", what)
	}
	m.duties.finish(m.clock)
	m.judge.Finish(m.clock, m)
	m.highest()
	m.judge.Safe(m.clock, safety...)
	r := m.out
	r.Seed, r.Virtual, r.Wall = seed, m.clock.Seconds(), time.Since(began).Seconds()
	r.Breaks, r.Judged, r.Reached = m.judge.Breaks, m.judge.Judged, m.judge.Reached
	if m.driver != nil {
		m.hash = mixHash(m.hash, m.driver.Hash())
	}
	r.Hash, r.Records = fmt.Sprintf("%016x", m.hash), m.records
	for _, id := range m.incidentIn {
		if len(r.Incidents) < mostSteps {
			r.Incidents = append(r.Incidents, *m.incidents[id])
		}
	}
	if len(m.micNames) > 0 { // the report draws the first device
		for _, b := range m.mics[m.micNames[0]].level {
			r.Level = append(r.Level, report.Sample{At: b.at.Seconds(), Value: b.rms})
		}
	}
	r.Counts = m.account.Counts()
	maps.Copy(r.Counts, map[string]int{"reexecs": m.reexecs, "applied": m.applied, "rolled_back": m.rolledBack, "disk_changes": m.disk.Changes()})
	switch {
	case len(r.Breaks) > 0:
		r.Verdict = report.Broken
	case len(r.Unsupported) > 0:
		r.Verdict = report.Unknown
	default:
		r.Verdict = report.Kept
	}
	return r
}

// safety lists what is demanded of every run.
var safety = []string{"lost", "once", "twice", "silence", "order", "holders", "fenced", "patient", "sound", "aloud", "finished", "labels", "masked", "cooldown", "queues", "secrets", "applied", "runs", "history", "honest", "closed", "beats", "tasks", "told", "tokens", "pushed"}

// highest checks that every queue has stayed within its bound.
func (m *machine) highest() {
	if m.core == nil {
		return
	}
	for _, v := range m.core.Views() {
		for _, s := range m.core.Inbox(v.Node.Address) {
			if s.Len > s.Cap || s.High > s.Cap {
				m.judge.Break(m.clock, "queues", fmt.Sprintf("%s has held %d of %d", s.Name, s.High, s.Cap))
			}
		}
	}
}

// crashAt makes the power fail right before change n of the disk, or right after it if last is set.
func (m *machine) crashAt(n int, last bool) {
	i := slices.IndexFunc(m.sc.Faults, func(f scenario.Fault) bool { return f.EveryWrite })
	o := occurrence{Fault: m.sc.Faults[i], Name: fmt.Sprintf("%s at change %d", m.sc.Faults[i].Address, n)}
	m.disk.CrashAt(n, last, func() {
		m.driver.Halt()
		m.todo.add(m.now(), func() {
			o.Begin, o.End = m.clock, m.clock+o.For
			m.begin(o, makers[scenario.PowerLoss])
		})
	})
}

// listen makes the devices of the runbook and what they hear.
func (m *machine) listen() error {
	m.micNames = schedule.Devices(m.first)
	for i, name := range m.micNames {
		d := &microphone{m: m, name: name, identity: name, index: 1, present: true, r: m.random("device " + name)}
		if b, ok := m.first.Microphone(runbook.Address("device.microphone." + name)); ok {
			switch {
			case b.Identity != "":
				d.identity = b.Identity
			case b.ID != "":
				d.identity = b.ID
			case b.Match != "":
				d.identity = b.Match
			}
		}
		rms := defaultNoise
		for _, w := range m.sc.Microphones {
			if w.Name == name {
				d.present, rms = w.Present, w.Noise
				if w.Identity != w.Name {
					d.identity = w.Identity
				}
			}
		}
		d.heard.program = &d.program
		d.program.background = noise(m.seed+uint64(i), rms, backgroundHops)
		m.mics[name] = d
	}
	for _, s := range m.sc.Sounds {
		if err := m.schedulePlays(s); err != nil {
			return err
		}
	}
	for _, name := range m.micNames {
		p := &m.mics[name].program
		p.sort()
		for i := range p.plays {
			m.account.Plays(name, &p.plays[i].Sound)
		}
	}
	return nil
}

// defaultNoise is the RMS of a quiet room.
const defaultNoise = 40

// hush is how long before the end nobody speaks any more, so that everything can be delivered and nothing waits at the end.
const hush = 20 * time.Second

// schedulePlays puts a sound of the scenario into the program of its device.
func (m *machine) schedulePlays(s scenario.Sound) error {
	device, model := s.Device, s.Model
	if device == "" && len(m.micNames) > 0 {
		device = m.micNames[0]
	}
	if model == "" && len(m.first.Models) > 0 {
		model = m.first.Models[0].Name
	}
	d := m.mics[device]
	if d == nil {
		return fmt.Errorf("%s: %s: the runbook listens to no device %q", m.sc.File, s.Address, device)
	}
	s.Model = model
	pcm, err := m.o.sounds(s.Play, s)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", m.sc.File, s.Address, err)
	}
	r := m.random("sound " + string(s.Address))
	for _, at := range schedule.Times(r, s.At, s.Every, s.Jitter, s.Times, m.sc.Head.For-audio.Time(len(pcm))-hush) {
		d.program.add(play{pcm: pcm, Sound: tally.Sound{Model: model, At: at, Wakes: s.Wakes, Speaks: s.Play == "speech" && s.Command > 0}})
	}
	return nil
}

func (m *machine) source(d graph.Device) (audio.Source, error) {
	s := &source{mic: m.mics[d.Name()]}
	if s.mic == nil {
		return nil, fmt.Errorf("there is no device %s in this world", d.Name())
	}
	if d.Microphone != nil {
		s.block = *d.Microphone
	}
	return s, nil
}

func newIncident(i status.Incident, at float64) *report.Incident {
	return &report.Incident{Component: i.Component, Cause: i.Cause, Begin: at}
}
