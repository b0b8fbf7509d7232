package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"orac/chaos"
)

func TestABoundThatIsMissedFails(t *testing.T) {
	for _, c := range []struct {
		what   string
		result result
		err    error
		want   string // verdict
	}{
		{"in time", result{Recovered: 2.9, Bound: 3}, nil, "ok"},
		{"late", result{Recovered: 3.1, Bound: 3}, nil, "FAILED"},
		{"without a bound", result{}, nil, "ok"},
		{"nothing measured", result{Bound: 3}, nil, "FAILED"},
		{"broken", result{Recovered: 1, Bound: 3}, errors.New("broken"), "FAILED"},
		{"unsupported", result{Bound: 3, Unsupported: true}, nil, "unsupported"},
	} {
		if c.result.judge(c.err); c.result.verdict() != c.want {
			t.Errorf("%s: %s: %s", c.what, c.result.verdict(), c.result.Err)
		}
	}
}

func TestTheTableCountsTheUnsupportedApart(t *testing.T) {
	var out bytes.Buffer
	table(&out, []result{{Fault: "a", Recovered: 1, Bound: 3}, {Fault: "b", Unsupported: true}, {Fault: "c", Err: "no"}})
	if text := out.String(); !strings.Contains(text, "1 of 3 as promised, 1 failed, 1 unsupported") || !strings.Contains(text, "2.00 s") {
		t.Error(text)
	}
}

// TestGrowthIsNotFlat: 3 MB more is a leak; what moves about is none.
func TestGrowthIsNotFlat(t *testing.T) {
	for _, c := range []struct {
		what string
		grow func(i int) chaos.Usage
		flat bool
	}{
		{"moves about", func(i int) chaos.Usage { return chaos.Usage{Resident: 60<<20 + int64(i%5)<<20, Threads: 10 + i%3} }, true},
		{"memory", func(i int) chaos.Usage { return chaos.Usage{Resident: 60<<20 + int64(i)*(3<<20)/20} }, false},
		{"children", func(i int) chaos.Usage { return chaos.Usage{Children: 1 + i/30} }, false},
	} {
		var u usage
		for i := range 40 {
			u = append(u, c.grow(i))
		}
		if err := u.flat(&bench{result: &result{}}, warmApplies); (err == nil) != c.flat {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestSurplusNamesWhatIsOpen: a process descriptor that each of five samples leaves is a leak; the connections of a moment are none.
func TestSurplusNamesWhatIsOpen(t *testing.T) {
	had := []string{"/dev/null", "pipe:[1]"}
	if err := surplus(had, append(slices.Clone(had), "socket:[2]", "socket:[3]", "socket:[4]", "socket:[5]")); err != nil {
		t.Error(err)
	}
	if err := surplus(had, append(slices.Clone(had), slices.Repeat([]string{"anon_inode:[pidfd]"}, 5)...)); err == nil || !strings.Contains(err.Error(), "[pidfd]") || strings.Contains(err.Error(), "null") {
		t.Error(err)
	}
}
