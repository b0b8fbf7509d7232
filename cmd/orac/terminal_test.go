package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"orac/cmd/orac/screen"
	"orac/models"
)

// terminal is a terminal and what is written to it. It has 80 columns.
func terminal(t *testing.T) (tty, written *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return tty, master
}

// TestAPullsLinesStandApart: the moving line, on standard error, is gone before a line that stays, on standard output.
func TestAPullsLinesStandApart(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	tty, written := terminal(t)
	a := &app{out: screen.New(tty), err: screen.New(tty)}
	show := a.pulling()
	show(models.Progress{Name: "package", Step: "downloading", Done: 60_000_000, All: 120_000_000})
	show(models.Progress{Name: "package", Step: "downloading", Done: 60_000_001, All: 120_000_000}) // too soon to be shown
	show(models.Progress{Name: "package", Step: "checking"})
	show(models.Progress{Name: "alexa", Step: "installed"})
	want := "\r\x1b[Kpackage 60 MB " + strings.Repeat("█", 14) + strings.Repeat("░", 14) + "  50%\r\x1b[Kchecking package\r\x1b[Kinstalled   alexa\r\n"
	got := make([]byte, len(want))
	n, err := written.Read(got)
	for err == nil && n < len(want) {
		var more int
		more, err = written.Read(got[n:])
		n += more
	}
	if string(got[:n]) != want || err != nil {
		t.Errorf("the terminal gets %q, not %q (%v)", got[:n], want, err)
	}
}

// TestErrorsFitATerminal: a long error is broken between words, below the first word of its text.
func TestErrorsFitATerminal(t *testing.T) {
	tty, written := terminal(t)
	a := &app{out: screen.New(tty), err: screen.New(tty)}
	a.complain(errors.New(strings.Repeat("something is not as it should be, ", 5) + "and that is all"))
	got := make([]byte, 4096)
	n, err := written.Read(got)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(got[:n]), "\r\n"), "\r\n")
	if len(lines) < 3 {
		t.Errorf("the terminal gets %q", got[:n])
	}
	for i, line := range lines {
		if len(line) > 80+len("\x1b[31;1m\x1b[0m") || i > 0 && !strings.HasPrefix(line, "      ") {
			t.Errorf("line %d is %q", i, line)
		}
	}
}
