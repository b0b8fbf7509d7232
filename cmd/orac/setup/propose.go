package setup

import (
	"context"
	"fmt"
)

// Propose fills in open answers with what an interview proposes, for people who are not asked. The notes say which of these may
// be less useful than they look.
func Propose(ctx context.Context, a Answers) (_ Answers, notes []string, _ error) {
	if a.Microphone == nil {
		a.Microphone = &Microphone{}
		list, why, err := List(ctx)
		switch {
		case ctx.Err() != nil:
			return a, nil, ctx.Err()
		case err != nil:
			notes = append(notes, fmt.Sprintf("%v; the runbook takes the default microphone", err))
		case len(list) == 0:
			notes = append(notes, "there is no microphone; the runbook takes the default one, which must be there when ORAC runs")
			notes = append(notes, why...)
		default:
			a.Microphone.Device = list[0]
		}
	}
	if len(a.Models) == 0 {
		a.Models = []string{proposedModel}
	}
	if a.Service == nil {
		a.Service = FindService(ctx)
		if a.Service.URL == "" {
			a.Service = Embedded()
		}
	}
	if a.Console == "" {
		a.Console = Consoles[0]
	}
	return a, notes, ctx.Err()
}

// FindService looks for an ORAC STT server on this machine; it returns the zero value if there is
// none.
func FindService(ctx context.Context) *Service {
	if _, err := Probe(ctx, LocalSTT); err != nil {
		return &Service{}
	}
	return &Service{URL: LocalSTT}
}
