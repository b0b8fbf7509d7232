package coreserver

import (
	"context"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/web/peers/peertest"
)

// asker asks a listening server.
func (r *rig) asker() peertest.Asker {
	return peertest.Asker{URL: r.listening(), Path: "/v1/status", Token: r.Token("orac_stt")}
}

// TestAHeartbeatDoesNotWaitForTexts: while texts wait for a backend that answers nothing, heartbeats and health are answered, and what is
// too much is refused at once with the time to come back.
func TestAHeartbeatDoesNotWaitForTexts(t *testing.T) {
	r := newRig(t)
	queue := peertest.NewFull(4)
	r.deeds.set(func() {
		r.deeds.do = func(ctx context.Context, q act.Request) (act.Answer, error) {
			if !queue.Wait(ctx) {
				return act.Answer{}, &act.BusyError{What: "topic.general", RetryAfter: time.Second}
			}
			return dimmed(q), ctx.Err()
		}
	})
	text := peertest.Body{Path: "/v1/generate", Text: `{"prompt":"x"}`}
	r.asker().BesideFull(t, queue, text, peertest.Body{Path: "/v1/topics/heartbeat", Text: goodBeat}, `"success"`)
}

// task runs f as a task of the live driver.
func task(t *testing.T, f func(*rt.Task) error) (err error) {
	t.Helper()
	_ = live.New(nil).Run(t.Context(), "test", func(t *rt.Task) error { err = f(t); return nil })
	return err
}

// TestOurOwnClient speaks to the server as it does to an ORAC Core: texts and heartbeats, with the token of its account, and by its
// address. What was not done is no reason to send it again.
func TestOurOwnClient(t *testing.T) {
	for name, legacy := range map[string]bool{"an account": false, "a legacy peer": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			var tokens wire.Tokens
			if legacy {
				r.Runbook.Peers[0].From = "127.0.0.1"
			} else {
				tokens = r.Account("orac_stt", Audience, Results, Status)
			}
			url := r.listening()
			core, err := notify.NewCore(notify.CoreConfig{URL: url, Tokens: tokens})
			r.Must(err)
			command := notify.Command{ID: "evt-1", Topic: "general", Text: "turn the kitchen lights to half", Language: "en", Wake: time.Now(), End: time.Now(), Start: time.Now(), Done: time.Now()}
			say := func() error {
				return task(t, func(k *rt.Task) error {
					return core.Generate(k, command, func(*rt.Task) error { return nil })
				})
			}
			r.Must(say())
			if q, n := r.deeds.last(); n != 1 || q.Text != command.Text || !strings.HasSuffix(q.ID, "evt-1") || q.Said.IsZero() {
				t.Errorf("%d, %+v", n, q)
			}
			r.Must(task(t, func(k *rt.Task) error {
				return core.Topics(k, notify.TopicsBeat{InstanceID: "house", Upstream: "hey_orac", At: time.Now(), Topics: []notify.ActiveTopic{{Name: "general", WakeWord: "hey jarvis"}}})
			}))
			if len(r.deeds.beats) != 1 || r.deeds.beats[0].Topics[0].WakeWord != "hey jarvis" {
				t.Errorf("%+v", r.deeds.beats)
			}
			for cause, kind := range map[error]wire.Kind{
				&act.BusyError{RetryAfter: time.Second}:         wire.Busy,
				&act.TopicError{Topic: "general", Off: !legacy}: map[bool]wire.Kind{true: wire.Unreachable, false: wire.Refused}[legacy],
				&act.ExpiredError{Age: time.Minute}:             wire.Refused,
			} {
				r.deeds.set(func() {
					r.deeds.do = func(context.Context, act.Request) (act.Answer, error) { return act.Answer{}, cause }
				})
				if e, ok := say().(*wire.Error); !ok || e.Kind != kind {
					t.Errorf("%v: %+v", cause, e)
				}
			}
			if legacy {
				return
			}
			r.deeds.set(func() {
				r.deeds.do = func(context.Context, act.Request) (act.Answer, error) { return act.Answer{}, nil }
			})
			if err := say(); err != nil {
				t.Errorf("a text that was not understood is sent again: %v", err)
			}
		})
	}
}
