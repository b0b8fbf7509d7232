package sim

import (
	"iter"
	"slices"
	"strings"
	"time"

	"orac/sim/trial/tally"
)

// mostAside is how many utterances that were set aside the spool keeps at most.
const mostAside = 100

// incidentTime is longer than an incident takes to get from the event into the history.
const incidentTime = 10 * time.Second

// answered tells whether every service that refused an utterance has answered it nevertheless.
func answered(f *tally.Fate) bool {
	for s := range f.Refused {
		if f.Answers[s] == 0 {
			return false
		}
	}
	return true
}

// astray returns the utterances that were reported as set aside but are missing, or that no incident mentions, with what is
// wrong.
func (a *account) astray() iter.Seq2[string, string] {
	files := a.m.disk.Files()
	kept := a.m.spooled()
	var incidents strings.Builder
	for _, id := range a.m.incidentIn {
		incidents.WriteString(a.m.incidents[id].Cause + "\n")
	}
	// A process that was killed, starved or without a disk may not have been able to write it down.
	calm := a.m.boots <= 1 && a.m.diskBad == 0 && a.m.refusal() == nil && a.Calm()
	damaged := slices.ContainsFunc(files, func(name string) bool { return strings.HasPrefix(name, "spool/damaged/") })
	return func(yield func(string, string) bool) {
		for _, id := range a.Order() {
			f := a.Of(id)
			switch {
			case f.Aside == 0 || f.Dropped || f.Excused != "" || answered(f):
			case !damaged && a.Refused < mostAside && !slices.Contains(kept, id) && !slices.Contains(files, "spool/refused/"+id+".wav"):
				if !yield(id, "was set aside, and is nowhere") {
					return
				}
			case calm && a.m.clock-f.Aside > incidentTime && !strings.Contains(incidents.String(), id):
				if !yield(id, "was set aside, and no incident says so") {
					return
				}
			}
		}
	}
}
