package sentence

import (
	"fmt"
	"slices"
	"strings"
)

// Check says what is wrong with the templates of intents, without a home: what Compile would leave out, sentences that two intents share
// (the first takes them), and templates that never match because those before them take all that they stand for.
func Check(intents []Intent) []Problem {
	m, problems := Compile(Grammar{Intents: intents})
	c := checker{m: m, first: map[string][]int32{}}
	for i := range m.templates {
		t := &m.templates[i]
		from := int32(len(c.nodes))
		c.nodes = append(c.nodes, checkNode{template: int32(i), end: true})
		start := c.part(t.parsed, from, int32(i), t.intent)
		if p := c.against(start, int32(i)); p != nil && len(problems) < maxProblems {
			problems = append(problems, *p)
		}
		for sym, list := range c.enter(start) {
			c.first[sym] = append(c.first[sym], list...)
		}
	}
	return problems
}

// checker has the templates as one automaton over symbols: words, and slots that cannot be written out.
type checker struct {
	m     *Matcher
	nodes []checkNode
	first map[string][]int32 // nodes behind the first symbols of the templates so far
	seen  []int32            // for each node, the last closure that it was in
	round int32
	work  int // nodes that were looked at for this template
}

type checkNode struct {
	template int32
	symbol   string // "" for none
	next     []int32
	end      bool
}

const (
	mostWritten = 200     // words of a slot that are written out
	mostChecks  = 200_000 // nodes that are looked at for a template; beyond them nothing is said about it
)

func (c *checker) node(n checkNode) int32 {
	c.nodes = append(c.nodes, n)
	return int32(len(c.nodes) - 1)
}

func (c *checker) part(p part, to, template, intent int32) int32 {
	switch p.kind {
	case isWord:
		return c.node(checkNode{template: template, symbol: p.word, next: []int32{to}})
	case isValue:
		return to
	case isSlot:
		return c.slot(p, to, template, intent)
	case isSequence:
		for i := len(p.list) - 1; i >= 0; i-- {
			to = c.part(p.list[i], to, template, intent)
		}
		return to
	default:
		free := checkNode{template: template}
		for _, q := range p.list {
			free.next = append(free.next, c.part(q, to, template, intent))
		}
		return c.node(free)
	}
}

// slot is the words of a slot; a slot with too many words, or that depends on a home, is one symbol.
func (c *checker) slot(p part, to, template, intent int32) int32 {
	in := &c.m.intents[intent]
	s, ok := in.Slots[p.slot.kind]
	symbol := "{" + p.slot.kind + "}"
	switch {
	case ok && s.Range != nil:
		symbol = fmt.Sprintf("{%v to %v %s}", s.Range.From, s.Range.To, s.Range.Unit)
	case ok && s.Is != "":
		symbol = "{" + s.Is + "}"
	case ok && len(s.Words) > mostWritten:
		symbol = "{" + in.Name + "." + p.slot.kind + "}"
	case ok:
		choice := part{kind: isChoice}
		for _, value := range sorted(s.Words) {
			said := s.Words[value]
			if len(said) == 0 {
				said = []string{value}
			}
			for _, text := range said {
				seq := part{kind: isSequence}
				for _, w := range words(text, c.m.skip) {
					seq.list = append(seq.list, part{kind: isWord, word: w})
				}
				if len(seq.list) > 0 {
					choice.list = append(choice.list, seq)
				}
			}
		}
		return c.part(choice, to, template, intent)
	}
	return c.node(checkNode{template: template, symbol: symbol, next: []int32{to}})
}

// enter are the nodes behind the first symbols of a node.
func (c *checker) enter(start int32) map[string][]int32 {
	out := map[string][]int32{}
	for _, n := range c.closure([]int32{start}) {
		if node := &c.nodes[n]; node.symbol != "" {
			out[node.symbol] = append(out[node.symbol], c.closure(node.next)...)
		}
	}
	return out
}

// closure are nodes with all that are reached from them without a symbol, sorted.
func (c *checker) closure(list []int32) []int32 {
	c.seen = append(c.seen, make([]int32, len(c.nodes)-len(c.seen))...)
	c.round++
	var out []int32
	add := func(n int32) {
		if c.seen[n] != c.round {
			c.seen[n] = c.round
			out = append(out, n)
		}
	}
	for _, n := range list {
		add(n)
	}
	for i := 0; i < len(out); i++ {
		if n := &c.nodes[out[i]]; n.symbol == "" && !n.end {
			for _, to := range n.next {
				add(to)
			}
		}
	}
	c.work += len(out)
	slices.Sort(out)
	return out
}

// walk is a place of a template together with the places of those before it that the same words lead to.
type walk struct {
	node   int32
	others []int32
	words  string
}

// against compares a template with those before it.
func (c *checker) against(start, template int32) *Problem {
	c.work = 0
	var queue []walk
	seen := map[string]bool{}
	add := func(nodes, others []int32, said string) {
		for _, n := range nodes {
			c.work += 1 + len(others)
			key := fmt.Sprint(n, others)
			if node := &c.nodes[n]; (node.symbol != "" || node.end) && !seen[key] {
				seen[key] = true
				queue = append(queue, walk{n, others, strings.TrimSpace(said + " " + node.symbol)})
			}
		}
	}
	for sym, list := range c.enter(start) {
		add(slices.Compact(list), slices.Compact(slices.Sorted(slices.Values(c.first[sym]))), sym)
	}
	slices.SortFunc(queue, func(a, b walk) int { return strings.Compare(a.words, b.words) })
	t := &c.m.templates[template]
	var clash *Problem
	reached, covering := false, int32(-1)
	for len(queue) > 0 {
		if c.work > mostChecks {
			return clash
		}
		w := queue[0]
		queue = queue[1:]
		node := &c.nodes[w.node]
		if node.end {
			taken := false
			for _, o := range w.others {
				other := &c.nodes[o]
				if !other.end {
					continue
				}
				taken, covering = true, other.template
				if by := &c.m.templates[other.template]; clash == nil && c.m.intents[by.intent].Name != c.m.intents[t.intent].Name {
					clash = &Problem{Intent: c.m.intents[t.intent].Name, Template: t.text, Warning: true,
						Text: fmt.Sprintf("%s is also a sentence of intent %s (template %s), which takes it; make them different, or move the one that shall win to the front", quote(w.words), quote(c.m.intents[by.intent].Name), quote(by.text))}
				}
			}
			reached = reached || !taken
			continue
		}
		var others []int32
		for _, o := range w.others {
			if n := &c.nodes[o]; n.symbol == node.symbol {
				others = append(others, n.next...)
			}
		}
		next := node.next
		add(c.closure(next), c.closure(others), w.words)
	}
	if !reached && covering >= 0 {
		return &Problem{Intent: c.m.intents[t.intent].Name, Template: t.text, Warning: true,
			Text: fmt.Sprintf("it never matches: the templates before it, such as %s of intent %s, take all its sentences; remove it, or move it before them",
				quote(c.m.templates[covering].text), quote(c.m.intents[c.m.templates[covering].intent].Name))}
	}
	return clash
}
