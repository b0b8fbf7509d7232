// Package evaluation turns the texts of runbooks into values for a running appliance. It is the only way to do so.
//
// It guarantees:
//
//   - A text of this machine's user is evaluated in this process. Any other text is evaluated in a child process with limits on
//     memory, CPU and time, which ends with the request that asked for it. Whatever the text does, this process is not harmed.
//   - Each person has one text evaluated at a time, and only a few are evaluated at once in total.
//   - The child returns the finished value; nothing is evaluated again here.
package evaluation

import (
	"io"
	"path/filepath"

	"orac/appliance"
	"orac/appliance/core"
	"orac/appliance/generation"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// Language implements core.Language for a real machine.
type Language struct {
	StateDir string
	HashKey  []byte            // see language.Options
	Vars     map[string]string // the variables that the appliance was started with
	Pool     *Pool             // evaluates texts that are not from this machine's user
}

// Read implements core.Language.
func (l *Language) Read(file string) ([]byte, error) {
	f, _, err := statedir.Regular(file)
	if err != nil {
		return nil, &status.Refusal{Code: status.Invalid, Message: err.Error(), Hint: "say which runbook with -f FILE"}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, language.MaxFileSize+1))
	if err != nil {
		return nil, &status.Refusal{Code: status.Invalid, Message: err.Error()}
	}
	return text, nil
}

// Evaluate implements core.Language.
func (l *Language) Evaluate(t *rt.Task, e core.Evaluation) (*runbook.Runbook, language.Diagnostics) {
	r := l.request(e)
	if e.Origin.Trusted() {
		return r.evaluate()
	}
	ctx, cancel := live.Context(t)
	defer cancel()
	if e.Gone != nil {
		ended := make(chan struct{})
		defer close(ended)
		go func() { // ends with this call
			select {
			case <-e.Gone:
				cancel()
			case <-ended:
			}
		}()
	}
	return l.Pool.evaluate(ctx, e.Origin.Who(), r)
}

// Check implements core.Language.
func (l *Language) Check(rb *runbook.Runbook) language.Diagnostics { return appliance.Check(rb) }

// Begin evaluates a text of this machine's user for an appliance that does not run yet. Only the text says where its state
// directory is, unless the Language does. open returns the key of the hashes in that directory; it is called once, and only if the
// text has no error.
func (l *Language) Begin(file string, text []byte, open func(stateDir string) []byte) (*runbook.Runbook, language.Diagnostics) {
	r := l.request(core.Evaluation{PlanRequest: status.PlanRequest{File: file}, Text: text})
	o := r.options()
	o.KeyOf = open
	return runbook.Parse(r.Text, r.File, o)
}

// Replay evaluates a generation again, for this machine's user.
func (l *Language) Replay(g *generation.Generation) (*runbook.Runbook, language.Diagnostics) {
	return l.request(core.Evaluation{PlanRequest: status.PlanRequest{File: g.File, Vars: l.Vars}, Text: g.Source, Kept: g}).evaluate()
}

func (l *Language) request(e core.Evaluation) request {
	r := request{File: filepath.Clean(e.File), Text: e.Text, Vars: e.Vars, StateDir: l.StateDir, HashKey: l.HashKey}
	if r.Vars == nil {
		r.Vars = l.Vars
	}
	if e.Kept != nil {
		r.Kept = &e.Kept.Inputs
	}
	if e.Within != nil {
		r.within = &e.Within.Document
	}
	return r
}

// request is everything that the evaluation of a text depends on, except for the files and variables of the machine.
type request struct {
	File     string            `json:"file"`
	Text     []byte            `json:"text"`
	Vars     map[string]string `json:"vars"`
	StateDir string            `json:"state_dir"`
	HashKey  []byte            `json:"hash_key"`
	Kept     *language.Inputs  `json:"kept,omitempty"` // of the generation that the text belongs to

	within *language.Document // crosses a pipe as Bounds
	Bounds []byte             `json:"bounds,omitempty"`
}

// options returns the world that the request is evaluated in.
func (r request) options() language.Options {
	o := language.Options{Vars: r.Vars, HashKey: r.HashKey, StateDir: r.StateDir, Within: r.within}
	if r.Kept != nil {
		o = (&generation.Generation{File: r.File, Inputs: *r.Kept}).Options(o)
	}
	return o
}

// evaluate evaluates the request in this process.
func (r request) evaluate() (*runbook.Runbook, language.Diagnostics) {
	return runbook.Parse(r.Text, r.File, r.options())
}
