package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"orac/appliance/graph"
)

// stages is the order of the lanes: the path of a command through the graph.
func stages() (list []string) {
	list = []string{"world", "process"}
	for _, k := range graph.Kinds() {
		list = append(list, string(k.Name))
	}
	return append(list, "watchdog", "memory", "disk", "health")
}

// stage is the place of a lane among the stages; what is none of them comes last.
func stage(stages []string, name string) int {
	kind, _, _ := strings.Cut(name, ".")
	if i := slices.Index(stages, kind); i >= 0 {
		return i
	}
	return len(stages)
}

// mark is drawn for one event, or for several of a kind that would cover each other.
type mark struct {
	first, last Event
	n           int
}

// events draws one lane per node.
func (t *timeline) events() (list []lane) {
	by := map[string][]Event{}
	var names []string
	for _, e := range t.r.Events {
		if by[e.Lane] == nil {
			names = append(names, e.Lane)
		}
		by[e.Lane] = append(by[e.Lane], e)
	}
	order := stages()
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(stage(order, a), stage(order, b)), cmp.Compare(a, b)) })
	left := 0
	if len(names) > maxLanes {
		left = len(names) - maxLanes
		names = names[:maxLanes]
	}
	room := maxMarks
	for i, name := range names {
		// Each lane gets an equal share of the marks that the ones before it have left.
		marks := t.marks(by[name], room/(len(names)-i))
		room -= len(marks)
		s := newSVG(22, fmt.Sprintf("%s: %s", name, count(len(by[name]), "event")))
		for _, m := range marks {
			text := m.first.title()
			if m.n > 1 {
				text = fmt.Sprintf("%d × %s, %s to %s", m.n, m.first.Kind, at(m.first.At), at(m.last.At))
			}
			s.glyph(m.first.glyph(), t.share(m.first.At), 11, text)
		}
		list = append(list, lane{Name: clean(name), Note: fmt.Sprint(len(by[name])), Height: 22, SVG: s.end()})
	}
	if left > 0 && len(list) > 0 {
		list[len(list)-1].Note += fmt.Sprintf("; %d more lanes", left)
	}
	return list
}

// marks merges events of a kind that lie within the same slice of the timeline. The slices are just fine enough to leave at
// most this many marks. What went wrong is drawn last, so that nothing covers it.
func (t *timeline) marks(events []Event, most int) []mark {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	for parts := 500; ; parts /= 2 {
		type place struct {
			slice int
			kind  string
			wrong bool
		}
		at := map[place]int{}
		var marks []mark
		for _, e := range events {
			p := place{int(max(0, min(1, t.share(e.At))) * float64(parts)), e.Kind, e.Wrong}
			i, ok := at[p]
			if !ok {
				at[p] = len(marks)
				marks = append(marks, mark{e, e, 1})
				continue
			}
			marks[i].n++
			marks[i].last = e
		}
		if len(marks) > most && parts > 1 {
			continue
		}
		marks = marks[:min(len(marks), max(0, most))]
		wrong := func(m mark) int {
			if m.first.glyph() == "lost" {
				return 1
			}
			return 0
		}
		slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(wrong(a), wrong(b)) })
		return marks
	}
}
