// Package journal records how to undo faults before they are made, and undoes them when nobody else does.
//
// It guarantees that every undo step is on disk before the fault is made; that a separate process, the watchdog, undoes a fault
// when the process that made it dies for any reason, or does not undo it in time; and that it touches only processes that are
// named with their start, paths below the folder of the run, and control groups of chaos runs.
package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// name is the name of the file in the folder of a run.
const name = "journal"

// record is a line of the file: something to undo, or a note that entry N has been undone.
type record struct {
	N     int       `json:"n"`
	What  string    `json:"what,omitempty"`
	Until time.Time `json:"until,omitzero"` // the deadline for undoing it; zero: the end of the run
	Steps []Step    `json:"steps,omitempty"`
	Done  bool      `json:"done,omitempty"`
}

// Journal lists what must be undone. Its methods are safe for concurrent use.
type Journal struct {
	root string

	mu   sync.Mutex // guards what follows
	file *os.File
	open []record // in order
	next int
}

// Create creates a journal in the folder of a run, which is the only place that its steps may touch.
func Create(root string) (*Journal, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(root, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	return &Journal{root: root, file: f, next: 1}, err
}

// Entry is something that must be undone.
type Entry struct {
	journal *Journal
	n       int
}

// Begin records how something is undone: by its steps, from the last to the first. It returns once they are on disk. If a
// limit is set, the watchdog ends this process when the entry is not done by then.
func (j *Journal) Begin(what string, limit time.Duration, steps ...Step) (*Entry, error) {
	for _, s := range steps {
		if err := s.allowed(j.root); err != nil {
			return nil, fmt.Errorf("the journal cannot undo this: %s: %w", what, err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	r := record{N: j.next, What: what, Steps: steps}
	if limit > 0 {
		r.Until = time.Now().Add(limit)
	}
	if err := j.write(r); err != nil {
		return nil, err
	}
	j.open = append(j.open, r)
	j.next++
	return &Entry{j, r.N}, nil
}

// write adds a line. The caller holds mu.
func (j *Journal) write(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("cannot write the journal that undoes faults, so nothing is broken: %w", err)
	}
	return j.file.Sync()
}

// Undo does an entry's steps and, if all of them worked, marks it as undone. It may be called again.
func (e *Entry) Undo() error {
	j := e.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, r := range j.open {
		if r.N != e.n {
			continue
		}
		if err := revert([]record{r}, j.root); err != nil {
			return err
		}
		j.open = append(j.open[:i], j.open[i+1:]...)
		return j.write(record{N: e.n, Done: true})
	}
	return nil
}

// Open returns the names of the entries that are not undone yet, in order.
func (j *Journal) Open() (list []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.open {
		list = append(list, r.What)
	}
	return list
}

// Close undoes everything that is left, the newest first, and closes the file. What cannot be undone is left to the watchdog.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for i := len(j.open) - 1; i >= 0; i-- {
		err := revert(j.open[i:i+1], j.root)
		if err == nil { // the file is open, even if it has been removed
			err = j.write(record{N: j.open[i].N, Done: true})
		}
		errs = append(errs, err)
	}
	j.open = nil
	return errors.Join(append(errs, j.file.Close())...)
}

// revert does the steps of records from the last to the first. A step that fails does not prevent the others.
func revert(open []record, root string) error {
	var errs []error
	for i := len(open) - 1; i >= 0; i-- {
		for k := len(open[i].Steps) - 1; k >= 0; k-- {
			if err := open[i].Steps[k].do(root); err != nil {
				errs = append(errs, fmt.Errorf("undoing %s: %w", open[i].What, err))
			}
		}
	}
	return errors.Join(errs...)
}

// read returns the entries that a journal has open. It ignores a last line that was cut: the fault that it was to
// undo had not begun.
func read(f io.ReaderAt) (open []record, err error) {
	lines := bufio.NewScanner(io.NewSectionReader(f, 0, maxJournal))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			continue
		}
		if !r.Done {
			open = append(open, r)
			continue
		}
		for i := range open {
			if open[i].N == r.N {
				open = append(open[:i], open[i+1:]...)
				break
			}
		}
	}
	return open, lines.Err()
}

// maxJournal is how many bytes of a journal are read: enough for millions of faults.
const maxJournal = 1 << 30
