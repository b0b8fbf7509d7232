package moonshine

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// clip is a sound and what is spoken in it.
type clip struct {
	name, text string
	pcm        []int16
}

// clips are the sounds of a folder that examples/sounds/make-commands.sh has filled, by what their names begin with.
func clips(t testing.TB, dir, prefix string) []clip {
	t.Helper()
	list := find(t, dir, prefix)
	if len(list) < 20 {
		t.Fatalf("%s: %d sounds begin with %q: run make bench", dir, len(list), prefix)
	}
	return list
}

// find is clips for sounds that may be absent.
func find(t testing.TB, dir, prefix string) (list []clip) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "transcripts.tsv"))
	if err != nil {
		t.Fatalf("run make bench: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(name, prefix) {
			list = append(list, clip{name, text, wav(t, filepath.Join(dir, name+".wav"))})
		}
	}
	return list
}

// spoken are the words of a text as they are said: without punctuation, numbers in words.
func spoken(text string) []string {
	text = strings.ToLower(strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(".,!?;\"", r):
			return -1
		case r == '-' || r == ':' || r == '…':
			return ' '
		}
		return r
	}, text))
	var list []string
	for _, word := range strings.Fields(text) {
		if n, err := strconv.Atoi(strings.TrimSuffix(word, "°")); err == nil && n >= 0 && n < 100 {
			list = append(list, number(n)...)
			continue
		}
		list = append(list, word)
	}
	return list
}

func number(n int) []string {
	small := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens := strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
	switch {
	case n < len(small):
		return small[n : n+1]
	case n%10 == 0:
		return tens[n/10 : n/10+1]
	}
	return []string{tens[n/10], small[n%10]}
}

// wrongWords is how many words must be replaced, added or left out to make one text of the other.
func wrongWords(said, heard []string) int {
	row := make([]int, len(heard)+1)
	for j := range row {
		row[j] = j
	}
	for i, s := range said {
		before := row[0]
		row[0] = i + 1
		for j, h := range heard {
			cost := 1
			if s == h {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, before+cost)
		}
	}
	return row[len(heard)]
}

func TestWrongWords(t *testing.T) {
	for _, c := range []struct {
		said, heard string
		want        int
	}{
		{"set a timer for ten minutes", "Set a timer for 10 minutes.", 0},
		{"thirty five", "35!", 0},
		{"turn on the light", "", 4},
		{"turn on the light", "Turn the lights.", 2},
		{"the light", "turn on the light", 2},
	} {
		if got := wrongWords(spoken(c.said), spoken(c.heard)); got != c.want {
			t.Errorf("%q heard as %q: %d, not %d", c.said, c.heard, got, c.want)
		}
	}
}
