package trace

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"orac/appliance/rt"
)

// Difference is where two traces part. The zero value means that the traces are the same.
type Difference struct {
	Record int         // the number of the first record that differs, from 1; 0: no record differs
	Before []rt.Record // the last records that are the same
	A, B   []rt.Record // what each side says from there on; empty where it has ended
}

// Same tells whether the traces are the same.
func (d Difference) Same() bool { return d.Record == 0 }

// Diff finds the first record in which two traces differ. It returns up to context records before it and, of each side,
// from it on, and the number of records that are the same.
func Diff(a, b io.Reader, context int) (d Difference, same int, err error) {
	x, err := NewReader(a)
	if err != nil {
		return d, 0, fmt.Errorf("the first: %w", err)
	}
	y, err := NewReader(b)
	if err != nil {
		return d, 0, fmt.Errorf("the second: %w", err)
	}
	return diff(x.Next, y.Next, context)
}

// DiffRecords is Diff for traces in memory.
func DiffRecords(a, b []rt.Record, context int) (Difference, int) {
	next := func(list []rt.Record) func() (rt.Record, error) {
		return func() (rt.Record, error) {
			if len(list) == 0 {
				return rt.Record{}, io.EOF
			}
			r := list[0]
			list = list[1:]
			return r, nil
		}
	}
	d, same, _ := diff(next(a), next(b), context) // reading a slice does not fail
	return d, same
}

func diff(x, y func() (rt.Record, error), context int) (d Difference, same int, err error) {
	context = max(0, context)
	for {
		r, xerr := x()
		s, yerr := y()
		if err := failure(xerr, yerr); err != nil {
			return Difference{}, same, err
		}
		if xerr != nil && yerr != nil {
			return Difference{}, same, nil
		}
		if xerr == nil && yerr == nil && equal(r, s) {
			same++
			d.Before = append(d.Before, r)
			if len(d.Before) > context {
				d.Before = d.Before[1:]
			}
			continue
		}
		d.Record = same + 1
		if d.A, err = take(r, xerr, x, context); err == nil {
			d.B, err = take(s, yerr, y, context)
		}
		return d, same, err
	}
}

// failure returns an error other than the end.
func failure(x, y error) error {
	switch {
	case x != nil && !errors.Is(x, io.EOF):
		return fmt.Errorf("the first: %w", x)
	case y != nil && !errors.Is(y, io.EOF):
		return fmt.Errorf("the second: %w", y)
	}
	return nil
}

// take returns a record and those that follow it. The records after a difference only explain it, so an error among them
// just ends the list.
func take(first rt.Record, err error, next func() (rt.Record, error), context int) ([]rt.Record, error) {
	if err != nil {
		return nil, nil
	}
	list := []rt.Record{first}
	for len(list) <= context {
		r, err := next()
		if err != nil {
			break
		}
		list = append(list, r)
	}
	return list, nil
}

func equal(a, b rt.Record) bool {
	if a.At != b.At || a.Task != b.Task || a.What != b.What || len(a.Args) != len(b.Args) {
		return false
	}
	for i := range a.Args {
		if a.Args[i] != b.Args[i] {
			return false
		}
	}
	return true
}

// maxShown is the maximum length of a shown record, in bytes.
const maxShown = 400

// String shows a difference: the number of the record, the records before it ("="), and what each side says ("A", "B").
func (d Difference) String() string {
	if d.Same() {
		return "the traces are the same\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "record %d differs\n", d.Record)
	show := func(mark string, list []rt.Record) {
		for _, r := range list {
			line := Line(r)
			if len(line) > maxShown {
				line = strings.ToValidUTF8(line[:maxShown], "") + "…"
			}
			fmt.Fprintf(&b, "%s %s\n", mark, line)
		}
	}
	show("=", d.Before)
	for _, side := range []struct {
		mark string
		list []rt.Record
	}{{"A", d.A}, {"B", d.B}} {
		show(side.mark, side.list)
		if len(side.list) == 0 {
			b.WriteString(side.mark + " (it has ended)\n")
		}
	}
	return b.String()
}
