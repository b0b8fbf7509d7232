package screen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/runbook/cells"
)

// Asked shows how a text was understood, what was called, and what truly came of it.
func (s *Screen) Asked(a act.Answer) {
	row := func(word, text string) {
		if text != "" {
			fmt.Fprintln(s, s.Faint(cells.Pad(word, 12))+text)
		}
	}
	tier := string(a.Reading.Tier)
	if tier == "" {
		tier = "nothing"
	}
	if a.Model != "" {
		tier += ", asked " + Clean(a.Model)
	}
	row("understood", tier)
	for _, c := range a.Reading.Commands {
		row("meant", s.Strong(Clean(c.Intent))+" "+Clean(strings.Join(append(spokenSlots(c), c.Targets...), "  ")))
	}
	for _, o := range append(append([]act.Outcome{}, a.Outcomes...), a.Undone...) {
		what := Clean(o.Call.Service)
		if o.Call.Backend != "" {
			what = Clean(o.Call.Backend) + ": " + what
		}
		line := s.verdict(o.Verdict) + "  " + what
		if o.Reason != "" {
			line += s.Faint("  " + Clean(o.Reason))
		}
		row("called", line)
	}
	row("times", times(a))
	row("reason", Clean(a.Reason))
	row("says", s.Strong(Clean(a.Speech)))
}

// verdict is a verdict in its colour.
func (s *Screen) verdict(v act.Verdict) string {
	switch {
	case v.Good():
		return s.Good(string(v))
	case v == act.Failed || v == act.Unknown:
		return s.Bad(string(v))
	}
	return s.Warn(string(v))
}

func spokenSlots(c act.Command) (list []string) {
	for _, x := range c.Slots {
		text := x.Value.Text
		if n := x.Value.Number; n != nil {
			text = strconv.FormatFloat(*n, 'f', -1, 64) + " " + x.Value.Unit
		}
		list = append(list, x.Name+" = "+strings.TrimSpace(text))
	}
	return list
}

// times are how long after the text came each step was reached.
func times(a act.Answer) string {
	var parts []string
	for _, x := range []struct {
		word string
		at   time.Time
	}{{"read", a.ReadAt}, {"executed", a.ExecutedAt}, {"verified", a.VerifiedAt}} {
		if !x.at.IsZero() {
			parts = append(parts, fmt.Sprintf("%s after %d ms", x.word, max(0, x.at.Sub(a.Came).Milliseconds())))
		}
	}
	return strings.Join(parts, ", ")
}
