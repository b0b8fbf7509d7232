package incident

import (
	"errors"
	"slices"
	"time"

	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// Book is where records are kept. Writing a record twice does no harm.
type Book interface {
	SaveIncident(status.Incident) error
	AddRestart(record.Restart) error
}

// Keeper writes records into the book. It holds what the book refuses, the newest state of each incident, and tries again.
type Keeper struct {
	Book Book
	In   *rt.Mailbox[Record]
	// First is called before any record is written, until the book accepts it: it ends the incidents of the process before, and
	// must not end those of this one. Nil: nothing is called.
	First func() error
	// Trouble is called when the book begins to refuse, and with nil when it accepts records again. It may be
	// nil.
	Trouble func(t *rt.Task, err error)

	unsaved []Record
	refused bool
}

// maxUnsaved bounds what waits for the disk to what the log itself remembers.
const maxUnsaved = 2 * Kept

// retryEvery is how often to retry a book that refuses.
const retryEvery = 10 * time.Second

// Run returns nil when the mailbox is closed and empty. When told to stop it first writes what is there.
func (k *Keeper) Run(t *rt.Task) error {
	k.write(t)
	for {
		until := rt.Never
		if len(k.unsaved) > 0 || k.First != nil {
			until = t.Now().Add(retryEvery)
		}
		r, err := k.In.Recv(t, until)
		switch {
		case err == nil:
			k.hold(r)
			k.write(t)
		case errors.Is(err, rt.ErrTimeout):
			k.write(t)
		case errors.Is(err, rt.ErrClosed):
			k.write(t)
			return nil
		default:
			for r, ok := k.In.TryRecv(t); ok; r, ok = k.In.TryRecv(t) {
				k.hold(r)
			}
			k.write(t)
			return err
		}
	}
}

// hold adds a record. Only the newest state of an incident is held; states that two tasks sent at once may come in either order.
func (k *Keeper) hold(r Record) {
	if r.Incident != nil {
		same := func(x Record) bool { return x.Incident != nil && x.Incident.ID == r.Incident.ID }
		if i := slices.IndexFunc(k.unsaved, same); i >= 0 {
			if old := k.unsaved[i].Incident; old.Recovered.IsZero() && len(old.Actions) <= len(r.Incident.Actions) {
				k.unsaved[i] = r
			}
			return
		}
	}
	if len(k.unsaved) == maxUnsaved {
		k.unsaved = slices.Delete(k.unsaved, 0, 1)
	}
	k.unsaved = append(k.unsaved, r)
}

// write writes until the book refuses.
func (k *Keeper) write(t *rt.Task) {
	if k.First != nil {
		err := k.First()
		k.told(t, err)
		if err != nil {
			return
		}
		k.First = nil
	}
	for len(k.unsaved) > 0 {
		var err error
		if r := k.unsaved[0]; r.Incident != nil {
			err = k.Book.SaveIncident(*r.Incident)
		} else {
			err = k.Book.AddRestart(*r.Restart)
		}
		k.told(t, err)
		if err != nil {
			return
		}
		k.unsaved = slices.Delete(k.unsaved, 0, 1)
	}
}

// told reports when the book begins to refuse, and when it accepts records again.
func (k *Keeper) told(t *rt.Task, err error) {
	if refused := err != nil; refused != k.refused {
		k.refused = refused
		if k.Trouble != nil {
			k.Trouble(t, err)
		}
	}
}
