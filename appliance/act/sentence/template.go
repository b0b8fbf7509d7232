package sentence

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A part of a template is a word, a slot, a value, a sequence, or a choice.
type part struct {
	kind   partKind
	word   string
	slot   slotUse
	value  fixed
	list   []part // of a sequence, or of a choice
	column int
}

type partKind int

const (
	isWord     partKind = iota
	isSlot              // {name} or {name:kind}
	isValue             // {name=value}: no words; the slot has this value where the sentence goes through here
	isSequence          // of parts
	isChoice            // of sequences; an empty one makes it optional
)

// slotUse is a slot in a template.
type slotUse struct{ name, kind string }

// fixed is a value that a template sets.
type fixed struct {
	name, text string
	number     float64
	unit       string
	isNumber   bool
	implied    int32 // kind of slot of entities that are meant: {t=@light}; -1 for none
}

// templateError says what is wrong with a template, and where.
type templateError struct {
	column int
	text   string
}

func (e *templateError) Error() string { return e.text + column(e.column) }

// parseTemplate reads a template: words, (a|b), [optional], {slot}, {slot:kind} and {slot=value}.
func parseTemplate(text string, skip map[string]bool) (part, *templateError) {
	p := templateParser{text: text, skip: skip}
	switch {
	case len(text) > MaxTemplate:
		return part{}, &templateError{0, fmt.Sprintf("it has %d bytes, and at most %d are read; make several of it", len(text), MaxTemplate)}
	case !utf8.ValidString(text):
		return part{}, &templateError{0, "it is not UTF-8 text"}
	}
	root, err := p.choice(0)
	if err == nil && p.at < len(text) {
		err = p.fail(p.at, fmt.Sprintf("%q closes nothing; remove it, or open it before", text[p.at:p.at+1]))
	}
	if err != nil {
		return part{}, err
	}
	if n := count(root); n > MaxSentences {
		return part{}, &templateError{widest(root), fmt.Sprintf("it stands for more than %d sentences; make several templates of it, or a slot with words of these choices", MaxSentences)}
	}
	if least(root) == 0 {
		return part{}, &templateError{0, "it also stands for no words at all; make at least one word of it necessary"}
	}
	return root, nil
}

type templateParser struct {
	text string
	skip map[string]bool
	at   int
}

func (p *templateParser) fail(at int, text string) *templateError {
	return &templateError{at + 1, text}
}

// choice reads sequences with | between them.
func (p *templateParser) choice(depth int) (part, *templateError) {
	if depth > MaxDepth {
		return part{}, p.fail(p.at, fmt.Sprintf("brackets stand more than %d deep in brackets; make several templates of it", MaxDepth))
	}
	out := part{kind: isChoice, column: p.at + 1}
	for {
		seq, err := p.sequence(depth)
		if err != nil {
			return part{}, err
		}
		out.list = append(out.list, seq)
		if p.at >= len(p.text) || p.text[p.at] != '|' {
			break
		}
		p.at++
	}
	if len(out.list) == 1 {
		return out.list[0], nil
	}
	return out, nil
}

func (p *templateParser) sequence(depth int) (part, *templateError) {
	out := part{kind: isSequence, column: p.at + 1}
	for p.at < len(p.text) {
		switch c := p.text[p.at]; c {
		case '|', ')', ']':
			return out, nil
		case '(', '[':
			open := p.at
			p.at++
			inner, err := p.choice(depth + 1)
			if err != nil {
				return part{}, err
			}
			closing := map[byte]byte{'(': ')', '[': ']'}[c]
			if p.at >= len(p.text) || p.text[p.at] != closing {
				return part{}, p.fail(open, fmt.Sprintf("%q is never closed; add %q", string(c), string(closing)))
			}
			p.at++
			if c == '[' {
				inner = part{kind: isChoice, list: []part{inner, {kind: isSequence}}, column: open + 1}
			}
			out.list = append(out.list, inner)
		case '{':
			slot, err := p.slot()
			if err != nil {
				return part{}, err
			}
			out.list = append(out.list, slot)
		case '}':
			return part{}, p.fail(p.at, `"}" closes nothing; remove it, or open it before`)
		case '<', '>':
			return part{}, p.fail(p.at, fmt.Sprintf("%q is no sign of templates; write the words, (a|b), [optional] or {slot}", string(c)))
		default:
			end := strings.IndexAny(p.text[p.at:], "|()[]{}<>")
			if end < 0 {
				end = len(p.text) - p.at
			}
			list, more := tokens(p.text[p.at:p.at+end], p.skip)
			if more {
				return part{}, p.fail(p.at, fmt.Sprintf("more than %d words stand here, and no text with more is read; say it shorter", maxTokens))
			}
			for _, w := range list {
				out.list = append(out.list, part{kind: isWord, word: w.text, column: p.at + 1})
			}
			p.at += end
		}
	}
	return out, nil
}

// slot reads {name}, {name:kind} or {name=value}.
func (p *templateParser) slot() (part, *templateError) {
	open := p.at
	end := strings.IndexByte(p.text[open:], '}')
	if end < 0 {
		return part{}, p.fail(open, `"{" is never closed; add "}"`)
	}
	inside := p.text[open+1 : open+end]
	p.at = open + end + 1
	if name, value, ok := strings.Cut(inside, "="); ok {
		if !isName(name) || value == "" {
			return part{}, p.fail(open, "a value is written {name=value}")
		}
		return part{kind: isValue, value: fixedValue(name, value), column: open + 1}, nil
	}
	name, kind, ok := strings.Cut(inside, ":")
	if !isName(name) || ok && !isName(kind) {
		return part{}, p.fail(open, fmt.Sprintf("%q is no name of a slot: letters, digits and _, at most 64", inside))
	}
	if !ok {
		kind = name
	}
	return part{kind: isSlot, slot: slotUse{name, kind}, column: open + 1}, nil
}

// fixedValue reads "-25%", "3 s" or a word.
func fixedValue(name, value string) fixed {
	digits := strings.TrimRightFunc(value, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if n, err := strconv.ParseFloat(digits, 64); err == nil && !math.IsInf(n, 0) {
		return fixed{name: name, number: n, unit: strings.TrimSpace(value[len(digits):]), isNumber: true}
	}
	return fixed{name: name, text: value}
}

func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// count is how many sentences a part stands for, up to just above MaxSentences. A slot counts as one word.
func count(p part) int {
	n := 1
	switch p.kind {
	case isSequence:
		for _, q := range p.list {
			n = min(n*count(q), MaxSentences+1)
		}
	case isChoice:
		n = 0
		for _, q := range p.list {
			n = min(n+count(q), MaxSentences+1)
		}
	}
	return n
}

// widest is the column of the part with the most sentences.
func widest(p part) int {
	best, at := 0, p.column
	for _, q := range p.list {
		if n := count(q); n > best && q.column > 0 {
			best, at = n, q.column
		}
	}
	return at
}

// least is the smallest number of words of a sentence.
func least(p part) int {
	n := 1
	switch p.kind {
	case isValue:
		return 0
	case isSequence:
		n = 0
		for _, q := range p.list {
			n += least(q)
		}
	case isChoice:
		n = math.MaxInt
		for _, q := range p.list {
			n = min(n, least(q))
		}
	}
	return n
}

func quote(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:77], "") + "…"
	}
	return strconv.Quote(s)
}

func column(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", column %d", n)
}
