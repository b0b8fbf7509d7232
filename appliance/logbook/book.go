// Package logbook is the log of the daemon: a slog.Handler that keeps lines in memory. Any number of readers follow them, and
// separate tasks write them to files and terminals.
//
// Guarantees:
//
//   - Logging never waits for a disk, a terminal or a reader, and never fails: a line is put into memory, and readers take it
//     from there. Lines that a sink could not write, or came too late for, are counted.
//   - Memory is bounded: by default it holds the newest 2000 lines up to 4 MiB and, separately, the newest 1000 requests of the
//     web server up to 1 MiB, so that requests push out nothing else. Lines are packed together, so that kept lines do not hold
//     on to other memory.
//   - Lines of all kinds are numbered from 1 without gaps, so that a reader knows how many it has missed.
//   - A value that redacts itself (language.Secret, by LogValue, Format or MarshalText) stays redacted wherever it is in an
//     attribute: attributes are only read through these methods.
//   - A line is one line without control characters, whatever was logged.
package logbook

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"orac/appliance/status"
)

// Options of a book. The zero value works.
type Options struct {
	Level slog.Leveler // the least severe level that is kept; nil: slog.LevelInfo. A *slog.LevelVar may change at any time
	Lines int          // kept at most; 0: 2000
	Bytes int          // approximate limit of all kept lines; 0: 4 MiB
}

// Book keeps the newest lines. Its methods may be called from anywhere.
type Book struct {
	level slog.Leveler

	mu       sync.Mutex // guards everything that follows
	ordinary ring
	requests ring   // lines of LevelRequest
	last     uint64 // number of the newest line; 0: none yet
	room     []byte // what is left of the newest piece of memory
	changed  chan struct{}
}

// LevelRequest is the level of a line about one request of the web server. There may be many of them, so they have their own
// room, and orac logs shows them only on request.
const LevelRequest = slog.LevelInfo + 1

// Request is the LogLine.Level of such a line.
const Request = "REQUEST"

func levelName(l slog.Level) string {
	if l == LevelRequest {
		return Request
	}
	return l.String()
}

// piece is how much memory is allocated at once. It is freed when the last of its lines is gone.
const piece = 32 << 10

// pack copies a line behind the previous one. The caller holds the lock.
func (b *Book) pack(text []byte) []byte {
	if len(text) > len(b.room) {
		b.room = make([]byte, max(piece, len(text)))
	}
	n := copy(b.room, text)
	packed := b.room[:n:n]
	b.room = b.room[n:]
	return packed
}

// line decodes a line. Its numbers are of type json.Number, as they were written.
func (e entry) line() (l status.LogLine) {
	d := json.NewDecoder(bytes.NewReader(e.text))
	d.UseNumber()
	if err := d.Decode(&l); err != nil {
		panic("BUG: a line of the log is no JSON any more: " + err.Error())
	}
	l.Seq = e.seq
	return l
}

// New makes an empty book.
func New(o Options) *Book {
	b := &Book{level: o.Level}
	if b.level == nil {
		b.level = slog.LevelInfo
	}
	if o.Lines <= 0 {
		o.Lines = 2000
	}
	if o.Bytes <= 0 {
		o.Bytes = 4 << 20
	}
	b.ordinary = ring{lines: o.Lines, bytes: o.Bytes}
	b.requests = ring{lines: max(1, o.Lines/2), bytes: max(1, o.Bytes/4)}
	return b
}

// Logger returns a logger that writes into the book.
func (b *Book) Logger() *slog.Logger { return slog.New(&handler{book: b}) }

// add numbers a line, keeps a copy of its text, and wakes waiting readers.
func (b *Book) add(level slog.Level, text []byte, size int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	r := &b.ordinary
	if level == LevelRequest {
		r = &b.requests
	}
	r.add(entry{b.last, b.pack(text), size})
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// Since returns at most limit lines that follow the line with the number after, oldest first, and how many lines were missed
// because they are already gone. To continue, pass the number of the last line returned, or after again if there was none. A
// number above every existing one comes from an earlier process: every line follows it.
func (b *Book) Since(after uint64, limit int) (lines []status.LogLine, missed uint64) {
	kept, missed := b.since(after, limit)
	lines = make([]status.LogLine, 0, len(kept))
	for _, e := range kept {
		lines = append(lines, e.line())
	}
	return lines, missed
}

// since returns the lines of Since. Lines up to the last one returned that neither ring holds are gone.
func (b *Book) since(after uint64, limit int) (kept []entry, missed uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if after > b.last {
		after = 0 // a number of an earlier process: all lines of this one are new
	}
	i, j := b.ordinary.after(after), b.requests.after(after)
	left := b.ordinary.n - i + b.requests.n - j
	kept = make([]entry, 0, min(left, max(0, limit)))
	for len(kept) < cap(kept) {
		if j == b.requests.n || i < b.ordinary.n && b.ordinary.at(i).seq < b.requests.at(j).seq {
			kept = append(kept, b.ordinary.at(i))
			i++
		} else {
			kept = append(kept, b.requests.at(j))
			j++
		}
	}
	until := after
	switch {
	case len(kept) > 0:
		until = kept[len(kept)-1].seq
	case left == 0 || limit <= 0:
		until = b.oldest(after) - 1
	}
	return kept, until - after - uint64(len(kept))
}

// oldest returns the number of the oldest kept line above after, or the one after the last line if there is none. The caller
// holds the lock.
func (b *Book) oldest(after uint64) uint64 {
	first := b.last + 1
	for _, r := range []*ring{&b.ordinary, &b.requests} {
		if i := r.after(after); i < r.n {
			first = min(first, r.at(i).seq)
		}
	}
	return first
}

// Last returns the number of the newest line; 0 if there is none.
func (b *Book) Last() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// Wait waits until Since has a line after that number. It returns the context's error when the context ends first.
func (b *Book) Wait(ctx context.Context, after uint64) error {
	for {
		b.mu.Lock()
		if b.last > after || 0 < b.last && b.last < after {
			b.mu.Unlock()
			return nil
		}
		if b.changed == nil {
			b.changed = make(chan struct{})
		}
		changed := b.changed
		b.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
