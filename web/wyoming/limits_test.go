package wyoming

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/stt"
	wire "orac/appliance/wyoming"
	"orac/runbook"
	"orac/web/crowd"
)

// visit connects to a service in virtual time. idle is its limit, engine how long the engine takes.
func visit(t *testing.T, idle, engine time.Duration, f func(t *testing.T, s *service, c net.Conn)) {
	t.Helper()
	set := config(runbook.ServeSTT)
	set.Block.Idle = idle
	visitWith(t, set, func([]int16) (time.Duration, string) { return engine, "yes" }, func(t *testing.T, s *service, connect func() net.Conn) {
		f(t, s, connect())
	})
}

// visitWith runs a service in virtual time, to which a test connects. engine says how long the engine takes, and what it understands.
func visitWith(t *testing.T, set node.WyomingConfig, engine func(pcm []int16) (time.Duration, string), f func(t *testing.T, s *service, connect func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := &door{block: "wyoming.test", o: Options{
			Log: slog.New(slog.DiscardHandler),
			Transcribe: func(ctx context.Context, _ runbook.Address, _ stt.Utterance, pcm []int16) (stt.Result, error) {
				takes, text := engine(pcm)
				select {
				case <-time.After(takes):
					return stt.Result{Text: text}, nil
				case <-ctx.Done():
					return stt.Result{}, ctx.Err()
				}
			},
		}}
		s := &service{door: d, ctx: ctx, settings: func() node.WyomingConfig { return set }, told: make(chan event.Body, 64)}
		s.ear = newEar(ctx, s.settings)
		var clients []net.Conn
		f(t, s, func() net.Conn {
			ours, theirs := net.Pipe()
			c := newConn(s, ours)
			if why := s.crowd.Admit(c, 8, 8); why != "" {
				t.Fatal(why)
			}
			s.running.Go(c.serve)
			clients = append(clients, theirs)
			return theirs
		})
		for _, c := range clients {
			_ = c.Close()
		}
		s.running.Wait()
		synctest.Wait() // the ear frees what a client held
		if s.crowd.Size() != 0 || s.taken != 0 {
			t.Errorf("%d connections and %d places are left behind", s.crowd.Size(), s.taken)
		}
		cancel()
		s.ear.wait()
	})
}

// lasts returns how long a connection lasts while a client does something to it.
func lasts(c net.Conn, do func()) time.Duration {
	start := time.Now()
	gone := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, c); close(gone) }()
	do()
	<-gone
	return time.Since(start)
}

// TestIdle: a client that sends no whole event in time is disconnected, however it spends the time.
func TestIdle(t *testing.T) {
	t.Run("it says nothing", func(t *testing.T) {
		visit(t, time.Minute, 0, func(t *testing.T, _ *service, c net.Conn) {
			if took := lasts(c, func() {}); took != time.Minute {
				t.Errorf("it lasted %v", took)
			}
		})
	})
	t.Run("it drips", func(t *testing.T) {
		visit(t, time.Minute, 0, func(t *testing.T, _ *service, c net.Conn) {
			took := lasts(c, func() {
				for _, b := range []byte(`{"type":"ping","data_length":100000}` + strings.Repeat(" ", 1000)) {
					time.Sleep(time.Second)
					if _, err := c.Write([]byte{b}); err != nil {
						return
					}
				}
			})
			if took > 62*time.Second {
				t.Errorf("it lasted %v", took)
			}
		})
	})
	t.Run("it pings", func(t *testing.T) {
		visit(t, time.Minute, 0, func(t *testing.T, _ *service, c net.Conn) {
			took := lasts(c, func() {
				w := wire.NewWriter(c)
				for range 10 {
					time.Sleep(50 * time.Second)
					if err := w.Write(wire.KindPing, nil, nil); err != nil {
						t.Errorf("it was disconnected: %v", err)
						return
					}
				}
			})
			if took != 560*time.Second {
				t.Errorf("it lasted %v", took)
			}
		})
	})
}

// TestSlowEngine: a client may wait in silence for an answer, longer than it may be idle. An engine that does not answer in time is a
// failure with an empty text.
func TestSlowEngine(t *testing.T) {
	for engine, want := range map[time.Duration]string{59 * time.Second: "yes", 2 * time.Minute: ""} {
		visit(t, 20*time.Second, engine, func(t *testing.T, s *service, c net.Conn) {
			go func() {
				w := wire.NewWriter(c)
				_ = w.Write(wire.KindAudioChunk, wire.Audio{Format: wire.Speech}, make([]byte, 3200))
				_ = w.Write(wire.KindAudioStop, nil, nil)
			}()
			r, kinds := wire.NewReader(c), ""
			for {
				e, err := r.Next()
				if err != nil {
					t.Fatalf("%v: after %s: %v", engine, kinds, err)
				}
				kinds += e.Kind + " "
				if e.Kind != wire.KindTranscript {
					continue
				}
				var got wire.Transcript
				if err := e.Decode(&got); err != nil || got.Text != want || strings.Contains(kinds, wire.KindError) != (want == "") {
					t.Errorf("%v: %q, %v, after %s", engine, got.Text, err, kinds)
				}
				return
			}
		})
	}
}

// TestNeverReads: a client that takes nothing is disconnected, and what it holds is freed.
func TestNeverReads(t *testing.T) {
	visit(t, time.Minute, 0, func(t *testing.T, _ *service, c net.Conn) {
		start := time.Now()
		w := wire.NewWriter(c)
		for w.Write(wire.KindDescribe, nil, nil) == nil {
		}
		if took := time.Since(start); took != wire.WriteTime {
			t.Errorf("it lasted %v", took)
		}
	})
}

// TestEviction: at the limit the connection that was idle longest makes room. One that waits for an answer does not.
func TestEviction(t *testing.T) {
	visit(t, time.Minute, 50*time.Second, func(t *testing.T, s *service, waits net.Conn) {
		go func() { _, _ = io.Copy(io.Discard, waits) }()
		w := wire.NewWriter(waits)
		_ = w.Write(wire.KindAudioChunk, wire.Audio{Format: wire.Speech}, make([]byte, 3200))
		_ = w.Write(wire.KindAudioStop, nil, nil)
		synctest.Wait()
		admit := func() (*conn, string) {
			ours, theirs := net.Pipe()
			t.Cleanup(func() { _ = theirs.Close() })
			c := newConn(s, ours)
			return c, s.crowd.Admit(c, 2, 2)
		}
		first, why := admit()
		if why != "" {
			t.Fatal(why)
		}
		if _, why := admit(); why == "" {
			t.Error("a connection that has just come was closed for another one")
		}
		time.Sleep(2 * crowd.SpareAfter)
		second, why := admit()
		if why != "" || first.ctx.Err() == nil {
			t.Errorf("nobody made room: %q", why)
		}
		s.crowd.Forget(second)
	})
}

// TestCut: a long sound is cut where it is quiet.
func TestCut(t *testing.T) {
	pcm := make([]int16, pieceMost+1000)
	for i := range pcm {
		pcm[i] = int16(1000 - 2000*(i%2))
	}
	for _, at := range []int{pieceLeast, pieceLeast + 12345, pieceMost - quiet} {
		loud := append([]int16(nil), pcm...)
		clear(loud[at : at+quiet])
		if got := cutAt(loud); got < at || got > at+quiet {
			t.Errorf("the pause is at %d; it was cut at %d", at, got)
		}
	}
	if got := cutAt(pcm); got < pieceLeast || got > pieceMost {
		t.Errorf("without a pause it was cut at %d", got)
	}
}

// TestNames: what clients keep their knowledge under does not depend on anything that changes by itself.
func TestNames(t *testing.T) {
	c := config(runbook.ServeWake)
	if got := InstanceName(c); got != "orac-kitchen-test" {
		t.Error(got)
	}
	if a, b := fmt.Sprint(infoOf(c)), fmt.Sprint(infoOf(c)); a != b || !strings.Contains(a, "ORAC kitchen") {
		t.Errorf("%s\n%s", a, b)
	}
}
