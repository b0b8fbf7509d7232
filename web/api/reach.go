package api

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"orac/runbook"
)

// reaches refuses a text that would let who sends it do more on the machine than what runs does already: run another command, read
// another file or another variable of the environment, or be trusted with that. A stolen login of an admin is then none of ORAC's
// user. What is wrong with a text that cannot be evaluated is not said here.
func (s *Server) reaches(source string) error {
	now := s.o.App.Runbook()
	if now.Web.TrustAdmins {
		return nil
	}
	rb, _ := s.o.App.Check(source)
	if rb == nil {
		return nil
	}
	what := ""
	for _, t := range rb.STTs {
		if len(t.Command) > 0 && !slices.ContainsFunc(now.STTs, func(o runbook.STT) bool { return slices.Equal(o.Command, t.Command) }) {
			what = fmt.Sprintf("%s has a command that does not run yet", t.Address)
		}
	}
	for _, m := range rb.Models {
		if m.PrivateSource && !slices.ContainsFunc(now.Models, func(o runbook.Model) bool { return o.PrivateSource && o.Source == m.Source }) {
			what = fmt.Sprintf("%s may be fetched from the local network, which no model in use may from there", m.Address)
		}
	}
	known := now.Inputs().List
	for _, i := range rb.Inputs().List {
		if (i.Kind == runbook.InputFile || i.Kind == runbook.InputEnv) &&
			!slices.ContainsFunc(known, func(o runbook.Input) bool { return o.Kind == i.Kind && o.Name == i.Name }) {
			what = fmt.Sprintf("%s(%q) is not read yet", i.Kind, clip(clean(i.Name), 100))
		}
	}
	named := paths(now.Blocks)
	for path, by := range paths(rb.Blocks) {
		if named[path] == "" {
			what = fmt.Sprintf("%s names a path that is not in use yet", by)
		}
	}
	if rb.Web.TrustAdmins {
		what = "web.trust_admins is not set yet"
	}
	if what == "" {
		return nil
	}
	return Fail(Forbidden, "%s, and over the network that is not changed: write it into the runbook's file on the machine, and run orac apply there.", what)
}

// paths are the files that blocks name for themselves, with the attributes that name them: a log that is written and turned over,
// a state directory, keys.
func paths(blocks []runbook.Block) map[string]string {
	found := map[string]string{}
	for _, b := range blocks {
		for _, at := range b.Type.Attributes {
			if v := b.Attrs[at.Name].Value; at.Kind == runbook.Path && v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
				found[v.AsString()] = fmt.Sprintf("%s.%s", b.Address, at.Name)
			}
		}
		maps.Copy(found, paths(b.Nested))
	}
	return found
}

// returns refuses a rollback to a generation whose text would be refused today. One that cannot be evaluated any more is not
// known to be harmless.
func (s *Server) returns(number int) error {
	if s.o.App.Runbook().Web.TrustAdmins {
		return nil
	}
	if number == 0 { // the one before
		now := s.o.App.Status().Generation
		list, err := s.o.App.Generations()
		if err != nil {
			return err
		}
		for _, g := range list {
			if g.Number < now {
				number = max(number, g.Number)
			}
		}
	}
	text, err := s.o.App.Text(number)
	if err != nil {
		return nil // who returns to it says what is wrong
	}
	if rb, _ := s.o.App.Check(text); rb == nil {
		return Fail(Forbidden, "Generation %d cannot be checked any more, and over the network that is not returned to: run orac rollback %d on the machine.", number, number)
	}
	return s.reaches(text)
}
