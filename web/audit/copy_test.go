package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// linesOf returns all lines of a log, in pieces of a size.
func linesOf(t testing.TB, l *Log, limit, size int) (list []string) {
	t.Helper()
	for after := uint64(0); ; {
		c, err := l.After(after, limit, size)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Lines) == 0 {
			if after != c.Last {
				t.Fatalf("nothing after %d, and the end is %d", after, c.Last)
			}
			return list
		}
		if len(c.Lines) > limit {
			t.Fatalf("%d lines", len(c.Lines))
		}
		list = append(list, c.Lines...)
		after, _ = seqOf([]byte(c.Lines[len(c.Lines)-1]))
	}
}

// TestACopyIsTheChain: fetched in pieces of any size, it is the same, and can be verified.
func TestACopyIsTheChain(t *testing.T) {
	l, _ := full(t, 9)
	for _, size := range []struct{ limit, bytes int }{{1, 1 << 20}, {4, 1 << 20}, {100, 1}, {100, 1 << 20}} {
		lines := linesOf(t, l, size.limit, size.bytes)
		c := CopyIn(filepath.Join(t.TempDir(), "kitchen"))
		for _, line := range lines {
			if err := c.Take([]string{line}); err != nil {
				t.Fatal(err)
			}
		}
		v, err := c.Verify()
		end, failed := c.End()
		if err = errors.Join(err, failed); err != nil || !v.OK || v.Records != 9 || end.Seq != 9 {
			t.Errorf("%+v: %+v, %+v, %v", size, v, end, err)
		}
		page, err := c.Page(0, 2, nil)
		if err != nil || len(page) != 2 || page[0].Target != "8" {
			t.Errorf("%+v, %v", page, err)
		}
	}
}

// TestACopyThatBeginsLate: the member has deleted its first files.
func TestACopyThatBeginsLate(t *testing.T) {
	l, _ := full(t, 5)
	lines := linesOf(t, l, 100, 1<<20)
	c := CopyIn(filepath.Join(t.TempDir(), "kitchen"))
	if err := c.Take(lines[2:]); err != nil {
		t.Fatal(err)
	}
	if v, err := c.Verify(); err != nil || !v.OK || v.First != 3 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestWhatDoesNotContinueAChain: each is refused whole, and what was kept stays.
func TestWhatDoesNotContinueAChain(t *testing.T) {
	l, _ := full(t, 5)
	lines := linesOf(t, l, 100, 1<<20)
	other, _ := full(t, 6)
	others := linesOf(t, other, 100, 1<<20)
	for name, next := range map[string][]string{
		"one is missing":         {lines[4]},
		"the same once more":     {lines[2]},
		"of another appliance":   {others[3]},
		"altered":                {strings.Replace(lines[3], "anna", "bert", 1)},
		"good, and then altered": {lines[3], strings.Replace(lines[4], "anna", "bert", 1)},
		"no record":              {"{}"},
		"empty":                  {""},
		"two lines":              {strings.Replace(lines[3], `,"at"`, ",\n\"at\"", 1)},
		"huge":                   {strings.Repeat("x", maxRecord+1)},
		"its number twice":       {doubled(lines[2])},
	} {
		c := CopyIn(filepath.Join(t.TempDir(), "kitchen"))
		if err := c.Take(lines[:3]); err != nil {
			t.Fatal(err)
		}
		err := c.Take(next)
		if b := new(Break); !errors.As(err, &b) || b.Why == "" {
			t.Errorf("%s: %v", name, err)
		}
		if end, err := c.End(); err != nil || end.Seq != 3 {
			t.Errorf("%s: the end is %+v, %v", name, end, err)
		}
	}
	if _, err := Follow(Point{}, lines[1:2]); err != nil {
		t.Error("a chain whose beginning was deleted:", err)
	}
	if err := CopyIn(filepath.Join(t.TempDir(), "kitchen")).Take([]string{forged(Record{Seq: 1, Prev: strings.Repeat("0", hashLen)})}); err == nil {
		t.Error("a first record that continues another")
	}
}

// forged is a line that somebody writes as ORAC does.
func forged(r Record) string {
	line, _, _ := encode(r)
	return strings.TrimSuffix(string(line), "\n")
}

// doubled is a line with a good hash that says another number further on.
func doubled(text string) string {
	rest := text[len(lead)+hashLen+2:]
	rest = strings.Replace(rest, `,"at"`, `,"seq":4,"at"`, 1)
	return lead + hashOf([]byte(rest)) + `",` + rest
}

// TestACopyIsBounded: whatever comes, a few files are kept, and the chain of what is left is whole.
func TestACopyIsBounded(t *testing.T) {
	c := CopyIn(filepath.Join(t.TempDir(), "kitchen"))
	big := strings.Repeat("x", maxValue-2)
	last, lines := Point{}, []string{}
	for files := 0; files < 1; {
		lines = lines[:0]
		for range 64 {
			line, hash, err := encode(Record{Seq: last.Seq + 1, Prev: last.Hash, Before: big, After: big, Outcome: Done})
			if err != nil {
				t.Fatal(err)
			}
			lines, last = append(lines, strings.TrimSuffix(string(line), "\n")), Point{last.Seq + 1, hash}
		}
		if err := c.Take(lines); err != nil {
			t.Fatal(err)
		}
		names, _ := filepath.Glob(filepath.Join(c.log.dir, "audit-*.log"))
		files = len(names)
	}
	for i := range maxCopies + 5 { // the rest are as large, and need not be written
		name := filepath.Join(c.log.dir, fmt.Sprintf(aside, i+900_000_000))
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := c.log.in(func(d folder) error { return d.setAside(maxCopies) })
	names, _ := filepath.Glob(filepath.Join(c.log.dir, "audit-*.log"))
	if err != nil || len(names) != maxCopies {
		t.Errorf("%d files, %v", len(names), err)
	}
}

// TestAfterIsWhatWasWritten: whatever is asked for, it is a piece of the log without a gap.
func TestAfterIsWhatWasWritten(t *testing.T) {
	l, _ := full(t, 12)
	all := linesOf(t, l, 100, 1<<20)
	rapid.Check(t, func(t *rapid.T) {
		after, limit, size := rapid.Uint64Range(0, 14).Draw(t, "after"), rapid.IntRange(1, 14).Draw(t, "limit"), rapid.IntRange(0, 5000).Draw(t, "size")
		c, err := l.After(after, limit, size)
		if err != nil || c.First != 1 || c.Last != 12 || len(c.Lines) > limit || after < 12 && len(c.Lines) == 0 {
			t.Fatalf("%+v, %v", c, err)
		}
		for i, line := range c.Lines {
			if line != all[int(after)+i] {
				t.Fatalf("line %d is another", i)
			}
		}
	})
	if c, err := In(t.TempDir()).After(0, 10, 100); err != nil || c.First != 0 || c.Last != 0 || len(c.Lines) != 0 {
		t.Errorf("an empty log: %+v, %v", c, err)
	}
}

// FuzzFollow: no line makes it panic, and a line that is taken is one line of a log.
func FuzzFollow(f *testing.F) {
	line := forged(Record{Seq: 1, Who: "anna", Action: "x", Outcome: Done})
	f.Add(line)
	f.Add(doubled(line))
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Follow(Point{}, []string{text})
		if err == nil && (len(list) != 1 || strings.Contains(text, "\n") || list[0].Seq == 0) {
			t.Errorf("%q is taken as %+v", text, list)
		}
	})
}
