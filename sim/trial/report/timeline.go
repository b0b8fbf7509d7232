package report

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"orac/runbook/cells"
	"orac/runbook/scenario"
)

// Bounds of one timeline.
const (
	maxLanes     = 24
	maxFaultRows = 8
	maxMarks     = 3000 // of all lanes together
	maxFaultList = 200
)

// htmlRun is what the page shows of a run.
type htmlRun struct {
	Anchor, Why, Command, Hash string
	Seed                       uint64
	Badge                      badge
	Counts                     []tile
	Lanes                      []lane
	Behind                     template.HTML // drawn behind all lanes
	Faults                     []htmlFault
	MoreFaults                 int
	Open                       bool
}

// lane is one row of a timeline.
type lane struct {
	Name, Note string
	Height     int
	SVG        template.HTML
	Class      string
}

type htmlFault struct{ Name, When, Lasts, Detected, Recovered, Fidelity, How, Class string }

func newHTMLRun(sc *Scenario, c chosen, i int) *htmlRun {
	r := &sc.Runs[c.index]
	v := &htmlRun{Anchor: anchor(i, c.index), Why: clean(c.why), Seed: r.Seed, Badge: badgeOf(r.Verdict), Command: clean(r.Command), Hash: clean(r.Hash), Open: true}
	for _, name := range slices.Sorted(maps.Keys(r.Counts)) {
		if len(v.Counts) < 24 {
			v.Counts = append(v.Counts, tile{Value: thousands(r.Counts[name]), Name: cells.Shorten(clean(strings.ReplaceAll(name, "_", " ")), 40)})
		}
	}
	for n, f := range r.Faults {
		if n == maxFaultList {
			v.MoreFaults = len(r.Faults) - n
			break
		}
		h := htmlFault{Name: clean(f.Name), When: at(f.Begin), Fidelity: clean(f.Fidelity), How: clean(f.How), Class: class(f.Kind)}
		if f.Kind != "" && !strings.Contains(f.Name, f.Kind) {
			h.Name += " " + clean(f.Kind)
		}
		if f.End > f.Begin {
			h.Lasts = span(f.End - f.Begin)
		}
		if f.Detected > 0 {
			h.Detected = span(f.Detected)
		}
		if f.Recovered > 0 {
			h.Recovered = span(f.Recovered)
		}
		v.Faults = append(v.Faults, h)
	}
	t := &timeline{r: r, length: max(r.Virtual, sc.For)}
	if r.Virtual > 0 {
		t.length = r.Virtual
	}
	if !(t.length > 0) {
		t.length = 1
	}
	v.Behind = t.behind()
	v.Lanes = t.lanes()
	return v
}

// timeline draws a run over its length in seconds.
type timeline struct {
	r      *Run
	length float64
}

func (t *timeline) share(seconds float64) float64 { return seconds / t.length }

func (t *timeline) lanes() []lane {
	list := []lane{t.axis(), t.faults()}
	if l, ok := t.level(); ok {
		list = append(list, l)
	}
	list = append(list, t.events()...)
	list = append(list, t.incidents(), t.health())
	if l, ok := t.memory(); ok {
		list = append(list, l)
	}
	return slices.DeleteFunc(list, func(l lane) bool { return l.SVG == "" })
}

// class is the colour of a kind of fault.
func class(kind string) string { return string(scenario.Kind(kind).Info().Family.Class) }

// ends returns where the band of a fault begins and ends.
func (t *timeline) ends(begin, end float64) (from, to float64) {
	return t.share(begin), t.share(max(begin, end))
}

// behind draws the clock's grid lines and the faults behind all lanes.
func (t *timeline) behind() template.HTML {
	s := &svg{}
	s.b.WriteString(`<svg width="100%" height="100%" aria-hidden="true">`)
	for _, f := range t.r.Faults[:min(len(t.r.Faults), maxFaultList)] {
		from, to := t.ends(f.Begin, f.End)
		from, to = max(0, min(1, from)), max(0, min(1, to))
		width := x(to - from)
		if to-from < 0.0015 {
			width = "1"
		}
		fmt.Fprintf(&s.b, `<rect class="band %s" x="%s" y="0" width="%s" height="100%%"/>`, class(f.Kind), x(from), width)
	}
	for _, tick := range ticks(t.length) {
		fmt.Fprintf(&s.b, `<line class="grid" x1="%[1]s" x2="%[1]s" y1="0" y2="100%%"/>`, x(t.share(tick)))
	}
	return s.end()
}

func (t *timeline) axis() lane {
	s := newSVG(20, "time")
	for _, tick := range ticks(t.length) {
		class := "tick"
		if t.share(tick) > 0.96 {
			class = "tick last"
		}
		s.text(class, t.share(tick), 13, at(tick))
	}
	return lane{Height: 20, SVG: s.end(), Class: "axis"}
}

// ticks returns round instants, beginning with 0, at most ten of them.
func ticks(length float64) []float64 {
	steps := []float64{0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000, 2592000}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if length/s <= 9 {
			step = s
			break
		}
	}
	if length/step > 9 {
		step = length / 8
	}
	var list []float64
	for i := 0; i <= 12 && float64(i)*step <= length; i++ {
		list = append(list, float64(i)*step)
	}
	return list
}

// pack assigns each interval a row in which it touches no other, and counts those that fit in none.
func pack(n int, interval func(int) (from, to float64), most int) (rows []int, used, left int) {
	var free []float64
	rows = make([]int, n)
	for i := range n {
		from, to := interval(i)
		rows[i] = -1
		for row := range free {
			if free[row] <= from {
				rows[i] = row
				break
			}
		}
		if rows[i] < 0 && len(free) < most {
			rows[i] = len(free)
			free = append(free, 0)
		}
		if rows[i] < 0 {
			left++
			continue
		}
		free[rows[i]] = max(to, from+0.004) + 0.002
	}
	return rows, len(free), left
}

const bandPx = 18

func (t *timeline) faults() lane {
	list := slices.Clone(t.r.Faults)
	if len(list) == 0 {
		return lane{}
	}
	slices.SortStableFunc(list, func(a, b Fault) int { return cmp.Compare(a.Begin, b.Begin) })
	rows, used, left := pack(len(list), func(i int) (float64, float64) { return t.ends(list[i].Begin, list[i].End) }, maxFaultRows)
	height := used*bandPx + 4
	s := newSVG(height, count(len(list), "fault"))
	for i, f := range list {
		if rows[i] < 0 || i >= 2*maxFaultList {
			continue
		}
		from, to := t.ends(f.Begin, f.End)
		y := float64(rows[i]*bandPx) + 3
		title := f.Name + ": " + f.Sentence()
		if f.Detected > 0 {
			title += ", noticed after " + span(f.Detected)
		}
		if f.Recovered > 0 {
			title += ", recovered after " + span(f.Recovered)
		}
		s.rect("fault "+class(f.Kind), from, to, y, bandPx-4, title)
		if label := f.Kind; to-from > 0.011*float64(ansi.StringWidth(label)) {
			s.text("in", from+0.004, y+10.5, label)
		}
	}
	l := lane{Name: "faults", Height: height, SVG: s.end(), Note: fmt.Sprint(len(list))}
	if left > 0 {
		l.Note = fmt.Sprintf("%d, %d not drawn", len(list), left)
	}
	return l
}

func (t *timeline) level() (lane, bool) {
	if len(t.r.Level) == 0 {
		return lane{}, false
	}
	var points [][2]float64
	for _, p := range t.r.Level { // loudness is perceived by ratios: take a logarithm of the RMS
		points = append(points, [2]float64{t.share(p.At), math.Log2(1+max(0, p.Value)) / 15})
	}
	s := newSVG(34, "level of the sound")
	s.area("level", points, 2, 30)
	return lane{Name: "sound level", Height: 34, SVG: s.end()}, true
}

func (t *timeline) memory() (lane, bool) {
	if len(t.r.Memory) == 0 {
		return lane{}, false
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range t.r.Memory {
		low, high = min(low, p.Value), max(high, p.Value)
	}
	foot := low - max((high-low)*0.15, high*0.01)
	var points [][2]float64
	for _, p := range t.r.Memory {
		points = append(points, [2]float64{t.share(p.At), (p.Value - foot) / max(1, (high-foot)*1.05)})
	}
	s := newSVG(46, "memory")
	s.area("memory", points, 2, 42)
	from, unit, _ := strings.Cut(size(low), " ")
	to, last, _ := strings.Cut(size(high), " ")
	note := from + "–" + to + " " + last
	if unit != last || from == to {
		note = size(high)
	}
	return lane{Name: "memory", Note: note, Height: 46, SVG: s.end()}, true
}

func (t *timeline) incidents() lane {
	list := slices.Clone(t.r.Incidents)
	if len(list) == 0 {
		return lane{}
	}
	slices.SortStableFunc(list, func(a, b Incident) int { return cmp.Compare(a.Begin, b.Begin) })
	end := func(i Incident) float64 {
		if i.End == 0 {
			return t.length
		}
		return i.End
	}
	rows, used, left := pack(len(list), func(i int) (float64, float64) { return t.ends(list[i].Begin, end(list[i])) }, 4)
	height := used*12 + 6
	s := newSVG(height, count(len(list), "incident"))
	for i, n := range list {
		if rows[i] < 0 || i >= 4*maxFaultList {
			left++
			continue
		}
		from, to := t.ends(n.Begin, end(n))
		title := fmt.Sprintf("%s: %s, at %s", n.Component, n.Cause, at(n.Begin))
		class := "incident"
		if n.End == 0 {
			class, title = "incident open", title+", no end yet"
		} else {
			title += ", recovered after " + span(n.End-n.Begin)
		}
		s.rect(class, from, to, float64(rows[i]*12)+4, 9, title)
	}
	return lane{Name: "incidents", Note: fmt.Sprint(len(list)), Height: height, SVG: s.end()}
}

func (t *timeline) health() lane {
	steps := slices.Clone(t.r.Health)
	if len(steps) == 0 {
		return lane{}
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	s := newSVG(20, "health")
	good, drawn := 0.0, 0
	for i, step := range steps {
		end := t.length
		if i+1 < len(steps) {
			end = steps[i+1].At
		}
		class := "h-other"
		switch step.Value {
		case "healthy":
			class = "h-healthy"
			good += max(0, min(end, t.length)-max(0, step.At))
		case "degraded", "unhealthy", "starting":
			class = "h-" + step.Value
		}
		if drawn++; drawn <= 2000 {
			s.rect(class, t.share(step.At), t.share(end), 5, 10, fmt.Sprintf("%s from %s to %s", step.Value, at(step.At), at(end)))
		}
	}
	share := min(100, 100*good/t.length)
	note := fmt.Sprintf("%.0f %% healthy", share)
	if share > 99 && share < 100 {
		note = fmt.Sprintf("%.2f %% healthy", math.Floor(share*100)/100)
	}
	return lane{Name: "health", Note: note, Height: 20, SVG: s.end()}
}
