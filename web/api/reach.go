package api

import (
	"fmt"
	"slices"

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
	known := now.Inputs().List
	for _, i := range rb.Inputs().List {
		if (i.Kind == runbook.InputFile || i.Kind == runbook.InputEnv) &&
			!slices.ContainsFunc(known, func(o runbook.Input) bool { return o.Kind == i.Kind && o.Name == i.Name }) {
			what = fmt.Sprintf("%s(%q) is not read yet", i.Kind, clip(clean(i.Name), 100))
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
