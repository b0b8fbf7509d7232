package setup

import (
	"bufio"
	"slices"
	"strings"
	"testing"
)

func TestReadKey(t *testing.T) {
	for text, want := range map[string][]key{
		"a1\n":              {'a', '1', enter},
		"\r":                {enter},
		"\b\x7f":            {back, back},
		"\x1b[A\x1b[B":      {up, down},
		"\x1bOA":            {up},
		"\x1b[1;5Cx":        {0, 'x'},
		"\x1b[200~http":     {0, 'h', 't', 't', 'p'},
		"\x1b":              {0},
		"ü\x04":             {'ü', hangUp},
		"\x1bq":             {0},
		"\x1b[\x00\x1f1;2Z": {0},
	} {
		var got []key
		for in := bufio.NewReader(strings.NewReader(text)); ; {
			k, err := readKey(in)
			if err != nil {
				break
			}
			got = append(got, k)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, not %v", text, got, want)
		}
	}
}
