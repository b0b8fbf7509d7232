package language

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// site is one expression of a file and its place, as a node of the graph of references. The graph is built before
// anything is evaluated. A group is a site without an expression: it stands for all sites of a block, or of all blocks of
// a type.
type site struct {
	addr  Address
	attr  string // empty for a variable
	of    *Attribute
	expr  hclsyntax.Expression // nil for a variable and for a group
	block *hclsyntax.Block     // only for a variable
	place hcl.Range
	group bool

	calls []*hclsyntax.FunctionCallExpr // calls of env(), file() and secret()
	deps  []*site                       // what it refers to
	users []*site                       // what refers to it
	reads bool                          // it, or what it refers to, reads from the machine

	own       [sha256.Size]byte  // hash of its own text
	text      *[sha256.Size]byte // hash of its own text and of everything that it refers to; nil until first asked for
	hashing   bool
	forbidden bool      // must not be evaluated
	fetched   *inputSet // what its own calls have read; nil for nothing
}

// graph holds the sites of a file.
type graph struct {
	e      *evaluator
	sites  []*site // without groups
	byExpr map[hclsyntax.Expression]*site
	named  map[place][]*site  // attributes and variables
	groups map[string][]*site // blocks by address, types by what their addresses begin with
	tokens hclsyntax.Tokens
}

type place struct {
	addr Address
	attr string
}

// newGraph finds out which sites refer to which. It evaluates nothing.
func (e *evaluator) newGraph() *graph {
	g := &graph{e: e, byExpr: map[hclsyntax.Expression]*site{}, named: map[place][]*site{}, groups: map[string][]*site{}, tokens: e.tokens}
	for _, n := range e.order {
		switch {
		case n.local != nil:
			s := g.add(&site{addr: "local", attr: n.local.Name, of: n.types.Attribute(n.local.Name)}, n.local)
			g.groups[string(n.addr)] = append(g.groups[string(n.addr)], s)
		case n.block != nil:
			whole := g.block(n.types, n.addr, n.block.Body)
			if n.types.binds == "var" {
				whole = g.variable(n)
			}
			g.groups[string(n.addr)] = append(g.groups[string(n.addr)], whole)
		}
	}
	g.tokens, e.tokens = nil, nil // they use more memory than everything else
	for _, s := range g.sites {
		if s.expr == nil || g.onlyAddresses(s) {
			continue
		}
		for _, t := range s.expr.Variables() {
			s.deps = append(s.deps, g.targets(t)...)
		}
	}
	return g
}

// add keeps the site of an attribute.
func (g *graph) add(s *site, a *hclsyntax.Attribute) *site {
	s.expr, s.place = a.Expr, a.Expr.Range()
	s.own = g.textAfter(a.EqualsRange.End.Byte)
	eachCall(a.Expr, func(call *hclsyntax.FunctionCallExpr) {
		if isSecretSource(call.Name) {
			s.calls = append(s.calls, call)
		}
	})
	g.sites = append(g.sites, s)
	g.byExpr[a.Expr] = s
	g.named[place{s.addr, s.attr}] = append(g.named[place{s.addr, s.attr}], s)
	return s
}

// block adds the sites of a block and returns their group.
func (g *graph) block(t *BlockType, addr Address, body *hclsyntax.Body) *site {
	whole := &site{addr: addr, group: true}
	for _, a := range SortedAttributes(body) {
		at := t.Attribute(a.Name)
		if at == nil || at.Kind == Code || at.Kind == CodeMap || at.Kind == Keyword { // these are not evaluated
			continue
		}
		whole.deps = append(whole.deps, g.add(&site{addr: addr, attr: a.Name, of: at}, a))
	}
	for _, b := range body.Blocks {
		if nt := t.NestedType(b.Type); nt != nil {
			inner := g.block(nt, addr+"."+Address(nt.Type), b.Body)
			whole.deps = append(whole.deps, inner)
			g.groups[string(inner.addr)] = append(g.groups[string(inner.addr)], inner)
		}
	}
	return whole
}

// variable adds the site of a variable. Its text is the text of the attributes that say which
// values it accepts.
func (g *graph) variable(n *node) *site {
	s := &site{addr: n.addr, place: n.place(), block: n.block}
	n.site = s
	h := sha256.New()
	for _, name := range []string{"type", "sensitive", "default"} {
		a := n.block.Body.Attributes[name]
		if a == nil {
			feed(h, name)
			continue
		}
		own := g.textAfter(a.EqualsRange.End.Byte)
		feed(h, name, string(own[:]))
		if d := g.byExpr[a.Expr]; d != nil {
			s.deps = append(s.deps, d)
		}
	}
	h.Sum(s.own[:0])
	g.sites = append(g.sites, s)
	g.named[place{n.addr, ""}] = append(g.named[place{n.addr, ""}], s)
	return s
}

// onlyAddresses tells whether an expression is a reference to a block, or a list of them, in an attribute that expects one.
// Such an expression does not depend on what the blocks contain.
func (g *graph) onlyAddresses(s *site) bool {
	if !s.of.Kind.IsReference() {
		return false
	}
	list := []hclsyntax.Expression{s.expr}
	switch x := asWritten(s.expr).(type) {
	case *hclsyntax.TupleConsExpr:
		list = x.Exprs
		if s.of.Kind == RefLists {
			list = flat(list)
		}
	case *hclsyntax.ObjectConsExpr:
		list = nil
		for _, item := range x.Items {
			if key, diags := item.KeyExpr.Value(nil); diags.HasErrors() || !isText(key) {
				return false
			}
			list = append(list, item.ValueExpr)
		}
	case *hclsyntax.FunctionCallExpr: // values(model): all blocks of a type
		words, ok := g.spelt(x.Args...)
		return ok && x.Name == "values" && !x.ExpandFinal && len(words) == 1 && len(words[0]) < g.e.addressDepth(words[0])
	}
	words, ok := g.spelt(list...)
	return ok && !slices.ContainsFunc(words, func(w []string) bool { return len(w) != g.e.addressDepth(w) })
}

// flat puts the elements of lists in the place of these lists.
func flat(list []hclsyntax.Expression) (all []hclsyntax.Expression) {
	for _, x := range list {
		if inner, ok := asWritten(x).(*hclsyntax.TupleConsExpr); ok {
			all = append(all, inner.Exprs...)
		} else {
			all = append(all, x)
		}
	}
	return all
}

// spelt returns the words of expressions that are only names of blocks, or the beginnings of such names.
func (g *graph) spelt(list ...hclsyntax.Expression) (all [][]string, ok bool) {
	for _, x := range list {
		t, ok := x.(*hclsyntax.ScopeTraversalExpr)
		if !ok {
			p, inside := asWritten(x).(*hclsyntax.ParenthesesExpr) // arguments are wrapped so that they are charged
			if !inside {
				return nil, false
			}
			if t, ok = p.Expression.(*hclsyntax.ScopeTraversalExpr); !ok {
				return nil, false
			}
		}
		words := WordsOf(t.Traversal)
		if len(words) != len(t.Traversal) || words[0] == "local" || words[0] == "var" {
			return nil, false
		}
		all = append(all, words)
	}
	return all, true
}

// targets returns the sites that can contribute to the value of a traversal.
func (g *graph) targets(t hcl.Traversal) []*site {
	words := WordsOf(t)
	depth := g.e.addressDepth(words)
	switch {
	case depth == 0:
		return nil
	case len(words) < depth:
		return g.wholeType(words)
	}
	addr := strings.Join(words[:depth], ".")
	if words[0] == "local" {
		return g.named[place{"local", words[1]}]
	}
	if n := g.e.nodes[Address(addr)]; n != nil && n.types.Slot != nil {
		return g.within(n.types, addr, words[depth:])
	}
	return g.groups[addr]
}

// within returns the sites of a part of a block: an attribute, a nested block, or the whole block.
func (g *graph) within(t *BlockType, addr string, words []string) []*site {
	if len(words) == 0 {
		return g.groups[addr]
	}
	switch nt := t.NestedType(words[0]); {
	case nt != nil:
		return g.within(nt, addr+"."+nt.Type, words[1:])
	case words[0] == "address" || words[0] == "name":
		return nil
	case t.Attribute(words[0]) != nil:
		return g.named[place{Address(addr), words[0]}]
	}
	return g.groups[addr]
}

// wholeType returns the group of all blocks of a type, or of all locals.
func (g *graph) wholeType(words []string) []*site {
	prefix := strings.Join(words, ".")
	if all, ok := g.groups[prefix]; ok {
		return all
	}
	variant := func(t *BlockType) bool { return t.Variant == words[1] }
	if len(words) > 1 && !slices.ContainsFunc(g.e.lang.variants(words[0]), variant) {
		return nil // reported when it is evaluated
	}
	whole := &site{addr: Address(prefix), group: true}
	for _, n := range g.e.under(prefix) {
		if g.e.nodes[n.addr] == n { // the group of an address holds all blocks with that address
			whole.deps = append(whole.deps, g.groups[string(n.addr)]...)
		}
	}
	g.groups[prefix] = []*site{whole}
	return g.groups[prefix]
}

// textAfter hashes the tokens of the expression that begins at an offset, without comments and spacing. It uses the tokens
// instead of the range of the expression, so that no part of the expression is left out.
func (g *graph) textAfter(at int) (out [sha256.Size]byte) {
	first, _ := slices.BinarySearchFunc(g.tokens, at, func(t hclsyntax.Token, at int) int { return cmp.Compare(t.Range.Start.Byte, at) })
	h := sha256.New()
	depth, gap := 0, false
	for _, t := range g.tokens[first:] {
		newline := t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenComment && bytes.HasSuffix(t.Bytes, []byte("\n"))
		step := nesting(t.Type)
		if depth == 0 && (newline || step < 0 || t.Type == hclsyntax.TokenEOF) {
			break
		}
		if depth += step; newline {
			gap = true
		}
		if newline || t.Type == hclsyntax.TokenComment {
			continue
		}
		if gap { // it may separate the entries of an object
			feed(h, "\n")
			gap = false
		}
		feed(h, string(rune(t.Type)), string(t.Bytes))
	}
	h.Sum(out[:0])
	return out
}

// nesting returns 1 for a token that opens a bracket or a template, and -1 for one that closes it.
func nesting(t hclsyntax.TokenType) int {
	switch t {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
		hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return 1
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc,
		hclsyntax.TokenTemplateSeqEnd:
		return -1
	}
	return 0
}

// hash returns the hash of the site's own text and of everything that it refers to, directly or not. Sites of a cycle hash
// the word "cycle", so that they match nothing else.
func (s *site) hash() [sha256.Size]byte {
	if s.text != nil {
		return *s.text
	}
	if s.hashing {
		return sha256.Sum256([]byte("a cycle"))
	}
	s.hashing = true
	list := make([]string, len(s.deps))
	for i, d := range s.deps {
		sum := d.hash()
		list[i] = string(sum[:])
	}
	if s.group { // the order of blocks makes no difference
		slices.Sort(list)
	}
	h := sha256.New()
	feed(h, string(s.addr), s.attr, string(s.own[:]))
	feed(h, list...)
	sum := [sha256.Size]byte(h.Sum(nil))
	s.text, s.hashing = &sum, false
	return sum
}

// fetch records an input that a call of the site has read.
func (s *site) fetch(i int) {
	if s.fetched == nil {
		s.fetched = &inputSet{}
	}
	s.fetched.add(i)
}

func (s *site) hex() string {
	sum := s.hash()
	return hex.EncodeToString(sum[:])
}

func (s *site) key() readerKey { return readerKey{s.addr, s.attr, s.hash()} }

// findReaders marks every site that reads from the machine, or refers to one that does. variable tells which variables
// do.
func (g *graph) findReaders(variable func(*site) bool) {
	seen := map[*site]bool{}
	var link func(*site)
	link = func(s *site) {
		if seen[s] {
			return
		}
		seen[s] = true
		for _, d := range s.deps {
			d.users = append(d.users, s)
			link(d)
		}
	}
	var next []*site
	for _, s := range g.sites {
		link(s)
		if len(s.calls) > 0 || s.expr == nil && variable(s) {
			s.reads = true
			next = append(next, s)
		}
	}
	for len(next) > 0 {
		s := next[len(next)-1]
		next = next[:len(next)-1]
		for _, u := range s.users {
			if !u.reads {
				u.reads = true
				next = append(next, u)
			}
		}
	}
}
