// Package trace writes, reads and compares traces: what happened in a run, record by record.
//
// A trace is text with one record per line, after a header line:
//
//	orac trace 1
//	3600.08 ring.usb push 5 -1
//
// A record is the instant in seconds since the start (exact, without trailing zeros), the task, what it did, and numbers. A
// task or a word that contains spaces or unprintable characters is quoted as in Go. So line-based tools work on traces, and
// the same records produce the same bytes.
//
// It guarantees that reading returns only what a Writer wrote, or else an error that names the line; that reading needs
// memory for one line at a time; and that nothing in a trace can control a terminal.
package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"orac/appliance/rt"
)

// header is the first line of a trace.
const header = "orac trace 1"

// Limits of one record, for writing and for reading.
const (
	MaxArgs = 4096
	MaxWord = 4096 // bytes of a task's name, and of what it did
	maxLine = 2*4*MaxWord + MaxArgs*21 + 64
)

// Writer writes a trace.
type Writer struct {
	w    *bufio.Writer
	line []byte
	err  error
}

// NewWriter returns a Writer of a trace to w. Close it, or the last records are missing.
func NewWriter(w io.Writer) *Writer {
	t := &Writer{w: bufio.NewWriterSize(w, 64<<10)}
	_, t.err = t.w.WriteString(header + "\n")
	return t
}

// Record writes a record. The first error is kept for Close: a driver cannot stop for it.
func (t *Writer) Record(r rt.Record) {
	if t.err != nil {
		return
	}
	switch {
	case r.At < 0:
		t.err = fmt.Errorf("trace: a record of %s is before the start: %d ns", r.Task, r.At)
	case len(r.Args) > MaxArgs || len(r.Task) > MaxWord || len(r.What) > MaxWord:
		t.err = fmt.Errorf("trace: a record at %s is too long: %d numbers, at most %d; names of %d and %d bytes, at most %d", r.At, len(r.Args), MaxArgs, len(r.Task), len(r.What), MaxWord)
	}
	if t.err != nil {
		return
	}
	t.line = append(appendRecord(t.line[:0], r), '\n')
	_, t.err = t.w.Write(t.line)
}

// Close writes what is left, and returns the first error. It does not close the underlying writer.
func (t *Writer) Close() error {
	if t.err == nil {
		t.err = t.w.Flush()
	}
	return t.err
}

// Line returns a record as a line of a trace, without the newline.
func Line(r rt.Record) string { return string(appendRecord(nil, r)) }

func appendRecord(b []byte, r rt.Record) []byte {
	b = appendInstant(b, r.At)
	b = appendWord(append(b, ' '), r.Task)
	b = appendWord(append(b, ' '), r.What)
	for _, a := range r.Args {
		b = strconv.AppendInt(append(b, ' '), a, 10)
	}
	return b
}

// appendInstant writes nanoseconds as seconds, with all significant digits.
func appendInstant(b []byte, at rt.Instant) []byte {
	b = strconv.AppendInt(b, int64(at)/1e9, 10)
	rest := int64(at) % 1e9
	if rest == 0 {
		return b
	}
	digits := strconv.FormatInt(1e9+rest, 10)[1:]
	return append(append(b, '.'), strings.TrimRight(digits, "0")...)
}

func appendWord(b []byte, word string) []byte {
	if plain(word) {
		return append(b, word...)
	}
	return strconv.AppendQuote(b, word)
}

// plain tells whether a word needs no quotes.
func plain(word string) bool {
	if word == "" || word[0] == '"' || !utf8.ValidString(word) {
		return false
	}
	for _, r := range word {
		if !unicode.IsPrint(r) || r == ' ' || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// Reader reads a trace, one record at a time.
type Reader struct {
	s    *bufio.Scanner
	line int
}

// NewReader reads a trace, compressed by gzip or not.
func NewReader(r io.Reader) (*Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	r = b
	if magic, err := b.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("no trace: %w", err)
		}
		r = z
	}
	t := &Reader{s: bufio.NewScanner(r)}
	t.s.Buffer(make([]byte, 0, 64<<10), maxLine)
	t.s.Split(lines)
	if !t.s.Scan() || t.s.Text() != header {
		if err := t.s.Err(); err != nil {
			return nil, fmt.Errorf("no trace: %w", err)
		}
		return nil, fmt.Errorf("no trace: it does not begin with %q; make one with orac sim --trace", header)
	}
	t.line = 1
	return t, nil
}

// lines splits at newlines only; a last line without a newline is cut short, which is an error in itself.
func lines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errors.New("its last line is cut short")
	}
	return 0, nil, nil
}

// Next returns the next record, or io.EOF after the last one.
func (t *Reader) Next() (rt.Record, error) {
	if !t.s.Scan() {
		switch err := t.s.Err(); {
		case err == nil:
			return rt.Record{}, io.EOF
		case errors.Is(err, bufio.ErrTooLong):
			return rt.Record{}, fmt.Errorf("trace, line %d: longer than any record", t.line+1)
		default:
			return rt.Record{}, fmt.Errorf("trace, after line %d: %w", t.line, err)
		}
	}
	t.line++
	r, err := Parse(t.s.Text())
	if err != nil {
		return rt.Record{}, fmt.Errorf("trace, line %d: %w", t.line, err)
	}
	return r, nil
}

// Parse reads one line. It accepts only what Line writes, so that lines and records correspond one to one.
func Parse(line string) (rt.Record, error) {
	var r rt.Record
	if len(line) > maxLine {
		return r, errors.New("longer than any record")
	}
	at, rest, ok := strings.Cut(line, " ")
	if !ok {
		return r, errors.New("no record: it is TIME TASK WHAT NUMBER…")
	}
	var err error
	if r.At, err = parseInstant(at); err != nil {
		return r, err
	}
	if r.Task, rest, err = cutWord(rest); err != nil {
		return r, err
	}
	if !strings.HasPrefix(rest, " ") {
		return r, errors.New("no record: it says not what was done")
	}
	if r.What, rest, err = cutWord(rest[1:]); err != nil {
		return r, err
	}
	for rest != "" {
		var number string
		if rest[0] != ' ' {
			return r, fmt.Errorf("no space before %.20q", rest)
		}
		number, rest, ok = strings.Cut(rest[1:], " ")
		if ok {
			rest = " " + rest
		}
		if len(r.Args) == MaxArgs {
			return r, fmt.Errorf("more than %d numbers", MaxArgs)
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return r, fmt.Errorf("no number: %.30q", number)
		}
		r.Args = append(r.Args, n)
	}
	if Line(r) != line { // zeros, signs and quotes that Line does not write
		return r, errors.New("not written as a trace writes it")
	}
	return r, nil
}

func parseInstant(text string) (rt.Instant, error) {
	whole, part, _ := strings.Cut(text, ".")
	s, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || s < 0 || s > int64(rt.Never)/1e9 || len(part) > 9 {
		return 0, fmt.Errorf("no instant: %.30q", text)
	}
	ns, err := strconv.ParseInt((part + "000000000")[:9], 10, 64)
	if err != nil || ns < 0 || s == int64(rt.Never)/1e9 && ns > int64(rt.Never)%1e9 {
		return 0, fmt.Errorf("no instant: %.30q", text)
	}
	return rt.Instant(s*1e9 + ns), nil
}

// cutWord removes the first word from a text and returns both.
func cutWord(text string) (word, rest string, err error) {
	if strings.HasPrefix(text, `"`) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", fmt.Errorf("a quote that does not end: %.30q", text)
		}
		if word, err = strconv.Unquote(quoted); err != nil {
			return "", "", fmt.Errorf("no quoted word: %.30q", quoted)
		}
		rest = text[len(quoted):]
	} else if i := strings.IndexByte(text, ' '); i >= 0 {
		word, rest = text[:i], text[i:]
	} else {
		word = text
	}
	if len(word) > MaxWord {
		return "", "", fmt.Errorf("a name of %d bytes; at most %d", len(word), MaxWord)
	}
	return word, rest, nil
}
