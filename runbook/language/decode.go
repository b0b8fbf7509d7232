package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// decodeBlock reads a block, written or not, into n.out and n.value.
func (e *evaluator) decodeBlock(n *node) {
	var body *hclsyntax.Body
	if n.block != nil {
		body = n.block.Body
	}
	n.out, n.value = e.decodeBody(n.types, n.addr, n.addr.Name(), body, n.place())
}

// decodeBody reads the body of a block; nil means that the block is not written. It returns the
// block, and the object that references see.
func (e *evaluator) decodeBody(t *BlockType, addr Address, name string, body *hclsyntax.Body, header hcl.Range) (Block, cty.Value) {
	out := Block{Address: addr, Type: t, Written: body != nil, Range: header, Attrs: map[string]Attr{}}
	object := map[string]cty.Value{"address": cty.StringVal(string(addr)), "name": cty.StringVal(name)}
	if body == nil {
		body = &hclsyntax.Body{}
	}
	e.unknownAttributes(t, addr, body)
	broken := map[string]bool{}
	for _, a := range e.free(t, body) {
		at := t.Attribute(a.Name)
		if attr, _, ok := e.attribute(at, addr, name, a); ok {
			out.Attrs[a.Name] = attr
		}
	}
	for i := range t.attributes() {
		at := &t.Attributes[i]
		attr, reference, ok := e.attribute(at, addr, name, body.Attributes[at.Name])
		if !ok {
			broken[at.Name] = true
			object[at.Name] = cty.DynamicVal
			continue
		}
		if at.Required && attr.Default {
			broken[at.Name] = true
			e.fail(addr, header, fmt.Sprintf("%s is missing", at.Name), "Add "+at.Name+" = "+at.Like()+". "+at.Doc)
		}
		out.Attrs[at.Name] = attr
		object[at.Name] = reference
	}
	for name, block := range e.nestedBlocks(t, addr, body) {
		nt := t.NestedType(name)
		nested, value := e.decodeBody(nt, addr+"."+Address(name), "", block.body, block.header)
		out.Nested = append(out.Nested, nested)
		object[name] = value
	}
	e.checkRules(t, out, broken)
	return out, cty.ObjectVal(object)
}

// attribute reads one attribute, which may be unwritten (a is nil), into its normal form and into
// the value that references to it get.
func (e *evaluator) attribute(at *Attribute, addr Address, name string, written *hclsyntax.Attribute) (Attr, cty.Value, bool) {
	if written == nil {
		v := at.defaultValue(name)
		return Attr{Value: v, Default: true}, v, true
	}
	if at.Kind.isKept() {
		return e.keep(at, addr, written)
	}
	if at.Secret == SecretOnly || at.Secret == SecretAllowed && at.Kind == Map {
		e.src.hideLiterals(written.Expr)
	}
	if e.isTemplate(at, written.Expr) {
		return e.template(at, addr, written.Expr)
	}
	raw, uses, ok := e.evaluate(addr, written.Expr)
	if at.Secret == Public {
		e.recorder.public.union(uses)
	} else {
		e.recorder.secret.union(uses)
	}
	if !ok || !at.Kind.IsReference() && !raw.IsWhollyKnown() {
		return Attr{}, cty.NilVal, false
	}
	if plain, _ := raw.Unmark(); plain.IsNull() {
		return e.attribute(at, addr, name, nil)
	}
	return e.value(at, addr, raw, written.Expr)
}

// free returns the attributes of a body whose block type accepts any.
func (e *evaluator) free(t *BlockType, body *hclsyntax.Body) []*hclsyntax.Attribute {
	if !t.FreeForm {
		return nil
	}
	return SortedAttributes(body)
}

// attributes returns the ones that a block of the type always has.
func (t *BlockType) attributes() []Attribute {
	if t.FreeForm {
		return nil
	}
	return t.Attributes
}

// unknownAttributes reports attributes that t does not have.
func (e *evaluator) unknownAttributes(t *BlockType, addr Address, body *hclsyntax.Body) {
	for _, a := range SortedAttributes(body) {
		switch {
		case t.Attribute(a.Name) != nil:
		case t.NestedType(a.Name) != nil:
			e.fail(addr, a.NameRange, fmt.Sprintf("%s is a block, not an attribute", a.Name), fmt.Sprintf("Write %s { … } without the =.", a.Name))
		default:
			if slices.ContainsFunc(t.Attributes, func(at Attribute) bool { return at.Secret != Public }) {
				e.src.hideLiterals(a.Expr) // the text of a misspelt secret is still a secret
			}
			e.fail(addr, a.NameRange, fmt.Sprintf("%s has no attribute %q", t.Type, Clip(a.Name)),
				e.suggest(a.Name, t.AttributeNames())+"It has "+strings.Join(t.AttributeNames(), ", ")+".")
		}
	}
}

// AttributeNames returns the names of the type's attributes, in the order of the registry.
func (t *BlockType) AttributeNames() []string {
	var out []string
	for _, a := range t.Attributes {
		out = append(out, a.Name)
	}
	return out
}

// written is the body and the header of a nested block; the zero value is a block that is not
// written.
type written struct {
	body   *hclsyntax.Body
	header hcl.Range
}

// nestedBlocks returns every nested block that t can have, in the order of the registry, and
// reports those that it cannot have.
func (e *evaluator) nestedBlocks(t *BlockType, addr Address, body *hclsyntax.Body) func(func(string, written) bool) {
	found := map[string]written{}
	for _, b := range body.Blocks {
		nt := t.NestedType(b.Type)
		first, twice := found[b.Type]
		switch {
		case t.FreeForm:
			e.fail(addr, b.TypeRange, t.Type+" may contain only attributes",
				fmt.Sprintf("A nested block is named by its own address: write %s \"%s.%s\" { … } next to this block.", t.Type, addr[len(t.Type)+1:], Clip(b.Type)))
		case nt == nil && t.Attribute(b.Type) != nil:
			e.fail(addr, b.TypeRange, fmt.Sprintf("%s is an attribute, not a block", b.Type), fmt.Sprintf("Write %s = … with an =.", b.Type))
		case nt == nil:
			var known []string
			for _, n := range t.Nested {
				known = append(known, n.Type)
			}
			e.fail(addr, b.TypeRange, fmt.Sprintf("%s has no nested block %q", t.Type, Clip(b.Type)), strings.TrimSpace(e.suggest(b.Type, known)+nestedHint(known)))
		case twice:
			e.fail(addr, b.TypeRange, fmt.Sprintf("%s may be given only once", b.Type), fmt.Sprintf("The first is in line %d.", first.header.Start.Line))
		case e.checkLabels(nt, b):
			found[b.Type] = written{b.Body, b.DefRange()}
		}
	}
	return func(yield func(string, written) bool) {
		for _, n := range t.Nested {
			if !yield(n.Type, found[n.Type]) {
				return
			}
		}
	}
}

func nestedHint(known []string) string {
	if len(known) == 0 {
		return "It may contain only attributes. Is a closing brace missing above?"
	}
	return "It may contain " + OrList(known) + "."
}

// checkRules checks the rules whose attributes are all valid.
func (e *evaluator) checkRules(t *BlockType, b Block, broken map[string]bool) {
	g := Given{b.Attrs, t}
next:
	for _, r := range t.Rules {
		place := b.Range
		for i := len(r.Uses) - 1; i >= 0; i-- {
			if broken[r.Uses[i]] {
				continue next
			}
			if a := b.Attrs[r.Uses[i]]; !a.Default {
				place = a.Range
			}
		}
		if !r.Holds(g) {
			e.fail(b.Address, place, r.Doc, r.Hint)
		}
	}
}
