package audit

import (
	"bytes"
	"errors"
	"io/fs"
	"strconv"
)

// Chain is a piece of a log, line by line as it is in the file, with the end of the whole.
type Chain struct {
	First uint64   `json:"first"` // number of the oldest kept record; 0: nothing was recorded
	Last  uint64   `json:"last"`  // number of the newest
	Head  string   `json:"head"`  // hash of the newest
	Lines []string `json:"lines"` // oldest first
}

// After returns the lines after a number: at most limit, and at most size bytes of them, but one at least. The end may be newer than
// the lines.
func (l *Log) After(after uint64, limit, size int) (c Chain, err error) {
	err = l.look(func(d folder) error {
		c, err = d.after(after, limit, size)
		return err
	})
	if c.Lines == nil {
		c.Lines = []string{}
	}
	return c, err
}

// errEnough ends a walk over lines.
var errEnough = errors.New("enough")

func (d folder) after(after uint64, limit, size int) (c Chain, err error) {
	last, err := d.end()
	if err != nil {
		return c, err
	}
	c.Last, c.Head = last.seq, last.hash
	names, err := d.asides()
	if err != nil {
		return c, err
	}
	names = append(names, fileName)
	for _, name := range names {
		if c.First, err = d.first(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c, err
		}
		if c.First > 0 {
			break
		}
	}
	if c.Last <= after {
		return c, nil
	}
	for i, name := range names {
		if i+1 < len(names) && nextOf(names, i) <= after+1 { // all of it is older
			continue
		}
		err := d.fileLines(name, func(text []byte) error {
			seq, ok := seqOf(text)
			if ok && seq <= after {
				return nil
			}
			if len(c.Lines) == limit || len(c.Lines) > 0 && len(text) > size {
				return errEnough
			}
			size -= len(text)
			c.Lines = append(c.Lines, string(text))
			return nil
		})
		if errors.Is(err, errEnough) {
			break
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c, err
		}
	}
	return c, nil
}

// nextOf is the first record of the file after names[i]; the name of the file in use does not tell, and may be anything after.
func nextOf(names []string, i int) uint64 {
	text := names[i+1]
	if text == fileName {
		return ^uint64(0)
	}
	n, err := strconv.ParseUint(text[len("audit-"):len(text)-len(".log")], 10, 64)
	if err != nil {
		return ^uint64(0)
	}
	return n
}

// end returns the end of the chain. It writes nothing.
func (d folder) end() (point, error) {
	f, err := d.Open(fileName)
	if errors.Is(err, fs.ErrNotExist) {
		return d.before()
	}
	if err != nil {
		return point{}, err
	}
	defer f.Close()
	tail, _, err := tailOf(f)
	if err != nil {
		return point{}, err
	}
	if tail = tail[:bytes.LastIndexByte(tail, '\n')+1]; len(tail) == 0 {
		return d.before()
	}
	return lastOf(tail)
}

// seqOf reads the number of a line without reading the rest.
func seqOf(text []byte) (uint64, bool) {
	const mid = `","seq":`
	rest, ok := bytes.CutPrefix(text, []byte(lead))
	if !ok || len(rest) < hashLen+len(mid) || string(rest[hashLen:hashLen+len(mid)]) != mid {
		return 0, false
	}
	digits, _, ok := bytes.Cut(rest[hashLen+len(mid):], []byte(","))
	if !ok || len(digits) > 20 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	return n, err == nil
}
