package core

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"orac/appliance/generation"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// Evaluation is what a Language evaluates: a text, and on whose behalf it may run.
type Evaluation struct {
	status.PlanRequest
	Text []byte
	// Kept is the generation that the text belongs to: variables and files are as they were then. Nil: as they
	// are today.
	Kept *generation.Generation
	// Within is the runbook that bounds what the evaluation may read of the machine: see language.Options. Nil: no bound.
	Within *runbook.Runbook
}

// Language turns texts into runbooks for a steward.
type Language interface {
	// Read returns the text of a runbook's file. Its error is a *status.Refusal.
	Read(file string) ([]byte, error)
	// Evaluate returns the value of a text. A text whose origin is not this machine is evaluated under
	// limits.
	Evaluate(t *rt.Task, e Evaluation) (*runbook.Runbook, language.Diagnostics)
	// Check reports what is wrong with a value that the language itself allows: it looks at the files that the value
	// names.
	Check(rb *runbook.Runbook) language.Diagnostics
}

// Proposal is a runbook that is to run. It is evaluated once, and this value is judged, shown, run, kept and returned to.
type Proposal struct {
	Runbook *runbook.Runbook
	Source  []byte
	Note    string // of the generation that it becomes
	graph   *graph.Graph
}

// Change is a change of what runs, with the steps that must happen while nobody else changes anything. Its functions are called
// in the order in which they are listed here.
type Change struct {
	status.ApplyRequest
	// Begin is called before anything is read, for a secret that the change is about. An error ends the change. Nil: nothing
	// is called.
	Begin func() error
	// Edit makes the new text from that of the file, which must be what runs. Nil: the request names the
	// text.
	Edit func(file string) (string, error)
	// Kept is called with the text once it runs and is kept. Nil: nothing is called.
	Kept func(text string, a *status.Applied)
	// Undo takes back what Begin did, because the change did not come into force. Nil: nothing is
	// called.
	Undo func() error
}

// Proposer makes proposals against what runs. It is the only way from a text to a graph that may
// run.
type Proposer struct {
	Language Language
	Running  func() *graph.Graph
	// Accept returns the reason why a runbook may not come into force over the network, whatever the table of capabilities
	// allows; nil: all may.
	Accept func(*runbook.Runbook) error
}

// text is the text that a request is about.
func (s *Proposer) text(r status.PlanRequest) ([]byte, error) {
	if r.Source != nil {
		return []byte(*r.Source), nil
	}
	return s.Language.Read(r.File)
}

// propose evaluates a text once and judges the value.
func (s *Proposer) propose(t *rt.Task, r status.PlanRequest, text []byte, kept *generation.Generation) (Proposal, error) {
	rb, problems := s.evaluate(t, r, text, kept)
	if problems.HasErrors() {
		return Proposal{}, Refuse(r.File, problems)
	}
	if err := s.accept(r, rb); err != nil {
		return Proposal{}, err
	}
	g, err := graph.Compile(rb)
	if err != nil {
		return Proposal{}, &status.Refusal{Code: status.Invalid, Message: err.Error(), Hint: "nothing was changed"}
	}
	return Proposal{Runbook: rb, Source: text, Note: "apply", graph: g}, nil
}

// accept asks Accept about a runbook that the network wants to run.
func (s *Proposer) accept(r status.PlanRequest, rb *runbook.Runbook) error {
	if s.Accept == nil || r.Origin.Trusted() {
		return nil
	}
	return s.Accept(rb)
}

// Examine evaluates and judges a text like a proposal, and reports everything that is wrong with it. The runbook is nil if it
// could not run.
func (s *Proposer) Examine(t *rt.Task, r status.PlanRequest) (*runbook.Runbook, language.Diagnostics) {
	text, err := s.text(r)
	if err != nil {
		return nil, language.Diagnostics{{Severity: language.Error, Summary: err.Error()}}
	}
	rb, problems := s.evaluate(t, r, text, nil)
	if problems.HasErrors() {
		return nil, problems
	}
	if err := s.accept(r, rb); err != nil {
		return nil, append(problems, language.Diagnostic{Severity: language.Error, Summary: err.Error()})
	}
	return rb, problems
}

// evaluate is the only way from a text to a value that may run. It looks at what a value names only after judging the value:
// not everybody may learn what is there.
func (s *Proposer) evaluate(t *rt.Task, r status.PlanRequest, text []byte, kept *generation.Generation) (*runbook.Runbook, language.Diagnostics) {
	now := s.Running().Runbook
	e := Evaluation{PlanRequest: r, Text: text, Kept: kept}
	if !r.Origin.Trusted() && !now.Web.TrustAdmins {
		e.Within = now
	}
	rb, problems := s.Language.Evaluate(t, e)
	if problems.HasErrors() {
		return nil, problems
	}
	if e.Within != nil {
		if forbidden := runbook.Judge(now, rb); forbidden.HasErrors() {
			return nil, forbidden
		}
	}
	return rb, append(problems, s.Language.Check(rb)...)
}

// Asked is what a request wants to run.
func (s *Proposer) Asked(t *rt.Task, r status.PlanRequest) (Proposal, error) {
	text, err := s.text(r)
	if err != nil {
		return Proposal{}, err
	}
	return s.propose(t, r, text, nil)
}

// Former is the proposal to return to a kept generation: its text, with the variables and files of that
// time.
func (s *Proposer) Former(t *rt.Task, r status.RollbackRequest, kept *generation.Generation) (Proposal, error) {
	to, err := s.propose(t, status.PlanRequest{File: kept.File, Origin: r.Origin, Gone: r.Gone}, kept.Source, kept)
	to.Note = rolledBackTo(kept.Number)
	return to, err
}

// rolledBackTo is the note of a generation that repeats an earlier one.
func rolledBackTo(number int) string { return fmt.Sprintf("rollback to %d", number) }

// Wanted is what a change wants to run.
func (s *Proposer) Wanted(t *rt.Task, c Change) (Proposal, error) {
	text, err := s.text(c.PlanRequest)
	if err == nil && c.Edit != nil {
		if err = s.inStep(t, c.PlanRequest, text); err == nil {
			var fresh string
			fresh, err = c.Edit(string(text))
			text = []byte(fresh)
		}
	}
	if err != nil {
		return Proposal{}, err
	}
	return s.propose(t, c.PlanRequest, text, nil)
}

// Do carries out a change in its order: wanted returns what is to run, run runs it. The caller ensures that only one change runs
// at a time.
func (c Change) Do(wanted func() (Proposal, error), run func(Proposal) (status.Applied, error)) (a status.Applied, err error) {
	if c.Begin != nil {
		err = c.Begin()
	}
	var to Proposal
	if err == nil {
		to, err = wanted()
	}
	if err == nil {
		a, err = run(to)
	}
	switch {
	case err == nil && a.OK && c.Kept != nil:
		c.Kept(string(to.Source), &a)
	case (err != nil || !a.OK) && c.Undo != nil:
		err = errors.Join(err, c.Undo())
	}
	return a, err
}

// Refuse returns the refusal of a text with problems.
func Refuse(file string, problems language.Diagnostics) error {
	var text strings.Builder
	_ = problems.Render(&text, language.RenderOptions{}) // it writes to memory
	name := path.Base(file)
	if problems.Forbidden() {
		return &status.Refusal{Code: status.Forbidden, Message: name + " asks for more than may be changed over the network", Detail: text.String(), Hint: "nothing was changed; write it into the runbook's file on the machine, and run orac apply there"}
	}
	return &status.Refusal{Code: status.Invalid, Message: name + " has problems", Detail: text.String(), Hint: "nothing was changed"}
}

// inStep refuses a file that differs from what runs: a change of one thing would silently apply the other
// differences, too.
func (s *Proposer) inStep(t *rt.Task, r status.PlanRequest, file []byte) error {
	now := s.Running()
	if now.Runbook.SameText(file) {
		return nil
	}
	p, err := s.propose(t, r, file, nil)
	if err == nil && !graph.Plan(now, p.graph).Changes {
		return nil
	}
	why := "it was changed and not applied, or an older generation was restored"
	if err != nil {
		why = "it was changed, and cannot be applied as it is: " + err.Error()
	}
	return &status.Refusal{
		Code: status.OutOfStep, Message: "The runbook's file is not what runs: " + why + ".",
		Hint: "On the page Runbook, apply the file or replace it with what runs; then make this change again.",
	}
}
