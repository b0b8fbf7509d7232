package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"orac/runbook"
	"orac/runbook/edit"
	"orac/runbook/language"
)

// Runbook evaluates the runbook that the scenario runs, with the scenario's changes in it. It also returns the text that was
// evaluated: except for the changes, every byte is as it is in the file. If there are errors among the Diagnostics, the Runbook
// is nil: the file or a change is wrong, or the scenario names something that the runbook does not have. Warnings can come with
// a Runbook.
func (s *Scenario) Runbook(opts language.Options) (*runbook.Runbook, []byte, language.Diagnostics) {
	opts.Spare = func(name string) bool { return slices.Contains(s.Variables, name) }
	src, name, found := s.source(opts)
	if found.HasErrors() {
		return nil, nil, found
	}
	if len(s.Changes) > 0 { // problems of the file itself are reported with the lines of the file
		if rb, found := runbook.Parse(src, name, opts); rb == nil {
			return nil, nil, found
		}
	}
	changed := src
	for _, c := range s.Changes {
		for _, attribute := range slices.Sorted(maps.Keys(c.Attributes)) {
			out, err := edit.Set(changed, c.Block, attribute, c.Attributes[attribute])
			if err != nil {
				found = append(found, s.editProblem(err, c.Address, attribute))
				continue
			}
			changed = out
		}
	}
	if found.HasErrors() {
		return nil, nil, found
	}
	rb, problems := runbook.Parse(changed, name, opts)
	for _, d := range problems {
		found = append(found, s.ofChange(d))
	}
	if rb == nil {
		return nil, nil, found
	}
	found = append(found, s.fits(rb, changed, opts)...)
	if found.HasErrors() {
		return nil, nil, found
	}
	return rb, changed, found
}

// Changed returns a runbook's text as changed by a fault of the kinds Apply and Push. It does not check whether the result is valid:
// what an appliance does with an invalid one is worth a scenario.
func (s *Scenario) Changed(src []byte, f Fault) ([]byte, error) {
	for _, attribute := range slices.Sorted(maps.Keys(f.Set)) {
		out, err := edit.Set(src, runbook.Address(f.Block), attribute, f.Set[attribute])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Address, err)
		}
		src = out
	}
	return src, nil
}

// source reads the runbook, or returns the text that the scenario contains.
func (s *Scenario) source(opts language.Options) ([]byte, string, language.Diagnostics) {
	if s.Head.Runbook == "" {
		return []byte(s.Head.Text), s.File + " (text)", nil
	}
	src, err := opts.WithDefaults().ReadFile(s.Head.Runbook)
	if err != nil {
		return nil, "", language.Diagnostics{s.Problem(s.Head.Address, "runbook", language.Error, "cannot read the runbook "+s.Head.Runbook+": "+language.Reason(err),
			"The path is relative to the scenario.")}
	}
	return src, s.Head.Runbook, nil
}

// editProblem reports an edit that could not be made, at the place that requested it.
func (s *Scenario) editProblem(err error, block runbook.Address, attribute string) language.Diagnostic {
	var e *edit.Error
	if !errors.As(err, &e) {
		e = &edit.Error{Summary: "the runbook cannot be changed", Hint: err.Error()}
	}
	return s.Problem(block, attribute, language.Error, e.Summary, e.Hint)
}

// ofChange moves a problem of the changed runbook to the change that causes it, if there is one.
func (s *Scenario) ofChange(d language.Diagnostic) language.Diagnostic {
	for _, c := range s.Changes {
		if c.Block != d.Address && !strings.HasPrefix(string(c.Block), string(d.Address)+".") {
			continue
		}
		attributes := slices.Sorted(maps.Keys(c.Attributes))
		for _, a := range attributes {
			if slices.Contains(strings.Fields(d.Summary), a) { // problems name what they are about
				return s.Elsewhere(d, c.Address, a)
			}
		}
		return s.Elsewhere(d, c.Address, "")
	}
	return d
}
