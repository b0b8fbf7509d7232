package language

import (
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Block is one block in generic form, for code that treats all types alike: the
// plan compares two of them attribute by attribute and names the source lines.
type Block struct {
	Address Address // the address of a nested block is its parent's with its type appended
	Type    *BlockType
	Written bool      // false: the block is not in the file and holds defaults
	Range   hcl.Range // its header; zero when it is not written
	Attrs   map[string]Attr
	Nested  []Block
}

// Attr is the value of one attribute in its normal form: text, a number, a bool, a
// list or map of text; durations and sizes as canonical text, references as
// addresses. A value that is not given and has no default is null.
type Attr struct {
	Value   cty.Value // "(secret)" in place of text when Secret
	Secret  bool
	Default bool      // the attribute was not written
	Range   hcl.Range // the expression; zero when Default

	deferred *Deferred // for kind Expression
	template *template // for text that is made anew for each event; nil otherwise
	outside  bool      // it depends on a result of env(), file() or secret()

	// secrets holds what Value hides: by key for a Map, otherwise under "".
	secrets map[string]Secret
}

// Equal reports whether both have the same value. Secrets are compared by what they hide. Whether
// and where the value was written makes no difference.
func (a Attr) Equal(b Attr) bool {
	return a.Value.RawEquals(b.Value) && maps.Equal(a.secrets, b.secrets)
}

// Revealed is the text of an attribute, whatever Value hides; of a template, its text for a sample. It may be a secret.
func (a Attr) Revealed() string {
	if a.template != nil {
		return a.template.example
	}
	if s, ok := a.secrets[""]; ok {
		return s.Reveal()
	}
	return a.Value.AsString()
}

// Addresses returns the blocks that a list or map of references names, those in lists that it holds included.
func (a Attr) Addresses() []Address {
	if a.Value.Type().IsMapType() {
		list := []Address{}
		for _, el := range sortedMap(a.Value) {
			list = append(list, Address(el.AsString()))
		}
		return list
	}
	return addressesIn(a.Value)
}

func addressesIn(v cty.Value) (list []Address) {
	for _, el := range v.AsValueSlice() {
		if el.Type().IsListType() {
			list = append(list, addressesIn(el)...)
		} else {
			list = append(list, Address(el.AsString()))
		}
	}
	return list
}
