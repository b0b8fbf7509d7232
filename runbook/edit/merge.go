package edit

// Origin says where a piece of a merged text comes from.
type Origin string

// Unchanged is the same in all three texts. Mine and Theirs were changed by one side, Agreed by both in the same way, and a
// Clash by both in different ways.
const (
	Unchanged Origin = "unchanged"
	Mine      Origin = "mine"
	Theirs    Origin = "theirs"
	Agreed    Origin = "both"
	Clash     Origin = "conflict"
)

// Piece is a stretch of whole lines in the three texts: the original lines, and the lines of each side.
type Piece struct {
	From               Origin
	Base, Mine, Theirs string

	merged  []line // the resulting lines; none for a Clash
	b, m, t [2]int // the lines of the three texts, from and to
}

// Choice says which side wins where both have changed the same lines.
type Choice string

// The choices; Both is mine, then theirs. Any other value leaves both versions in the text, between
// markers.
const (
	TakeMine   Choice = "mine"
	TakeTheirs Choice = "theirs"
	TakeBoth   Choice = "both"
)

// Merged is the merge of two edits of one text. Every line of either side is in one of the pieces.
type Merged struct {
	Pieces []Piece
	usual  string // line end
}

// The markers around lines that both sides changed in different ways. A text that contains them is refused as a
// runbook.
const (
	markMine   = "<<<<<<< your edit"
	markMiddle = "======="
	markTheirs = ">>>>>>> the file as it is now"
)

// Merge combines two edits of one text, by lines. A change of one side is taken. If both sides changed lines that are the
// same or touch, nothing is decided. Merge does not know what the lines mean, so its result may be an invalid runbook. Line
// ends are merged separately for each line, and never clash.
func Merge(base, mine, theirs string) Merged {
	b, m, t := linesOf(base), linesOf(mine), linesOf(theirs)
	inMine, inTheirs := match(b, m), match(b, t)
	var out Merged
	all := append(append(append([]line(nil), b...), m...), t...)
	out.usual = usualEnd(all)
	i, j, k := 0, 0, 0 // lines of b, m and t that are done
	for end := 0; end <= len(b); end++ {
		toM, toT := len(m), len(t)
		if end < len(b) {
			if toM, toT = inMine[end], inTheirs[end]; toM < 0 || toT < 0 {
				continue
			}
		}
		out.add(b, m, t, [2]int{i, end}, [2]int{j, toM}, [2]int{k, toT})
		if end < len(b) {
			out.add(b, m, t, [2]int{end, end + 1}, [2]int{toM, toM + 1}, [2]int{toT, toT + 1})
		}
		i, j, k = end+1, toM+1, toT+1
	}
	for n := range out.Pieces {
		p := &out.Pieces[n]
		p.Base, p.Mine, p.Theirs = textOf(b[p.b[0]:p.b[1]]), textOf(m[p.m[0]:p.m[1]]), textOf(t[p.t[0]:p.t[1]])
	}
	return out
}

// add adds a piece of the three texts to the ones before it, and joins adjacent unchanged pieces. The text of the pieces is
// joined at the end, when all are known: line by line it would take the square of their number.
func (r *Merged) add(base, mine, theirs []line, inBase, inMine, inTheirs [2]int) {
	b, m, t := base[inBase[0]:inBase[1]], mine[inMine[0]:inMine[1]], theirs[inTheirs[0]:inTheirs[1]]
	if len(b)+len(m)+len(t) == 0 {
		return
	}
	p := Piece{b: inBase, m: inMine, t: inTheirs}
	switch byMe, byThem := !sameText(b, m), !sameText(b, t); {
	case !byMe && !byThem:
		p.From, p.merged = Unchanged, mergeEnds(b, m, t)
	case !byThem:
		p.From, p.merged = Mine, m
	case !byMe:
		p.From, p.merged = Theirs, t
	case sameText(m, t):
		p.From, p.merged = Agreed, mergeEnds(nil, m, t)
	default:
		p.From = Clash
	}
	if n := len(r.Pieces); n > 0 && p.From == Unchanged && r.Pieces[n-1].From == Unchanged {
		last := &r.Pieces[n-1]
		last.b[1], last.m[1], last.t[1] = p.b[1], p.m[1], p.t[1]
		last.merged = append(last.merged, p.merged...)
		return
	}
	r.Pieces = append(r.Pieces, p)
}

// mergeEnds merges the line ends of equal lines. If both sides differ, or there was none before, it takes the longer one.
func mergeEnds(base, mine, theirs []line) []line {
	out := make([]line, len(mine))
	for i := range mine {
		out[i] = mine[i]
		m, t := mine[i].end, theirs[i].end
		switch {
		case base != nil && m == base[i].end:
			out[i].end = t
		case base != nil && t == base[i].end:
		case len(t) > len(m) || len(t) == len(m) && t > m:
			out[i].end = t
		}
	}
	return out
}

// Clashes returns how many pieces were changed by both sides in different ways.
func (r Merged) Clashes() (n int) {
	for _, p := range r.Pieces {
		if p.From == Clash {
			n++
		}
	}
	return n
}

// Part is the place of a piece in the merged text.
type Part struct {
	Piece
	Line, EndLine int // counted from 1; EndLine is the last line, or Line-1 when the piece is empty
	Open          bool
}

// Text returns the merged text, and where in it the pieces are. choices decide the clashes, in their order. A clash without a
// choice stays Open: both versions are in the text, between markers that no runbook may contain.
func (r Merged) Text(choices []Choice) (string, []Part) {
	var out []line
	var parts []Part
	for _, p := range r.Pieces {
		part := Part{Piece: p, Line: len(out) + 1}
		add := p.merged
		if p.From == Clash {
			choice := Choice("")
			if len(choices) > 0 {
				choice, choices = choices[0], choices[1:]
			}
			mine, theirs := linesOf(p.Mine), linesOf(p.Theirs)
			switch choice {
			case TakeMine:
				add = mine
			case TakeTheirs:
				add = theirs
			case TakeBoth:
				add = append(mine, theirs...)
			default:
				part.Open = true
				add = append([]line{{markMine, r.usual}}, mine...)
				add = append(append(add, line{markMiddle, r.usual}), theirs...)
				add = append(add, line{markTheirs, r.usual})
			}
		}
		out = append(out, add...)
		part.EndLine = len(out)
		parts = append(parts, part)
	}
	for i := range out {
		if out[i].end == "" && i < len(out)-1 {
			out[i].end = r.usual // it was the last line of one side, and is not the last here
		}
	}
	return textOf(out), parts
}
