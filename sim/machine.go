package sim

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"orac/appliance/audio"
	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim/trial/deeds"
	"orac/sim/trial/judge"
	"orac/sim/trial/report"
	"orac/sim/trial/schedule"
)

// machine is a computer in a simulated world, with an appliance on it that can be killed and started again. The world is
// plain code that acts at its times while the appliance is paused; the appliance runs on a virtual driver, a new one for
// every start of its process.
type machine struct {
	sc    *scenario.Scenario
	seed  uint64
	o     runOptions
	file  string // name of the runbook
	text  []byte // its current text
	first *runbook.Runbook
	epoch time.Time
	jump  time.Duration // offset of the time of day so far

	clock  time.Duration // since the start of the run, monotonic
	todo   agenda
	driver *virtual.Driver // nil while the process does not run
	root   *rt.Task
	core   *core.Core
	booted time.Duration // when the process was last started

	stopped time.Duration // when it last ended
	boots   int
	reexecs int
	hash    uint64
	records int
	count   map[string]uint64 // hops that reached the models before this boot, by device

	disk       *virtual.Disk
	diskBad    time.Duration // when it last refused
	mics       map[string]*microphone
	micNames   []string
	services   map[string]*service
	engines    map[string]*engine
	speakers   map[string]*speaker
	loud       *aloud // what they play
	spokesmen  map[string]*spokesman
	satellites map[string]*satelliteHome // the Home Assistant of each satellite
	homes      map[string]*home
	minds      map[string]*mind
	peers      map[string]*peer
	issuers    map[string]*issuer
	receivers  map[string]*receiver
	brokers    map[string]*broker
	tracing    *collector            // nil: nobody has sent it anything
	doors      map[string]*voiceDoor // of Wyoming services, the newest of each
	floor      floor
	centre     *centre
	ledger     *ledger
	ailments   ailments
	refusedFor time.Duration // the longest time in which a server has refused whatever token it was shown
	faulty     int           // active faults that are not harmless
	muting     muting
	starving   []stretch     // when nodes were kept from running
	stalled    time.Duration // until when the process is kept from running
	memory     struct {
		base, rate int64
		since      time.Duration
	}

	judge      *judge.Judge
	looks      int // calls of look
	account    *account
	duties     *duties
	holders    int
	applied    int
	applying   int // applies in progress
	rolledBack int
	incidents  map[string]*report.Incident
	incidentIn []string
	out        report.Run
	over       bool
	broken     error // why the world cannot continue
}

// stretch is a period of disturbance.
type stretch struct{ from, to time.Duration }

// restMemory is what a healthy appliance uses: measured on the real one with one model.
const restMemory = 80 << 20

// bootLeast and bootMost bound the time from the start of a process to its graph, with models loaded: measured on the real one,
// which delivers sound 0.5 to 1 s after its start.
const bootLeast, bootMost = 400 * time.Millisecond, 900 * time.Millisecond

// canary is the value of every secret in a simulated runbook: it must never appear anywhere.
const canary = "canary-4e1f-never-to-be-seen"

func newMachine(sc *scenario.Scenario, seed uint64, o runOptions) (*machine, error) {
	m := &machine{
		sc: sc, seed: seed, o: o, file: o.book.file, text: o.book.text, first: o.book.runbook,
		disk: virtual.NewDisk(4 << 30), mics: map[string]*microphone{}, services: map[string]*service{}, engines: map[string]*engine{}, speakers: map[string]*speaker{}, spokesmen: map[string]*spokesman{}, satellites: map[string]*satelliteHome{}, homes: map[string]*home{}, minds: map[string]*mind{}, peers: map[string]*peer{}, issuers: map[string]*issuer{}, receivers: map[string]*receiver{}, brokers: map[string]*broker{}, doors: map[string]*voiceDoor{},
		incidents: map[string]*report.Incident{}, count: map[string]uint64{},
	}
	m.epoch = time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)
	if sc.Head.Epoch != "" {
		at, err := time.Parse(time.RFC3339, sc.Head.Epoch)
		if err != nil {
			return nil, fmt.Errorf("%s: epoch: %w", sc.File, err)
		}
		m.epoch = at
	}
	m.judge = judge.New(sc)
	m.floor.book = deeds.New(m.judge)
	m.loud = newAloud(m)
	m.centre = newCentre(m)
	m.account, m.ledger = newAccount(m), &ledger{m: m, known: map[string]bool{}, wrote: map[string]time.Duration{}, ages: provenclock.Ages{}, open: map[string]bool{}}
	m.duties = newDuties(m)
	for _, s := range m.first.STTs {
		m.services[s.Name] = &service{m: m, name: s.Name}
	}
	return m, m.listen()
}

// now returns the time of the world: while the appliance runs, that of its driver.
func (m *machine) now() time.Duration {
	if m.driver != nil {
		return m.booted + time.Duration(m.driver.Now())
	}
	return m.clock
}

// hop returns how many hops of the world are complete at a time.
func (m *machine) hop(at time.Duration) int64 { return int64(at / audio.HopTime) }

// run advances the world to a time.
func (m *machine) run(until time.Duration) {
	for m.clock < until && !m.over && m.broken == nil {
		next := m.todo.next(until)
		if m.driver == nil {
			m.clock = max(m.clock, next)
		} else {
			m.driver.Run(rt.Instant(next - m.booted))
			m.clock = max(m.clock, m.booted+time.Duration(m.driver.Now()))
			if m.root.Done() {
				m.ended()
				continue
			}
		}
		m.todo.due(m.clock)
	}
}

// boot starts the process.
func (m *machine) boot() {
	rb, err := m.evaluate(m.text)
	if err != nil {
		m.broken = err
		return
	}
	m.boots++
	m.booted = m.clock
	d := virtual.New(m.seed+uint64(m.boots)<<32, m.epoch.Add(m.clock+m.jump), m.record)
	d.Exempt("world")
	m.driver, m.stalled = d, 0
	events := rt.NewMailbox[event.Event]("events to the world", 1024)
	core, err := core.New(core.Options{
		Runbook: rb, Source: m.text, Parts: m.parts(events), Ledger: m.ledger, Slog: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Language: evaluator{m},
		Proven:   func(time.Time) bool { return m.jump == 0 },
		Measure:  m.measure, Evidence: func() string { return "" },
	})
	if err != nil {
		m.broken = fmt.Errorf("%s: %w", m.sc.File, err)
		return
	}
	m.core = core
	rt.New(d, "world", func(t *rt.Task) error {
		for {
			e, err := events.Recv(t, rt.Never)
			if err != nil {
				return err
			}
			m.event(e)
		}
	})
	root := rt.New(d, "orac", core.Run)
	rt.New(d, "world", func(t *rt.Task) error { // a process ends when all that it began has ended
		err := t.Wait(root, rt.Never)
		d.Halt()
		return err
	})
	m.root = root
	if m.muting.late && m.muting.under == 0 {
		m.unmute()
	}
	m.Mark("process", "boot", fmt.Sprintf("start %d", m.boots))
}

// launch schedules the start of a process, which takes a while.
func (m *machine) launch() {
	m.todo.add(m.clock+bootLeast+schedule.Jitter(m.random(fmt.Sprint("boot ", m.boots)), bootMost-bootLeast), m.boot)
}

// parts returns the simulated world as the parts of one process.
func (m *machine) parts(events *rt.Mailbox[event.Event]) *graph.Parts {
	return &graph.Parts{
		FS: m.disk, Host: "sim", History: m.ledger, Inference: m.o.inference, Source: m.source,
		STT: m.client, Engine: m.engine, Heart: m.heart, Hook: m.hook, Core: m.actor, Backend: m.home, LanguageModel: m.mind, Issuer: m.issuer, Traces: m.traces, Broker: m.brokerLink, Orders: m.ordersOf, Door: m.door, Satellite: m.satellite, Speaker: m.speaker, Sound: m.sound, Chime: m.chime, Voice: m.voice, Events: rt.NewOut(events),
	}
}

// evaluate evaluates a runbook text.
func (m *machine) evaluate(text []byte) (*runbook.Runbook, error) {
	rb, problems := evaluator{m}.Evaluate(nil, core.Evaluation{Text: text})
	if problems.HasErrors() {
		return nil, problems.Err()
	}
	return rb, nil
}

// options returns what a runbook is evaluated with: every secret is the canary.
func (m *machine) options() language.Options { return m.o.evaluation }

// end ends the process as a kill does: nothing of it runs any more, and its deferred calls cannot
// change the disk.
func (m *machine) end() {
	if m.driver == nil {
		return
	}
	for name := range m.mics {
		m.count[name] = m.Sound(name)
	}
	m.highest()
	m.hash = mixHash(m.hash, m.driver.Hash())
	mend := m.disk.Break("", "", errors.New("the process has ended")) // deferred calls must not reach the disk
	m.driver.Close()
	mend()
	for _, d := range m.mics {
		d.streams = nil
		d.heard.over()
	}
	m.muting.ends(m)
	if m.refusal() != nil {
		m.diskBad = m.clock
	}
	m.driver, m.root, m.core, m.stopped = nil, nil, nil, m.clock
	m.floor.cutOff()
	for _, b := range m.brokers {
		b.cutOff()
	}
	m.loud.silence()
	m.applying = 0
	m.memory.base, m.memory.rate = 0, 0
}

func mixHash(a, b uint64) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%x %x", a, b)
	return h.Sum64()
}

// ended handles a process that ended by itself.
func (m *machine) ended() {
	err := m.root.Err()
	m.end()
	switch {
	case errors.Is(err, core.ErrMemory), errors.Is(err, core.ErrReexec):
		m.reexecs++
		m.account.power(scenario.Kill)
		m.Mark("process", "replaced", err.Error())
		m.judge.Noticed(m.clock, "process")
		m.launch()
	default:
		why := "all sound is over"
		if err != nil {
			why = err.Error()
		}
		m.judge.Break(m.clock, "runs", "the appliance ended: "+why)
		m.over = true
	}
}

// measure returns the resident memory of the process.
func (m *machine) measure() (int64, error) {
	grown := m.memory.base + m.memory.rate*int64((m.now()-m.memory.since)/time.Second)/60
	return restMemory + grown, nil
}

// held checks how many instances hold a device.
func (m *machine) held(d *microphone) {
	if m.holders = max(m.holders, d.holders()); d.holders() > 1 {
		m.judge.Break(m.now(), "holders", fmt.Sprintf("device %s has %d holders", d.name, d.holders()))
	}
}

// random returns a named random stream of the world.
func (m *machine) random(name string) *rand.Rand { return schedule.Stream(m.seed, name) }
