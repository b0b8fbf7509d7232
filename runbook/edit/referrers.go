package edit

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"orac/runbook/language"
)

// Referrer is an attribute whose expression names a block.
type Referrer struct {
	Block     language.Address // nested ones with their parents; "local" for a value of the file
	Attribute string
	Place     hcl.Range // of the name
}

// Referrers returns the attributes that refer to a block or to a part of it, in the order of the file. Without the block they
// would be broken, or get its defaults. References within the block itself do not count, nor do those to all blocks of a type
// ("values(model)"). A text that cannot be parsed has none.
func Referrers(src []byte, block language.Address) (out []Referrer) {
	body, ok := parsed(src)
	if !ok {
		return nil
	}
	want := strings.Split(string(block), ".")
	var walk func(at language.Address, body *hclsyntax.Body)
	walk = func(at language.Address, body *hclsyntax.Body) {
		if at == block {
			return
		}
		for _, a := range language.SortedAttributes(body) {
			for _, t := range a.Expr.Variables() {
				if words := language.WordsOf(t); len(words) >= len(want) && slices.Equal(words[:len(want)], want) {
					out = append(out, Referrer{at, a.Name, t.SourceRange()})
					break
				}
			}
		}
		for _, b := range body.Blocks {
			inner := language.Address(strings.Join(append([]string{b.Type}, b.Labels...), "."))
			switch {
			case at != "":
				inner = at + "." + inner
			case b.Type == "locals":
				inner = "local"
			case b.Type == "variable":
				inner = language.Address("var." + strings.Join(b.Labels, "."))
			}
			walk(inner, b.Body)
		}
	}
	walk("", body)
	slices.SortStableFunc(out, func(a, b Referrer) int { return a.Place.Start.Byte - b.Place.Start.Byte })
	return out
}
