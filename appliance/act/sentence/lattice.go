package sentence

import "strings"

// A lattice is a text as a graph of words: place 0 is before its first, place n behind its last. For a sentence taken word by word it
// is a line; for a near match, edges beside the line say what else may have been said, and at what cost.
type lattice struct {
	tokens []token
	edges  [][]edge // by the place that they leave
	m      *Matcher
	ctx    *context

	hits    [][]hit       // what is named at a place; nil: not looked yet
	targets [][]targetHit // the same
	looked  []bool
	found   []bool
	within  []int // for each place behind the last: the word that it lies within
	visits  int   // work that was done, to bound it
}

// edge is a word between two places.
type edge struct {
	to      int
	word    wordID
	changes int16 // letters by which it differs from what was said
	token   int32 // which one it was; -1 if it is none as it was said
}

// maxVisits bounds the work for a text. A text of 60 words that is a command needs some thousand.
const maxVisits = 60_000

// line makes the lattice of a sentence that is taken word by word.
func (m *Matcher) line(list []token, ctx *context) *lattice {
	n := len(list)
	l := &lattice{tokens: list, m: m, ctx: ctx, edges: make([][]edge, n+1), hits: make([][]hit, n+1), targets: make([][]targetHit, n+1),
		looked: make([]bool, n+1), found: make([]bool, n+1)}
	room := make([]edge, n)
	for i, t := range list {
		room[i] = edge{to: i + 1, word: m.lex.ids[t.text], token: int32(i)}
		l.edges[i] = room[i : i+1 : i+1]
	}
	return l
}

// busy counts work, and tells whether there was too much.
func (l *lattice) busy() bool {
	l.visits++
	return l.visits > maxVisits
}

// hit is a name that begins at a place.
type hit struct {
	to      int
	changes int16
	ref
}

// names are all names that begin at a place.
func (l *lattice) names(at int) []hit {
	if !l.looked[at] {
		l.looked[at] = true
		l.walk(at, 0, 0, &l.hits[at])
	}
	return l.hits[at]
}

func (l *lattice) walk(at int, node trieNode, changes int16, into *[]hit) {
	if l.busy() || len(*into) > 4000 {
		return
	}
	for _, e := range l.edges[at] {
		if e.word == 0 {
			continue
		}
		to, ok := l.m.lex.next[trieKey{node, e.word}]
		if !ok {
			continue
		}
		for _, r := range l.m.lex.refs[to] {
			*into = append(*into, hit{e.to, changes + e.changes, r})
		}
		l.walk(e.to, to, changes+e.changes, into)
	}
}

// after are the places behind one of some words.
func (l *lattice) after(at int, list map[string]bool) (to []step) {
	for _, e := range l.edges[at] {
		if e.word != 0 && list[l.m.lex.texts[e.word]] {
			to = append(to, step{e.to, e.changes})
		}
	}
	return to
}

type step struct {
	to      int
	changes int16
}

// phrase is the place behind words in a row.
func (l *lattice) phrase(at int, list []string) (step, bool) {
	s := step{to: at}
next:
	for _, w := range list {
		for _, e := range l.edges[s.to] {
			if e.word != 0 && l.m.lex.texts[e.word] == w {
				s = step{e.to, s.changes + e.changes}
				continue next
			}
		}
		return step{}, false
	}
	return s, true
}

// split puts two words in the place of one: the place between them is a new one.
func (l *lattice) split(at int, a, b wordID) {
	between := len(l.edges)
	l.edges[at] = append(l.edges[at], edge{to: between, word: a, changes: 1, token: -1})
	l.edges = append(l.edges, []edge{{to: at + 1, word: b, token: -1}})
	l.hits, l.targets = append(l.hits, nil), append(l.targets, nil)
	l.looked, l.found = append(l.looked, false), append(l.found, false)
	l.within = append(l.within, at)
}

// order are all places, each before those that its edges lead to.
func (l *lattice) order() []int {
	out := make([]int, 0, len(l.edges))
	for at := range len(l.tokens) + 1 {
		out = append(out, at)
		for i, w := range l.within {
			if w == at {
				out = append(out, len(l.tokens)+1+i)
			}
		}
	}
	return out
}

// words are the words as they were said, between two places.
func (l *lattice) words(from, to int32) string {
	n := len(l.tokens)
	if int(from) > n {
		from = int32(l.within[int(from)-n-1])
	}
	if int(to) > n {
		to = int32(l.within[int(to)-n-1] + 1)
	}
	var out []string
	for _, t := range l.tokens[from:to] {
		out = append(out, t.text)
	}
	return strings.Join(out, " ")
}
