// Package audit keeps a record of who did what: an append-only file of JSON lines. Each line contains the hash of the
// preceding line.
//
// Guarantees:
//
//   - Append returns without an error only when the record is on disk. Callers append before they change something, and do
//     not change it if that fails.
//   - Verify finds whatever was altered, removed, added or cut off, even at the end: a second file holds the last hash.
//     ORAC's user and root can write both files and so forge everything: export the records to another machine (orac audit
//     export) if that matters.
//   - Several processes may append at the same time. A record torn by a power loss was never acknowledged, and is cut off.
//   - No value in a record can begin a new line, or be anything but text on a terminal.
//   - The file is bounded: at 8 MiB it is set aside, and the newest 32 of those are kept.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"orac/appliance/statedir"
)

const (
	fileName = "audit.log"
	headName = "audit.head"
	aside    = "audit-%016d.log" // named after its first record

	maxFile   = 8 << 20
	maxFiles  = 32
	maxText   = 1 << 10 // bytes per text
	maxValue  = 8 << 10 // bytes of Before and of After, each
	maxRecord = 64 << 10
	maxHead   = 1 << 10
	hashLen   = 2 * sha256.Size
	lead      = `{"hash":"`
)

// Log is the audit log of a state directory. It is safe for concurrent use.
type Log struct {
	dir     string
	problem atomic.Pointer[string] // why it cannot be written; nil if nothing says so

	mu sync.Mutex // held while one Append writes: the lock of the file is for other processes
}

// In returns the log of a state directory. It creates nothing.
func In(stateDir string) *Log { return &Log{dir: stateDir} }

// Begin writes a record of an attempt; nothing may be changed if that fails. ended writes how the attempt went, with what was added to
// the record meanwhile.
func (l *Log) Begin(r *Record) (ended func(error) error, err error) {
	r.Outcome = Attempt
	if err := l.Append(*r); err != nil {
		return nil, err
	}
	return func(err error) error {
		if r.Outcome = Done; err != nil {
			r.Outcome, r.Why = Failed, err.Error()
		}
		return l.Append(*r)
	}, nil
}

// Append writes a record; Seq, Prev and At are filled in. Texts that are too long are cut.
func (l *Log) Append(r Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.note(l.in(func(d folder) error { return d.append(r) }))
}

// folder is the open state directory.
type folder struct{ *statedir.Dir }

// in calls do with the state directory, which must exist.
func (l *Log) in(do func(d folder) error) error {
	d, err := statedir.Existing(l.dir)
	if err != nil {
		return err
	}
	defer d.Close() // nothing was written to it
	return do(folder{d})
}

func (d folder) append(r Record) error {
	f, err := d.open()
	if err != nil {
		return err
	}
	defer f.Close() // this also releases the lock
	last, size, err := d.last(f)
	if err != nil {
		return err
	}
	if size >= maxFile {
		return d.rotate(r)
	}
	return d.write(f, last, size, r)
}

// open opens the file and waits for its lock.
func (d folder) open() (*os.File, error) {
	for {
		f, err := d.OpenFile(fileName, os.O_RDWR|os.O_CREATE|os.O_APPEND)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			_ = f.Close()
			return nil, err
		}
		// Another process may have set the file aside while this one waited.
		here, err1 := f.Stat()
		there, err2 := d.Lstat(fileName)
		if err1 == nil && err2 == nil && os.SameFile(here, there) {
			return f, nil
		}
		_ = f.Close()
		if err1 != nil || err2 != nil && !errors.Is(err2, fs.ErrNotExist) {
			return nil, errors.Join(err1, err2)
		}
	}
}

// point is a place in the chain.
type point struct {
	seq  uint64
	hash string
}

// last returns the end of the chain, after cutting off a torn line at the end of the file, if there is
// one.
func (d folder) last(f *os.File) (point, int64, error) {
	tail, size, err := tailOf(f)
	if err != nil {
		return point{}, 0, err
	}
	if n := bytes.LastIndexByte(tail, '\n') + 1; n < len(tail) {
		size -= int64(len(tail) - n)
		if tail = tail[:n]; f.Truncate(size) != nil {
			return point{}, 0, errors.New("its last line is incomplete and cannot be cut off")
		}
	}
	if len(tail) == 0 {
		p, err := d.before()
		return p, size, err
	}
	p, err := lastOf(tail)
	if err != nil {
		return point{}, 0, fmt.Errorf("its last line cannot be read (%w): keep %s, and move it away", err, d.Path(fileName))
	}
	return p, size, nil
}

// before returns the end of the chain if the file is empty: that of the newest file that was set aside, which is on disk, or the
// one in the second file. The second file may be behind or torn; if it is ahead, the file was emptied, and the gap shows it.
func (d folder) before() (point, error) {
	names, err := d.asides()
	if err != nil {
		return point{}, err
	}
	if len(names) == 0 {
		return d.head()
	}
	f, err := d.Open(names[len(names)-1])
	if err != nil {
		return point{}, err
	}
	defer f.Close()
	tail, _, err := tailOf(f)
	if err != nil {
		return point{}, err
	}
	last, err := lastOf(tail[:bytes.LastIndexByte(tail, '\n')+1])
	if head, failed := d.head(); err == nil && failed == nil && head.seq > last.seq {
		return head, nil
	}
	return last, err
}

// tailOf reads the end of a file, which contains its last line, and returns the file's size.
func tailOf(f *os.File) (tail []byte, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	size = info.Size()
	from := max(0, size-2*maxRecord)
	tail = make([]byte, size-from)
	if _, err := f.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	return tail, size, nil
}

// lastOf returns the last of some whole lines.
func lastOf(lines []byte) (point, error) {
	lines = bytes.TrimSuffix(lines, []byte("\n"))
	line, err := parse(lines[bytes.LastIndexByte(lines, '\n')+1:])
	return point{line.Seq, line.Hash}, err
}

// write adds a record to the file.
func (d folder) write(f *os.File, last point, size int64, r Record) error {
	r.Seq, r.Prev, r.At = last.seq+1, last.hash, time.Now().UTC().Round(time.Microsecond)
	text, hash, err := encode(r)
	if err != nil {
		return err
	}
	return d.put(f, size, text, point{r.Seq, hash})
}

// put writes whole lines to the end of the file; last is the last of them.
func (d folder) put(f *os.File, size int64, lines []byte, last point) error {
	_, err := f.Write(lines)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		_ = f.Truncate(size) // it was not acknowledged; if this fails too, the last line is torn and is cut off next time
		return err
	}
	d.setHead(last)
	return nil
}

// setAside sets the file aside, and keeps the newest files of those. The caller holds the file's lock.
func (d folder) setAside(files int) error {
	first, err := d.first(fileName)
	if err != nil {
		return err
	}
	if err := d.Rename(fileName, fmt.Sprintf(aside, first)); err != nil {
		return err
	}
	if old, err := d.asides(); err == nil {
		for len(old) > files {
			_ = d.Remove(old[0]) // if this fails, it is removed next time
			old = old[1:]
		}
	}
	return nil
}

// rotate sets the file aside and writes the record into a new one. The caller holds the lock of the
// old one.
func (d folder) rotate(r Record) error {
	if err := d.setAside(maxFiles); err != nil {
		return err
	}
	f, err := d.open()
	if err != nil {
		return err
	}
	defer f.Close()
	begun, size, err := d.last(f) // another process may have been faster
	if err != nil {
		return err
	}
	return d.write(f, begun, size, r)
}

// asides returns the names of the files that were set aside, oldest first.
func (d folder) asides() (names []string, err error) {
	list, err := d.ReadDir()
	for _, e := range list { // in order of name
		if ok, _ := filepath.Match("audit-*.log", e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// head reads the end of the chain from the second file; the zero point if there is none.
func (d folder) head() (p point, err error) {
	text, err := d.ReadFile(headName, maxHead)
	if errors.Is(err, fs.ErrNotExist) {
		return point{}, nil
	}
	if err != nil {
		return p, err
	}
	if n, err := fmt.Sscanf(string(text), "%d %64s", &p.seq, &p.hash); n != 2 || len(p.hash) != hashLen {
		return point{}, fmt.Errorf("%s cannot be read: %w", d.Path(headName), err)
	}
	return p, nil
}

// setHead is best effort: a head that is behind does no harm, since the file is on disk.
func (d folder) setHead(p point) {
	f, err := d.OpenFile(headName, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return
	}
	_, _ = f.WriteAt(fmt.Appendf(nil, "%020d %s\n", p.seq, p.hash), 0)
	_ = f.Close()
}

// encode returns the line of a record and its hash.
func encode(r Record) (line []byte, hash string, err error) {
	for _, s := range []*string{&r.Who, &r.For, &r.Role, &r.Way, &r.From, &r.Request, &r.Action, &r.Target, &r.Why} {
		*s = clip(*s)
	}
	if r.Before, err = bounded(r.Before); err == nil {
		r.After, err = bounded(r.After)
	}
	if err != nil {
		return nil, "", err
	}
	text, err := json.Marshal(r) // it escapes everything below a space
	if err != nil {
		return nil, "", err
	}
	rest := append(text[1:], '\n')
	hash = hashOf(rest[:len(rest)-1])
	line = append([]byte(lead+hash+`",`), rest...)
	return line, hash, nil
}

// bounded returns a value as JSON, or its size if it is too large.
func bounded(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(text) > maxValue {
		return fmt.Sprintf("(%d bytes, SHA-256 %s)", len(text), hashOf(text)), nil
	}
	return json.RawMessage(text), nil
}

// parse reads a line and checks its hash.
func parse(text []byte) (Line, error) {
	var line Line
	rest, ok := bytes.CutPrefix(text, []byte(lead))
	if !ok || len(rest) < hashLen+2 || string(rest[hashLen:hashLen+2]) != `",` {
		return line, errors.New("it is not an audit record")
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return line, errors.New("it is not JSON")
	}
	if hashOf(rest[hashLen+2:]) != line.Hash {
		return line, fmt.Errorf("record %d was altered: its hash does not match", line.Seq)
	}
	return line, nil
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
