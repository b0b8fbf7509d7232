package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/status"
	"orac/web/auth"
	"orac/web/schema"
)

// TestAnAnswerIsSharedForAMoment: many who ask at once are one to the appliance; what was changed is seen at once; what cannot be
// made is not kept.
func TestAnAnswerIsSharedForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s shared
		made, broken := 0, false
		ask := func() string {
			text, err := s.get(time.Now(), func() (any, error) {
				if made++; broken {
					return nil, errors.New("broken")
				}
				return status.Status{Generation: made}, nil
			})
			if err != nil {
				return err.Error()
			}
			return string(text)
		}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if got := ask(); !strings.Contains(got, `"generation":1,`) || !strings.HasSuffix(got, "}\n") {
					t.Error(got)
				}
			})
		}
		all.Wait()
		time.Sleep(moment)
		if got := ask(); !strings.Contains(got, `"generation":2,`) {
			t.Error("a moment later:", got)
		}
		s.forget()
		if got := ask(); !strings.Contains(got, `"generation":3,`) {
			t.Error("after a change:", got)
		}
		time.Sleep(moment)
		broken = true
		for range 2 {
			if got := ask(); got != "broken" {
				t.Error(got)
			}
		}
		if made != 5 {
			t.Errorf("it was made %d times", made)
		}
	})
}

// TestTheStatusIsNeverOlderThanAChange: the login is asked for each time, and a change that was answered is in the next answer.
func TestTheStatusIsNeverOlderThanAChange(t *testing.T) {
	r := newRig(t)
	for n := range 3 {
		r.app.Mu.Lock()
		r.app.Nodes = []status.Node{{Address: fmt.Sprint("node", n)}}
		r.app.Mu.Unlock()
		if w := r.call(auth.Admin, "POST", "/api/runbook/rollback", map[string]any{"generation": 3}); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		w := r.call(auth.Viewer, "GET", "/api/status", nil)
		if got := get[status.Status](r, w, 200); len(got.Nodes) != 1 || got.Nodes[0].Address != fmt.Sprint("node", n) {
			t.Errorf("%d: %+v", n, got.Nodes)
		}
		if w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) || w.Header().Get("Content-Type") != "application/json" {
			t.Error(w.Header())
		}
		r.problem("without a login", r.call(auth.Nobody, "GET", "/api/status", nil), schema.Unauthenticated)
	}
}

// TestScoresGoWithTheirLevel: what a hop is like comes together, for all streams in the same bytes; what else happens waits for
// nothing.
func TestScoresGoWithTheirLevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		hub, ended := NewHub(), make(chan struct{})
		go func() {
			defer close(ended)
			_ = hub.Run(ctx) // it ends with ctx
		}()
		defer func() { cancel(); <-ended }()
		say := func(e event.Event) {
			_ = live.New(nil).Run(ctx, "test", func(t *rt.Task) error { hub.In.Push(t, e); return nil })
		}
		all, same, wakes := hub.Open(nil, 0), hub.Open(nil, 0), hub.Open([]string{"wake"}, 0)
		score := event.Event{Body: event.Score{Model: "m", Score: 0.5}}
		sent := func(events ...event.Event) time.Duration {
			began := time.Now()
			for _, e := range events {
				say(e)
				time.Sleep(2 * time.Millisecond)
			}
			b := <-all.C
			if len(b.Frames) != len(events) {
				t.Errorf("%d frames of %d", len(b.Frames), len(events))
			}
			if other := <-same.C; &other.sse()[0] != &b.sse()[0] {
				t.Error("the same was written twice")
			}
			return time.Since(began)
		}
		if took := sent(event.Event{Body: event.Level{Device: "usb"}}, score, score); took != gather {
			t.Errorf("a hop took %v", took)
		}
		if took := sent(event.Event{Body: event.Wake{ID: "w1"}}); took != 2*time.Millisecond { // those of the test itself
			t.Errorf("a wake took %v", took)
		}
		sent(event.Event{Body: event.Level{Device: "usb"}}, event.Event{Body: event.Wake{ID: "w2"}})
		for _, id := range []string{"w1", "w2"} {
			if b := <-wakes.C; len(b.Frames) != 1 || !strings.Contains(string(b.Frames[0].JSON), id) {
				t.Errorf("%s: %s", id, b.sse())
			}
		}
	})
}
