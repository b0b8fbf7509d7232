package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"orac/appliance/act"
	"orac/appliance/health"
	"orac/appliance/logbook"
	"orac/appliance/record"
	"orac/appliance/status"
	"orac/web/control"
)

// model is an appliance that does as it is told by words in the runbook: "invalid" is refused, "blocked" is planned as such,
// "changing" differs at every look, "contested" is being applied by another and taken back, "sick" does not become healthy. Its generations are texts.
type model struct {
	control.Commanded            // nobody asks
	mu                sync.Mutex // guards everything that follows
	texts             []string   // of the generations from 1
	looks             int
	contested         int // looks at a text that says so
	sick              bool
}

func (m *model) hash(text string) string {
	if strings.Contains(text, "changing") {
		m.looks++
		text += fmt.Sprint(m.looks)
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

func (m *model) Plan(_ context.Context, r status.PlanRequest) (status.Plan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.plan(r)
}

// text is what a request is about.
func (m *model) text(r status.PlanRequest) (string, error) {
	if r.Of > 0 {
		return m.texts[r.Of-1], nil
	}
	b, err := os.ReadFile(r.File)
	return string(b), err
}

func (m *model) Text(n int) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n < 1 || n > len(m.texts) {
		return "", &status.Refusal{Code: status.Unknown, Message: fmt.Sprintf("generation %d is not kept", n), Hint: "orac generations lists those that are"}
	}
	return m.texts[n-1], nil
}

func (m *model) plan(r status.PlanRequest) (status.Plan, error) {
	text, err := m.text(r)
	if err != nil {
		return status.Plan{}, err
	}
	if strings.Contains(text, "invalid") {
		return status.Plan{}, &status.Refusal{Code: status.Invalid, Message: "orac.hcl has errors", Hint: "mend it first", Detail: "orac.hcl:1:1: error: it says invalid\n   1 | invalid\x1b[2J"}
	}
	c := status.Component{Address: "trigger.kitchen", Kind: "trigger", Action: status.Keep}
	p := status.Plan{Runbook: r.File, Against: "the running appliance", Hash: m.hash(text), Changes: text != m.texts[len(m.texts)-1]}
	if strings.Contains(text, "contested") { // at two looks somebody else's apply of it is watched; then it is taken back
		m.contested++
		p.UnderWay = m.contested < 3
		p.Changes = p.Changes && !p.UnderWay
	}
	if p.Changes {
		c.Action = status.Update
		c.Because = []status.Attribute{{Block: "model.a", Name: "threshold", Old: "0.5", New: r.Vars["threshold"], File: r.File, Line: 2}}
	}
	if strings.Contains(text, "blocked") {
		c.Action, p.Problems = status.Blocked, []string{"trigger.kitchen: it says blocked"}
	}
	p.Components = []status.Component{c}
	return p, nil
}

func (m *model) Apply(_ context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.plan(r.PlanRequest)
	if err != nil {
		return status.Applied{}, err
	}
	if p.Hash != r.Hash {
		return status.Applied{}, &status.Refusal{Code: status.Changed, Message: "orac.hcl is not what was planned", Hint: "plan again"}
	}
	progress("prepare")
	progress("swap trigger.kitchen")
	text, err := m.text(r.PlanRequest)
	if err != nil {
		return status.Applied{}, err
	}
	if strings.Contains(text, "sick") {
		return status.Applied{Generation: len(m.texts), RolledBack: true, Why: fmt.Sprintf("trigger.kitchen was not healthy within %s", r.Timeout)}, nil
	}
	m.texts = append(m.texts, text)
	return status.Applied{OK: true, Generation: len(m.texts)}, nil
}

func (m *model) Rollback(_ context.Context, r status.RollbackRequest, progress func(string)) (status.Applied, error) {
	n := r.Generation
	m.mu.Lock()
	defer m.mu.Unlock()
	if n == 0 {
		n = len(m.texts) - 1
	}
	if n < 1 || n > len(m.texts) {
		return status.Applied{}, &status.Refusal{Code: status.Unknown, Message: fmt.Sprintf("generation %d is not kept", n), Hint: "orac generations lists those that are"}
	}
	progress("swap")
	m.texts = append(m.texts, m.texts[n-1])
	return status.Applied{OK: true, Generation: len(m.texts)}, nil
}

func (m *model) Generations() (list []status.Generation, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, text := range m.texts {
		list = append(list, status.Generation{Number: i + 1, Current: i == len(m.texts)-1, Hash: m.hash(text), Note: "apply"})
	}
	return list, nil
}

func (m *model) Status() status.Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := status.Status{Appliance: "model", Generation: len(m.texts), Started: time.Now().Add(-time.Hour),
		Nodes:  []status.Node{{Address: "source.usb", State: "running", Rate: 12.5, Feeds: []string{"ring.usb"}}, {Address: "ring.usb", State: "running"}},
		Memory: status.Memory{Resident: 90 << 20, Restart: 450 << 20},
		Health: health.Report{Level: health.Healthy}}
	if m.sick {
		s.Health = health.Report{Level: health.Unhealthy, Components: []health.Component{{Name: "source.usb", Level: health.Unhealthy, Why: "no hop for 3 s"}}}
	}
	return s
}

func (m *model) Spool(_ context.Context, r status.SpoolRequest) (status.SpoolAnswer, error) {
	if r.Do == status.SpoolList {
		return status.SpoolAnswer{Utterances: []status.Utterance{
			{ID: "u2", Listener: "kitchen", Seconds: 2, State: "waiting", Services: []string{"whisper"}},
			{ID: "u1", Listener: "kitchen", Seconds: 3, State: "refused", Services: []string{"whisper"}, Causes: []string{"it failed 6 times"}},
		}}, nil
	}
	if r.ID != "u1" {
		return status.SpoolAnswer{}, &status.Refusal{Code: status.Unknown, Message: "no utterance " + r.ID + " waits or was set aside", Hint: "To see what is there: orac spool list"}
	}
	if r.Do == status.SpoolSound {
		return status.SpoolAnswer{WAV: []byte("RIFF")}, nil
	}
	return status.SpoolAnswer{}, nil
}

// Heard is what somebody said and what came of it, and a command that somebody typed.
func (m *model) Heard(int) ([]record.Told, []record.Command, error) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	answer := func(a act.Answer, utterance string, after time.Duration) record.Command {
		return record.Command{ID: a.ID, Topic: a.Topic, At: at.Add(after), Utterance: utterance, From: "orac ask", Tier: string(a.Reading.Tier), Result: string(a.Result()), Answer: a.JSON(record.MaxAnswer)}
	}
	said := answer(act.Answer{ID: "evt-u1", Topic: "general", Text: "turn on the hall lamp", Understood: true, Executed: true, Verified: true, Speech: "Turned on.", Reading: act.Reading{Tier: act.Sentence},
		Outcomes: []act.Outcome{{Call: act.Call{Backend: "home", Service: "light.turn_on", Targets: []string{"light.hall"}}, Verdict: act.Proven}}}, "u1", 4*time.Second)
	typed := answer(act.Answer{ID: "typed", Topic: "general", Text: "open the garage", Refused: true, Reason: "the command is 1m0s old, and expires after 30s"}, "", time.Minute)
	u := record.Utterance{ID: "u1", Listener: "hall", Started: at, Ended: at.Add(3 * time.Second), Seconds: 3}
	lost := record.Utterance{ID: "u2", Listener: "hall", Started: at.Add(time.Hour), Seconds: 2}
	return []record.Told{
		{Utterance: lost, Deliveries: []record.Delivery{{Outcome: record.Empty}}},
		{Utterance: u, Transcripts: []record.Transcript{{Text: "turn on the hall lamp"}}, Commands: []record.Command{said}},
	}, []record.Command{typed, said}, nil
}

func (m *model) Incidents(int) ([]status.Incident, error) {
	at := time.Now().Add(-time.Hour)
	return []status.Incident{{ID: "i1", Component: "source.usb", Cause: "no hop for 2 s", Detected: at, Recovered: at.Add(time.Second), Duration: time.Second,
		Actions: []string{"killed the capture process"}, Evidence: "goroutine 7"}}, nil
}

func (m *model) Logs(_ context.Context, after uint64, _ bool, line func(status.LogLine) error) error {
	for seq := after + 1; seq <= 6; seq++ {
		l := status.LogLine{Seq: seq, At: time.Now(), Level: "INFO", Message: fmt.Sprint("line ", seq)}
		if seq == 6 {
			l.Level, l.Message = logbook.Request, "request"
		}
		if err := line(l); err != nil {
			return err
		}
	}
	return nil // a daemon that ends
}

// code is the script command that runs a program and wants an exit code of it: code N PROGRAM ARGS…
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program [args...]")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// startModel is the script command that starts a model: appliance STATE-DIR RUNBOOK [sick]. It ends with the script.
func startModel(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: appliance STATE-DIR RUNBOOK [sick]")
	}
	m := &model{texts: []string{ts.ReadFile(args[1])}, sick: len(args) > 2}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	l, err := control.Listen(dir)
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := control.Serve(ctx, l, m, slog.New(slog.DiscardHandler)); err != nil {
			fmt.Fprintln(os.Stderr, "the model of an appliance:", err)
		}
	}()
	ts.Defer(func() { cancel(); <-ended })
}
