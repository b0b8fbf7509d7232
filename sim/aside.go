package sim

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// mostAside is how many utterances that were set aside the spool keeps.
const mostAside = 100

// incidentTime is more than an incident takes from the event to the history.
const incidentTime = 10 * time.Second

// answered tells whether those that have refused an utterance have answered it all the same.
func (f *fate) answered() bool {
	for s := range f.refused {
		if f.answers[s] == 0 {
			return false
		}
	}
	return true
}

// astray are the utterances that were said to be set aside and are nowhere, or that no incident tells of, with what is wrong.
func (a *account) astray() iter.Seq2[string, string] {
	files := a.m.disk.Files()
	kept := a.m.spooled()
	var incidents strings.Builder
	for _, id := range a.m.incidentIn {
		incidents.WriteString(a.m.incidents[id].Cause + "\n")
	}
	// Who was killed, starved or had no disk may not have come to write it down.
	calm := a.m.boots <= 1 && a.m.diskBad == 0 && !a.m.refuses() && len(a.m.trouble) == 0
	damaged := slices.ContainsFunc(files, func(name string) bool { return strings.HasPrefix(name, "spool/damaged/") })
	return func(yield func(string, string) bool) {
		for _, id := range a.order {
			f := a.utterances[id]
			switch {
			case f.aside == 0 || f.dropped || f.excused != "" || f.answered():
			case !damaged && a.refused < mostAside && !slices.Contains(kept, id) && !slices.Contains(files, "spool/refused/"+id+".wav"):
				if !yield(id, "was set aside, and is nowhere") {
					return
				}
			case calm && a.m.clock-f.aside > incidentTime && !strings.Contains(incidents.String(), id):
				if !yield(id, "was set aside, and no incident says so") {
					return
				}
			}
		}
	}
}
