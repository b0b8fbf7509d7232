package runbook

import (
	"orac/runbook/language"
)

// Load reads, evaluates and validates the runbook at path. If there are errors among the
// Diagnostics, the Runbook is nil; warnings can come with a Runbook.
func Load(path string, opts language.Options) (*Runbook, language.Diagnostics) {
	rb := &Runbook{}
	return rb.of(Vocabulary.Load(path, opts, rb))
}

// Parse does what Load does, for text that has been read already. Diagnostics name filename, and
// relative paths start at its directory.
func Parse(src []byte, filename string, opts language.Options) (*Runbook, language.Diagnostics) {
	rb := &Runbook{}
	return rb.of(Vocabulary.Parse(src, filename, opts, rb))
}

// of completes a runbook with the document that it was built from; it returns nil if there is none.
func (rb *Runbook) of(d *language.Document, found language.Diagnostics) (*Runbook, language.Diagnostics) {
	if d == nil {
		return nil, found
	}
	rb.Document = *d
	return rb, found
}

// Pack writes the result of Parse for another process. The runbook is nil if there is none.
func Pack(rb *Runbook, problems language.Diagnostics) ([]byte, error) {
	if rb == nil {
		return language.Pack(nil, problems)
	}
	return language.Pack(&rb.Document, problems)
}

// Unpack reads what Pack has written in another process. Files that attributes name are read here, as opts says, when Inputs is
// called.
func Unpack(data, text []byte, filename string, opts language.Options) (*Runbook, language.Diagnostics, error) {
	rb := &Runbook{}
	d, found, err := Vocabulary.Unpack(data, text, filename, opts, rb)
	rb, found = rb.of(d, found)
	return rb, found, err
}
