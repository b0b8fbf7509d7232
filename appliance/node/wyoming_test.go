package node_test

import (
	"fmt"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
)

// busyDoor is a model of a door: it answers so many clients, waits, and is closed.
type busyDoor struct{ answers int }

func (d busyDoor) Serve(t *rt.Task, _ func() node.WyomingConfig, opened func(), tell func(event.Body)) error {
	opened()
	for i := range d.answers {
		tell(event.Answered{Address: "192.0.2.9", Text: fmt.Sprint("text ", i), Seconds: 2, Took: 0.3})
	}
	tell(event.Answered{Address: "192.0.2.9", Cause: "the engine is gone"})
	tell(event.Answered{Address: "192.0.2.9", Model: "alexa"})
	return t.Sleep(time.Hour)
}

func (busyDoor) Clients() (connections, streams int) { return 3, 2 }

// TestAServiceShowsItsLastAnswers, the newest first and not too many, and how many clients it has.
func TestAServiceShowsItsLastAnswers(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		n := &node.Wyoming{Name: "wyoming.ears", Listen: ":10400", Config: rt.NewCell(node.WyomingConfig{Block: runbook.Wyoming{Name: "ears", Serve: "wake"}}), Door: busyDoor{100}}
		if s := n.Shown(); s.Open || s.Connections != 0 || len(s.Answers) != 0 {
			t.Errorf("before it runs: %+v", s)
		}
		task := k.Go("wyoming", n.Run)
		pause(k, time.Second)
		s := n.Shown()
		if !s.Open || s.Name != "ears" || s.Connections != 3 || s.Streams != 2 || len(s.Answers) != 20 {
			t.Fatalf("%+v", s)
		}
		if s.Answers[0].Model != "alexa" || s.Answers[1].Cause == "" || s.Answers[2].Text != "text 99" || s.Answers[19].Text != "text 82" || s.Answers[1].At.IsZero() {
			t.Errorf("%+v", s.Answers)
		}
		want := status.Voice{Name: "ears", Serves: "wake", Listen: ":10400", Open: true, Exposed: true, Connections: 3, Streams: 2, Answered: 101, Failed: 1}
		if got := n.Status(); got != want {
			t.Errorf("in short: %+v", got)
		}
		task.Stop()
		pause(k, time.Second)
		if n.Shown().Open {
			t.Error("it is stopped, and shown as open")
		}
	})
}
