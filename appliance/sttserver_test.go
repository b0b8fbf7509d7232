package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/core"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/appliance/sttrole"
	"orac/runbook"
	"orac/runbook/language"
)

// patient is an engine that takes 50 ms; prompt is a Core that counts.
type (
	patient   struct{}
	prompt    struct{ seen chan string }
	forgetful struct{}
)

func (patient) Transcribe(t *rt.Task, u stt.Utterance, _ []int16) (stt.Result, error) {
	return stt.Result{Text: "text of " + u.ID}, t.Sleep(50 * time.Millisecond)
}

func (p prompt) Generate(t *rt.Task, c notify.Command, ready func(*rt.Task) error) error {
	if err := ready(t); err != nil {
		return err
	}
	p.seen <- c.Text
	return nil
}
func (prompt) Topics(*rt.Task, notify.TopicsBeat) error { return nil }

func (forgetful) AddDetection(record.Detection) error                            { return nil }
func (forgetful) SaveUtterance(record.Utterance) error                           { return nil }
func (forgetful) SaveCommand(record.Command) error                               { return nil }
func (forgetful) AddMute(record.Mute) error                                      { return nil }
func (forgetful) SaveDelivery(record.Delivery, *record.Transcript) error         { return nil }
func (forgetful) Prune(provenclock.Point, bool, time.Duration, int) (int, error) { return 0, nil }

// TestPeersSideBySide: what many ask at a time is answered, each with its own; who goes away disturbs nobody, and Core gets each text
// once.
func TestPeersSideBySide(t *testing.T) {
	rb, problems := runbook.Parse([]byte(`
appliance "house" {}
stt "local" { url = "http://stt.test" }
core "house" { url = "http://core.test" }
stt_server "house" {
  engine = stt.local
  listen = "127.0.0.1:7272"
  core   = core.house
  queue  = 64
}`), "orac.hcl", language.Options{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	fs, err := live.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer fs.Close()
	synctest.Test(t, func(t *testing.T) {
		const peers, each = 4, 6
		act := prompt{make(chan string, 100)}
		c, err := core.New(core.Options{Runbook: rb, Slog: slog.New(slog.NewTextHandler(io.Discard, nil)), Parts: &graph.Parts{
			FS: fs, Host: "test", History: node.Book(forgetful{}),
			STT:  func(graph.Service, wire.Tokens, func(string) string) (stt.Client, error) { return patient{}, nil },
			Core: func(graph.CoreService, wire.Tokens) (notify.Core, error) { return act, nil },
		}})
		if err != nil {
			t.Fatal(err)
		}
		d := &Daemon{driver: live.New(nil), core: c, ready: make(chan struct{})}
		close(d.ready)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- d.driver.Run(ctx, "orac", c.Run) }()
		synctest.Wait()
		server, ok := d.STTServer("stt_server.house")
		if _, other := d.STTServer("stt_server.none"); !ok || other {
			t.Fatal("the server is not found, or another is")
		}
		var all sync.WaitGroup
		for p := range peers {
			for i := range each {
				all.Go(func() {
					id := fmt.Sprintf("%d-%d", p, i)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if i == 0 { // this one goes at once
						time.AfterFunc(time.Millisecond, cancel)
					}
					h, err := server.Transcribe(ctx, sttrole.Hearing{ID: id, Peer: sttrole.Peer{Name: fmt.Sprint(p)}, PCM: []int16{int16(p), int16(i)}})
					if i > 0 && (err != nil || h.Text != "text of "+id) || i == 0 && err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("%s: %+v, %v", id, h, err)
					}
				})
				all.Go(func() {
					if _, err := server.Beat(t.Context(), sttrole.Beat{InstanceID: fmt.Sprint(p), Peer: sttrole.Peer{Name: fmt.Sprint(p)}}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		synctest.Wait()
		st, err := server.State(t.Context())
		if err != nil || len(st.Instances) != peers || st.Counts.Served < peers*(each-1) || st.Queue.Waiting+st.Queue.Running != 0 || len(act.seen) != st.Counts.Served {
			t.Errorf("%+v, %v; Core has %d", st.Counts, err, len(act.seen))
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
