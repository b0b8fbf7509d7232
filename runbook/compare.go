package runbook

import (
	"github.com/hashicorp/hcl/v2"

	"orac/runbook/language"
)

// ChangeKind says what happened to a block.
type ChangeKind string

// The kinds.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Change is what happened to one block; nested blocks are part of it.
type Change struct {
	Address    Address
	Kind       ChangeKind
	Range      hcl.Range         // the block's header; in the old file when it was Removed or is no longer written
	Attributes []AttributeChange // in the order of the registry; for an added or removed block, the written ones
}

// AttributeChange is one attribute whose value has changed.
type AttributeChange struct {
	Name string // "threshold"; in a nested block "record.pre_roll"

	// Old and New are the values as a runbook writes them: "(secret)" in place of a secret, "null"
	// for none, and "" where there is no block. If one name leads to another file than before, the
	// difference follows in brackets.
	Old, New string

	Secret   bool
	OnChange language.Effect
	Range    hcl.Range // the expression, in the new file; in the old one when it is no longer written
	Source   string    // the line of Range, with "(secret)" in place of what may be one; "" without a Range
}

// Compare returns the changes that turn one runbook into another: the blocks in the order of the
// new file, then the removed ones in the order of the old file. It compares values, not spelling: a
// different spelling, another local, or a default that is written out is no change. A reference
// changes when it names another block, not when the named block changes; a file that an attribute
// names changes when its content does. With a nil old, everything that is written is Added.
func Compare(old, new *Runbook) []Change {
	if old == nil {
		old = &Runbook{}
	}
	var out []Change
	for _, b := range new.Blocks {
		was, there := old.Block(b.Address)
		c := Change{Address: b.Address, Kind: Changed, Range: b.Range}
		switch {
		case there:
			if !b.Written {
				c.Range = was.Range
			}
			c.compare("", was, b, &old.Document, &new.Document)
			if len(c.Attributes) == 0 {
				continue
			}
		case !b.Written:
			continue // the defaults of a block that exists once
		default:
			c.Kind = Added
			c.list("", b, &new.Document, func(a *AttributeChange, value string) { a.New = value })
		}
		out = append(out, c)
	}
	for _, b := range old.Blocks {
		if _, there := new.Block(b.Address); there {
			continue
		}
		c := Change{Address: b.Address, Kind: Removed, Range: b.Range}
		c.list("", b, &old.Document, func(a *AttributeChange, value string) { a.Old = value })
		out = append(out, c)
	}
	return out
}

// compare adds the attributes that differ between two blocks of one type.
func (c *Change) compare(prefix string, old, new language.Block, oldBook, newBook *language.Document) {
	for i := range new.Type.Attributes {
		at := &new.Type.Attributes[i]
		was, is := old.Attrs[at.Name], new.Attrs[at.Name]
		oldFile, newFile := "", ""
		if was.Equal(is) {
			before, seen := oldBook.NamedFile(old.Address, at.Name)
			now, there := newBook.NamedFile(new.Address, at.Name)
			if !seen || !there || now.Same(before) {
				continue
			}
			oldFile, newFile = " ("+before.Version()+")", " ("+now.Version()+")"
		}
		place, text := is.Range, newBook
		if is.Default {
			place, text = was.Range, oldBook
		}
		a := changeOf(at, prefix, place, text)
		a.Old, a.New = at.Text(was)+oldFile, at.Text(is)+newFile
		c.Attributes = append(c.Attributes, a)
	}
	for i, n := range new.Nested { // every block of a type has the same nested blocks
		c.compare(prefix+n.Type.Type+".", old.Nested[i], n, oldBook, newBook)
	}
}

// list adds the attributes that a block was written with.
func (c *Change) list(prefix string, b language.Block, text *language.Document, set func(*AttributeChange, string)) {
	for i := range b.Type.Attributes {
		at := &b.Type.Attributes[i]
		if v := b.Attrs[at.Name]; !v.Default {
			a := changeOf(at, prefix, v.Range, text)
			set(&a, at.Text(v))
			c.Attributes = append(c.Attributes, a)
		}
	}
	for _, n := range b.Nested {
		c.list(prefix+n.Type.Type+".", n, text, set)
	}
}

// changeOf makes a changed attribute without its values.
func changeOf(at *language.Attribute, prefix string, place hcl.Range, text *language.Document) AttributeChange {
	secret := at.Secret != language.Public
	return AttributeChange{Name: prefix + at.Name, Secret: secret, OnChange: at.OnChange, Range: place, Source: text.Line(place, secret)}
}
