package screen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"orac/appliance/amount"
	"orac/appliance/graph"
	"orac/appliance/status"
	"orac/runbook/cells"
)

// actions says how each action of a plan looks, in the order in which the last line counts them.
var actions = []struct {
	action status.Action
	symbol string
	count  string // "2 to add"
	paint  func(*Screen, string) string
}{
	{status.Blocked, "✗", "blocked", (*Screen).Bad},
	{status.Add, "+", "to add", (*Screen).Good},
	{status.Update, "~", "to update in place", (*Screen).Warn},
	{status.Restart, "↻", "to restart", (*Screen).Mark},
	{status.Remove, "-", "to remove", (*Screen).Bad},
	{status.Keep, "=", "kept", (*Screen).Faint},
}

// Plan shows what applying a runbook would do. Components that are kept are only counted, unless all is set.
func (s *Screen) Plan(p status.Plan, all bool) {
	v := planView{Screen: s, told: map[string]bool{}}
	for _, c := range p.Components {
		if c.Action != status.Keep || all {
			v.column = max(v.column, ansi.StringWidth(Clean(c.Address)))
		}
	}
	v.column = min(v.column, 48)
	fmt.Fprintf(s, "%s %s\n\n", s.Strong(Clean(p.Runbook)), s.Faint("against "+Clean(p.Against)))
	shown := 0
	for _, c := range p.Components {
		if c.Action != status.Keep || all {
			v.component(c)
			shown++
		}
	}
	if shown > 0 {
		fmt.Fprintln(s)
	}
	if p.Changes && !blocked(p) {
		v.deaf(p)
	}
	v.fetches(p.Fetches)
	v.problems(p.Problems)
	v.summary(p)
}

type planView struct {
	*Screen
	column int             // of the action
	told   map[string]bool // attributes whose line has been shown
}

func (v *planView) component(c status.Component) {
	why := Clean(c.Why)
	for _, a := range actions {
		if a.action == c.Action {
			line := fmt.Sprintf("  %s %s  %s", a.paint(v.Screen, a.symbol), v.Strong(cells.Pad(Clean(c.Address), v.column)), a.paint(v.Screen, string(c.Action)))
			if why != "" && (v.width == 0 || ansi.StringWidth(line)+2+ansi.StringWidth(why) <= v.width) {
				line, why = line+"  "+v.Faint(why), ""
			}
			fmt.Fprintln(v, line)
		}
	}
	if why != "" {
		v.text("      ", "", why)
	}
	for _, b := range c.Because {
		v.attribute(c.Action, b)
	}
}

// attribute shows what has changed and where the runbook says so; a repeated place is shown once.
func (v *planView) attribute(action status.Action, b status.Attribute) {
	name := Clean(b.Block)
	if b.Name != "" {
		name += "." + Clean(b.Name)
	}
	if v.told[name] {
		fmt.Fprintf(v, "      %s %s\n", name, v.Faint("(above)"))
		return
	}
	v.told[name] = true
	old, now := value(b.Old), value(b.New)
	room := v.room(6)
	switch {
	case b.Secret:
		fmt.Fprintf(v, "      %s  %s\n", name, v.Faint("(secret)")+" changed")
	case action == status.Add && b.Old == "":
		if b.New == "" {
			fmt.Fprintf(v, "      %s\n", cells.Shorten(name, room))
		} else {
			fmt.Fprintf(v, "      %s  %s\n", name, v.Good(cells.Shorten(now, less(room, ansi.StringWidth(name)+2))))
		}
	case action == status.Remove && b.New == "":
		fmt.Fprintf(v, "      %s\n", cells.Shorten(name, room))
	case room == 0 || ansi.StringWidth(name)+2+ansi.StringWidth(old)+3+ansi.StringWidth(now) <= room:
		fmt.Fprintf(v, "      %s  %s → %s\n", name, v.Faint(old), v.Good(now))
	default: // one below the other
		fmt.Fprintf(v, "      %s\n        %s\n      → %s\n", name, v.Faint(cells.Shorten(old, less(room, 2))), v.Good(cells.Shorten(now, less(room, 2))))
	}
	v.place(b)
}

// place shows the line of the runbook that holds an attribute.
func (v *planView) place(b status.Attribute) {
	if b.File == "" || b.Line == 0 {
		return
	}
	text := fmt.Sprintf("%s:%d", Clean(b.File), b.Line)
	if source := strings.TrimSpace(Clean(b.Source)); source != "" {
		text += " │ " + source
	}
	fmt.Fprintf(v, "        %s\n", v.Faint(cells.Shorten(text, v.room(8))))
}

// value returns one value of an attribute as it is shown.
func value(text string) string {
	if text == "" {
		return "(not set)"
	}
	return Clean(text)
}

// deaf says for each microphone how long it hears nothing.
func (v *planView) deaf(p status.Plan) {
	actions := map[string]status.Action{}
	for _, c := range p.Components {
		actions[c.Address] = c.Action
	}
	column := 0
	for _, d := range p.Deaf {
		column = max(column, ansi.StringWidth(Clean(d.Device)))
	}
	for _, d := range p.Deaf {
		says := v.Good("keeps listening")
		switch action := actions[graph.At(graph.Source, d.Device)]; {
		case action == status.Add:
			says = v.Good("starts listening")
		case action == status.Remove:
			says = v.Warn("stops listening")
		case d.For > 0:
			says = v.Warn("hears nothing for about " + amount.Span(d.For))
		}
		fmt.Fprintf(v, "  %s  %s\n", cells.Pad(Clean(d.Device), column), says)
	}
	if len(p.Deaf) > 0 {
		fmt.Fprintln(v)
	}
}

// fetches says what an apply downloads before it changes anything.
func (v *planView) fetches(list []status.Fetch) {
	for _, f := range list {
		v.text("  ", v.Warn("↓")+" ", "apply first fetches "+Clean(f.Words()))
	}
	if len(list) > 0 {
		fmt.Fprintln(v)
	}
}

func (v *planView) problems(list []string) {
	for _, p := range list {
		v.text("  ", v.Bad("✗")+" ", Clean(p))
	}
	if len(list) > 0 {
		fmt.Fprintln(v)
	}
}

// summary is the last line: the number of each action.
func (v *planView) summary(p status.Plan) {
	n := map[status.Action]int{}
	for _, c := range p.Components {
		n[c.Action]++
	}
	if !p.Changes && !blocked(p) {
		if p.UnderWay {
			fmt.Fprintln(v, v.Warn("Another apply is making this change, and may still be rolled back: orac status shows how it goes."))
			return
		}
		fmt.Fprintf(v, "%s %s\n", v.Good("Nothing to do."), amount.Count(len(p.Components), "component")+" would stay as they are.")
		return
	}
	var parts []string
	for _, a := range actions {
		if n[a.action] == 0 {
			continue
		}
		text := fmt.Sprint(n[a.action], " ", a.count)
		if a.action != status.Keep {
			text = a.paint(v.Screen, text)
		}
		parts = append(parts, text)
	}
	line := ""
	for i, part := range parts {
		if i < len(parts)-1 {
			part += ","
		} else {
			part += "."
		}
		switch {
		case line == "":
			line = part
		case v.width > 0 && ansi.StringWidth(line)+1+ansi.StringWidth(part) > v.width:
			fmt.Fprintln(v, line)
			line = part
		default:
			line += " " + part
		}
	}
	fmt.Fprintln(v, line)
	if blocked(p) {
		fmt.Fprintf(v, "%s none of it can be applied.\n", v.Bad("Blocked:"))
	}
}

// blocked tells whether a plan cannot be applied.
func blocked(p status.Plan) bool {
	return len(p.Problems) > 0 || slices.ContainsFunc(p.Components, func(c status.Component) bool { return c.Action == status.Blocked })
}

// text shows a text on as many lines as it needs, with a mark before the first.
func (s *Screen) text(indent, mark, text string) {
	for i, line := range cells.Wrap(text, s.room(ansi.StringWidth(indent)+ansi.StringWidth(mark))) {
		lead := mark
		if i > 0 {
			lead = strings.Repeat(" ", ansi.StringWidth(mark))
		}
		fmt.Fprintf(s, "%s%s%s\n", indent, lead, line)
	}
}

// room returns how many columns remain beside the given number; 0 means no limit.
func (s *Screen) room(beside int) int { return less(s.width, beside) }

// less subtracts columns from a limit; 0 still means no limit.
func less(columns, by int) int {
	if columns == 0 {
		return 0
	}
	return max(8, columns-by)
}
