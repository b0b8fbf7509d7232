package sentence

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"orac/appliance/act"
)

// misheard are the errors of testdata/errors.txt: what is heard for what was said.
func misheard(t testing.TB) map[string][]string {
	text, err := os.ReadFile("testdata/errors.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if said, heard, ok := strings.Cut(strings.TrimSpace(line), " > "); ok && said[0] != '#' {
			for h := range strings.SplitSeq(heard, ",") {
				out[said] = append(out[said], strings.TrimSpace(h))
			}
		}
	}
	return out
}

// score is how sentences were read.
type score struct{ right, none, wrong int }

func (s score) all() int { return s.right + s.none + s.wrong }

func (s score) String() string {
	n := float64(max(1, s.all())) / 100
	return fmt.Sprintf("%d sentences: %.1f %% right, %.1f %% not understood, %.2f %% wrong", s.all(), float64(s.right)/n, float64(s.none)/n, float64(s.wrong)/n)
}

func (s *score) add(got act.Reading, want string) {
	switch {
	case got.Tier == act.NoTier:
		s.none++
	case show(got) == want:
		s.right++
	default:
		s.wrong++
	}
}

// withErrors reads each sentence of the corpus with each error that its words admit: one at a time, and each with the next.
func withErrors(t testing.TB, m *Matcher, wrong func(s spoken, heard string, r act.Reading)) (one, two score) {
	table := misheard(t)
	corpus(t, func(s spoken, _ []string) {
		plain := " " + strings.ToLower(s.text) + " "
		contains := func(said string) bool { return wordIn(said).MatchString(plain) }
		last := ""
		for _, said := range sorted(table) {
			if !contains(said) {
				continue
			}
			for i, heard := range table[said] {
				text := wordIn(said).ReplaceAllString(plain, "${1}"+heard+"${2}")
				r, _ := m.Read(text, s.context)
				one.add(r, s.meaning)
				if r.Tier != act.NoTier && show(r) != s.meaning {
					wrong(s, text, r)
				}
				if last != "" && i == 0 {
					text = wordIn(said).ReplaceAllString(last, "${1}"+heard+"${2}")
					r, _ = m.Read(text, s.context)
					two.add(r, s.meaning)
					if r.Tier != act.NoTier && show(r) != s.meaning {
						wrong(s, text, r)
					}
				}
				if i == len(table[said])-1 {
					last = text
				}
			}
		}
	})
	return one, two
}

// wordIn finds a word, or words, in a text.
func wordIn(said string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^a-z'])` + regexp.QuoteMeta(said) + `($|[^a-z'])`)
}

// TestHeard: with the errors that speech to text makes, most sentences are found again, hardly any is taken for another, and none for
// one that unlocks or opens the house.
func TestHeard(t *testing.T) {
	one, two := withErrors(t, english(), func(s spoken, heard string, r act.Reading) {
		t.Logf("%s:%d: %q is read as %s, and meant %s", s.file, s.line, heard, show(r), s.meaning)
		for _, c := range r.Commands {
			if c.Intent == "unlock" && !strings.Contains(s.meaning, "unlock") || c.Intent == "open" && strings.Contains(show(r), "garage_door") && !strings.Contains(s.meaning, "garage_door") {
				t.Errorf("%s:%d: %q opens the house", s.file, s.line, heard)
			}
		}
	})
	for _, c := range []struct {
		name  string
		s     score
		right float64 // at least, in %
	}{{"one error", one, 96}, {"two errors", two, 90}} {
		t.Logf("%s: %v", c.name, c.s)
		if n := float64(c.s.all()) / 100; n < 5 || float64(c.s.right)/n < c.right || float64(c.s.wrong)/n > 0.5 {
			t.Errorf("%s: at least %v %% right and at most 0.5 %% wrong are promised", c.name, c.right)
		}
	}
}

// TestHeardSentences: whole sentences as they were misheard. Those that the file gives up may not be understood; they may not be taken for
// something else that was not meant.
func TestHeardSentences(t *testing.T) {
	text, err := os.ReadFile("testdata/heard.txt")
	if err != nil {
		t.Fatal(err)
	}
	c, s := Context{Now: corpusTime}, score{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			c.Area = strings.Trim(line, "[]")
		}
		heard, meant, ok := strings.Cut(line, " => ")
		if !ok || line[0] == '#' {
			continue
		}
		r, _ := english().Read(heard, c)
		if meant == "-" {
			continue
		}
		s.add(r, meant)
		if got := show(r); got != meant {
			t.Logf("%q is read as %s, and meant %s", heard, got, meant)
		}
	}
	t.Log(s)
	if n := float64(s.all()) / 100; n < 0.5 || float64(s.right)/n < 85 || s.wrong > 0 {
		t.Errorf("at least 85 %% right and nothing wrong are promised: %v", s)
	}
}
