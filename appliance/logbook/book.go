// Package logbook is the log of the daemon: a slog.Handler whose lines are kept in memory, followed by any number of readers,
// and written to files and terminals by tasks of their own.
//
// Guarantees:
//
//   - Logging never waits for a disk, a terminal or a reader, and never fails: a line is put into memory, and whoever wants it
//     takes it from there. Lines that a sink could not write, or came too late for, are counted.
//   - Memory is bounded: by default the newest 2000 lines and 4 MiB. They lie close together, so that lines which stay keep nothing
//     else from being given back.
//   - Lines are numbered from 1 without gaps, so that a reader knows what it has missed.
//   - A value that redacts itself (runbook.Secret, by LogValue, Format or MarshalText) stays redacted, wherever it stands in an
//     attribute: nothing of an attribute is read but by these roads.
//   - A line is one line, and holds no control characters, whatever was logged.
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
	Level slog.Leveler // the least severe lines that are taken; nil: slog.LevelInfo. A *slog.LevelVar may change meanwhile
	Lines int          // kept at most; 0: 2000
	Bytes int          // of kept lines, roughly, at most; 0: 4 MiB
}

// Book keeps the newest lines. Its methods may be called from anywhere.
type Book struct {
	level        slog.Leveler
	lines, bytes int

	mu      sync.Mutex // guards everything that follows
	kept    []entry    // a ring
	head, n int
	size    int    // of kept lines
	last    uint64 // number of the newest line; 0: there is none yet
	room    []byte // what is left of the newest piece of memory
	changed chan struct{}
}

// entry is a line and what it counts of Options.Bytes.
type entry struct {
	text []byte // as JSON, without its number; a part of a piece that it shares with its neighbours
	size int
}

// piece is how much memory is taken at once. It is free again when the last of its lines is gone.
const piece = 32 << 10

// pack puts a line behind the last one. The caller holds the lock.
func (b *Book) pack(text []byte) []byte {
	if len(text) > len(b.room) {
		b.room = make([]byte, max(piece, len(text)))
	}
	n := copy(b.room, text)
	packed := b.room[:n:n]
	b.room = b.room[n:]
	return packed
}

// line gives a line back. Its numbers are of type json.Number: as they were written.
func (e entry) line(seq uint64) (l status.LogLine) {
	d := json.NewDecoder(bytes.NewReader(e.text))
	d.UseNumber()
	if err := d.Decode(&l); err != nil {
		panic("BUG: a line of the log is no JSON any more: " + err.Error())
	}
	l.Seq = seq
	return l
}

// New makes an empty book.
func New(o Options) *Book {
	b := &Book{level: o.Level, lines: o.Lines, bytes: o.Bytes}
	if b.level == nil {
		b.level = slog.LevelInfo
	}
	if b.lines <= 0 {
		b.lines = 2000
	}
	if b.bytes <= 0 {
		b.bytes = 4 << 20
	}
	return b
}

// Logger is a logger that writes into the book.
func (b *Book) Logger() *slog.Logger { return slog.New(&handler{book: b}) }

// add numbers a line, keeps a copy of its text, and wakes whoever waits.
func (b *Book) add(text []byte, size int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	e := entry{b.pack(text), size}
	for b.n > 0 && (b.n == b.lines || b.size+e.size > b.bytes) {
		b.size -= b.kept[b.head].size
		b.kept[b.head] = entry{}
		b.head = (b.head + 1) % len(b.kept)
		b.n--
	}
	if b.n == len(b.kept) {
		b.grow()
	}
	b.kept[(b.head+b.n)%len(b.kept)] = e
	b.n++
	b.size += e.size
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// grow makes room for more lines than there ever were, up to Options.Lines. The caller holds the lock.
func (b *Book) grow() {
	more := make([]entry, min(b.lines, max(64, 2*len(b.kept))))
	for i := range b.n {
		more[i] = b.kept[(b.head+i)%len(b.kept)]
	}
	b.kept, b.head = more, 0
}

// Since gives at most limit lines that follow the line number after, oldest first, and the number of those that are gone
// already. The number to go on with is that of the last line given, or after itself if there was none. A number that is higher
// than any is one of an earlier process, and everything follows it.
func (b *Book) Since(after uint64, limit int) (lines []status.LogLine, missed uint64) {
	kept, first, missed := b.since(after, limit)
	lines = make([]status.LogLine, 0, len(kept))
	for i, e := range kept {
		lines = append(lines, e.line(first+uint64(i)))
	}
	return lines, missed
}

// since gives the lines that Since gives, and the number of the first.
func (b *Book) since(after uint64, limit int) (kept []entry, first, missed uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if after > b.last {
		after = 0 // a number of an earlier process: all lines of this one are new
	}
	oldest := b.last - uint64(b.n) // number of the line before the first kept
	if after < oldest {
		missed, after = oldest-after, oldest
	}
	count := min(int(b.last-after), max(0, limit))
	kept = make([]entry, 0, count)
	for i := range count {
		kept = append(kept, b.kept[(b.head+int(after-oldest)+i)%len(b.kept)])
	}
	return kept, after + 1, missed
}

// Last is the number of the newest line; 0 if there is none.
func (b *Book) Last() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// Wait waits until Since has a line after that number; the context's error when that is done first.
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
