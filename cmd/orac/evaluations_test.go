package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"orac/runbook/testkit"
)

// evaluations counts how often a secret of a state directory is opened: once an evaluation of a runbook that names it.
func evaluations(t *testing.T, secret string) (count func() int) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	_, err = unix.InotifyAddWatch(fd, secret, unix.IN_OPEN|unix.IN_CLOSE_NOWRITE) // both, since the kernel merges equal events
	testkit.Must(t, err)
	return func() (n int) {
		b := make([]byte, 64<<10)
		size, err := unix.Read(fd, b)
		if errors.Is(err, unix.EAGAIN) {
			return 0
		}
		testkit.Must(t, err)
		for at := 0; at < size; {
			e := (*unix.InotifyEvent)(unsafe.Pointer(&b[at]))
			if e.Mask&unix.IN_OPEN != 0 {
				n++
			}
			at += unix.SizeofInotifyEvent + int(e.Len)
		}
		return n
	}
}

// TestAStartEvaluatesOnce: the file, and a generation only if that runs instead.
func TestAStartEvaluatesOnce(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "hey_jarvis_v0.1.onnx")
	state := filepath.Join(dir, "state")
	secret := filepath.Join(state, "secrets", "tok")
	testkit.Must(t, os.MkdirAll(filepath.Dir(secret), 0o700))
	testkit.Must(t, os.WriteFile(secret, []byte("a token of thirty-two characters\n"), 0o600))
	count := evaluations(t, secret)
	book := loopRunbook(filepath.Join(need(t, ".orac/sounds"), "silence.wav"), "stt \"x\" {\n  url   = \"http://127.0.0.1:9\"\n  token = secret(\"tok\")\n}\n")
	edited := strings.Replace(book, "threshold = 0.5", "threshold = 0.6", 1)
	replaced := []string{"ORAC_RESUME_GENERATION=1", "ORAC_RESUME_STATE=" + state, "ORAC_RESUME_WHY=a test"}
	for _, c := range []struct {
		what, book string
		env        []string
		generation int
		want       int
	}{
		{"the first start", book, nil, 1, 1},
		{"another start", book, nil, 1, 1},
		{"a start with a named directory", book, []string{"ORAC_STATE_DIR=" + state}, 1, 1},
		{"a process that replaced itself", book, replaced, 1, 1},
		{"one whose file was edited meanwhile: the file and what ran", edited, replaced, 1, 2},
		{"one whose file has a syntax error now: what ran", book + "{", replaced, 1, 1},
		{"a start with a syntax error: the last good one", book + "{", nil, 1, 1},
		{"a start with a program that is not there: the file and the last good one", strings.Replace(book, "url   = \"http://127.0.0.1:9\"", "protocol = \"exec\"\n  command = [\"./none\"]", 1) +
			"stt \"y\" {\n  url   = \"http://127.0.0.1:9\"\n  token = secret(\"tok\")\n}\n", nil, 1, 2},
		{"a start after an edit", edited, nil, 2, 1},
	} {
		count()
		d := start(t, dir, c.book, c.env)
		d.kind("listening")
		if got := count(); got != c.want {
			t.Errorf("%s: %d evaluations, want %d", c.what, got, c.want)
		}
		if s := d.status("--state-dir", state); s.Generation != c.generation {
			t.Errorf("%s: generation %d runs, want %d", c.what, s.Generation, c.generation)
		}
		d.stop()
	}
}
