package audit

import (
	"errors"
	"fmt"
	"strings"

	"orac/appliance/statedir"
)

// Copy is the log of another appliance, as far as it was fetched. It holds the lines as that appliance wrote them, and only lines that
// continue each other. It is bounded like a log, with fewer files. It is safe for concurrent use, as Log is.
type Copy struct{ log *Log }

// maxCopies is how many full files of a copy are kept.
const maxCopies = 4

// CopyIn returns the copy in a folder of its own, which Take makes.
func CopyIn(dir string) *Copy { return &Copy{In(dir)} }

// Point is a place in a chain.
type Point struct {
	Seq  uint64 `json:"seq"` // 0: before the first record
	Hash string `json:"hash,omitempty"`
}

// End is the last kept record.
func (c *Copy) End() (p Point, err error) {
	err = c.log.look(func(d folder) error {
		last, err := d.end()
		p = Point{last.seq, last.hash}
		return err
	})
	return p, err
}

// Break is why lines do not continue a chain. The texts are for people.
type Break struct {
	Seq uint64 // of the line that does not fit; 0: it has none
	Why string
}

func (b *Break) Error() string { return b.Why }

// Follow checks that lines continue a chain, and returns what they say. The zero Point is followed by anything: whoever fetches a chain
// for the first time may find that its beginning was deleted. The error is a *Break.
func Follow(last Point, lines []string) (list []Line, err error) {
	for _, text := range lines {
		line, err := readLine(text)
		switch {
		case err != nil:
			return nil, &Break{line.Seq, err.Error()}
		case last.Seq > 0 && line.Seq != last.Seq+1:
			return nil, &Break{line.Seq, fmt.Sprintf("record %d follows record %d: records were removed or added", line.Seq, last.Seq)}
		case last.Seq > 0 && line.Prev != last.Hash:
			return nil, &Break{line.Seq, fmt.Sprintf("record %d does not continue record %d that was fetched before: one of them was rewritten", line.Seq, last.Seq)}
		case last.Seq == 0 && (line.Seq == 0 || line.Seq == 1 && line.Prev != ""):
			return nil, &Break{line.Seq, "its first record continues another one"}
		}
		last = Point{line.Seq, line.Hash}
		list = append(list, line)
	}
	return list, nil
}

// readLine reads a line of another appliance: it is one line, and its number and its hash stand only where a log writes them.
func readLine(text string) (Line, error) {
	if len(text) > maxRecord || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Line{}, errors.New("a record is too long, or is not one line")
	}
	line, err := parse([]byte(text))
	if err != nil {
		return line, err
	}
	if seq, ok := seqOf([]byte(text)); !ok || seq != line.Seq || !strings.HasPrefix(text, lead+line.Hash+`"`) {
		return line, errors.New("a record is not written as ORAC writes it")
	}
	return line, nil
}

// Take adds lines that continue the copy; if they do not, it keeps none of them and returns a *Break.
func (c *Copy) Take(lines []string) error {
	if err := statedir.Make(c.log.dir); err != nil {
		return err
	}
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	return c.log.in(func(d folder) error { return d.take(lines) })
}

func (d folder) take(lines []string) error {
	f, err := d.open()
	if err != nil {
		return err
	}
	last, size, err := d.last(f)
	if err == nil && size >= maxFile {
		if err = d.setAside(maxCopies); err == nil {
			_ = f.Close() // this also releases the lock: of a file that nobody writes any more
			if f, err = d.open(); err != nil {
				return err
			}
			last, size, err = d.last(f)
		}
	}
	defer f.Close()
	if err != nil {
		return err
	}
	list, err := Follow(Point{last.seq, last.hash}, lines)
	if err != nil || len(list) == 0 {
		return err
	}
	end := list[len(list)-1]
	return d.put(f, size, []byte(strings.Join(lines, "\n")+"\n"), point{end.Seq, end.Hash})
}

// After is as that of Log.
func (c *Copy) After(after uint64, limit, size int) (Chain, error) {
	return c.log.After(after, limit, size)
}

// Page is as that of Log.
func (c *Copy) Page(before uint64, limit int, match func(Record) bool) ([]Line, error) {
	return c.log.Page(before, limit, match)
}

// Verify checks the chain from where the copy begins.
func (c *Copy) Verify() (v Verdict, err error) {
	v.OK = true
	err = c.log.look(func(d folder) error {
		v, err = d.verify(true)
		return err
	})
	return v, err
}
