package language

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Severity says whether a problem stops the file from being used.
type Severity string

// An Error stops it; a Warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// maxDiagnostics bounds how many problems one run reports; the others are only counted.
const maxDiagnostics = 100

// Diagnostic is one problem: what is wrong, where, and how to fix it.
type Diagnostic struct {
	Severity Severity
	Summary  string    // what is wrong
	Detail   string    // what to do about it; it may have several lines
	Subject  hcl.Range // the place; the zero Range when there is none
	Address  Address   // the block it is about; "" when there is none

	// Forbidden says that an expression was not evaluated, because Options.Within does not have what it would
	// read.
	Forbidden bool

	source *source // to show the line; nil when there is none
}

// String returns the problem in one line: "orac.hcl:3:7: error: … …".
func (d Diagnostic) String() string {
	s := string(d.Severity) + ": " + escape(d.Summary)
	if d.Detail != "" {
		s += ". " + escape(d.Detail)
	}
	if d.Subject.Filename == "" {
		return s
	}
	return d.place() + ": " + s
}

// place returns "file:line:column", or only the file when there is no line.
func (d Diagnostic) place() string {
	if d.Subject.Start.Line == 0 {
		return escape(d.Subject.Filename)
	}
	return fmt.Sprintf("%s:%d:%d", escape(d.Subject.Filename), d.Subject.Start.Line, d.Subject.Start.Column)
}

// MarshalJSON writes severity, summary, detail, file, line, column, end_line, end_column (from 1;
// columns count characters), address, and forbidden if it is true.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Severity  Severity `json:"severity"`
		Summary   string   `json:"summary"`
		Detail    string   `json:"detail"`
		File      string   `json:"file,omitempty"`
		Line      int      `json:"line,omitempty"`
		Column    int      `json:"column,omitempty"`
		EndLine   int      `json:"end_line,omitempty"`
		EndColumn int      `json:"end_column,omitempty"`
		Address   Address  `json:"address,omitempty"`
		Forbidden bool     `json:"forbidden,omitempty"`
	}{d.Severity, d.Summary, d.Detail, d.Subject.Filename, d.Subject.Start.Line, d.Subject.Start.Column,
		d.Subject.End.Line, d.Subject.End.Column, d.Address, d.Forbidden})
}

// Diagnostics is every problem of one run, in the order of the file.
type Diagnostics []Diagnostic

// HasErrors reports whether one of them is an Error.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Forbidden reports whether one of them is about an expression that Options.Within does not allow.
func (ds Diagnostics) Forbidden() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Forbidden })
}

// Error makes Diagnostics an error for callers that need one, with one line per problem.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns nil when there is no Error among them, otherwise the Diagnostics themselves.
func (ds Diagnostics) Err() error {
	if !ds.HasErrors() {
		return nil
	}
	return ds
}

// MarshalJSON writes an array, an empty one for none.
func (ds Diagnostics) MarshalJSON() ([]byte, error) {
	if ds == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]Diagnostic(ds))
}

// problems collects diagnostics about one source.
type problems struct {
	lang  *Vocabulary
	src   *source
	found Diagnostics

	tokens   hclsyntax.Tokens // of src
	compared int              // characters that suggest has compared
}

func (p *problems) add(d Diagnostic) {
	d.source = p.src
	p.found = append(p.found, d)
}

// maxCompared bounds the comparisons of all suggestions together.
const maxCompared = 4 << 20

// suggest calls the function suggest, until so much has been compared that nobody would read more
// suggestions.
func (p *problems) suggest(name string, candidates []string) string {
	if len(p.found) > maxDiagnostics || p.compared > maxCompared {
		return ""
	}
	for _, c := range candidates {
		p.compared += len(name) * len(c)
	}
	if p.compared > maxCompared {
		return ""
	}
	return Suggest(name, candidates)
}

// fail adds an error about the block at addr.
func (p *problems) fail(addr Address, place hcl.Range, summary, detail string) {
	p.add(Diagnostic{Severity: Error, Summary: summary, Detail: detail, Subject: place, Address: addr})
}

// sorted returns the problems in the order of the file, each once, with those without a place last. Equal problems of one block
// are folded into one. It returns at most maxDiagnostics, and a count of the rest.
func (p *problems) sorted() Diagnostics {
	list := slices.Clone(p.found)
	slices.SortStableFunc(list, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(placeless(a), placeless(b)),
			cmp.Compare(a.Subject.Start.Byte, b.Subject.Start.Byte),
			cmp.Compare(a.Subject.End.Byte, b.Subject.End.Byte),
			cmp.Compare(a.Summary, b.Summary),
		)
	})
	list = slices.CompactFunc(list, func(a, b Diagnostic) bool {
		return a.Summary == b.Summary && a.Detail == b.Detail && a.Subject == b.Subject
	})
	list = fold(list)
	if rest := len(list) - maxDiagnostics; rest > 0 {
		severity := Warning
		if list[maxDiagnostics:].HasErrors() {
			severity = Error
		}
		list = append(list[:maxDiagnostics:maxDiagnostics], Diagnostic{
			Severity:  severity,
			Summary:   fmt.Sprintf("there are %d more problems", rest),
			Detail:    "Fix the ones above first.",
			Subject:   hcl.Range{Filename: p.src.name},
			Forbidden: list[maxDiagnostics:].Forbidden(),
		})
	}
	return list
}

// fold makes one problem of several in a block that say the same: the first, with the number of the
// others.
func fold(list Diagnostics) Diagnostics {
	type same struct {
		severity Severity
		summary  string
		address  Address
	}
	first, others := map[same]int{}, map[int]int{}
	var out Diagnostics
	for _, d := range list {
		key := same{d.Severity, d.Summary, d.Address}
		if i, seen := first[key]; seen {
			others[i]++
			if others[i] == 1 {
				out[i].Detail = strings.TrimSpace(out[i].Detail + fmt.Sprintf(" The same problem is in line %d", d.Subject.Start.Line))
			}
			continue
		}
		first[key] = len(out)
		out = append(out, d)
	}
	for i, n := range others {
		if n > 1 {
			out[i].Detail += fmt.Sprintf(" and in %d later places", n-1)
		}
		out[i].Detail += "."
	}
	return out
}

func placeless(d Diagnostic) int {
	if d.Subject.Start.Line == 0 {
		return 1
	}
	return 0
}
