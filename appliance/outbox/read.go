package outbox

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"orac/appliance/rt"
	"orac/appliance/utterance"
)

// file is the name of an event's file.
func (i *Item) file() string {
	begun := ""
	if i.Begun {
		begun = begunMark
	}
	return fmt.Sprintf("%016d.%s.%s.%d%s.json", i.Seq, i.Kind, i.ID, i.named, begun)
}

// begunMark stands in the name of a file whose event the receiver may have.
const begunMark = ".begun"

func done(seq uint64) string { return fmt.Sprintf("%016d.done", seq) }

// numbered reads the number that a name begins with.
func numbered(name string) (seq uint64, rest string, ok bool) {
	number, rest, _ := strings.Cut(name, ".")
	seq, err := strconv.ParseUint(number, 10, 64)
	return seq, rest, err == nil && len(number) == 16 && seq > 0 && seq < highest
}

// itemOf reads the name of an event's file. A folder is not an event.
func (f Form[E]) itemOf(file rt.FileInfo) (*Item, bool) {
	seq, rest, ok := numbered(file.Name)
	rest, json := strings.CutSuffix(rest, ".json")
	rest, begun := strings.CutSuffix(rest, begunMark)
	kind, rest, _ := strings.Cut(rest, ".")
	id, since, _ := cutLast(rest, ".")
	age, err := strconv.ParseInt(since, 10, 64)
	if !ok || file.Dir || !json || !f.Known(kind) || err != nil || age < unknownAge || !utterance.IsID(id) {
		return nil, false
	}
	return &Item{Seq: seq, Kind: kind, ID: id, since: age, named: age, size: file.Size, onDisk: true, Begun: begun}, true
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// read reads what is on disk, and adds what came before that was known.
func (b *Box[E]) read(t *rt.Task) error {
	items, err := b.list(t)
	if b.reads++; err != nil && b.reads < maxReads {
		return err
	}
	b.unread = false
	if err != nil { // new events are counted above all that may be there
		b.next = beyond
	}
	b.items = append(b.items, items...)
	early := b.early
	b.early = nil
	for _, e := range early {
		if b.form.Remember > 0 { // it may have come before the last start, and be on the disk already
			if _, id, _ := b.form.Encode(e.e, 0); b.Holds(t, id) {
				continue
			}
		}
		b.add(t, e.e, e.since)
	}
	return err
}

func (b *Box[E]) list(t *rt.Task) (items []*Item, err error) {
	for _, dir := range []string{b.form.Dir, b.dir, b.dir + "/" + asideDir} {
		if err := b.fs.MkdirAll(t, dir); err != nil {
			return nil, err
		}
	}
	files, err := b.fs.ReadDir(t, b.dir, maxFiles)
	if err != nil {
		return nil, err
	}
	asides, err := b.fs.ReadDir(t, b.dir+"/"+asideDir, maxFiles)
	if err != nil {
		return nil, err
	}
	b.aside = len(asides)
	for _, f := range files {
		seq, rest, ok := numbered(f.Name)
		if f.Dir || !ok {
			if strings.HasSuffix(f.Name, rt.TempSuffix) {
				b.clear(t, f.Name)
			}
			if f.Name == keepFile && !f.Dir {
				b.noted = b.readKeep(t)
			}
			continue // it is not ours
		}
		b.next = max(b.next, seq+1)
		i, is := b.form.itemOf(f)
		switch {
		case b.form.Remember > 0 && strings.HasSuffix(rest, leftMark):
			b.past = append(b.past, f.Name) // files come in the order of their numbers
		case rest == "done" && seq > b.marked:
			if b.marked > 0 {
				b.clear(t, done(b.marked))
			}
			b.marked = seq
		case rest == "done", !is: // an older mark, or the rest of a write that a kill interrupted
			b.clear(t, f.Name)
		case slices.ContainsFunc(asides, func(a rt.FileInfo) bool { return a.Name == f.Name }): // a kill has left it in both places
			b.remains = append(b.remains, f.Name)
		case b.isPast(seq): // its mark comes before it
			b.remains = append(b.remains, f.Name)
		default:
			items = append(items, i)
		}
	}
	for _, a := range asides {
		if seq, _, ok := numbered(a.Name); ok {
			b.next = max(b.next, seq+1)
		}
	}
	return items, nil
}

// clear removes files that are no longer needed; one that stays is removed at the next start.
func (b *Box[E]) clear(t *rt.Task, name string) {
	if err := b.fs.Remove(t, b.dir+"/"+name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.diskErr = err
	}
}
