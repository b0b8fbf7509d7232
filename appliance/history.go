package appliance

import (
	"orac/appliance/record"
	"orac/appliance/status"
	"orac/appliance/store"
)

// Heard returns the latest rows of the history: what was recorded and what commands came of it, and the commands that nobody spoke here;
// at most limit of each, newest first.
func (d *Daemon) Heard(limit int) (told []record.Told, commands []record.Command, err error) {
	h := d.o.State.history
	if h == nil {
		return nil, nil, &status.Refusal{Code: status.Unknown, Message: "there is no history: the disk was full when the appliance started", Hint: "Make room, and restart ORAC."}
	}
	told, _, err = h.Utterances(store.Page{Limit: limit})
	if err == nil {
		commands, _, err = h.Commands(store.Page{Limit: limit}, store.Commands{})
	}
	return told, commands, err
}
