package sttserver

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orac/appliance/sttrole"
)

// What the server promises, however much there is to do.
const (
	beatWithin = 100 * time.Millisecond // p99 of a heartbeat under full load
	busyWithin = 50 * time.Millisecond  // p99 of a refusal because the queue is full
)

// crowded is a server whose engine is never done, with as many utterances as fit into its queue, and more that try.
func crowded(b *testing.B) (url, token string) {
	r := newRig(b)
	url = r.listening()
	token = r.Token("hey_orac")
	var places atomic.Int64
	ended := make(chan struct{})
	r.engine.set(func() {
		r.engine.hear = func(ctx context.Context, _ sttrole.Hearing) (sttrole.Heard, error) {
			if places.Add(1) > 8 {
				places.Add(-1)
				return sttrole.Heard{}, &sttrole.BusyError{RetryAfter: time.Second, Cause: "8 utterances wait"}
			}
			defer places.Add(-1)
			select {
			case <-ended:
			case <-ctx.Done():
			}
			return sttrole.Heard{}, ctx.Err()
		}
	})
	var clients sync.WaitGroup
	file := sound(3)
	b.Cleanup(clients.Wait)
	b.Cleanup(func() { close(ended) })
	for range 12 { // 8 wait, and 4 are refused again and again
		clients.Go(func() {
			for {
				select {
				case <-ended:
					return
				case <-time.After(100 * time.Millisecond): // ten times as often as Retry-After allows
					_, _ = post(url+"/stt/v1/stream", token, file) // its outcome is not what is measured
				}
			}
		})
	}
	for deadline := time.Now().Add(10 * time.Second); places.Load() < 8 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
	}
	return url, token
}

// post sends a sound, and returns the status.
func post(url, token string, file []byte) (int, error) {
	body, kind := form("file", file)
	req, err := http.NewRequest("POST", url, body)
	if err != nil {
		return 0, err
	}
	return statusOf(req, token, kind)
}

func statusOf(req *http.Request, token, kind string) (int, error) {
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// p99 reports the 99th percentile of durations, and fails if it is longer than promised. Fewer than a hundred say nothing.
func p99(b *testing.B, took []time.Duration, most time.Duration) {
	slices.Sort(took)
	p := took[len(took)*99/100]
	b.ReportMetric(float64(p.Microseconds())/1000, "p99-ms")
	if len(took) >= 100 && p > most {
		b.Errorf("p99 is %v, more than %v", p, most)
	}
}

// BenchmarkHeartbeatUnderFullLoad: heartbeats beside a full queue and peers that keep sending.
func BenchmarkHeartbeatUnderFullLoad(b *testing.B) {
	url, token := crowded(b)
	var took []time.Duration
	for b.Loop() {
		at := time.Now()
		req, err := http.NewRequest("POST", url+"/stt/v1/heartbeat", strings.NewReader(goodBeat))
		if err != nil {
			b.Fatal(err)
		}
		if code, err := statusOf(req, token, "application/json"); err != nil || code != 200 {
			b.Fatal(code, err)
		}
		took = append(took, time.Since(at))
	}
	p99(b, took, beatWithin)
}

// BenchmarkFullQueue: how soon a peer is told to come back.
func BenchmarkFullQueue(b *testing.B) {
	url, token := crowded(b)
	file := sound(3)
	var took []time.Duration
	for b.Loop() {
		at := time.Now()
		if code, err := post(url+"/stt/v1/stream", token, file); err != nil || code != 503 {
			b.Fatal(code, err)
		}
		took = append(took, time.Since(at))
	}
	p99(b, took, busyWithin)
}

// BenchmarkFourStreams: four utterances of 3 s side by side, of which no sample is lost.
func BenchmarkFourStreams(b *testing.B) {
	r := newRig(b)
	url := r.listening()
	token := r.Token("hey_orac")
	pcm := tone(3)
	for b.Loop() {
		var streams sync.WaitGroup
		for range 4 {
			streams.Go(func() {
				l, code := dial(b, url, "/stt/v1/ws/stream/kitchen", token)
				if code != 101 {
					b.Error(code)
					return
				}
				for rest := pcm; len(rest) > 0; {
					n := min(1280, len(rest))
					if err := l.pcm(rest[:n]); err != nil {
						b.Error(err)
					}
					rest = rest[n:]
				}
				if err := l.text(`{"type":"end"}`); err != nil {
					b.Error(err)
				}
				if m := l.answer(); m["type"] != "transcription" {
					b.Error(m)
				}
				_ = l.CloseNow()
			})
		}
		streams.Wait()
	}
	for _, h := range r.engine.heard {
		if !slices.Equal(h.PCM, pcm) {
			b.Fatalf("%d of %d samples came", len(h.PCM), len(pcm))
		}
	}
}
