package outbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"orac/appliance/provenclock"
	"orac/appliance/rt"
)

// asideDir is the folder, within that of a webhook, of events that were set aside.
const asideDir = "aside"

var errUnread = errors.New("it does not say yet what waits")

// ErrUnknown is the error for an ID that names no event of the box.
var ErrUnknown = errors.New("there is no such event")

// Aside is an event that was set aside: the webhook does not accept it, or its request cannot be
// made.
type Aside struct {
	ID    string          `json:"-"`
	Kind  string          `json:"-"`
	Seq   uint64          `json:"-"`
	Cause string          `json:"cause"`
	At    time.Time       `json:"aside"`
	Event json.RawMessage `json:"event,omitempty"` // missing if it could not be read
}

// SetAside removes an event from the queue and keeps it for people. If the disk refuses it, it is lost, and that is reported.
// SetAside tells whether the event is aside now: one that was dropped while it was on its way is not.
func (b *Box[E]) SetAside(t *rt.Task, i *Item, cause string) bool {
	if !slices.Contains(b.items, i) {
		return false
	}
	text := i.data
	if i.onDisk {
		text, _ = b.fs.ReadFile(t, b.dir+"/"+i.file(), maxEvent) // an unreadable one is kept without its event
	}
	a := Aside{Cause: cause, At: t.Wall()}
	if json.Valid(text) {
		a.Event = text
	}
	if err := b.writeAside(t, i, a); err != nil {
		b.release(t, i, cause+"; and it could not be set aside: "+err.Error())
		return false
	}
	b.release(t, i, "")
	return true
}

func (b *Box[E]) writeAside(t *rt.Task, i *Item, a Aside) error {
	text, err := json.Marshal(a)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if err := rt.WriteFile(t, b.fs, b.dir+"/"+asideDir, i.file(), text); err != nil {
		return err
	}
	return b.trimAsides(t, func(n int, _ *Item) bool { return n >= mostAside })
}

// asides are the files of what was set aside, oldest first.
func (b *Box[E]) asides(t *rt.Task) (items []*Item, err error) {
	files, err := b.fs.ReadDir(t, b.dir+"/"+asideDir, maxFiles)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, f := range files {
		if i, ok := b.form.itemOf(f); ok {
			items = append(items, i)
		}
	}
	if err == nil {
		b.aside = len(items)
	}
	return items, err
}

// trimAsides removes those for which due returns true; n counts from the newest.
func (b *Box[E]) trimAsides(t *rt.Task, due func(n int, i *Item) bool) error {
	items, err := b.asides(t)
	if err != nil {
		return err
	}
	for n, i := range slices.Backward(items) {
		if due(len(items)-1-n, i) {
			if err := b.removeAside(t, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Box[E]) removeAside(t *rt.Task, i *Item) error {
	if err := b.fs.Remove(t, b.dir+"/"+asideDir+"/"+i.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.aside = max(0, b.aside-1)
	return b.fs.SyncDir(t, b.dir+"/"+asideDir)
}

func (b *Box[E]) expireAsides(t *rt.Task, now, keep int64) error {
	if b.aside == 0 || b.unread {
		return nil
	}
	return b.trimAsides(t, func(_ int, i *Item) bool { return i.since != unknownAge && now-i.since >= keep })
}

// Asides are the events that were set aside, oldest first, without their contents.
func (b *Box[E]) Asides(t *rt.Task) (list []Aside, err error) {
	items, err := b.asides(t)
	for _, i := range items {
		a, _ := b.about(t, i)
		a.ID, a.Kind, a.Seq, a.Event = i.ID, i.Kind, i.Seq, nil
		list = append(list, a)
	}
	return list, err
}

func (b *Box[E]) about(t *rt.Task, i *Item) (a Aside, err error) {
	text, err := b.fs.ReadFile(t, b.dir+"/"+asideDir+"/"+i.file(), maxEvent)
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(text, &a)
}

// find returns the event that was set aside with an ID; ErrUnknown if there is none.
func (b *Box[E]) find(t *rt.Task, id string) (*Item, error) {
	items, err := b.asides(t)
	if err != nil {
		return nil, err
	}
	for _, i := range items {
		if i.ID == id {
			return i, nil
		}
	}
	return nil, ErrUnknown
}

func (b *Box[E]) dropAside(t *rt.Task, id string) error {
	i, err := b.find(t, id)
	if err != nil {
		return err
	}
	return b.removeAside(t, i)
}

// Again puts an event that was set aside at the end of the queue, with its old identity and a new number. It stays aside until
// the disk holds it among the waiting events. A kill in the middle leaves it in both places, and it is sent twice.
func (b *Box[E]) Again(t *rt.Task, id string, p provenclock.Point, known bool) error {
	i, err := b.find(t, id)
	if err != nil {
		return err
	}
	a, err := b.about(t, i)
	if err != nil {
		return err
	}
	e, err := b.decode(i, a.Event)
	if err != nil {
		return err
	}
	if b.unread || b.diskErr != nil {
		return fmt.Errorf("the disk refuses, and the event stays aside: %w", cmp.Or(b.diskErr, errUnread))
	}
	b.Add(t, e, p, known)
	if b.diskErr != nil { // it is sent from memory
		return fmt.Errorf("the disk refuses, and the event stays aside as well: %w", b.diskErr)
	}
	return b.removeAside(t, i)
}
