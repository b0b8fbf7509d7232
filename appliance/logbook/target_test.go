package logbook

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// linesOf counts lines of a log by their message.
func linesOf(t *testing.T, path string) map[string]int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for line := range strings.Lines(string(b)) {
		_, rest, _ := strings.Cut(line, `"message":"`)
		message, _, _ := strings.Cut(rest, `"`)
		count[message]++
	}
	return count
}

// TestTheFileOfALogIsChanged while it is written: every line is in the one file or in the other, once.
func TestTheFileOfALogIsChanged(t *testing.T) {
	dir := t.TempDir()
	b := New(Options{})
	s := &FileSink{Book: b}
	b.Logger().Info("before any file")
	first, second := filepath.Join(dir, "first.log"), filepath.Join(dir, "second.log")
	for i, to := range []Target{{first, MinFile, 2}, {second, MinFile, 2}, {}, {second, 2 * MinFile, 2}} {
		if err := s.Set(to); err != nil {
			t.Fatal(err)
		}
		for k := range 100 {
			b.Logger().Info(fmt.Sprint("line ", i, ".", k))
		}
	}
	s.Close()
	all := linesOf(t, first)
	for line, n := range linesOf(t, second) {
		all[line] += n
	}
	if all["before any file"] != 1 {
		t.Errorf("the oldest line is there %d times", all["before any file"])
	}
	for i := range 4 {
		for k := range 100 {
			if line := fmt.Sprint("line ", i, ".", k); all[line] != 1 {
				t.Errorf("%s is there %d times", line, all[line])
			}
		}
	}
	if n := linesOf(t, first)["line 1.0"]; n > 0 {
		t.Error("the first file was written after the second took its place")
	}
}

// TestAFileThatCannotBeWritten is told of, and written as soon as it can be; impossible settings leave what is.
func TestAFileThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := New(Options{})
		s := &FileSink{Book: b}
		path := filepath.Join(dir, "logs", "orac.log")
		if err := s.Set(Target{path, MinFile, 2}); err == nil || !strings.Contains(err.Error(), "logs") {
			t.Errorf("a folder that is not there: %v", err)
		}
		b.Logger().Info("lost")
		synctest.Wait() // the line has been tried
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := s.Set(Target{path, 1, 2}); err == nil {
			t.Error("a file of one byte was taken")
		}
		b.Logger().Info("kept")
		s.Close()
		if got := linesOf(t, path); got["kept"] != 1 || got["lines of the log were lost"] != 1 {
			t.Errorf("%v", got)
		}
	})
}
