package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"orac/appliance/statedir"
)

// Each calls f with every line, oldest first, until f returns an error, which Each returns. A line that is unreadable or was
// altered is also an error.
func (l *Log) Each(f func(Line) error) error {
	return l.look(func(d folder) error { return d.each(f) })
}

// look is in for a directory that may be missing: then nothing was recorded.
func (l *Log) look(do func(d folder) error) error {
	d, err := statedir.Existing(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	return do(folder{d})
}

func (d folder) each(f func(Line) error) error {
	return d.lines(func(text []byte) error {
		line, err := parse(text)
		if err != nil {
			return err
		}
		return f(line)
	})
}

// lines calls f with the text of every line.
func (d folder) lines(f func([]byte) error) error {
	names, err := d.asides()
	if err != nil {
		return err
	}
	for _, name := range append(names, fileName) {
		if err := d.fileLines(name, f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (d folder) fileLines(name string, f func([]byte) error) error {
	file, err := d.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 2*maxRecord)
	s.Split(whole)
	for n := 1; s.Scan(); n++ {
		if err := f(s.Bytes()); err != nil {
			return fmt.Errorf("%s, line %d: %w", d.Path(name), n, err)
		}
	}
	return s.Err()
}

// whole splits off complete lines and skips one that is still being written.
func whole(data []byte, _ bool) (advance int, token []byte, err error) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		return 0, nil, nil
	}
	return i + 1, data[:i], nil
}

// first returns the number of a file's first record.
func (d folder) first(name string) (seq uint64, err error) {
	err = d.fileLines(name, func(text []byte) error {
		line, err := parse(text)
		seq = line.Seq
		if err == nil {
			err = io.EOF
		}
		return err
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return seq, err
}

// Page returns at most limit matching lines with numbers below before (0: the newest), newest first.
func (l *Log) Page(before uint64, limit int, match func(Record) bool) (list []Line, err error) {
	err = l.look(func(d folder) error {
		list, err = d.page(before, limit, match)
		return err
	})
	return list, err
}

func (d folder) page(before uint64, limit int, match func(Record) bool) (list []Line, err error) {
	names, err := d.asides()
	if err != nil {
		return nil, err
	}
	names = append(names, fileName)
	for _, name := range slices.Backward(names) {
		var here []Line
		err := d.fileLines(name, func(text []byte) error {
			line, err := parse(text)
			if err == nil && (before == 0 || line.Seq < before) && (match == nil || match(line.Record)) {
				if here = append(here, line); len(here) > limit {
					here = here[1:]
				}
			}
			return nil // Verify reports alterations
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		slices.Reverse(here)
		if list = append(list, here...); len(list) >= limit {
			return list[:limit], nil
		}
	}
	return list, nil
}

// Verdict is what Verify found.
type Verdict struct {
	OK      bool   `json:"ok"`
	Records int    `json:"records"`
	First   uint64 `json:"first"` // number of the oldest kept record
	Last    uint64 `json:"last"`
	Problem string `json:"problem,omitempty"`
}

// Verify checks the chain.
func (l *Log) Verify() (v Verdict, err error) {
	v.OK = true // true while nothing was recorded
	err = l.look(func(d folder) error {
		v, err = d.verify(false)
		return err
	})
	return v, err
}

// verify checks the chain; partial means that it need not begin with the first record.
func (d folder) verify(partial bool) (v Verdict, err error) {
	head, err := d.head()
	if err != nil {
		return v, err
	}
	headSeen := head.seq == 0
	var last point
	err = d.each(func(line Line) error {
		switch {
		case v.Records == 0:
			v.First = line.Seq
		case line.Seq != last.seq+1:
			return fmt.Errorf("record %d follows record %d: records were removed or added", line.Seq, last.seq)
		case line.Prev != last.hash:
			return fmt.Errorf("record %d does not match record %d before it: one of them was altered", line.Seq, last.seq)
		}
		if line.Seq == head.seq && line.Hash == head.hash {
			headSeen = true
		}
		last = point{line.Seq, line.Hash}
		v.Records, v.Last = v.Records+1, line.Seq
		return nil
	})
	switch {
	case err != nil:
		v.Problem = err.Error()
	case v.Records > 0 && v.First > 1 && !partial && !d.hasAsides():
		v.Problem = fmt.Sprintf("the records before %d are missing", v.First)
	case !headSeen:
		v.Problem = fmt.Sprintf("record %d was once the last one and is now missing or different: the end was cut off or altered", head.seq)
	default:
		v.OK = true
	}
	return v, nil
}

func (d folder) hasAsides() bool {
	names, _ := d.asides()
	return len(names) > 0
}

// Export writes all lines unchanged: JSON, one per line, oldest first.
func (l *Log) Export(w io.Writer) error {
	return l.look(func(d folder) error {
		return d.lines(func(text []byte) error {
			_, err := w.Write(append(text, '\n'))
			return err
		})
	})
}
