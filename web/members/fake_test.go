package members

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/rollout"
	"orac/runbook/language"
	"orac/web/audit"
)

const issuer = "https://core.test:7171"

// bookOf is the runbook of a member.
func bookOf(name string) string {
	return fmt.Sprintf(`appliance %q {}

auth {
  trust {
    issuer = %q
    role   = "admin"
  }
}

device "microphone" "usb" {}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}
`, name, issuer)
}

// model is a member that does what a test tells it.
type model struct {
	mu      sync.Mutex // guards everything that follows
	name    string
	text    string
	runs    string // what runs; the text of the file, usually
	gen     int
	past    map[int]string
	started time.Time
	level   health.Level
	log     *audit.Log // nil: an empty one
	clock   time.Duration

	off     bool          // it answers nothing
	late    time.Duration // so late it answers
	lose    bool          // the answer to the next change is lost
	dies    bool          // it restarts in the middle of the next change, and has changed nothing
	breaks  bool          // the next change makes it unhealthy
	refuses string        // the next change
	blocks  string        // the next plan
	hangs   bool          // it never answers a change
	foreign func()        // called before the next change
	chain   func(after uint64, limit int) (audit.Chain, error)

	applied  []string // texts, in order
	commands []rollout.Command
	by       []string
	asked    int
	busy     int // changes at a time
}

func newModel(name string) *model {
	return &model{name: name, text: bookOf(name), runs: bookOf(name), gen: 1, past: map[int]string{1: bookOf(name)}, started: time.Now(), level: health.Healthy}
}

// enter is what every question goes through.
func (m *model) enter(ctx context.Context) error {
	m.mu.Lock()
	m.asked++
	off, late := m.off, m.late
	by, _ := audit.Who(ctx)
	m.by = append(m.by, by)
	m.mu.Unlock()
	if late > 0 {
		select {
		case <-time.After(late):
		case <-ctx.Done():
			return &rollout.Error{Kind: rollout.Away, Told: "it does not answer in time"}
		}
	}
	if off {
		return &rollout.Error{Kind: rollout.Away, Told: "connection refused"}
	}
	return nil
}

func (m *model) Look(ctx context.Context) (rollout.Seen, error) {
	if err := m.enter(ctx); err != nil {
		return rollout.Seen{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return rollout.Seen{Appliance: m.name, Version: "1", Generation: m.gen, Started: m.started, Health: m.level, Why: "because", Clock: time.Now().Add(m.clock)}, nil
}

func (m *model) Runbook(ctx context.Context) (rollout.Text, error) {
	if err := m.enter(ctx); err != nil {
		return rollout.Text{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return rollout.Text{Source: m.text, Hash: language.TextHash(m.text), Applied: m.text == m.runs}, nil
}

func (m *model) Plan(ctx context.Context, source string) (rollout.Plan, error) {
	if err := m.enter(ctx); err != nil {
		return rollout.Plan{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return rollout.Plan{Hash: "plan of " + language.TextHash(m.runs + source)[:16], Changes: true, Blocked: m.blocks, Lines: []string{"restart trigger"}}, nil
}

func (m *model) PlanBack(ctx context.Context, generation int) (rollout.Plan, error) {
	m.mu.Lock()
	text, ok := m.past[generation]
	m.mu.Unlock()
	if !ok {
		return rollout.Plan{}, &rollout.Error{Kind: rollout.Refused, Told: "there is no such generation"}
	}
	return m.Plan(ctx, text)
}

func (m *model) Apply(ctx context.Context, source, base, plan string) (rollout.Applied, error) {
	if err := m.enter(ctx); err != nil {
		return rollout.Applied{}, err
	}
	m.mu.Lock()
	if m.busy++; m.busy > 1 {
		panic("two changes at a time")
	}
	foreign := m.foreign
	m.foreign = nil
	m.mu.Unlock()
	if foreign != nil {
		foreign()
	}
	time.Sleep(time.Second)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy--
	shown := "plan of " + language.TextHash(m.runs + source)[:16]
	switch {
	case m.hangs:
		m.mu.Unlock()
		select {
		case <-time.After(applyTime):
		case <-ctx.Done():
		}
		m.mu.Lock()
		return rollout.Applied{}, &rollout.Error{Kind: rollout.Away, Told: "it does not answer in time", Unknown: true}
	case m.dies:
		m.dies, m.started = false, time.Now()
		return rollout.Applied{}, &rollout.Error{Kind: rollout.Away, Told: "EOF", Unknown: true}
	case m.refuses != "":
		return rollout.Applied{}, &rollout.Error{Kind: rollout.Refused, Told: m.refuses}
	case base != language.TextHash(m.text):
		return rollout.Applied{}, &rollout.Error{Kind: rollout.Refused, Code: "conflict", Told: "Somebody else changed the runbook's file."}
	case plan != shown:
		return rollout.Applied{}, &rollout.Error{Kind: rollout.Refused, Code: "plan-changed", Told: "The plan has changed."}
	}
	m.gen++
	m.text, m.runs = source, source
	m.past[m.gen] = source
	m.applied = append(m.applied, source)
	if m.breaks {
		m.breaks, m.level = false, health.Unhealthy
	}
	if m.lose {
		m.lose = false
		return rollout.Applied{}, &rollout.Error{Kind: rollout.Away, Told: "EOF", Unknown: true}
	}
	return rollout.Applied{OK: true, Generation: m.gen, Saved: true, Hash: language.TextHash(source)}, nil
}

func (m *model) Back(ctx context.Context, generation, running int, base, plan string) (rollout.Applied, error) {
	m.mu.Lock()
	text, gen := m.past[generation], m.gen
	m.mu.Unlock()
	if running != gen {
		return rollout.Applied{}, &rollout.Error{Kind: rollout.Refused, Told: "another generation runs now"}
	}
	a, err := m.Apply(ctx, text, base, plan)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.level = health.Healthy
	}
	return a, err
}

func (m *model) Command(ctx context.Context, c rollout.Command) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuses != "" {
		return &rollout.Error{Kind: rollout.Refused, Told: m.refuses}
	}
	m.commands = append(m.commands, c)
	if c.Do == rollout.Restart {
		m.started = time.Now()
		if m.breaks {
			m.breaks, m.level = false, health.Unhealthy
		}
	}
	return nil
}

func (m *model) Chain(ctx context.Context, after uint64, limit int) (audit.Chain, error) {
	if err := m.enter(ctx); err != nil {
		return audit.Chain{}, err
	}
	m.mu.Lock()
	chain, log := m.chain, m.log
	m.mu.Unlock()
	switch {
	case chain != nil:
		return chain(after, limit)
	case log == nil:
		return audit.Chain{}, nil
	}
	return log.After(after, limit, 1<<20)
}

func (m *model) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// rig is a centre with model members, and without a network.
type rig struct {
	*Centre
	t      *testing.T
	dir    string
	memory bool // the journal is not written: the disk is slow
	models map[string]*model
	mu     sync.Mutex // guards told
	told   []string
}

func newRig(t *testing.T, dir string, names ...string) *rig {
	r := &rig{t: t, dir: dir, models: map[string]*model{}}
	for _, name := range names {
		r.models[name] = newModel(name)
	}
	r.open()
	return r
}

// open makes a centre as a start does.
func (r *rig) open() {
	log := slog.New(slog.DiscardHandler)
	kept := r.dir
	if r.memory {
		kept = ""
	}
	journal := rollout.OpenJournal(kept, log)
	w := &Watcher{Tell: r.tell, Pushed: func(name string) string { return journal.Mark(name).Hash }}
	r.Centre = &Centre{
		Watcher:   w,
		Roller:    &rollout.Roller{Members: w.Targets, As: inTheNameOf, Issuer: func() string { return issuer }, Look: w.Look, Tell: r.tell, Log: log, Journal: journal},
		Collector: &Collector{Dir: r.dir, Members: w.Members, Tell: r.tell, Log: log},
	}
	var list []Member
	for _, name := range sorted(r.models) {
		list = append(list, Member{name, "https://" + name + ".test", r.models[name]})
	}
	w.Use(list)
}

func sorted(m map[string]*model) (names []string) {
	for name := range maps.Keys(m) {
		names = append(names, name)
	}
	return sortedStrings(names)
}

func (r *rig) tell(node string, what event.Body) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, node+" "+event.Event{Node: node, Body: what}.Words().String())
}

func (r *rig) heard(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.told {
		if strings.Contains(t, text) {
			return true
		}
	}
	return false
}

// run lets the parts work until stop is called.
func (r *rig) run() (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	var work sync.WaitGroup
	work.Go(func() { r.Watcher.Run(ctx) })
	work.Go(func() { r.Roller.Run(ctx) })
	work.Go(func() { r.Collector.Run(ctx) })
	time.Sleep(time.Millisecond)
	return func() { cancel(); work.Wait() }
}

// push plans and carries out, and waits until it is over.
func (r *rig) push(ask rollout.Ask) *rollout.Push {
	r.t.Helper()
	p, err := r.Plan(r.t.Context(), ask, "anna")
	if err != nil {
		r.t.Fatal(err)
	}
	if p, err = r.Start(p.ID, "anna"); err != nil {
		r.t.Fatal(err)
	}
	return r.over()
}

func (r *rig) over() *rollout.Push {
	r.t.Helper()
	for range 10_000 {
		if p := r.Last(); p != nil && !p.Active() {
			return p
		}
		time.Sleep(time.Second)
	}
	r.t.Fatal("it never ends")
	return nil
}

// stages are those of a push in words.
func stages(p *rollout.Push) string {
	var list []string
	for _, s := range p.Steps {
		list = append(list, s.Member+": "+string(s.Stage))
	}
	return string(p.State) + "; " + strings.Join(list, ", ")
}

var threshold = rollout.Ask{Set: []rollout.Setting{{Block: "model.hey_jarvis", Attribute: "threshold", Expression: "0.6"}}}

func folder(t *testing.T) string { return filepath.Join(t.TempDir(), "members") }
