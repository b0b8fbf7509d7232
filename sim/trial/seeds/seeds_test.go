package seeds

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string][]uint64{
		"7": {7}, "1-4": {1, 2, 3, 4}, "9, 2-3,2": {2, 3, 9}, "0": {0}, "18446744073709551614-18446744073709551615": {18446744073709551614, 18446744073709551615},
	} {
		if got, err := Parse(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if got, err := Parse("1-100000"); err != nil || len(got) != Max {
		t.Errorf("%d seeds, %v", len(got), err)
	}
	for text, want := range map[string]string{
		"": "is not a seed", "a": "is not a seed", "1-": "is not a seed", "-1": "is not a seed", "3-1": "ends before it starts", "1-100001": "more than", "0-18446744073709551615": "more than",
		"1-60000,1-60000": "more than", "18446744073709551616": "is not a seed", "1..5": "write it like 7, 1-200",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1-200,7")
	f.Fuzz(func(t *testing.T, text string) {
		seeds, err := Parse(text)
		if err == nil && (len(seeds) == 0 || len(seeds) > Max || !slices.IsSorted(seeds)) {
			t.Errorf("%q: %d seeds", text, len(seeds))
		}
	})
}
