package node_test

import (
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
	"orac/appliance/utterance"
)

// writer is a service that answers every utterance with the same text, and counts how often it is asked.
type writer struct {
	text            string
	streamed, whole int
}

func (w *writer) Transcribe(*rt.Task, stt.Utterance, []int16) (stt.Result, error) {
	w.whole++
	return stt.Result{Text: w.text, Silence: w.text == ""}, nil
}

func (w *writer) Stream(t *rt.Task, _ stt.Utterance, chunks *rt.Mailbox[stt.Chunk]) (stt.Result, error) {
	w.streamed++
	for {
		if _, err := chunks.Recv(t, rt.Never); err != nil {
			break
		}
	}
	return stt.Result{Text: w.text, Silence: w.text == ""}, nil
}

// deliver has one utterance streamed to a service while it is recorded, and gives what is said of it.
func deliver(t *testing.T, w *writer, keeps spoken.Marks) (got []event.Delivered, left int) {
	t.Helper()
	world(t, time.Minute, func(k *rt.Task) {
		*w = writer{text: w.text}
		requests, told := rt.NewMailbox[node.Request]("requests", 8), mailbox()
		left = 0
		var written time.Time
		k.Go("spool", func(k *rt.Task) error {
			given := false
			for {
				r, err := requests.Recv(k, rt.Never)
				if err != nil {
					return err
				}
				switch r := r.(type) {
				case node.Next:
					if !given {
						r.Reply.Push(k, node.Job{Seq: 1, Meta: utterance.Meta{ID: "u", WakeWord: "hey jarvis"}, Recording: true})
					}
					given = true
				case node.Tail:
					r.To.Push(k, stt.Chunk{N: audio.HopSamples})
					r.Ended.TrySend(k, node.Whole{Meta: utterance.Meta{ID: "u", WakeWord: "hey jarvis"}, Ended: k.Now()})
					r.To.Close(k)
				case node.Sound:
					r.Reply.Push(k, node.Whole{Meta: utterance.Meta{ID: "u", WakeWord: "hey jarvis"}, PCM: make([]int16, audio.HopSamples)})
				case node.Answered:
					left++
					_ = k.Sleep(time.Second) // the disk is slow
					written = k.Wall()
					r.Reply.Push(k, struct{}{})
				}
			}
		})
		k.Go("delivery", (&node.Delivery{
			Name: "delivery.w", STT: "w", Spool: requests, Healthy: rt.NewMailbox[node.Seen]("healthy", 1), Events: rt.NewOut(told),
			Config: rt.NewCell(node.DeliveryConfig{Client: w, Live: true, Whole: "http", Streamed: "ws", Longest: stt.MaxSpeech, MaxDelay: time.Second, Keeps: keeps}),
		}).Run)
		_ = k.Sleep(30 * time.Second)
		got = nil
		for e, ok := told.TryRecv(k); ok; e, ok = told.TryRecv(k) {
			if d, ok := e.Body.(event.Delivered); ok {
				if written.IsZero() || e.At.Before(written) {
					t.Errorf("%q was called delivered before that was on disk", w.text)
				}
				got = append(got, d)
			}
		}
	})
	return got, left
}

// TestAnAnswerWithMarkersIsDeliveredOnce: what was said is delivered without what the service wrote beside it, and a service
// that has understood is not asked again.
func TestAnAnswerWithMarkersIsDeliveredOnce(t *testing.T) {
	for _, c := range []struct {
		answer  string
		keeps   spoken.Marks
		outcome string
		text    string
		whole   int
	}{
		{"[Music] turn on the lights", 0, "delivered", "turn on the lights", 0},
		{"[00:00:00.000 --> 00:00:02.120]   Turn on the lights.", 0, "delivered", "Turn on the lights.", 0},
		{"write to Joe (at) home", 0, "delivered", "write to Joe (at) home", 0},
		{"[Music] turn on the lights", spoken.Sounds, "delivered", "[Music] turn on the lights", 0},
		{"Hey Jarvis, turn on the lights.", 0, "delivered", "turn on the lights.", 0},
		{"Hey Jarvis, turn on the lights.", spoken.WakeWord, "delivered", "Hey Jarvis, turn on the lights.", 0},
		{"Hey Travis.", 0, "empty", "", 0}, // it listened, and nobody said a command
		{"[00:00.000 --> 00:01.000] hey jarvis", 0, "empty", "", 0},
		{"[BLANK_AUDIO]", spoken.All, "delivered", "[BLANK_AUDIO]", 0},
		{"[BLANK_AUDIO]", 0, "empty", "", 1}, // one that heard nothing is asked once more with the whole
		{"", 0, "empty", "", 1},
	} {
		w := &writer{text: c.answer}
		got, left := deliver(t, w, c.keeps)
		if len(got) != 1 || left != 1 || got[0].Outcome != c.outcome || got[0].Text != c.text || w.streamed != 1 || w.whole != c.whole {
			t.Errorf("%q, keeping %b: %+v, answered %d times, streamed %d and whole %d times", c.answer, c.keeps, got, left, w.streamed, w.whole)
			continue
		}
		if original := got[0].Original; original != "" && original != c.answer || (original == "") != (c.text == c.answer) {
			t.Errorf("%q: the original is %q", c.answer, original)
		}
	}
}

// kept is a history that keeps transcripts.
type kept struct {
	fickle
	list []record.Transcript
}

func (k *kept) SaveDelivery(_ record.Delivery, text *record.Transcript) error {
	if text != nil {
		k.list = append(k.list, *text)
	}
	return nil
}

// TestTheRecordHasTheOriginal: the text that a service wrote is in the history if it differs from what was said, even where
// nothing was.
func TestTheRecordHasTheOriginal(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		book := &kept{}
		h := &node.History{
			Name: "history", Book: book, Config: rt.NewCell(node.HistoryConfig{Retention: time.Hour, MaxRows: 10}),
			In: rt.NewMailbox[event.Event]("events", 8), Events: rt.NewOut(mailbox()),
		}
		k.Go("history", h.Run)
		for _, b := range []event.Delivered{
			{Outcome: "delivered", Text: "yes", Original: "[Music] yes"}, {Outcome: "delivered", Text: "yes"},
			{Outcome: "empty", Original: "[BLANK_AUDIO]"}, {Outcome: "empty"}, {Outcome: "failed"},
		} {
			if err := h.In.Send(k, event.Event{Body: b}); err != nil {
				t.Fatal(err)
			}
		}
		_ = k.Sleep(time.Second)
		if want := []string{"yes/[Music] yes", "yes/", "/[BLANK_AUDIO]"}; len(book.list) != len(want) {
			t.Errorf("%+v", book.list)
		} else {
			for i, w := range want {
				if got := book.list[i].Text + "/" + book.list[i].Original; got != w {
					t.Errorf("%q, want %q", got, w)
				}
			}
		}
	})
}
