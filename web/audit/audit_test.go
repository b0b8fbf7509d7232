package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func full(t *testing.T, n int) (*Log, string) {
	t.Helper()
	l := In(t.TempDir())
	for i := range n {
		if err := l.Append(Record{Who: "anna", Action: "test", Target: fmt.Sprint(i), Outcome: Done}); err != nil {
			t.Fatal(err)
		}
	}
	return l, filepath.Join(l.dir, fileName)
}

func TestChain(t *testing.T) {
	l, _ := full(t, 5)
	v, err := l.Verify()
	if err != nil || !v.OK || v.Records != 5 || v.First != 1 || v.Last != 5 {
		t.Fatalf("%+v, %v", v, err)
	}
	page, err := l.Page(5, 2, nil)
	if err != nil || len(page) != 2 || page[0].Seq != 4 || page[1].Seq != 3 {
		t.Errorf("%+v, %v", page, err)
	}
	page, err = l.Page(0, 10, func(r Record) bool { return r.Target == "0" })
	if err != nil || len(page) != 1 || page[0].Seq != 1 {
		t.Errorf("%+v, %v", page, err)
	}
}

// TestEveryForgeryIsFound: altered, taken out, put in, exchanged, cut off at the end or at the beginning, all gone.
func TestEveryForgeryIsFound(t *testing.T) {
	for name, forge := range map[string]func(lines []string) []string{
		"altered":       func(s []string) []string { s[2] = strings.Replace(s[2], `"who":"anna"`, `"who":"bert"`, 1); return s },
		"hash removed":  func(s []string) []string { s[2] = "{" + s[2][strings.Index(s[2], `"seq"`):]; return s },
		"taken out":     func(s []string) []string { return append(s[:2:2], s[3:]...) },
		"put in":        func(s []string) []string { return append(s[:2:2], append([]string{s[1]}, s[2:]...)...) },
		"exchanged":     func(s []string) []string { s[1], s[2] = s[2], s[1]; return s },
		"end cut off":   func(s []string) []string { return s[:3] },
		"begin cut off": func(s []string) []string { return s[2:] },
		"forged anew": func(s []string) []string {
			line, hash, _ := encode(Record{Seq: 5, Prev: s[3][len(lead) : len(lead)+hashLen], Who: "anna", Action: "other", Outcome: Done})
			_ = hash
			s[4] = strings.TrimSuffix(string(line), "\n")
			return s
		},
		"gone": func([]string) []string { return nil },
	} {
		l, path := full(t, 5)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := forge(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
		out := ""
		if len(lines) > 0 {
			out = strings.Join(lines, "\n") + "\n"
		}
		if err := os.WriteFile(path, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := l.Verify(); err != nil || v.OK || v.Problem == "" {
			t.Errorf("%s is not found: %+v, %v", name, v, err)
		}
	}
}

// TestATornLineGoes: a power loss in the middle of a record does not end the chain.
func TestATornLineGoes(t *testing.T) {
	l, path := full(t, 3)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"hash":"0123`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := l.Append(Record{Who: "anna", Action: "after", Outcome: Done}); err != nil {
		t.Fatal(err)
	}
	if v, err := l.Verify(); err != nil || !v.OK || v.Records != 4 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestManyWriters: two logs of the same directory are as two processes.
func TestManyWriters(t *testing.T) {
	a, _ := full(t, 1)
	b := In(a.dir)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				if err := []*Log{a, b}[i%2].Append(Record{Who: "w", Action: "x", Outcome: Done}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if v, err := a.Verify(); err != nil || !v.OK || v.Records != 41 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestAFullFileIsSetAside: the chain goes on over files.
func TestAFullFileIsSetAside(t *testing.T) {
	l, path := full(t, 2)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = text
	big := strings.Repeat("x", maxValue-2)
	for i := 0; ; i++ {
		if err := l.Append(Record{Who: "anna", Action: "big", Before: big, After: big, Outcome: Done}); err != nil {
			t.Fatal(err)
		}
		if names, _ := filepath.Glob(filepath.Join(l.dir, "audit-*.log")); len(names) == 1 {
			break
		}
		if i > 600 {
			t.Fatal("the file grows without bound")
		}
	}
	if err := l.Append(Record{Who: "anna", Action: "after", Outcome: Done}); err != nil {
		t.Fatal(err)
	}
	v, err := l.Verify()
	if err != nil || !v.OK || v.First != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	var out bytes.Buffer
	if err := l.Export(&out); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != v.Records {
		t.Errorf("%d lines of %d records, %v", bytes.Count(out.Bytes(), []byte("\n")), v.Records, err)
	}
	page, err := l.Page(0, 5, nil)
	if err != nil || len(page) != 5 || page[0].Action != "after" || page[4].Seq != v.Last-4 {
		t.Errorf("a page over two files: %+v, %v", page, err)
	}
}

// TestNoValueMakesALine: whatever somebody calls itself, a record is one line of JSON.
func TestNoValueMakesALine(t *testing.T) {
	l, path := full(t, 0)
	evil := "x\n{\"hash\":\"\"}\r\x1b[2J\x00\u2028\xff" + strings.Repeat("y", 5000)
	if err := l.Append(Record{Who: evil, From: evil, Action: evil, Target: evil, Why: evil, Before: map[string]string{evil: evil}, Outcome: Denied}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(text, []byte("\n")) != 1 || bytes.ContainsAny(text[:len(text)-1], "\r\n\x00\x1b") || !json.Valid(text) || len(text) > maxRecord {
		t.Errorf("%d bytes: %.300q", len(text), text)
	}
	if v, _ := l.Verify(); !v.OK {
		t.Error(v.Problem)
	}
}

// TestRefused: what cannot be written is an error, and the next that can is the next in the chain.
func TestRefused(t *testing.T) {
	l, path := full(t, 1)
	if err := os.Rename(path, path+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(Record{Who: "anna", Action: "x", Outcome: Done}); err == nil {
		t.Error("a folder takes records")
	}
	if err := errors.Join(os.Remove(path), os.Rename(path+".kept", path)); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(Record{Who: "anna", Action: "x", Outcome: Done}); err != nil {
		t.Error(err)
	}
	if v, _ := l.Verify(); !v.OK || v.Records != 2 {
		t.Errorf("%+v", v)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// FuzzParse: no line makes it panic, and only a line whose hash fits is taken.
func FuzzParse(f *testing.F) {
	line, _, err := encode(Record{Seq: 1, Who: "anna", Action: "x", Outcome: Done})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimSuffix(line, []byte("\n")))
	f.Add([]byte(lead))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parse(text)
		if err == nil && !bytes.Contains(text, []byte(hashOf(text[len(lead)+hashLen+2:]))) {
			t.Errorf("%+v of %q", l, text)
		}
	})
}

// TestARotationThatEndsHalfWay: the file was set aside when the power went, and the second file was never written or is behind. The
// chain goes on.
func TestARotationThatEndsHalfWay(t *testing.T) {
	for name, head := range map[string]func(path string) error{
		"a head that is empty": func(path string) error { return os.Truncate(path, 0) },
		"a head that is gone":  os.Remove,
		"a head that is behind": func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, []byte(strings.Replace(string(text), "2 ", "1 ", 1)), 0o600)
		},
	} {
		dir := t.TempDir()
		log := In(dir)
		for range 2 {
			if err := log.Append(Record{Action: "a", Outcome: Done}); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(os.Rename(filepath.Join(dir, fileName), filepath.Join(dir, fmt.Sprintf(aside, 1))), head(filepath.Join(dir, headName))); err != nil {
			t.Fatal(err)
		}
		if err := log.Append(Record{Action: "a", Outcome: Done}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if v, err := log.Verify(); err != nil || !v.OK || v.Records != 3 || v.Last != 3 {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

// TestAnEmptiedFileShows: with files set aside, too, and when the chain has gone on.
func TestAnEmptiedFileShows(t *testing.T) {
	l, path := full(t, 2)
	if err := os.Rename(path, filepath.Join(l.dir, fmt.Sprintf(aside, 1))); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Append(Record{Action: "a"}), os.Truncate(path, 0), l.Append(Record{Action: "a"})); err != nil {
		t.Fatal(err)
	}
	if v, err := l.Verify(); err != nil || v.OK {
		t.Errorf("%+v, %v", v, err)
	}
}
