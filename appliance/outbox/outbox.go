// Package outbox keeps events until a receiver has accepted them: a webhook, or a Core. What they are is said by a Form.
//
// It guarantees, on any file system that keeps what it has synced:
//
//   - An event that was added survives a kill or a power loss until it was taken, dropped or set aside.
//   - Events are handed out in the order in which they were added. Their sequence numbers grow by one, also across restarts.
//   - Each event is handed out at least once. An accepted event is handed out again only if the process ended before that was
//     on disk.
//   - While the disk refuses writes, events wait in memory up to a bound, and move to the disk when it accepts them again.
//   - An event for which there is no room, or that is too old, is dropped, the oldest first, and every drop is reported.
//
// On disk each receiver has a folder, and each event a file in it:
//
//	hooks/NAME/0000000000000007.wake.ID.3600.json   it waits since the state directory was 3600 s old (package provenclock)
//	forwards/NAME/0000000000000007.text.ID.3600.begun.json   the receiver may have it: see Begin
//	hooks/NAME/0000000000000006.done                the highest number that has left
//	forwards/NAME/0000000000000006.text.ID.3600.done  empty: of a form that remembers which have left
//	hooks/NAME/aside/0000000000000005.wake.ID.3600.json   it was set aside, and why
//	hooks/NAME/keep                                 for how many seconds an event waits: the runbook may not say so any more
//
// A Box is used by one task.
package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"orac/appliance/provenclock"
	"orac/appliance/rt"
)

const (
	// most is how many events may wait, and mostAside how many are kept aside.
	most      = 10_000
	mostAside = 100
	// maxMemory bounds what waits in memory while the disk refuses, in bytes.
	maxMemory = 1 << 20
	// maxEvent is more than the file of any event.
	maxEvent = 1 << 20
	// maxFiles bounds what is looked at.
	maxFiles = 2 * most
	// maxReads is how often the folder is read before a new count begins next to it.
	maxReads = 5
	// beyond is where that count begins: above every earlier number, below the limit of what JSON
	// keeps exactly.
	beyond = 1 << 40
	// highest bounds the numbers that are read: JSON keeps numbers below it exactly, and no box comes near it. A file with a
	// higher number is not one of ours.
	highest = 1 << 53
)

// Limits bound what a box may hold.
type Limits struct {
	Bytes    int64         // of events on disk
	KeepFree int64         // bytes that stay free on the file system
	Keep     time.Duration // how long an event waits, or is kept aside
}

// unknownAge marks an event that was added while the age of the state directory was not known.
const unknownAge = -1

// Item is an event that waits.
type Item struct {
	Seq  uint64
	Kind string
	ID   string

	since  int64  // age of the state directory when it was added or first seen, in seconds, or unknownAge
	named  int64  // the same, in the name of its file
	size   int64  // of its JSON
	data   []byte // its JSON, while the disk refuses it
	onDisk bool

	// Begun: the receiver may have it, because the process ended while it was being sent.
	Begun bool
}

// Report is something that happened to an event and that should be reported.
type Report struct {
	ID    string
	Kind  string
	Cause string // why it was dropped
}

// Box holds the events that a webhook has not accepted yet.
type Box[E any] struct {
	form    Form[E]
	fs      rt.FS
	dir     string
	limits  Limits
	items   []*Item // in order of Seq
	next    uint64
	past    []string // files of what has left, oldest first, of a form that remembers
	marked  uint64   // the number of the .done file; 0: there is none
	noted   int64    // seconds in the file keep; 0: none
	unread  bool     // what is on disk is not known yet
	reads   int
	early   []early[E] // what was added before that was known
	remains []string
	diskErr error
	reports []Report
	dropped int
	aside   int
}

type early[E any] struct {
	e     E
	since int64
}

// Open reads the folder of a webhook. If the disk does not return it, Retry asks again.
func Open[E any](t *rt.Task, fsys rt.FS, form Form[E], name string, limits Limits) *Box[E] {
	b := &Box[E]{form: form, fs: fsys, dir: form.Dir + "/" + name, limits: limits, next: 1, unread: true}
	b.diskErr = b.read(t)
	return b
}

// Limit changes what the box may hold, from now on.
func (b *Box[E]) Limit(l Limits) { b.limits = l }

// Add adds an event at the end, and returns its sequence number. p is how old the state directory is; known tells whether that
// is known.
func (b *Box[E]) Add(t *rt.Task, e E, p provenclock.Point, known bool) {
	at := int64(unknownAge)
	if known {
		at = seconds(p.Born)
	}
	if b.unread {
		if b.early = append(b.early, early[E]{e, at}); len(b.early) > most {
			kind, id, _ := b.form.Encode(b.early[0].e, 0)
			b.drop(id, kind, "the disk cannot be read, and too many events came since")
			b.early = b.early[1:]
		}
		return
	}
	b.add(t, e, at)
}

// seconds is the number to note for an age, rounded up: a thing is never taken to be older than it is.
func seconds(age time.Duration) int64 { return int64((age + time.Second - 1) / time.Second) }

func (b *Box[E]) add(t *rt.Task, e E, since int64) {
	kind, id, text := b.form.Encode(e, b.next)
	i := &Item{Seq: b.next, Kind: kind, ID: id, since: since, named: since, size: int64(len(text)), data: text}
	b.next++
	b.items = append(b.items, i)
	b.fit(func(i *Item) bool { return i.onDisk }, b.limits.Bytes-i.size, t, b.form.Of+"'s queue is full")
	for len(b.items) > most {
		b.release(t, b.items[0], "too many events wait for "+b.form.Of)
	}
	if b.diskErr == nil {
		b.keep(b.note(t))
		b.keep(b.store(t, i))
	}
	b.fit(func(i *Item) bool { return !i.onDisk }, maxMemory, t, "the disk refuses writes, and memory is full")
}

// keep notes why the disk refuses.
func (b *Box[E]) keep(err error) {
	if err != nil {
		b.diskErr = err
	}
}

// fit drops the oldest of some events until the rest need at most that many bytes.
func (b *Box[E]) fit(which func(*Item) bool, bytes int64, t *rt.Task, why string) {
	total := int64(0)
	for _, i := range b.items {
		if which(i) {
			total += i.size
		}
	}
	for _, i := range slices.Clone(b.items) {
		if total <= bytes {
			return
		}
		if which(i) {
			total -= i.size
			b.release(t, i, why)
		}
	}
}

// store writes an event to the disk.
func (b *Box[E]) store(t *rt.Task, i *Item) error {
	free, err := b.fs.Free(t)
	if err != nil {
		return err
	}
	if free-i.size < b.limits.KeepFree {
		return fmt.Errorf("%d KiB are free, and disk.keep_free asks for %d KiB; make room", free>>10, b.limits.KeepFree>>10)
	}
	if err := rt.WriteFile(t, b.fs, b.dir, i.file(), i.data); err != nil {
		return err
	}
	i.onDisk, i.data = true, nil
	return nil
}

// Next is the oldest event whose number is above the given one; nil if none waits.
func (b *Box[E]) Next(above uint64) *Item {
	for _, i := range b.items {
		if i.Seq > above {
			return i
		}
	}
	return nil
}

// Load reads an event. An error that is not rt.Transient means that it can never be read.
func (b *Box[E]) Load(t *rt.Task, i *Item) (e E, err error) {
	text := i.data
	if i.onDisk {
		if text, err = b.fs.ReadFile(t, b.dir+"/"+i.file(), maxEvent); err != nil {
			return e, err
		}
	}
	return b.decode(i, text)
}

// errAnother means that somebody has changed the name or the text of a file.
var errAnother = errors.New("what the file says is not the event of its name")

// decode reads the text of an event, which must be the event in the file's name.
func (b *Box[E]) decode(i *Item, text []byte) (e E, err error) {
	e, id, seq, err := b.form.Decode(i.Kind, text)
	if err == nil && (id != i.ID || seq != i.Seq) {
		err = errAnother
	}
	return e, err
}

// Taken removes an event that the webhook has accepted.
func (b *Box[E]) Taken(t *rt.Task, i *Item) { b.release(t, i, "") }

// Expire drops what is older than Limits.Keep. p is how old the state directory is.
func (b *Box[E]) Expire(t *rt.Task, p provenclock.Point) {
	now, born, keep := int64(p.Age/time.Second), seconds(p.Born), int64(b.limits.Keep/time.Second)
	for _, i := range slices.Clone(b.items) {
		if i.since == unknownAge || i.since > born { // first seen now, or the timeline went back
			i.since = born
		}
		if now-i.since >= keep {
			b.release(t, i, "it waited longer than "+b.form.Of+"'s keep")
		}
	}
	b.keep(b.expireAsides(t, now, keep))
}

// Drop removes an event that waits or was set aside, because a person asked for it.
func (b *Box[E]) Drop(t *rt.Task, id string) error {
	for _, i := range b.items {
		if i.ID == id {
			b.release(t, i, "a person dropped it")
			return nil
		}
	}
	return b.dropAside(t, id)
}

// release removes an event from the queue; why is empty if it was accepted or set aside. An event that was already removed while
// it was on its way stays removed.
func (b *Box[E]) release(t *rt.Task, i *Item, why string) {
	at := slices.Index(b.items, i)
	if at < 0 {
		return
	}
	b.items = slices.Delete(b.items, at, at+1)
	if why != "" {
		b.drop(i.ID, i.Kind, why)
	}
	if !i.onDisk {
		return // the next event that the disk accepts stores its number
	}
	if err := b.remove(t, i.file()); err != nil {
		b.remains = append(b.remains, i.file())
		b.diskErr = err
	}
}

func (b *Box[E]) drop(id, kind, why string) {
	b.dropped++
	b.reports = append(b.reports, Report{ID: id, Kind: kind, Cause: why})
}

// remove deletes the file of an event so that its number is not used again.
func (b *Box[E]) remove(t *rt.Task, file string) error {
	if b.form.Remember > 0 {
		return b.recall(t, file)
	}
	seq, _, _ := numbered(file)
	if seq < b.marked {
		if err := b.fs.Remove(t, b.dir+"/"+file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return b.fs.SyncDir(t, b.dir)
	}
	if err := b.fs.Rename(t, b.dir+"/"+file, b.dir+"/"+done(seq)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	before := b.marked
	b.marked = seq
	if before > 0 {
		if err := b.fs.Remove(t, b.dir+"/"+done(before)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return b.fs.SyncDir(t, b.dir)
}

// Retry retries a disk that has refused. The caller decides when.
func (b *Box[E]) Retry(t *rt.Task) {
	b.diskErr = b.retry(t)
}

func (b *Box[E]) retry(t *rt.Task) error {
	if b.unread {
		if err := b.read(t); err != nil {
			return err
		}
	}
	for len(b.remains) > 0 {
		if err := b.remove(t, b.remains[0]); err != nil {
			return err
		}
		b.remains = b.remains[1:]
	}
	for _, i := range b.items {
		if !i.onDisk {
			if err := b.store(t, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// Whose is whose box it is: "the webhook". Receiver is the same in one word.
func (b *Box[E]) Whose() string    { return b.form.Of }
func (b *Box[E]) Receiver() string { return strings.TrimPrefix(b.form.Of, "the ") }

// Reports returns, once each, what has happened since it was last called.
func (b *Box[E]) Reports() []Report {
	r := b.reports
	b.reports = nil
	return r
}

// DiskErr is why the disk refuses events; nil while it accepts them.
func (b *Box[E]) DiskErr() error { return b.diskErr }

// Stats is how full a box is.
type Stats struct {
	Waiting int   // events
	Bytes   int64 // of them
	Dropped int   // since the start
	Aside   int   // events that were set aside
}

// Stats returns the state of the box.
func (b *Box[E]) Stats() Stats {
	s := Stats{Waiting: len(b.items) + len(b.early), Dropped: b.dropped, Aside: b.aside}
	for _, i := range b.items {
		s.Bytes += i.size
	}
	return s
}

// Items are the events that wait, in order. The caller must not change them.
func (b *Box[E]) Items() []*Item { return b.items }
