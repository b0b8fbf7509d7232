package wyoming

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	wire "orac/appliance/wyoming"
	"orac/runbook"
)

// events reads what a service says, until it says last or ends. Each is "kind text".
func events(c net.Conn, last string) (list []string) {
	for r := wire.NewReader(c); ; {
		e, err := r.Next()
		if err != nil {
			return append(list, "closed")
		}
		var f wire.Failure
		_ = e.Decode(&f)
		list = append(list, strings.TrimSpace(e.Kind+" "+f.Text+" "+f.Code))
		if e.Kind == last {
			return list
		}
	}
}

// utter sends a sound of which each sample has one value.
func utter(c net.Conn, value byte, end bool) {
	w := wire.NewWriter(c)
	_ = w.Write(wire.KindAudioStart, wire.Audio{Format: wire.Speech}, nil)
	_ = w.Write(wire.KindAudioChunk, wire.Audio{Format: wire.Speech}, slices.Repeat([]byte{value, 0}, 1600))
	if end {
		_ = w.Write(wire.KindAudioStop, nil, nil)
	}
}

// TestAnswersKeepTheirOrder, also when a request between them is given up, and when one is refused.
func TestAnswersKeepTheirOrder(t *testing.T) {
	engine := func(pcm []int16) (time.Duration, string) {
		return time.Duration(pcm[0]) * time.Second, fmt.Sprint(pcm[0])
	}
	for name, between := range map[string]func(c net.Conn){
		"given up": func(c net.Conn) { utter(c, 5, false) },
		"given up twice": func(c net.Conn) {
			utter(c, 5, false)
			utter(c, 6, false)
		},
		"refused": func(c net.Conn) {
			w := wire.NewWriter(c)
			_ = w.Write(wire.KindTranscribe, wire.Transcribe{Language: "xx"}, nil)
			utter(c, 5, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			visitWith(t, config(runbook.ServeSTT), engine, func(t *testing.T, s *service, connect func() net.Conn) {
				c := connect()
				go func() {
					utter(c, 20, true)
					between(c)
					utter(c, 1, true)
				}()
				var got []string
				for r := wire.NewReader(c); len(got) == 0 || got[len(got)-1] != "transcript 1"; {
					e, err := r.Next()
					if err != nil {
						t.Fatalf("%v: %v", got, err)
					}
					var said struct{ Text string }
					if _ = e.Decode(&said); e.Kind == wire.KindTranscript || e.Kind == wire.KindError {
						got = append(got, strings.TrimSpace(e.Kind+" "+said.Text))
					}
				}
				want := []string{"transcript 20", "transcript 1"}
				if name == "refused" {
					want = []string{"transcript 20", `error the language "xx" is not understood here, only "en"`, "transcript", "transcript 1"}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q", got)
				}
			})
		})
	}
}

// TestTheEarNeverWaits for a client: one that takes nothing, and whose models cannot be used, holds up nobody.
func TestTheEarNeverWaits(t *testing.T) {
	set := config(runbook.ServeWake)
	opened := 0
	set.Extractor = func() (node.Extractor, error) {
		if opened++; opened == 1 {
			return nil, errors.New("it is damaged")
		}
		return &hearsFirst{r: &rig{}}, nil
	}
	set.Head = func(string) (node.Classifier, error) { return &firesAt{r: &rig{}, value: 1000}, nil }
	hop := func(c net.Conn, value uint16) {
		_ = wire.NewWriter(c).Write(wire.KindAudioChunk, wire.Audio{Format: wire.Speech}, slices.Repeat([]byte{byte(value), byte(value >> 8)}, 1280))
	}
	visitWith(t, set, nil, func(t *testing.T, s *service, connect func() net.Conn) {
		deaf, other := connect(), connect()
		hop(deaf, 1)
		synctest.Wait()
		start := time.Now()
		go hop(other, 1000)
		if got := events(other, wire.KindDetection); got[0] != wire.KindDetection || time.Since(start) > time.Second {
			t.Errorf("%q after %v", got, time.Since(start))
		}
		if got := events(deaf, ""); len(got) != 2 || got[0] != "error the models of this service cannot be used: it is damaged wake-stream-failed" {
			t.Errorf("%q", got)
		}
	})
}

// TestWhatWaitsIsBounded: a client cannot make the service keep more and more for it.
func TestWhatWaitsIsBounded(t *testing.T) {
	flood := func(kinds ...string) func(c net.Conn) {
		return func(c net.Conn) {
			w := wire.NewWriter(c)
			for range 100_000 {
				for _, kind := range kinds {
					if w.Write(kind, wire.Audio{Format: wire.Speech}, nil) != nil {
						return
					}
				}
			}
		}
	}
	for name, x := range map[string]struct {
		serve string
		send  func(c net.Conn)
		want  string
	}{
		"names": {runbook.ServeWake, func(c net.Conn) {
			_ = wire.NewWriter(c).Write(wire.KindDetect, wire.Detect{Names: make([]string, 5000)}, nil)
		}, "names"},
		"sounds":            {runbook.ServeWake, flood(wire.KindAudioStart, wire.KindAudioStop), "wait to be heard"},
		"requests for text": {runbook.ServeSTT, flood(wire.KindAudioStart, wire.KindAudioStop), "requests wait"},
	} {
		t.Run(name, func(t *testing.T) {
			set := config(x.serve)
			held := make(chan struct{})
			set.Extractor = func() (node.Extractor, error) { <-held; return nil, errors.New("it is late") }
			visitWith(t, set, func([]int16) (time.Duration, string) { return time.Hour, "" }, func(t *testing.T, s *service, connect func() net.Conn) {
				c := connect()
				go func() {
					_ = wire.NewWriter(c).Write(wire.KindAudioChunk, wire.Audio{Format: wire.Speech}, make([]byte, 2560))
					x.send(c)
				}()
				if got := events(c, wire.KindError); !strings.Contains(got[len(got)-1], x.want) || runtime.NumGoroutine() > 100 {
					t.Errorf("%q, %d goroutines", got[len(got)-1], runtime.NumGoroutine())
				}
				close(held)
			})
		})
	}
}

// TestDataOfAnotherForm is told as such, and ends the connection, whatever it belongs to.
func TestDataOfAnotherForm(t *testing.T) {
	for _, serve := range []string{runbook.ServeSTT, runbook.ServeWake} {
		for _, event := range []string{
			`{"type":"ping","data":{"text":[]}}`, `{"type":"audio-start","data":{"rate":"fast"}}`, `{"type":"audio-chunk","data":{"width":{}},"payload_length":2}` + "\nab",
			`{"type":"transcribe","data":{"language":7}}`, `{"type":"detect","data":{"names":"all"}}`,
		} {
			if strings.Contains(event, "transcribe") != (serve == runbook.ServeSTT) && (strings.Contains(event, "transcribe") || strings.Contains(event, "detect")) {
				continue // an event of another service is skipped
			}
			visitWith(t, config(serve), nil, func(t *testing.T, s *service, connect func() net.Conn) {
				c := connect()
				go func() { _, _ = io.WriteString(c, event+"\n") }()
				got := events(c, "")
				if len(got) != 2 || !strings.HasPrefix(got[0], "error not the Wyoming protocol") || !strings.HasSuffix(got[0], codeProtocol) {
					t.Errorf("%s: %s: %q", serve, event, got)
				}
			})
		}
	}
}

// opaque is a context of which the others notice its end by a goroutine each.
type opaque struct{ context.Context }

func (opaque) Value(any) any { return nil }

// crowdOf is a listener to which so many clients have come.
type crowdOf struct {
	left   int
	closed chan struct{}
}

func (l *crowdOf) Accept() (net.Conn, error) {
	if l.left--; l.left < 0 {
		<-l.closed
		return nil, net.ErrClosed
	}
	ours, _ := net.Pipe()
	return ours, nil
}
func (l *crowdOf) Close() error { close(l.closed); return nil }
func (*crowdOf) Addr() net.Addr { return &net.TCPAddr{} }

// TestNothingIsKeptOfWhoIsTurnedAway.
func TestNothingIsKeptOfWhoIsTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		set := config(runbook.ServeSTT)
		set.Block.MaxConnections = 1
		refused := 0
		d := &door{block: "wyoming.test", o: Options{Log: slog.New(slog.DiscardHandler), Refused: func(runbook.Address, netip.Addr, string) { refused++ }}}
		s := &service{door: d, ctx: opaque{ctx}, settings: func() node.WyomingConfig { return set }, told: make(chan event.Body, 64)}
		l := &crowdOf{left: 1000, closed: make(chan struct{})}
		before := runtime.NumGoroutine()
		s.running.Go(func() { _ = s.accept(l) })
		synctest.Wait()
		if more := runtime.NumGoroutine() - before; refused != 999 || more > 10 {
			t.Errorf("%d were turned away, and %d goroutines stay", refused, more)
		}
		cancel()
		_ = l.Close()
		s.crowd.End()
		s.running.Wait()
	})
}
