package language

import (
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Vocabulary describes one language: what its files are called, and every block type that they may contain. The whole engine, from
// the limits on a text to the reference documentation, works from it, and is the same for all languages. A Vocabulary never
// changes.
type Vocabulary struct {
	Noun    string // what one file is: "runbook"
	Title   string // of its documentation and of its schema
	Intro   string // Markdown below the title of the reference: where the file comes from, and which defaults apply
	Empty   string // how to fix an empty file: a short text that is valid and does something
	Schema  string // the command that describes it
	Missing string // what to do when there is no such file

	// Blocks are in the order in which documentation and forms show them.
	Blocks []*BlockType

	// Complete fills in the defaults that depend on several blocks, before the rules are checked;
	// nil when there are none.
	Complete func(value any, d *Document)

	// Rules apply to several blocks together.
	Rules []Between

	// Folder is the attribute that names the folder where secrets are kept. Nil: the language has no function secret().
	Folder *Folder

	// Holds is another language whose texts a file of this one may contain: their secrets are hidden as well. Nil: none.
	Holds *Vocabulary
}

// Folder names an attribute whose value is a folder.
type Folder struct {
	Block     *BlockType // of which a file has one
	Attribute string
}

// Between is a rule about several blocks. It sees a value whose blocks are all valid by themselves.
type Between struct {
	Doc   string
	Check func(value any, d *Document) Diagnostics
}

// Into makes the Slot of a block type from a function that knows what the language builds: a *T.
func Into[T any](slot func(*T) any) func(any) any {
	return func(value any) any { return slot(value.(*T)) }
}

// Load reads, evaluates and validates the file at path into value, a pointer to what the Slots of the language expect.
// When there are errors among the Diagnostics, the Document is nil and value must not be used.
func (l *Vocabulary) Load(path string, opts Options, value any) (*Document, Diagnostics) {
	opts = opts.WithDefaults()
	src, problem := l.Read(path, opts)
	if problem != nil {
		return nil, problem
	}
	return l.Parse(src, path, opts, value)
}

// Parse does what Load does, for text that has been read already. Diagnostics name filename, and relative paths start
// at its directory.
func (l *Vocabulary) Parse(src []byte, filename string, opts Options, value any) (*Document, Diagnostics) {
	p := &problems{lang: l, src: &source{name: filename, bytes: src}}
	d := l.evaluate(p, filename, opts.WithDefaults(), value, newBudget(opts.Context, maxSteps, maxMade))
	return d, p.sorted()
}

// evaluate does what Parse does with the cost charged to b, and leaves the problems in e.
func (l *Vocabulary) evaluate(p *problems, filename string, opts Options, value any, b *budget) *Document {
	body, ok := p.parse()
	if !ok {
		return nil
	}
	e := newEvaluator(p, filepath.Dir(filename), opts, b)
	defer func() { b.closed = true }()
	if !p.checkIndices(body) {
		return nil
	}
	boundOperators(body, b)
	carryMarks(body, b)
	meter(body, b)
	e.collect(body)
	e.gate()
	e.resolveAll()
	if p.found.HasErrors() {
		return nil
	}
	d := e.build(filename, value)
	if l.Complete != nil {
		l.Complete(value, d)
	}
	for _, rule := range l.Rules {
		for _, found := range rule.Check(value, d) {
			p.add(found)
		}
	}
	if p.found.HasErrors() {
		return nil
	}
	e.trace(d)
	return d
}

// HasBlock tells whether a text has a block of that type at its top level, even if the text cannot be parsed. Callers
// use it to tell the languages apart.
func HasBlock(src []byte, typ string) bool {
	if len(src) > MaxFileSize {
		return false
	}
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	depth, first := 0, true // first word of its line
	for i, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen:
			depth--
		case hclsyntax.TokenIdent:
			if depth == 0 && first && string(t.Bytes) == typ && (i+1 == len(tokens) || tokens[i+1].Type != hclsyntax.TokenEqual) {
				return true
			}
		}
		first = t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenComment
	}
	return false
}

// variants returns the block types that begin with the word typ.
func (l *Vocabulary) variants(typ string) []*BlockType {
	var out []*BlockType
	for _, t := range l.Blocks {
		if t.Type == typ {
			out = append(out, t)
		}
	}
	return out
}

// EachType calls f for every block type, including nested ones.
func (l *Vocabulary) EachType(f func(*BlockType)) {
	var walk func([]*BlockType)
	walk = func(types []*BlockType) {
		for _, t := range types {
			f(t)
			walk(t.Nested)
		}
	}
	walk(l.Blocks)
}

// one returns the name of a file of the language with its article: "a runbook".
func (l *Vocabulary) one() string { return article(l.Noun) }

// capital returns the same with a capital letter, to begin a sentence: "A runbook".
func (l *Vocabulary) capital() string { return strings.ToUpper(l.one()[:1]) + l.one()[1:] }

// BlockType finds a block type by its key: "model", "device.microphone"; nil when there is none, or when its blocks belong to the
// language itself.
func (l *Vocabulary) BlockType(key string) *BlockType {
	for _, t := range l.Blocks {
		if t.Slot != nil && t.Key() == key {
			return t
		}
	}
	return nil
}
