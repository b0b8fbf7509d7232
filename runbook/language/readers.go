package language

import (
	"cmp"
	"slices"
)

// Reader is one expression that reads from the machine: it calls env(), file() or secret(), or refers to an expression or
// variable that does. Two readers with the same Address, Attribute and Text are at the same place, and compute the same result
// from what they read.
type Reader struct {
	Address   Address   // its block, nested ones with their parents; "local" for a local, "var.NAME" for a variable
	Attribute string    // or the name of the local; "" for a variable
	Keeps     bool      // it is exactly secret("NAME"), in an attribute that Keeps it
	Text      string    // SHA-256, in hexadecimal, of the expression's text without comments and spacing, and of everything that it refers to
	Reads     []Reading // the inputs it was made of, by kind, then name; also indirectly
}

// Reading names one thing that was read. A name that itself came from env() or file() is a keyed hash in brackets, as in Input.
type Reading struct {
	Kind InputKind
	Name string
}

// readers belongs to one document.
type readers struct {
	at      map[readerKey]bool
	fetched map[inputID]bool // everything that was asked for, even if it was absent
	list    func() []Reader
}

type readerKey struct {
	addr Address
	attr string
	text [32]byte
}

// Readers returns the expressions that read from the machine, by address, then attribute. They are what Options.Within
// allows.
func (d *Document) Readers() []Reader {
	if d.readers == nil {
		return nil
	}
	return d.readers.list()
}

// keeps tells whether an expression is at the same place in the document, and refers to the same there.
func (d *Document) keeps(k readerKey) bool { return d.readers != nil && d.readers.at[k] }

// asked tells whether the evaluation of the document asked for a name.
func (d *Document) asked(id inputID) bool { return d.readers != nil && d.readers.fetched[id] }

// readers returns the readers of an evaluation that succeeded.
func (e *evaluator) readers(found Inputs) *readers {
	out := &readers{at: map[readerKey]bool{}, fetched: map[inputID]bool{}}
	for _, f := range e.recorder.list {
		out.fetched[f.inputID] = true
	}
	var reading []*site
	for _, s := range e.graph.sites {
		if s.reads {
			out.at[s.key()] = true
			reading = append(reading, s)
		}
	}
	names := make([]Reading, len(found.List))
	for i, in := range found.List {
		names[i] = Reading{in.Kind, in.Name}
	}
	out.list = func() []Reader { return listReaders(reading, names) }
	return out
}

func listReaders(reading []*site, names []Reading) []Reader {
	list := make([]Reader, 0, len(reading))
	of := map[*site]*inputSet{}
	for _, s := range reading {
		r := Reader{Address: s.addr, Attribute: s.attr, Keeps: s.expr != nil && s.takesSecret(), Text: s.hex()}
		made := s.madeOf(of)
		for i, name := range names {
			if made.has(i) {
				r.Reads = append(r.Reads, name)
			}
		}
		slices.SortFunc(r.Reads, func(a, b Reading) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Reader) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Attribute, b.Attribute), cmp.Compare(a.Text, b.Text))
	})
	return list
}

// madeOf returns the inputs that the value of a site was made of. The graph of a document without errors has no
// cycles.
func (s *site) madeOf(known map[*site]*inputSet) *inputSet {
	if set, ok := known[s]; ok {
		return set
	}
	set := &inputSet{}
	known[s] = set
	if s.fetched != nil {
		set.union(s.fetched)
	}
	for _, d := range s.deps {
		if d.reads {
			set.union(d.madeOf(known))
		}
	}
	return set
}
