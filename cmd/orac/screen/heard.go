package screen

import (
	"fmt"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/web/acts"
)

// Heard shows one after the other what was said, and what came of it.
func (s *Screen) Heard(list []acts.Heard, now time.Time) {
	for _, h := range list {
		where := []string{Clean(h.Listener)}
		if h.From != "" {
			where = append(where, "from "+Clean(h.From))
		}
		if h.Seconds > 0 {
			where = append(where, amount.Span(time.Duration(h.Seconds*float64(time.Second))))
		}
		text := s.Strong("“" + Clean(h.Text) + "”")
		if h.Text == "" {
			text = s.Warn(Clean(h.Why))
		}
		fmt.Fprintf(s, "%s  %s  %s\n", When(h.At, now), text, s.Faint(strings.TrimSpace(strings.Join(where, "  "))))
		for _, d := range h.Commands {
			s.deed(d)
		}
	}
}

// deed shows what came of a command: in a word, in a sentence, and call by call.
func (s *Screen) deed(d acts.Deed) {
	about := []string{Clean(d.Topic)}
	if d.Tier != "" {
		about = append(about, Clean(d.Tier))
	}
	if d.Model != "" {
		about = append(about, "asked "+Clean(d.Model))
	}
	for _, step := range []struct {
		word string
		at   time.Time
	}{{"read", d.ReadAt}, {"executed", d.ExecutedAt}, {"verified", d.VerifiedAt}} {
		if !step.at.IsZero() {
			about = append(about, fmt.Sprintf("%s after %d ms", step.word, max(0, step.at.Sub(d.Came).Milliseconds())))
		}
	}
	says := d.Speech
	if says == "" {
		says = d.Reason
	}
	s.text("  ", "", s.result(d.Result)+"  "+Clean(says)+s.Faint("  "+strings.Join(about, ", ")))
	for _, c := range d.Calls {
		what := strings.TrimSpace(Clean(c.Service) + " " + Clean(strings.Join(c.Targets, ", ")))
		if c.Backend != "" {
			what = Clean(c.Backend) + ": " + what
		}
		if c.Reason != "" {
			what += s.Faint("  " + Clean(c.Reason))
		}
		s.text("    ", s.Faint("→")+" ", s.verdict(act.Verdict(c.Verdict))+"  "+what)
	}
}

// result is a result in its colour.
func (s *Screen) result(name string) string {
	switch act.Result(name) {
	case act.Done:
		return s.Good(name)
	case act.NotDone, act.NotKnown:
		return s.Bad(name)
	}
	return s.Warn(Clean(name))
}
