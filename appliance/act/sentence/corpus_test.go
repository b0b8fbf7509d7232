package sentence

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
)

var update = flag.Bool("update", false, "write the meanings of the corpus as they are read now")

// spoken is a sentence of the corpus.
type spoken struct {
	file    string
	line    int
	text    string
	meaning string // in the words of show
	context Context
}

var corpusTime = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// corpus reads the sentences of testdata/corpus. A line is "text => meaning". "[area]" says where the speaker is from here on, and "> text"
// is said after the line before. The readings that give context are those of the matcher under test.
func corpus(t testing.TB, each func(s spoken, file []string)) {
	files, err := filepath.Glob("testdata/corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(content), "\n")
		c := Context{}
		for i, line := range lines {
			body := strings.TrimSpace(line)
			switch {
			case body == "" || body[0] == '#':
				continue
			case body[0] == '[':
				c = Context{Area: strings.Trim(body, "[]")}
				continue
			}
			text, goesOn := strings.CutPrefix(body, "> ")
			text, meaning, _ := strings.Cut(text, " => ")
			c.Now = corpusTime.Add(time.Duration(i) * time.Second)
			if !goesOn {
				c.Before = Remembered{}
			}
			s := spoken{filepath.Base(name), i + 1, strings.TrimSpace(text), strings.TrimSpace(meaning), c}
			each(s, lines)
			_, c.Before = english().Read(s.text, c)
		}
		if *update {
			if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestCorpus: each sentence means what the corpus says, word by word.
func TestCorpus(t *testing.T) {
	n := 0
	corpus(t, func(s spoken, file []string) {
		n++
		r, _ := english().Read(s.text, s.context)
		got := show(r)
		if *update {
			text, _, _ := strings.Cut(file[s.line-1], " => ")
			file[s.line-1] = text + " => " + got
			return
		}
		if got != s.meaning {
			t.Errorf("%s:%d: %q in %q\n  is   %s\n  want %s", s.file, s.line, s.text, s.context.Area, got, s.meaning)
		}
		if r.Tier == act.NoTier || r.Tier == act.Near {
			t.Errorf("%s:%d: %q is read as %q: the corpus is of sentences that are understood word by word", s.file, s.line, s.text, r.Tier)
		}
	})
	if n < 500 {
		t.Errorf("only %d sentences", n)
	}
}
