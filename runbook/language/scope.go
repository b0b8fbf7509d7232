package language

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// node is one thing that expressions can refer to: a local, a variable or a block.
type node struct {
	addr   Address
	types  *BlockType
	block  *hclsyntax.Block     // nil for a local, and for a block that is not written
	local  *hclsyntax.Attribute // only for a local
	state  visit
	value  cty.Value // what a reference gets; unknown until it is resolved, and after an error
	out    Block     // for a block with a Slot
	weight int       // of value, after it is resolved
	marked bool      // whether value carries a mark
	uses   inputSet  // the inputs of its value, or of any of its attributes
	site   *site     // for a variable
}

// visit is how far the resolution of a node has come.
type visit int

const (
	unseen visit = iota
	visiting
	done
)

// evaluator turns a syntax tree into blocks. It resolves nodes depth first, so that everything an
// expression refers to has a value before the expression is read.
type evaluator struct {
	*problems
	dir   string
	opts  Options
	funcs map[string]function.Function

	order []*node // first the nodes of the file, then those that are not written
	nodes map[Address]*node
	path  []*node // being resolved, outermost first

	prefixes map[string][]*node // results of under

	budget *budget
	told   bool // whether the spent budget has been reported

	revealed int // how many marked values the functions have returned

	graph *graph // which sites refer to which

	recorder recorder
	uses     *inputSet // inputs of the expression that is being evaluated
	site     *site     // that expression
}

func newEvaluator(p *problems, dir string, opts Options, b *budget) *evaluator {
	e := &evaluator{problems: p, dir: dir, opts: opts, nodes: map[Address]*node{}, budget: b, prefixes: map[string][]*node{}}
	e.funcs = e.functions()
	return e
}

// collect finds the nodes of the file and checks the headers of its blocks.
func (e *evaluator) collect(body *hclsyntax.Body) {
	var types []string
	e.lang.EachType(func(t *BlockType) { types = append(types, t.Type) })
	for _, a := range SortedAttributes(body) {
		e.fail("", a.NameRange, fmt.Sprintf("%q is outside of any block", a.Name),
			e.suggest(a.Name, types)+"Attributes belong in a block.")
	}
	if n := countBlocks(body); n > maxBlocks {
		e.fail("", hcl.Range{Filename: e.src.name}, fmt.Sprintf("the %s has %d blocks, more than %d", e.lang.Noun, n, maxBlocks), "Split it into several files.")
		return
	}
	for _, b := range body.Blocks {
		if t := e.typeOf(b); t != nil {
			e.collectBlock(t, b)
		}
	}
	for _, t := range e.lang.Blocks {
		written := slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == t.Type })
		switch {
		case written:
		case t.Required:
			e.fail("", hcl.Range{Filename: e.src.name}, fmt.Sprintf("the %s has no %s block", e.lang.Noun, t.Type), "Add "+t.Header()+" {}.")
		case t.Single && !t.Optional:
			e.addNode(&node{addr: Address(t.Key()), types: t})
		}
	}
	variables := e.under("var")
	for name := range e.opts.Vars {
		if e.nodes[Address("var."+name)] == nil && (e.opts.Spare == nil || !e.opts.Spare(name)) {
			e.fail("", hcl.Range{Filename: e.src.name}, fmt.Sprintf("a value was given for the variable %q, which is not declared", name),
				e.suggest(name, names(variables))+fmt.Sprintf("Declare it with variable %q {}, or leave the value out.", name))
		}
	}
}

// typeOf finds the type of a top-level block and says what is wrong with its header.
func (e *evaluator) typeOf(b *hclsyntax.Block) *BlockType {
	candidates := e.lang.variants(b.Type)
	if len(candidates) == 0 {
		var types []string
		for _, t := range e.lang.Blocks {
			types = append(types, t.Type)
		}
		slices.Sort(types)
		e.fail("", b.TypeRange, fmt.Sprintf("there is no block type %q", Clip(b.Type)),
			e.suggest(b.Type, types)+"The types are "+strings.Join(slices.Compact(types), ", ")+".")
		return nil
	}
	t := candidates[0]
	if t.Variant != "" {
		var kinds []string
		t = nil
		for _, c := range candidates {
			kinds = append(kinds, c.Variant)
			if len(b.Labels) > 0 && b.Labels[0] == c.Variant {
				t = c
			}
		}
		if t == nil {
			place, given := b.TypeRange, ""
			if len(b.Labels) > 0 {
				place, given = b.LabelRanges[0], b.Labels[0]
			}
			if hint := e.suggest(given, kinds); len(kinds) > fewWords && hint != "" {
				e.fail("", place, fmt.Sprintf("there is no %s %q", b.Type, Clip(given)), strings.TrimSpace(hint))
				return nil
			}
			e.fail("", place, fmt.Sprintf("the first label of a %s must be %s", b.Type, OrList(kinds)),
				e.suggest(given, kinds)+"Write "+candidates[0].Header()+".")
			return nil
		}
	}
	if !e.checkLabels(t, b) {
		return nil
	}
	return t
}

// checkLabels checks how many labels a block has and whether its name is valid.
func (e *evaluator) checkLabels(t *BlockType, b *hclsyntax.Block) bool {
	want := 0
	if t.Variant != "" {
		want++
	}
	if t.Named {
		want++
	}
	switch {
	case len(b.Labels) > want:
		e.fail("", b.LabelRanges[want], fmt.Sprintf("%s has too many labels", t.Type), "Write "+t.Header()+".")
		return false
	case len(b.Labels) < want:
		e.fail("", b.TypeRange, fmt.Sprintf("%s has no name", t.Type), "Write "+t.Header()+".")
		return false
	case t.Named && !t.MayBeCalled(b.Labels[want-1]):
		e.fail("", b.LabelRanges[want-1], fmt.Sprintf("%q cannot be a name", Clip(b.Labels[want-1])), "A name is "+cmp.Or(t.LabelExpect, nameExpect)+".")
		return false
	}
	return true
}

// collectBlock makes the node of a block, or the nodes of its locals.
func (e *evaluator) collectBlock(t *BlockType, b *hclsyntax.Block) {
	if t.binds == "local" {
		for _, a := range SortedAttributes(b.Body) {
			e.addNode(&node{addr: Address("local." + a.Name), types: t, local: a})
		}
		for _, n := range b.Body.Blocks {
			e.fail("", n.TypeRange, "locals may contain only attributes", "Write NAME = VALUE.")
		}
		return
	}
	addr := cmp.Or(t.binds, t.Key())
	if t.Named {
		addr += "." + b.Labels[len(b.Labels)-1]
	}
	if t.Single {
		for _, other := range e.order {
			if other.types == t {
				e.fail(Address(addr), b.TypeRange, fmt.Sprintf("%s may be given only once", t.Type),
					fmt.Sprintf("The first is in line %d. Put everything into that one.", other.place().Start.Line))
			}
		}
	}
	e.addNode(&node{addr: Address(addr), types: t, block: b})
}

// addNode keeps a node. If several have the same address, references reach only the first.
func (e *evaluator) addNode(n *node) {
	n.value = cty.DynamicVal
	e.order = append(e.order, n)
	first, taken := e.nodes[n.addr]
	if !taken {
		e.nodes[n.addr] = n
	} else if !n.types.Single {
		e.fail(n.addr, n.place(), fmt.Sprintf("%s is declared twice", n.addr),
			fmt.Sprintf("The first is in line %d. Rename one of them.", first.place().Start.Line))
	}
}

// place returns where a node is declared.
func (n *node) place() hcl.Range {
	switch {
	case n.local != nil:
		return n.local.NameRange
	case n.block != nil:
		return n.block.DefRange()
	}
	return hcl.Range{}
}

// under returns the nodes whose address begins with the words of prefix, after all are collected.
func (e *evaluator) under(prefix string) []*node {
	if out, known := e.prefixes[prefix]; known {
		return out
	}
	var out []*node
	for _, n := range e.order {
		if rest, ok := strings.CutPrefix(string(n.addr), prefix); ok && (rest == "" || rest[0] == '.') {
			out = append(out, n)
		}
	}
	e.prefixes[prefix] = out
	return out
}

func names(nodes []*node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.addr.Name()
	}
	return out
}

// SortedAttributes returns the attributes of a body in the order of the file.
func SortedAttributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	out := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte)
	})
	return out
}

func countBlocks(body *hclsyntax.Body) int {
	n := len(body.Blocks)
	for _, b := range body.Blocks {
		n += countBlocks(b.Body)
	}
	return n
}
