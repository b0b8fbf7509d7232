package report

import (
	"fmt"
	"hash/fnv"
	"html"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"orac/runbook/cells"
)

// svg is a drawing in progress. It is as wide as its place: x is a share of that width from 0 to 1, written in percent; y and
// sizes are in pixels. Classes are words of this package; all text goes through escape.
type svg struct{ b strings.Builder }

func newSVG(height int, label string) *svg {
	s := &svg{}
	fmt.Fprintf(&s.b, `<svg width="100%%" height="%d" role="img" aria-label="%s">`, height, escape(label))
	return s
}

func (s *svg) end() template.HTML {
	s.b.WriteString("</svg>")
	return template.HTML(s.b.String()) // every text in it went through escape
}

func escape(text string) string { return html.EscapeString(cells.Shorten(clean(text), 300)) }

// x writes a share in percent, limited to slightly beyond the drawing.
func x(share float64) string {
	if math.IsNaN(share) {
		share = 0
	}
	return strconv.FormatFloat(math.Round(max(-0.02, min(1.02, share))*100000)/1000, 'f', -1, 64) + "%"
}

// rect draws a rectangle from one share to another, at least a pixel and a half wide.
func (s *svg) rect(class string, from, to float64, y, height float64, title string) {
	from, to = max(0, min(1, from)), max(0, min(1, to))
	width := x(to - from)
	if to-from < 0.0015 {
		width = "1.5"
	}
	fmt.Fprintf(&s.b, `<rect class="%s" x="%s" y="%g" width="%s" height="%g" rx="2">`, class, x(from), y, width, height)
	s.title(title)
	s.b.WriteString("</rect>")
}

func (s *svg) title(title string) {
	if title != "" {
		s.b.WriteString("<title>" + escape(title) + "</title>")
	}
}

func (s *svg) line(class string, at, y1, y2 float64) {
	fmt.Fprintf(&s.b, `<line class="%s" x1="%s" x2="%s" y1="%g" y2="%g"/>`, class, x(at), x(at), y1, y2)
}

func (s *svg) dot(class string, at, y, r float64) {
	fmt.Fprintf(&s.b, `<circle class="%s" cx="%s" cy="%g" r="%g"/>`, class, x(at), y, r)
}

func (s *svg) text(class string, at, y float64, text string) {
	fmt.Fprintf(&s.b, `<text class="%s" x="%s" y="%g">%s</text>`, class, x(at), y, escape(text))
}

// glyph draws one of the symbols.
func (s *svg) glyph(id string, at, y float64, title string) {
	fmt.Fprintf(&s.b, `<use href="#g-%s" x="%s" y="%g">`, id, x(at), y)
	s.title(title)
	s.b.WriteString("</use>")
}

// area draws samples as a filled curve between y and y+height; share and level are from 0 to 1.
func (s *svg) area(class string, points [][2]float64, y, height float64) {
	if len(points) == 0 {
		return
	}
	points = envelope(points, 600)
	var d strings.Builder
	for i, p := range points {
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		fmt.Fprintf(&d, "%s%.1f %.1f", verb, 1000*max(0, min(1, p[0])), 100-100*max(0, min(1, p[1])))
	}
	first, last := 1000*max(0, min(1, points[0][0])), 1000*max(0, min(1, points[len(points)-1][0]))
	fmt.Fprintf(&s.b, `<svg class="%s" x="0" y="%g" width="100%%" height="%g" viewBox="0 0 1000 100" preserveAspectRatio="none"><path class="fill" d="%sL%.1f 100L%.1f 100Z"/><path class="edge" d="%s"/></svg>`,
		class, y, height, d.String(), last, first, d.String())
}

// envelope returns at most n points: the lowest and the highest of each stretch.
func envelope(points [][2]float64, n int) [][2]float64 {
	if len(points) <= n {
		return points
	}
	var out [][2]float64
	for i := range n / 2 {
		part := points[i*len(points)/(n/2) : (i+1)*len(points)/(n/2)]
		low, high := part[0], part[0]
		for _, p := range part {
			if p[1] < low[1] {
				low = p
			}
			if p[1] > high[1] {
				high = p
			}
		}
		if low[0] > high[0] {
			low, high = high, low
		}
		out = append(out, low)
		if high != low {
			out = append(out, high)
		}
	}
	return out
}

// symbols are the glyphs of the timelines, drawn around their centre.
const symbols template.HTML = `<svg class="symbols" width="0" height="0" aria-hidden="true"><defs>` +
	`<circle id="g-wake" class="g accent" r="4"/>` +
	`<circle id="g-recorded" class="g ring" r="3.5"/>` +
	`<path id="g-delivered" class="g ok" d="M-4-3.5 4 0-4 3.5Z"/>` +
	`<path id="g-lost" class="g cross" d="M-4-4 4 4M4-4-4 4"/>` +
	`<path id="g-restart" class="g turn" d="M0-5 5 0 0 5-5 0Z"/>` +
	`<rect id="g-apply" class="g accent" x="-3.5" y="-3.5" width="7" height="7"/>` +
	`<path id="g-other" class="g tick" d="M0-5V5"/></defs></svg>`

// marginBar draws the share of the bound that the worst case leaves.
func marginBar(m float64) template.HTML {
	s := newSVG(8, "margin")
	class := "ok"
	if m < 0.1 {
		class = "near"
	}
	s.rect("track", 0, 1, 0, 8, "")
	s.rect(class, 0, max(0.02, min(1, m)), 0, 8, "")
	return s.end()
}

// A distribution: where its bound is drawn, how many dots it has at most, how high it is.
const (
	boundAt  = 0.8
	maxDots  = 240
	spreadPx = 34
)

// spread draws the judgements of a promise: a dot for each, a box around the middle half, a line at the median, and the
// bound, which is at the same place in every row so that margins can be compared.
func spread(p Promise) template.HTML {
	sorted := slices.Sorted(slices.Values(p.Values))
	scale := p.Bound
	if scale <= 0 {
		scale = sorted[len(sorted)-1]
	}
	if scale <= 0 {
		scale = 1
	}
	place := func(v float64) float64 { return max(0.01, min(0.985, boundAt*v/scale)) }
	s := newSVG(spreadPx, fmt.Sprintf("%d judgements, median %s, worst %s, bound %s", p.N, quantity(p.Median, p.Unit), quantity(p.Worst, p.Unit), quantity(p.Bound, p.Unit)))
	s.rect("track", 0, 1, spreadPx/2-0.5, 1, "")
	if p.Bound > 0 {
		s.rect("beyond", boundAt, 1, 0, spreadPx, "")
	}
	within := len(sorted)
	if p.Bound > 0 {
		within, _ = slices.BinarySearch(sorted, math.Nextafter(p.Bound, math.Inf(1)))
	}
	for i, v := range thin(sorted[:within], maxDots) {
		s.dot("dot", place(v), spreadPx/2+scatter(i), 2)
	}
	for i, v := range thin(sorted[within:], maxDots) {
		s.dot("dot over", place(v), spreadPx/2+scatter(i), 2)
	}
	q1, q3 := Percentile(sorted, 0.25), Percentile(sorted, 0.75)
	s.rect("box", place(q1), place(q3), 8, spreadPx-16, fmt.Sprintf("middle half: %s to %s", quantity(q1, p.Unit), quantity(q3, p.Unit)))
	s.line("median", place(Median(sorted)), 6, spreadPx-6)
	if p.Bound > 0 {
		s.line("bound", boundAt, 0, spreadPx)
	}
	return s.end()
}

// scatter returns how far a dot moves up or down, up to 8 pixels, always the same for one i.
func scatter(i int) float64 {
	h := fnv.New32a()
	fmt.Fprint(h, i)
	return float64(h.Sum32()%161)/10 - 8
}
