package language

import (
	"path/filepath"
)

// Document is what a file in any of the languages says, in generic form.
type Document struct {
	// File is the name of the file as it was given. Dir is its directory; relative paths have been resolved
	// against it.
	File, Dir string

	// Blocks are in the order of the file. Blocks that exist once and were not written follow, with their
	// defaults.
	Blocks []Block `json:"-"`

	Variables []string `json:"-"` // the names of the variables that it declares

	inputs  *inputs  // the inputs it was made of
	readers *readers // which of its expressions read from the machine
	source  *source  // its text
}

// Resolve returns the path that a relative path in this file means.
func (d *Document) Resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.Dir, path)
}

// SameFolder tells whether relative paths mean the same in this file and in that folder.
func (d *Document) SameFolder(dir string) bool {
	a, errA := filepath.Abs(d.Dir)
	b, errB := filepath.Abs(dir)
	return errA == nil && errB == nil && a == b
}

// Block finds a block in generic form, nested ones included.
func (d *Document) Block(a Address) (Block, bool) { return findBlock(d.Blocks, a) }

// Problem returns a diagnostic about an attribute of a block, or about the whole block if the attribute is "" or not written.
// It is for checks that need more than the language: files, programs, a catalogue. The diagnostic hides values of the block's
// attributes that came from the machine.
func (d *Document) Problem(block Address, attribute string, severity Severity, summary, detail string) Diagnostic {
	b, _ := d.Block(block)
	place := b.Range
	if a, ok := b.Attrs[attribute]; ok && !a.Default {
		place = a.Range
	}
	if place.Filename == "" {
		place.Filename = d.File
	}
	return Diagnostic{Severity: severity, Summary: b.scrub(d, summary), Detail: b.scrub(d, detail), Subject: place, Address: block, source: d.source}
}

// Inputs returns what the file was made of. The first call reads the files that attributes name; later calls
// return the same.
func (d *Document) Inputs() Inputs {
	if d.inputs == nil {
		return Inputs{}
	}
	return d.inputs.get()
}

// SameText tells whether the file was made of this text.
func (d *Document) SameText(text []byte) bool {
	return d.inputs != nil && d.inputs.fetched.Source == TextHash(text)
}

func findBlock(blocks []Block, a Address) (Block, bool) {
	for i := range blocks { // a Block is large, and this is called often
		if blocks[i].Address == a {
			return blocks[i], true
		}
		if n, ok := findBlock(blocks[i].Nested, a); ok {
			return n, true
		}
	}
	return Block{}, false
}

// Elsewhere turns a diagnostic about another file into one about the attribute of this file that causes the problem. It
// hides what the other file hides.
func (d *Document) Elsewhere(found Diagnostic, block Address, attribute string) Diagnostic {
	out := d.Problem(block, attribute, found.Severity, found.Summary, found.Detail)
	if found.source != nil && len(found.source.hidden) > 0 && d.source != nil {
		line, start := d.source.line(out.Subject.Start.Byte)
		end := max(out.Subject.End.Byte, start+len(line))
		d.source.hide(out.Subject.Start.Byte, end)
	}
	return out
}
