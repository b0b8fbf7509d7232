package screen

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/health"
	"orac/appliance/status"
	"orac/runbook/cells"
)

// Log shows a line of the daemon's log.
func (s *Screen) Log(l status.LogLine) {
	level := cells.Pad(Clean(strings.ToUpper(l.Level)), 5)
	switch l.Level {
	case "ERROR":
		level = s.Bad(level)
	case "WARN":
		level = s.Warn(level)
	default:
		level = s.Faint(level)
	}
	var attrs strings.Builder
	for _, name := range slices.Sorted(maps.Keys(l.Attrs)) {
		fmt.Fprintf(&attrs, "  %s=%s", Clean(name), attr(l.Attrs[name]))
	}
	fmt.Fprintf(s, "%s  %s  %s%s\n", s.Faint(l.At.Local().Format("2006-01-02 15:04:05.000")), level, Clean(l.Message), s.Faint(attrs.String()))
}

// attr shows a value of a log line; text with spaces in quotes.
func attr(v any) string {
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return Clean(fmt.Sprint(v))
		}
		return Clean(string(b))
	}
	text = Clean(text)
	if text == "" || strings.ContainsAny(text, " \"=") {
		return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
	}
	return text
}

// Incidents shows one after the other what went wrong and what was done about it; evidence only on request.
func (s *Screen) Incidents(list []status.Incident, evidence bool, now time.Time) {
	for _, i := range list {
		end := s.Good("recovered after " + amount.Span(i.Duration))
		if i.Recovered.IsZero() {
			end = s.Bad("ongoing for " + amount.Span(now.Sub(i.Detected)))
		}
		fmt.Fprintf(s, "%s  %s  %s  %s\n", When(i.Detected, now), s.Strong(Clean(i.Component)), end, s.Faint(Clean(i.ID)))
		s.text("  ", "", Clean(i.Cause))
		for _, a := range i.Actions {
			s.text("  ", s.Faint("→")+" ", Clean(a))
		}
		if evidence && i.Evidence != "" {
			for line := range strings.Lines(i.Evidence) {
				fmt.Fprintf(s, "  %s %s\n", s.Faint("│"), Clean(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")))
			}
		}
	}
}

// Utterances shows which utterances wait and which were set aside, and why.
func (s *Screen) Utterances(list []status.Utterance, now time.Time) {
	for _, u := range list {
		state, detail := s.Warn(Clean(u.State)), "for "+Clean(strings.Join(u.Services, ", "))
		if u.State == "refused" {
			state, detail = s.Bad("set aside"), "refused by "+Clean(strings.Join(u.Services, ", "))
		}
		if len(u.Services) == 0 {
			detail = "only its sound is known"
		}
		at := "at an unknown time"
		if !u.Wake.IsZero() {
			at = When(u.Wake, now)
		}
		fmt.Fprintf(s, "%s  %s  %s\n", s.Strong(Clean(u.ID)), state, at)
		if u.Listener != "" {
			detail = Clean(u.Listener) + ", " + amount.Span(time.Duration(u.Seconds*float64(time.Second))) + ", " + detail
		}
		if u.Cut != "" {
			detail += ", cut off (" + Clean(u.Cut) + ")"
		}
		s.text("  ", "", detail)
		if len(u.Sent) > 0 {
			s.text("  ", "", Clean(strings.Join(u.Sent, ", "))+" may have it already, and may act on it twice if you send it again")
		}
		for _, cause := range u.Causes {
			s.text("  ", s.Faint("→")+" ", Clean(cause))
		}
	}
}

// Waits shows events that wait for webhooks or were set aside.
func (s *Screen) Waits(list []status.Waits, now time.Time) {
	for _, e := range list {
		state, at := s.Warn(Clean(e.State)), ""
		if e.State == "refused" {
			state, at = s.Bad("set aside"), "  "+When(e.Aside, now)
		}
		fmt.Fprintf(s, "%s  %s%s\n", s.Strong(Clean(e.ID)), state, at)
		s.text("  ", "", fmt.Sprintf("%s event %d for webhook %s", Clean(e.Type), e.Sequence, Clean(e.Webhook)))
		if e.Cause != "" {
			s.text("  ", s.Faint("→")+" ", Clean(e.Cause))
		}
		if e.Removed {
			s.text("  ", s.Faint("→")+" ", "the runbook does not declare this webhook any more: the event is not sent, and is deleted when its keep is over")
		}
	}
}

// Generations shows the runbooks that are kept.
func (s *Screen) Generations(list []status.Generation, now time.Time) {
	rows := [][]string{{"", "GENERATION", "APPLIED", "HASH", "BY", "RUNBOOK"}}
	for _, g := range list {
		mark, note := "", Clean(g.Note)
		if g.Current {
			mark = "●"
		}
		if g.Damaged != "" {
			mark, note = "✗", "damaged: "+Clean(g.Damaged)
		}
		rows = append(rows, []string{mark, fmt.Sprint(g.Number), When(g.Applied, now), short(Clean(g.Hash)), note, Clean(g.Runbook)})
	}
	s.Table(rows)
}

// short is the part of a hash that people compare.
func short(hash string) string {
	if runes := []rune(hash); len(runes) > 12 {
		return string(runes[:12])
	}
	return hash
}

// Health says in one line how healthy an appliance is, and who is muted.
func (s *Screen) Health(r status.Health, now time.Time) {
	var bad []string
	for _, c := range r.Components {
		if c.Level != health.Healthy && c.Behind == "" {
			text := Clean(c.Name)
			if c.Level != r.Level {
				text += " " + Clean(string(c.Level))
			}
			if c.Why != "" {
				text += " (" + Clean(c.Why) + ")"
			}
			bad = append(bad, text)
		}
	}
	line := s.mark(r.Level) + " " + Clean(string(r.Level))
	if len(bad) > 0 {
		line += ": " + strings.Join(bad, ", ")
	}
	if muted := status.MuteWords(r.Muted, now); muted != "" {
		line += "; " + s.Warn(Clean(muted))
	}
	fmt.Fprintln(s, line)
}
