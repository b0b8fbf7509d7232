package moonshine

import "testing"

func TestLoops(t *testing.T) {
	for name, c := range map[string]struct {
		text []int
		want bool
	}{
		"nothing":                  {nil, false},
		"a sentence":               {[]int{7, 8, 9, 10, 8, 9, 11}, false},
		"no, no, no, no":           {[]int{7, 8, 7, 8, 7, 8, 7, 8}, false},
		"one token five times":     {[]int{3, 7, 7, 7, 7, 7}, true},
		"five words three times":   {[]int{1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5}, true},
		"five words twice":         {[]int{1, 2, 3, 4, 5, 1, 2, 3, 4, 5}, false},
		"a loop that was left":     {[]int{7, 7, 7, 7, 7, 8}, false},
		"the end of a longer text": {[]int{9, 9, 4, 5, 6, 4, 5, 6, 4, 5, 6, 4, 5, 6, 4, 5, 6}, true},
	} {
		if got := loops(c.text); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestMostTextGrowsWithTheSound(t *testing.T) {
	for seconds, want := range map[int]int{0: 6, 1: 12, 3: 25, 15: 103, 30: 201} {
		if got := most(seconds * Rate); got != want {
			t.Errorf("%d s: %d tokens, not %d", seconds, got, want)
		}
	}
}
