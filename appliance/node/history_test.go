package node_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/rt"
)

// fickle is a history that refuses rows while it is full.
type fickle struct {
	full   bool
	rows   []string
	pruned []bool // whether the age was known
}

func (f *fickle) add(id string) error {
	if f.full {
		return errors.New("database or disk is full")
	}
	f.rows = append(f.rows, id)
	return nil
}

func (f *fickle) AddDetection(d record.Detection) error  { return f.add(d.ID) }
func (f *fickle) SaveUtterance(u record.Utterance) error { return f.add(u.ID) }
func (f *fickle) SaveCommand(c record.Command) error     { return f.add(c.ID) }
func (f *fickle) AddMute(m record.Mute) error            { return f.add(m.Listener) }
func (f *fickle) SaveDelivery(d record.Delivery, _ *record.Transcript) error {
	return f.add(d.UtteranceID)
}
func (f *fickle) Prune(_ provenclock.Point, known bool, _ time.Duration, _ int) (int, error) {
	f.pruned = append(f.pruned, known)
	return 0, nil
}

// TestAHistoryIsBackWithoutWaitingForTheNextRow: two rows are refused, space returns, and nothing more happens in the room: the
// last row is written and it is said that the history is back, with what was lost.
func TestAHistoryIsBackWithoutWaitingForTheNextRow(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		book, told := &fickle{full: true}, mailbox()
		h := &node.History{
			Name: "history", Book: book, Config: rt.NewCell(node.HistoryConfig{Retention: time.Hour, MaxRows: 10}),
			In: rt.NewMailbox[event.Event]("events", 8), Events: rt.NewOut(told),
		}
		k.Go("history", h.Run)
		for _, id := range []string{"a", "b"} {
			if err := h.In.Send(k, event.Event{Body: event.Wake{ID: id}}); err != nil {
				t.Fatal(err)
			}
		}
		_ = k.Sleep(10 * time.Second)
		book.full = false
		_ = k.Sleep(3 * time.Second)
		var said []event.Body
		for e, ok := told.TryRecv(k); ok; e, ok = told.TryRecv(k) {
			said = append(said, e.Body)
		}
		want := []event.Body{event.StoreFailed{Cause: "database or disk is full"}, event.StoreBack{Lost: 1}}
		if !slices.Equal(said, want) || !slices.Equal(book.rows, []string{"b"}) {
			t.Fatalf("it said %+v and has %v", said, book.rows)
		}
		_ = k.Sleep(10 * time.Second)
		if len(book.rows) != 1 {
			t.Fatalf("a row was written more than once: %v", book.rows)
		}
	})
}

// TestAHistoryOfUnknownAgeIsBounded: rows are counted at the start and every hour while the age is not known, and go by their age as
// soon as it is.
func TestAHistoryOfUnknownAgeIsBounded(t *testing.T) {
	world(t, 4*time.Hour, func(k *rt.Task) {
		book, known := &fickle{}, false
		h := &node.History{
			Name: "history", Book: book, Config: rt.NewCell(node.HistoryConfig{Retention: time.Hour, MaxRows: 10}),
			In: rt.NewMailbox[event.Event]("events", 8), Events: rt.NewOut(mailbox()),
			Age: func(*rt.Task) (provenclock.Point, bool) { return provenclock.Point{}, known },
		}
		k.Go("history", h.Run)
		_ = k.Sleep(90 * time.Minute)
		known = true
		_ = k.Sleep(time.Minute)
		if want := []bool{false, false, true}; !slices.Equal(book.pruned, want) {
			t.Errorf("it was pruned, known %v, want %v", book.pruned, want)
		}
	})
}

// ledgerOf is a history that remembers utterances and deliveries.
type ledgerOf struct {
	fickle
	utterances []record.Utterance
	deliveries []record.Delivery
	texts      []string
}

func (l *ledgerOf) SaveUtterance(u record.Utterance) error {
	l.utterances = append(l.utterances, u)
	return nil
}

func (l *ledgerOf) SaveDelivery(d record.Delivery, t *record.Transcript) error {
	l.deliveries = append(l.deliveries, d)
	if t != nil {
		l.texts = append(l.texts, t.Text)
	}
	return nil
}

// TestWhatPeersSendIsInTheHistory: what was understood of it, and why nothing was; not what found no room, which comes again.
func TestWhatPeersSendIsInTheHistory(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		book := &ledgerOf{}
		h := &node.History{Name: "history", Book: book, Config: rt.NewCell(node.HistoryConfig{Retention: time.Hour, MaxRows: 10}), In: rt.NewMailbox[event.Event]("events", 8)}
		k.Go("history", h.Run)
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for _, b := range []event.Served{
			{Server: "house", Utterance: "a", Peer: "service:barn", Text: "close the barn", Seconds: 3, Waited: 1, Took: 0.5},
			{Server: "house", Utterance: "b", Peer: "service:barn", Nothing: "silence"},
			{Server: "house", Utterance: "c", Peer: "service:barn", Cause: "out of memory"},
			{Server: "house", Peer: "service:barn", Cause: "the queue is full", Busy: true},
		} {
			if err := h.In.Send(k, event.Event{At: at, Body: b}); err != nil {
				t.Fatal(err)
			}
		}
		pause(k, time.Second)
		if len(book.utterances) != 3 || len(book.deliveries) != 3 || !slices.Equal(book.texts, []string{"close the barn"}) {
			t.Fatalf("%+v\n%+v\n%q", book.utterances, book.deliveries, book.texts)
		}
		u := book.utterances[0]
		if u.Peer != "service:barn" || u.Server != "house" || u.Seconds != 3 || !u.Ended.Equal(at.Add(-1500*time.Millisecond)) || u.Ended.Sub(u.Started) != 3*time.Second {
			t.Errorf("%+v", u)
		}
		for i, want := range []record.Outcome{record.Delivered, record.Empty, record.Failed} {
			if d := book.deliveries[i]; d.Outcome != want || d.STT != "house" || want == record.Empty && d.Error != "silence" {
				t.Errorf("%+v, want %s", d, want)
			}
		}
	})
}
