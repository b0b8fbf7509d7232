package outbox

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"orac/appliance/rt"
)

// Begin notes on the disk that the receiver is about to have an event. If the process ends before the event is Taken, set aside or
// taken back (Undo), the next process finds it as Begun: nobody knows whether the receiver has acted on it.
func (b *Box[E]) Begin(t *rt.Task, i *Item) error { return b.begun(t, i, true) }

// Undo takes a Begin back: the receiver has refused the event, or cannot have all of it.
func (b *Box[E]) Undo(t *rt.Task, i *Item) { b.keep(b.begun(t, i, false)) }

func (b *Box[E]) begun(t *rt.Task, i *Item, begun bool) error {
	if i.Begun == begun {
		return nil
	}
	was := i.file()
	i.Begun = begun
	if !i.onDisk { // the end of the process loses it anyway
		return nil
	}
	err := b.fs.Rename(t, b.dir+"/"+was, b.dir+"/"+i.file())
	if err != nil {
		i.Begun = !begun
		return err
	}
	return b.fs.SyncDir(t, b.dir)
}

// recall is remove for a form that remembers: an empty file with the name of the event stays until enough others have left after it.
// What the event says does not stay.
func (b *Box[E]) recall(t *rt.Task, file string) error {
	past := strings.TrimSuffix(file, ".json") + leftMark
	if !slices.Contains(b.past, past) { // an earlier try may have made it
		f, err := b.fs.Create(t, b.dir+"/"+past)
		if err == nil {
			err = f.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		b.past = append(b.past, past)
	}
	if err := b.fs.Remove(t, b.dir+"/"+file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for len(b.past) > b.form.Remember {
		if err := b.fs.Remove(t, b.dir+"/"+b.past[0]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		b.past = b.past[1:]
	}
	return b.fs.SyncDir(t, b.dir)
}

// leftMark ends the name of the file of an event that has left.
const leftMark = ".done"

// isPast tells whether the file with that number, which comes next in the folder, is of an event that has left: a kill has left it.
// The mark of the event came before it.
func (b *Box[E]) isPast(seq uint64) bool {
	if len(b.past) == 0 {
		return false
	}
	last, _, _ := numbered(b.past[len(b.past)-1])
	return last == seq
}

// Holds tells whether an event of that ID waits, was set aside, or has left lately. A person who drops an event makes it unknown
// only if it was aside.
func (b *Box[E]) Holds(t *rt.Task, id string) bool {
	for _, i := range b.items {
		if i.ID == id {
			return true
		}
	}
	for _, e := range b.early {
		if _, other, _ := b.form.Encode(e.e, 0); other == id {
			return true
		}
	}
	for _, name := range b.past {
		_, rest, _ := numbered(name)
		_, rest, _ = strings.Cut(rest, ".") // the kind
		if rest == id || strings.HasPrefix(rest, id+".") {
			return true
		}
	}
	if b.aside == 0 {
		return false
	}
	_, err := b.find(t, id)
	return err == nil
}
