package boot

import (
	"slices"
	"testing"
)

// TestDecide: what runs, in the order in which it is tried, for everything that a start can find.
func TestDecide(t *testing.T) {
	for name, c := range map[string]struct {
		found
		want []attempt
	}{
		"the first start":                      {found{usable: true}, []attempt{{0, asked}}},
		"a start as any other":                 {found{usable: true, kept: []int{3, 2}}, []attempt{{0, asked}, {3, fallback}, {2, fallback}}},
		"the first start, with errors":         {found{}, nil},
		"errors":                               {found{kept: []int{3, 2}}, []attempt{{3, fallback}, {2, fallback}}},
		"after a rollback, with errors":        {found{kept: []int{2, 1, 3}}, []attempt{{2, fallback}, {1, fallback}, {3, fallback}}},
		"replaced":                             {found{usable: true, ran: 3, same: true, kept: []int{3, 2}}, []attempt{{0, goesOn}, {2, fallback}}},
		"replaced, and edited":                 {found{usable: true, ran: 3, kept: []int{3, 2}}, []attempt{{3, unapplied}, {0, fallback}, {2, fallback}}},
		"replaced, and edited with errors":     {found{ran: 3, kept: []int{3, 2}}, []attempt{{3, broken}, {2, fallback}}},
		"replaced, what ran cannot be read":    {found{usable: true, kept: []int{2}}, []attempt{{0, asked}, {2, fallback}}},
		"replaced, and nothing else is usable": {found{ran: 1, kept: []int{1}}, []attempt{{1, broken}}},
	} {
		if got := decide(c.found); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestLastGood: a generation counts as the last good one when it stands in for a file that cannot be used, and never else.
func TestLastGood(t *testing.T) {
	for a, want := range map[attempt]bool{{0, asked}: false, {0, goesOn}: false, {0, fallback}: false, {3, unapplied}: false, {3, broken}: true, {3, fallback}: true} {
		if a.lastGood() != want {
			t.Errorf("%+v: %v", a, !want)
		}
	}
}
