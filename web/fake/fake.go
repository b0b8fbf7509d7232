// Package fake is an appliance for the tests of the web server: nothing runs, and it does what a test tells it. Texts are
// evaluated, examined and changed as the appliance does it. Only tests import this package.
package fake

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"orac/appliance/audio/capture"
	"orac/appliance/audio/devices"
	"orac/appliance/core"
	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/store"
	"orac/appliance/sttrole"
	"orac/runbook"
	"orac/runbook/language"
)

// rollbackHash is the hash of every plan of a rollback.
const rollbackHash = "plan-of-rollback"

// Appliance is an appliance that does what a test tells it. Base, Book and File must be set.
type Appliance struct {
	Mu       sync.Mutex       // guards Applied, Health, Nodes, Muted and Restarts
	Book     *runbook.Runbook // that runs
	File     string           // of the runbook
	Base     string           // generation N has this text with the threshold 0.(2+N) instead of 0.5
	Kept     map[int]string   // other texts of generations
	StateDir string           // of the secrets that a text may name
	Secret   string           // the value of every secret; empty: they are read from StateDir
	Store    *store.Store     // nil: no history
	Sounds   map[string]string
	Heard    sttrole.State // of every STT server
	Deeds    *Deeds        // what acts; nil: nothing does
	NotReady bool

	Health   health.Report
	Nodes    []status.Node
	Muted    []status.Mute
	Restarts []string // who asked for one
	DiskErr  string
	Counts   []status.Count
	Traces   *status.Traces
	MQTT     []status.MQTT
	More     status.Incident // one more incident
	Explodes bool            // when its status is asked

	Refuses  error                                             // every change
	Before   func()                                            // called when a change is about to have its turn
	Accept   func(*runbook.Runbook) error                      // what must not come into force
	Apply    func(status.ApplyRequest) (status.Applied, error) // what comes of a change; nil: it is good
	Takes    bool                                              // what is applied runs from then on, with the people and the hosts of before
	Hash     string                                            // of every plan; empty: of its text
	Problems []string                                          // of every plan of an evil one: they block it
	Applied  []status.ApplyRequest
	Spooled  []status.SpoolRequest // what was done with utterances of the spool
	Looked   atomic.Int64          // how often a model was looked at
}

// Status implements api.Running.
func (f *Appliance) Status() status.Status {
	if f.Explodes {
		panic("canary-s3cret: something is wrong in " + f.File)
	}
	f.Mu.Lock()
	defer f.Mu.Unlock()
	return status.Status{Appliance: "test", Generation: 3, Health: f.Health, Runbook: f.File, Started: time.Now(), Nodes: f.Nodes, Muted: slices.Clone(f.Muted), Spool: status.Spool{Error: f.DiskErr}, Counts: f.Counts, Traces: f.Traces, MQTT: f.MQTT}
}

// proposer judges texts as the appliance does.
func (f *Appliance) proposer() *core.Proposer {
	return &core.Proposer{Language: f, Running: f.Graph, Accept: f.Accept}
}

// Read implements core.Language.
func (f *Appliance) Read(file string) ([]byte, error) { return os.ReadFile(file) }

// Evaluate implements core.Language.
func (f *Appliance) Evaluate(_ *rt.Task, e core.Evaluation) (*runbook.Runbook, language.Diagnostics) {
	o := language.Options{StateDir: f.StateDir}
	if f.Secret != "" {
		o.Secret = func(string) (string, error) { return f.Secret, nil }
	}
	if e.Within != nil {
		o.Within = &e.Within.Document
	}
	return runbook.Parse(e.Text, "orac.hcl", o)
}

// Run puts a text into force; the people and the hosts of before stay.
func (f *Appliance) Run(text string) language.Diagnostics {
	rb, problems := f.Evaluate(nil, core.Evaluation{Text: []byte(text)})
	if rb != nil {
		f.take(rb)
	}
	return problems
}

func (f *Appliance) take(rb *runbook.Runbook) {
	rb.Users, rb.Web.Hosts = f.Book.Users, f.Book.Web.Hosts
	f.Book = rb
}

// hashOf is the hash of a plan.
func (f *Appliance) hashOf(text string) string {
	return cmp.Or(f.Hash, language.TextHash(text))
}

// Check implements core.Language.
func (f *Appliance) Check(*runbook.Runbook) language.Diagnostics { return nil }

// of is a request with the text of the generation that it names, as the steward makes it.
func (f *Appliance) of(r status.PlanRequest) (status.PlanRequest, error) {
	if r.Of == 0 {
		return r, nil
	}
	text, err := f.Text(r.Of)
	return r.Text(text), err
}

// Plan implements api.Planner.
func (f *Appliance) Plan(_ context.Context, r status.PlanRequest) (status.Plan, error) {
	r, err := f.of(r)
	if err != nil {
		return status.Plan{}, err
	}
	if strings.Contains(*r.Source, "broken") {
		return status.Plan{}, &status.Refusal{Code: status.Invalid, Message: "orac.hcl has problems", Detail: "orac.hcl:1:1: error"}
	}
	if _, err := f.proposer().Asked(nil, r); err != nil {
		return status.Plan{}, err
	}
	return status.Plan{Runbook: r.File, Hash: f.hashOf(*r.Source), Changes: true}, nil
}

// Examine implements api.Planner.
func (f *Appliance) Examine(_ context.Context, r status.PlanRequest) (*runbook.Runbook, language.Diagnostics, error) {
	rb, problems := f.proposer().Examine(nil, r)
	return rb, problems, nil
}

// Change implements api.Changer.
func (f *Appliance) Change(_ context.Context, c core.Change, progress func(string)) (status.Applied, error) {
	if f.Before != nil {
		f.Before()
	}
	if f.Refuses != nil {
		return status.Applied{}, f.Refuses
	}
	r, err := f.of(c.PlanRequest)
	if err != nil {
		return status.Applied{}, err
	}
	c.PlanRequest = r
	return c.Do(func() (core.Proposal, error) { return f.proposer().Wanted(nil, c) }, func(to core.Proposal) (status.Applied, error) {
		if (c.Of != 0 || f.Hash != "") && c.Hash != "" && c.Hash != f.hashOf(string(to.Source)) {
			return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "another plan"}
		}
		c.PlanRequest = c.Text(string(to.Source))
		f.Mu.Lock()
		f.Applied = append(f.Applied, c.ApplyRequest)
		f.Mu.Unlock()
		progress("prepare")
		if f.Takes {
			f.take(to.Runbook)
		}
		if f.Apply != nil {
			return f.Apply(c.ApplyRequest)
		}
		return status.Applied{OK: true, Generation: 4, Steps: []string{"prepare"}}, nil
	})
}

// Rollback implements api.Changer.
func (f *Appliance) Rollback(ctx context.Context, r status.RollbackRequest, _ func(string)) (status.Applied, error) {
	if r.Running != 0 && r.Running != 3 {
		return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "generation 3 runs now"}
	}
	if _, err := f.PlanRollback(ctx, r); err != nil {
		return status.Applied{}, err
	}
	if r.Hash != "" && r.Hash != rollbackHash {
		return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "another plan"}
	}
	return status.Applied{OK: true, Generation: r.Generation}, nil
}

// PlanRollback implements api.Planner.
func (f *Appliance) PlanRollback(_ context.Context, r status.RollbackRequest) (status.Plan, error) {
	text, err := f.Text(r.Generation)
	if err != nil {
		return status.Plan{}, err
	}
	if _, err := f.proposer().Former(nil, r, &generation.Generation{Number: r.Generation, File: f.File, Source: []byte(text)}); err != nil {
		return status.Plan{}, err
	}
	return status.Plan{Runbook: f.File, Hash: rollbackHash, Changes: true}, nil
}

// Text implements api.Generations.
func (f *Appliance) Text(n int) (string, error) {
	if n > 3 {
		return "", &status.Refusal{Code: status.Unknown, Message: "there is no such generation"}
	}
	if text, ok := f.Kept[n]; ok {
		return text, nil
	}
	return strings.Replace(f.Base, "threshold = 0.5", fmt.Sprintf("threshold = 0.%d", 2+n), 1), nil
}

// Generations implements api.Generations.
func (f *Appliance) Generations() ([]status.Generation, error) {
	return []status.Generation{{Number: 3, Runbook: "/home/secret/orac.hcl", Current: true}}, nil
}

// Spool implements api.Spool.
func (f *Appliance) Spool(_ context.Context, r status.SpoolRequest) (status.SpoolAnswer, error) {
	if r.Do == status.SpoolList {
		return status.SpoolAnswer{Utterances: []status.Utterance{{ID: "u1", Listener: "kitchen", State: "refused", Services: []string{"whisper"}, Causes: []string{"no"}}}}, nil
	}
	if r.ID != "u1" {
		return status.SpoolAnswer{}, &status.Refusal{Code: status.Unknown, Message: "there is no such utterance"}
	}
	f.Spooled = append(f.Spooled, r)
	return status.SpoolAnswer{}, nil
}

// Incidents implements api.Incidents.
func (f *Appliance) Incidents(int) ([]status.Incident, error) {
	return []status.Incident{{ID: "i1", Component: "source.usb", Evidence: "stacks"}, f.More}, nil
}

// Incident implements api.Incidents.
func (f *Appliance) Incident(id string) (status.Incident, bool) {
	i := f.More
	if i.ID = id; i.Evidence == "" {
		i.Evidence = "stacks"
	}
	return i, id == "i1"
}

// Logs implements api.Logs.
func (f *Appliance) Logs(_ context.Context, _ uint64, _ bool, line func(status.LogLine) error) error {
	return line(status.LogLine{Seq: 1, Message: "up"})
}

// Ready implements api.Running.
func (f *Appliance) Ready() <-chan struct{} {
	ready := make(chan struct{})
	if !f.NotReady {
		close(ready)
	}
	return ready
}

// Runbook implements api.Declared.
func (f *Appliance) Runbook() *runbook.Runbook { return f.Book }

// History implements api.Records.
func (f *Appliance) History() *store.Store { return f.Store }

// Request implements api.Changer.
func (f *Appliance) Request() status.PlanRequest { return status.PlanRequest{File: f.File} }

// Graph implements api.Declared.
func (f *Appliance) Graph() *graph.Graph {
	g, err := graph.Compile(f.Book)
	if err != nil {
		panic(err)
	}
	return g
}

// Audio implements api.Records.
func (f *Appliance) Audio(id string) (io.ReadSeekCloser, time.Time, error) {
	text, ok := f.Sounds[id]
	if !ok {
		return nil, time.Time{}, fs.ErrNotExist
	}
	return sound{strings.NewReader(text)}, time.Time{}, nil
}

type sound struct{ *strings.Reader }

func (sound) Close() error { return nil }

// Level implements api.Microphones.
func (f *Appliance) Level(_ context.Context, _, identity string) (capture.Loudness, error) {
	if identity != "testmic" {
		return capture.Loudness{}, fmt.Errorf("no microphone has the identity %s: %w", identity, capture.ErrNotFound)
	}
	return capture.Loudness{RMS: 327.68, Peak: 3276}, nil
}

// Installed implements api.Catalogue.
func (f *Appliance) Installed(model string) bool {
	f.Looked.Add(1)
	return model == "hey_jarvis"
}

// Devices implements api.Microphones.
func (f *Appliance) Devices(context.Context) (devices.Listing, error) {
	return devices.Listing{Devices: []devices.Device{{Device: capture.Device{Name: "USB"}}}}, nil
}
