package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// lookup finds what a traversal refers to: one node, or all nodes of a type when the traversal ends
// before a name ("model" in values(model)). prefix is the part of the address that the traversal
// names for a whole type.
func (e *evaluator) lookup(addr Address, t hcl.Traversal) (targets []*node, prefix []string, found bool) {
	words := WordsOf(t)
	depth := e.addressDepth(words)
	if depth == 0 {
		e.unknownRoot(addr, t, words)
		return nil, nil, false
	}
	if len(words) < depth {
		// A whole type. Its variants' names must exist even when there is no such block.
		for i, v := range e.lang.variants(words[0]) {
			if i > 0 && len(words) > 1 || v.Variant == "" {
				break
			}
			if len(words) > 1 && !slices.ContainsFunc(e.lang.variants(words[0]), func(b *BlockType) bool { return b.Variant == words[1] }) {
				e.unknownName(addr, t, words)
				return nil, nil, false
			}
		}
		return e.under(strings.Join(words, ".")), words, true
	}
	name := strings.Join(words[:depth], ".")
	n := e.nodes[Address(name)]
	if n == nil {
		e.unknownName(addr, t, words[:depth])
		return nil, nil, false
	}
	if len(words) > depth && n.types.Slot != nil {
		if unknown, hint := e.unknownPart(n.types, words[depth:]); unknown != "" {
			e.fail(addr, t.SourceRange(), fmt.Sprintf("%s has no %q", n.addr, Clip(unknown)), hint)
			return nil, nil, false
		}
	}
	return []*node{n}, words[:depth-1], true
}

// WordsOf returns the names that a traversal begins with.
func WordsOf(t hcl.Traversal) []string {
	var words []string
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			words = append(words, s.Name)
		case hcl.TraverseAttr:
			words = append(words, s.Name)
		case hcl.TraverseIndex:
			if !isText(s.Key) {
				return words
			}
			words = append(words, s.Key.AsString())
		default:
			return words
		}
	}
	return words
}

// addressDepth returns how many words the addresses under words[0] have; 0 when nothing has such an
// address.
func (e *evaluator) addressDepth(words []string) int {
	if words[0] == "local" || words[0] == "var" {
		return 2
	}
	if all := e.lang.variants(words[0]); len(all) > 0 { // all variants have the same number
		t := all[0]
		if t.Slot == nil {
			return 0
		}
		depth := 1
		if t.Variant != "" {
			depth++
		}
		if t.Named {
			depth++
		}
		return depth
	}
	return 0
}

// unknownPart finds the first word that t does not have, among an attribute and the words after it,
// and suggests another; "" when t has all.
func (e *evaluator) unknownPart(t *BlockType, words []string) (unknown, hint string) {
	all := []string{"address", "name"}
	for _, a := range t.Attributes {
		all = append(all, a.Name)
	}
	for _, n := range t.Nested {
		all = append(all, n.Type)
		if n.Type == words[0] && len(words) > 1 {
			return e.unknownPart(n, words[1:])
		}
	}
	if slices.Contains(all, words[0]) {
		return "", ""
	}
	return words[0], e.suggest(words[0], all) + "It has " + strings.Join(all, ", ") + "."
}

func (e *evaluator) unknownRoot(addr Address, t hcl.Traversal, words []string) {
	roots := []string{"local", "var"}
	for _, b := range e.lang.Blocks {
		if b.Slot != nil {
			roots = append(roots, b.Type)
		}
	}
	hint := e.suggest(words[0], roots)
	if len(words) == 1 {
		hint += fmt.Sprintf("If you mean text, write it in quotes: %q.", Clip(words[0]))
	} else {
		slices.Sort(roots)
		hint += "A reference begins with " + OrList(slices.Compact(roots)) + "."
	}
	e.fail(addr, t.SourceRange(), fmt.Sprintf("there is nothing named %q", Clip(words[0])), hint)
}

func (e *evaluator) unknownName(addr Address, t hcl.Traversal, words []string) {
	name := strings.Join(words, ".")
	if len(e.found) > maxDiagnostics { // comparing names takes time, and nobody would read it
		e.fail(addr, t.SourceRange(), Clip(name)+" does not exist", "")
		return
	}
	var all, same []string
	for _, n := range e.order {
		all = append(all, string(n.addr))
		if n.addr.Type() == words[0] {
			same = append(same, string(n.addr))
		}
	}
	hint := e.suggest(name, all)
	switch {
	case hint != "":
	case len(same) == 0:
		hint = fmt.Sprintf("The %s declares no %s.", e.lang.Noun, words[0])
	case len(same) > 8:
		hint = fmt.Sprintf("There are %d others, such as %s.", len(same), same[0])
	default:
		hint = "The " + e.lang.Noun + " has " + strings.Join(same, ", ") + "."
	}
	e.fail(addr, t.SourceRange(), fmt.Sprintf("%s does not exist", Clip(name)), strings.TrimSpace(hint))
}
