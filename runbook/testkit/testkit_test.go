package testkit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// judged is a test that records what is said of it.
type judged struct {
	testing.TB
	said []string
}

func (*judged) Helper() {}
func (j *judged) Fatal(args ...any) {
	j.said = append(j.said, "fatal: "+fmt.Sprint(args...))
}
func (j *judged) Errorf(format string, args ...any) {
	j.said = append(j.said, fmt.Sprintf(format, args...))
}

func TestMust(t *testing.T) {
	j := &judged{}
	Must(j, nil)
	Must(j, errors.New("no"))
	if strings.Join(j.said, "|") != "fatal: no" {
		t.Errorf("%q", j.said)
	}
}

func TestGolden(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.golden")
	Must(t, os.WriteFile(file, []byte("one\ntwo\n"), 0o600))
	j := &judged{}
	Golden(j, file, "one\ntwo\n")
	if len(j.said) > 0 {
		t.Errorf("the same text: %q", j.said)
	}
	Golden(j, file, "one\n2\n")
	if len(j.said) != 1 || !strings.Contains(j.said[0], "-two\n+2\n") {
		t.Errorf("another text: %q", j.said)
	}
	Golden(j, file, strings.Repeat("many\n", 10_000))
	if len(j.said) != 2 || strings.Count(j.said[1], "\n") > shown+2 || !strings.HasSuffix(j.said[1], "…") {
		t.Errorf("a long difference: %d lines", strings.Count(j.said[1], "\n"))
	}
	Golden(j, file+".gone", []byte{})
	if len(j.said) < 3 || !strings.HasPrefix(j.said[2], "fatal: ") {
		t.Errorf("no file: %q", j.said[2:])
	}

	*update = true
	defer func() { *update = false }()
	Golden(t, file, "new")
	if b, err := os.ReadFile(file); err != nil || string(b) != "new" {
		t.Errorf("%q, %v", b, err)
	}
}
