package sttserver

import (
	"context"
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/appliance/sttrole"
)

// task runs f as a task of the live driver.
func task[T any](t *testing.T, f func(*rt.Task) (T, error)) (out T, err error) {
	t.Helper()
	_ = live.New(nil).Run(t.Context(), "test", func(t *rt.Task) error {
		out, err = f(t)
		return nil
	})
	return out, err
}

// TestOurOwnClient speaks to the server as it does to an ORAC STT: streams, requests, the proof of silence, health, heartbeats; with
// the token of its account, and by its address.
func TestOurOwnClient(t *testing.T) {
	for name, legacy := range map[string]bool{"an account": false, "a legacy peer": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			var tokens wire.Tokens
			if legacy {
				r.Runbook.Peers[0].From = "127.0.0.1"
			} else {
				tokens = r.Account("hey_orac", "orac-stt")
			}
			url := r.listening()
			client, err := stt.NewOrac(stt.OracConfig{URL: url, Tokens: tokens})
			r.Must(err)
			said := stt.Utterance{ID: "u-1", Topic: "kitchen", Wake: time.Now(), End: time.Now()}
			want := stt.Result{Text: "turn on the lights", Confidence: 0.9, Language: "en", Duration: 2 * time.Second, ProcessingTime: 200 * time.Millisecond}
			got, err := task(t, func(k *rt.Task) (stt.Result, error) { return client.Transcribe(k, said, tone(2)) })
			if err != nil || got != want {
				t.Errorf("a request: %+v, %v", got, err)
			}
			got, err = task(t, func(k *rt.Task) (stt.Result, error) {
				chunks := rt.NewMailbox[stt.Chunk]("chunks", 200)
				for pcm := tone(2); len(pcm) > 0; {
					c := stt.Chunk{}
					c.N = copy(c.PCM[:], pcm)
					pcm = pcm[c.N:]
					chunks.Push(k, c)
				}
				chunks.Close(k)
				return client.Stream(k, said, chunks)
			})
			if err != nil || got != want {
				t.Errorf("a stream: %+v, %v", got, err)
			}
			if h, n := r.engine.last(); n != 2 || h.ID != "u-1" || h.Topic != "kitchen" || len(h.PCM) != 32000 {
				t.Errorf("%d utterances, %q", n, h.ID)
			}
			health, err := task(t, func(k *rt.Task) (stt.Health, error) { return client.Health(k) })
			if err != nil || health.Status != "healthy" {
				t.Errorf("%+v, %v", health, err)
			}
			heart, err := notify.NewHeartbeat(notify.HeartbeatConfig{URL: url, Tokens: tokens})
			r.Must(err)
			topics, err := task(t, func(k *rt.Task) (int, error) {
				return heart.Beat(k, notify.Beat{InstanceID: "a", Models: []notify.BeatModel{{Name: "hey_jarvis", Topic: "general", WakeWord: "hey jarvis"}}})
			})
			if err != nil || topics != 1 || len(r.engine.beats) != 1 || r.engine.beats[0].Models[0].WakeWord != "hey jarvis" {
				t.Errorf("%d, %v, %+v", topics, err, r.engine.beats)
			}
			// Silence is proven, and a failure is told from it.
			r.engine.set(func() {
				r.engine.hear = func(context.Context, sttrole.Hearing) (sttrole.Heard, error) {
					return sttrole.Heard{Nothing: "silence"}, nil
				}
			})
			got, err = task(t, func(k *rt.Task) (stt.Result, error) { return client.Check(k, said, tone(2)) })
			if err != nil || !got.Silence || got.Text != "" {
				t.Errorf("silence: %+v, %v", got, err)
			}
			if h, _ := r.engine.last(); h.ForwardToCore == nil || *h.ForwardToCore || h.ID != "" {
				t.Errorf("a check is forwarded: %+v", h)
			}
			for cause, kind := range map[error]stt.Kind{
				&sttrole.BusyError{RetryAfter: 3 * time.Second, Cause: "full"}: stt.Busy, &sttrole.EngineError{Cause: context.DeadlineExceeded}: stt.Busy,
				&sttrole.ReusedError{ID: "u-1"}: stt.Refused,
			} {
				if legacy {
					kind = stt.Engine // all that the existing service says
				}
				r.engine.set(func() {
					r.engine.hear = func(context.Context, sttrole.Hearing) (sttrole.Heard, error) { return sttrole.Heard{}, cause }
				})
				_, err = task(t, func(k *rt.Task) (stt.Result, error) { return client.Check(k, said, tone(2)) })
				if e, ok := err.(*stt.Error); !ok || e.Kind != kind {
					t.Errorf("%v: %v", cause, err)
				}
			}
		})
	}
}

// TestAPeerInAnotherLanguage: a Hey ORAC in Node, written from the page of the wire.
func TestAPeerInAnotherLanguage(t *testing.T) {
	type answer struct {
		Status int
		Body   map[string]any
	}
	for name, token := range map[string]bool{"with a token": true, "a legacy peer": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.Runbook.Peers[0].From = "127.0.0.1"
			url := r.listening()
			args := []string{"testdata/peer.mjs", url}
			if token {
				args = append(args, r.Token("hey_orac"))
			}
			out, err := exec.CommandContext(t.Context(), "node", args...).Output()
			r.Must(err)
			var got struct {
				Health, Preload, Beat, Beats, Once, Long, Missing answer
				Stream                                            struct {
					Messages []map[string]any
					Code     int
				}
			}
			r.Must(json.Unmarshal(out, &got))
			if got.Health.Status != 200 || got.Health.Body["status"] != "healthy" || got.Preload.Body["status"] != "success" || got.Beat.Body["message"] != "Processed 1 active models" || got.Beats.Status != 200 {
				t.Errorf("%+v\n%+v\n%+v\n%+v", got.Health, got.Preload, got.Beat, got.Beats)
			}
			if got.Once.Status != 200 || got.Once.Body["text"] != "turn on the lights" || got.Once.Body["duration"] != 1.0 || got.Missing.Status != 422 {
				t.Errorf("%+v\n%+v", got.Once, got.Missing)
			}
			if token && got.Long.Status != 413 || !token && (got.Long.Status != 200 || got.Long.Body["text"] != "" || got.Long.Body["duration"] != 0.0) {
				t.Errorf("%+v", got.Long)
			}
			m := got.Stream.Messages
			if got.Stream.Code != 1000 || len(m) != 2 || m[0]["type"] != "pong" || m[1]["type"] != "transcription" || m[1]["text"] != "turn on the lights" || m[1]["duration"] != 2.0 || m[1]["is_final"] != true {
				t.Errorf("%+v", got.Stream)
			}
			if h, _ := r.engine.last(); h.Topic != "kitchen" || !h.Streamed || h.ForwardToCore != nil || h.Peer.Legacy == token {
				t.Errorf("%+v", h.Peer)
			}
		})
	}
}
