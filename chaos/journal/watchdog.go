package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"orac/chaos/process"
)

// look is how often the watchdog checks for overdue entries.
const look = 500 * time.Millisecond

// Watchdog is the process that undoes what its maker leaves undone.
type Watchdog struct {
	cmd   *exec.Cmd
	alive io.WriteCloser // while it is open, the maker lives
	self  process.Process
	done  chan struct{}
}

// Watch starts the watchdog of a journal. The program runs WatchdogMain; its arguments are args, followed by root and this
// process. The watchdog has a session of its own, so that whatever ends this process and its terminal does not reach it.
func Watch(root, program string, args ...string) (*Watchdog, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	me := process.Self()
	cmd := exec.Command(program, append(args, root, strconv.Itoa(me.PID), strconv.FormatUint(me.Start, 10))...)
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	ready, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the watchdog, so nothing is broken: %w", err)
	}
	w := &Watchdog{cmd: cmd, alive: alive, done: make(chan struct{})}
	if _, err := io.ReadFull(ready, make([]byte, 1)); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("the watchdog ended at its start (%v), so nothing is broken", cmd.ProcessState)
	}
	if w.self, err = process.Of(cmd.Process.Pid); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // cmd.ProcessState holds how it ended
		close(w.done)
	}()
	return w, nil
}

// Alive tells whether the watchdog is running.
func (w *Watchdog) Alive() bool { return w.self.Alive() }

// Close tells the watchdog that this process ends, and waits until the watchdog has undone what is left. After Journal.Close
// nothing is left.
func (w *Watchdog) Close() error {
	err := w.alive.Close()
	select {
	case <-w.done:
	case <-time.After(30 * time.Second):
		_ = w.cmd.Process.Kill()
		return errors.Join(err, errors.New("the watchdog did not end within 30 s"))
	}
	if !w.cmd.ProcessState.Success() {
		err = errors.Join(err, fmt.Errorf("the watchdog: %v", w.cmd.ProcessState))
	}
	return err
}

// WatchdogMain is the watchdog. Its args are the folder of the run, and the maker's process and start. It runs until alive
// ends, that is, until the maker closes it or dies; then it undoes what the journal has open. It ends a maker that exceeds the
// limit of an entry.
func WatchdogMain(args []string, alive io.Reader, ready, stderr io.Writer) int {
	complain := func(err error) int {
		fmt.Fprintln(stderr, "orac chaos, watchdog:", err)
		return 1
	}
	if len(args) != 3 {
		return complain(errors.New("BUG: it needs a folder, a process and its start"))
	}
	pid, err1 := strconv.Atoi(args[1])
	start, err2 := strconv.ParseUint(args[2], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return complain(err)
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	root, maker := args[0], process.Process{PID: pid, Start: start}
	file, err := os.Open(filepath.Join(root, name)) // stays open for this process even if somebody removes it
	if err != nil {
		return complain(err)
	}
	defer file.Close()
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, alive)
		close(gone)
	}()
	if _, err := ready.Write([]byte{'.'}); err != nil {
		return complain(err)
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-gone:
			open, err := read(file)
			if err = errors.Join(err, revert(open, root)); err != nil {
				return complain(err)
			}
			return 0
		case now := <-tick.C:
			if r, ok := overdue(file, now); ok {
				fmt.Fprintf(stderr, "orac chaos, watchdog: %s should have been undone by %s; ending the run\n", r.What, r.Until.Format(time.TimeOnly))
				_ = maker.Signal(unix.SIGKILL) // it has ended, or will
				select {
				case <-gone:
				case <-time.After(endTime):
				}
			}
		}
	}
}

func overdue(file io.ReaderAt, now time.Time) (record, bool) {
	open, err := read(file)
	if err != nil {
		return record{}, false
	}
	for _, r := range open {
		if !r.Until.IsZero() && now.After(r.Until) {
			return r, true
		}
	}
	return record{}, false
}
