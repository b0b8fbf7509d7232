package node_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// deedBook is a history that keeps commands.
type deedBook struct {
	fickle
	commands map[string]record.Command
}

func (b *deedBook) SaveCommand(c record.Command) error {
	if b.full {
		return errors.New("database or disk is full")
	}
	b.commands[c.ID] = c
	return nil
}

// TestAnExpiredCommandIsAnswered: under its ID, for ever, also after a restart; it is among the last commands, and in the history.
func TestAnExpiredCommandIsAnswered(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		d, l := virtual.NewDisk(1<<24), newLamps()
		h := houseOn(k, d, l)
		_ = k.Sleep(5 * time.Second)
		old := act.Request{ID: "old", Topic: "general", Text: "turn on the hall lamp", Utterance: "u1", From: "listener.hall", Said: k.Wall().Add(-time.Minute)}
		tooLate := func(again bool) {
			t.Helper()
			a, err := h.Ask(k, old)
			e, ok := errors.AsType[*act.ExpiredError](err)
			if !ok || e.Age != time.Minute || e.Most != 30*time.Second || a.Repeated != again || a.Result() != act.Refused || a.Reason != e.Error() {
				t.Errorf("%+v, %v", a, err)
			}
		}
		tooLate(false)
		old.Said = k.Wall() // the same ID again, with another time: it is refused as before
		tooLate(true)
		if last := h.Shown().Last; len(last) != 1 || last[0].ID != "old" || !last[0].Refused || last[0].Speech == "" {
			t.Errorf("the last commands: %+v", last)
		}
		book := &deedBook{commands: map[string]record.Command{}}
		history := &node.History{Name: "history", Book: book, Config: rt.NewCell(node.HistoryConfig{Retention: time.Hour, MaxRows: 10}), In: rt.NewMailbox[event.Event]("events", 64)}
		k.Go("history", history.Run)
		h.ask(t, k, "new", "turn on the hall lamp")
		for e, ok := h.events.TryRecv(k); ok; e, ok = h.events.TryRecv(k) {
			if err := history.In.Send(k, e); err != nil {
				t.Fatal(err)
			}
		}
		_ = k.Sleep(time.Second)
		row, done := book.commands["old"], book.commands["new"]
		if row.Result != "refused" || row.Utterance != "u1" || row.From != "listener.hall" || row.Topic != "general" || row.At.IsZero() {
			t.Errorf("in the history: %+v", row)
		}
		var a act.Answer
		if err := json.Unmarshal(done.Answer, &a); err != nil || done.Result != "done" || done.Tier != "sentence" || !a.Verified || len(a.Outcomes) != 1 || a.VerifiedAt.IsZero() {
			t.Errorf("in the history: %+v, %v", a, err)
		}
		h.task.Stop()
		_ = k.Outlast(h.task, k.Now().Add(time.Minute))
		h = houseOn(k, d, l)
		_ = k.Sleep(5 * time.Second)
		tooLate(true)
		if len(l.calls) != 1 {
			t.Errorf("calls: %q", l.calls)
		}
		h.task.Stop()
	})
}
