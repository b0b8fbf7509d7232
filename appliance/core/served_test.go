//go:build !race

package core

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/health"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/appliance/sttrole"
)

const servesAlone = `
appliance "house" {}
stt "local" { url = "http://stt.test" }
peer "old" { from = "192.0.2.20" }
core "house" { url = "http://core.test" }
stt_server "house" {
  engine = stt.local
  listen = "127.0.0.1:7272"
  core   = core.house
  legacy = [peer.old]
}`

// understands is an engine that takes a second, and broken a reason why it does not.
type understands struct{ broken error }

func (u *understands) Transcribe(t *rt.Task, _ stt.Utterance, _ []int16) (stt.Result, error) {
	if err := t.Sleep(time.Second); err != nil {
		return stt.Result{}, err
	}
	return stt.Result{Text: "lights on", Confidence: 0.9}, u.broken
}

// acts is a Core.
type acts struct{ on []string }

func (a *acts) Generate(t *rt.Task, c notify.Command, ready func(*rt.Task) error) error {
	if err := ready(t); err != nil {
		return err
	}
	a.on = append(a.on, c.Text)
	return t.Sleep(time.Second)
}

func (a *acts) Topics(*rt.Task, notify.TopicsBeat) error { return nil }

// TestAnApplianceThatOnlyServes runs without a microphone until it is stopped: it answers, hands texts on, tells when its engine fails, and
// finishes what it has begun.
func TestAnApplianceThatOnlyServes(t *testing.T) {
	d := virtual.New(1, time.Unix(1.7e9, 0), nil)
	defer d.Close()
	engine, core := &understands{}, &acts{}
	parts := world()
	parts.STT = func(graph.Service, wire.Tokens, func(string) string) (stt.Client, error) { return engine, nil }
	parts.Core = func(graph.CoreService, wire.Tokens) (notify.Core, error) { return core, nil }
	told := rt.NewMailbox[event.Event]("told", 1000)
	parts.Events = rt.NewOut(told)
	c, err := New(Options{Runbook: read(t, []byte(servesAlone)), Parts: parts, Slog: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	app := rt.New(d, "orac", c.Run)
	level := func(at rt.Instant) health.Level { return c.Status(at, time.Unix(0, 0)).Health.Level }
	var last sttrole.Heard
	var lastErr error
	test := rt.New(d, "test", func(k *rt.Task) error {
		_ = k.Sleep(10 * time.Second)
		ask := func(k *rt.Task) (sttrole.Heard, error) {
			return c.STTServer("house").Transcribe(k, sttrole.Hearing{Peer: sttrole.Peer{Name: "p"}, PCM: make([]int16, 100)})
		}
		h, err := ask(k)
		if err != nil || h.Text != "lights on" || h.Forward != sttrole.Queued || level(k.Now()) != health.Healthy || app.Done() {
			t.Errorf("%+v, %v; %s", h, err, level(k.Now()))
		}
		s := c.Status(k.Now(), time.Unix(0, 0))
		if len(s.STTServers) != 1 || s.STTServers[0].Served != 1 || !slices.Equal(s.STTServers[0].Legacy, []string{"old (192.0.2.20)"}) || len(s.Forwards) != 1 {
			t.Errorf("%+v, %+v", s.STTServers, s.Forwards)
		}
		engine.broken = errors.New("out of memory")
		for range 3 {
			if _, err := ask(k); err == nil {
				t.Error("a failure is an answer")
			}
		}
		_ = k.Sleep(5 * time.Second)
		if level(k.Now()) == health.Healthy || len(c.log.Recent(k.Now(), 1)) != 1 {
			t.Errorf("its engine fails, and it is %s", level(k.Now()))
		}
		engine.broken = nil
		if _, err := ask(k); err != nil {
			t.Error(err)
		}
		_ = k.Sleep(5 * time.Second)
		if level(k.Now()) != health.Healthy {
			t.Errorf("it works again, and is %s: %+v", level(k.Now()), c.monitor.Report())
		}
		k.Go("last", func(k *rt.Task) error { last, lastErr = ask(k); return nil })
		_ = k.Sleep(100 * time.Millisecond)
		app.Stop()
		return k.Wait(app, k.Now().Add(time.Minute))
	})
	d.Run(rt.Instant(10 * time.Minute))
	if !test.Done() || !app.Done() || lastErr != nil || last.Text != "lights on" || len(core.on) != 3 {
		t.Errorf("it ended %v, %v, %v; the last was %+v, %v; acted on %q", test.Done(), app.Done(), app.Err(), last, lastErr, core.on)
	}
}
