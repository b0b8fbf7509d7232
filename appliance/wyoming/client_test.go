package wyoming

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// talk runs f with a connection to a service that is a function.
func talk(t *testing.T, serve func(r *Reader, w *Writer), f func(c *Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		var serving sync.WaitGroup
		serving.Go(func() {
			defer theirs.Close()
			serve(NewReader(theirs), NewWriter(theirs))
		})
		c := NewConn(t.Context(), ours)
		f(c)
		_ = c.Close()
		serving.Wait()
	})
}

// TestTranscribe: one request, with a ping and unknown events in between.
func TestTranscribe(t *testing.T) {
	talk(t, func(r *Reader, w *Writer) {
		var kinds []string
		sound := 0
		for {
			e, err := r.Next()
			if err != nil {
				t.Error(err)
				return
			}
			if kinds = append(kinds, e.Kind); e.Kind == KindAudioChunk {
				sound += len(e.Payload)
			}
			if e.Kind == KindAudioStop {
				break
			}
		}
		if got := strings.Join(kinds, " "); got != "transcribe audio-start audio-chunk audio-chunk audio-chunk audio-stop" || sound != 5000 {
			t.Errorf("received %s with %d bytes", got, sound)
		}
		_ = w.Write(KindPing, Ping{Text: "x"}, nil)
		var p Ping
		if e, err := r.Next(); err != nil || e.Kind != KindPong || e.Decode(&p) != nil || p.Text != "x" {
			t.Errorf("no pong: %v, %v", e.Kind, err)
		}
		_ = w.Write("future", nil, []byte("zz"))
		_ = w.Write(KindTranscriptStart, nil, nil)
		_ = w.Write(KindTranscriptChunk, TranscriptChunk{"turn on "}, nil)
		_ = w.Write(KindTranscriptChunk, TranscriptChunk{"the light"}, nil)
		_ = w.Write(KindTranscript, Transcript{Text: "turn on the light", Language: "en"}, nil)
		_ = w.Write(KindTranscriptStop, nil, nil)
	}, func(c *Conn) {
		if err := errors.Join(c.Begin(Transcribe{Language: "en"}), c.Send(make([]int16, 2500)), c.End()); err != nil {
			t.Fatal(err)
		}
		heard := ""
		got, err := c.Transcript(func(text string) { heard += text })
		if err != nil || got.Text != "turn on the light" || got.Language != "en" || heard != got.Text {
			t.Errorf("got %+v, %v, in pieces %q", got, err, heard)
		}
	})
}

// TestServiceFails: each failure of a service is an error, and ends in time.
func TestServiceFails(t *testing.T) {
	read := func(r *Reader) { _, _ = r.Next() }
	for name, c := range map[string]struct {
		serve func(r *Reader, w *Writer)
		check func(err error) bool
	}{
		"closes": {func(r *Reader, w *Writer) { read(r) }, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"says error": {func(r *Reader, w *Writer) {
			read(r)
			_ = w.Write(KindError, Failure{Text: "no engine", Code: "stt-stream-failed"}, nil)
		}, func(err error) bool {
			f, ok := errors.AsType[*Failure](err)
			return ok && f.Error() == "no engine (stt-stream-failed)"
		}},
		"says nothing": {func(r *Reader, w *Writer) { read(r); time.Sleep(time.Minute) }, func(err error) bool {
			e, ok := errors.AsType[net.Error](err)
			return ok && e.Timeout()
		}},
		"talks without end": {func(r *Reader, w *Writer) {
			read(r)
			for w.Write("future", nil, nil) == nil {
			}
		}, func(err error) bool { return errors.Is(err, ErrFormat) }},
		"never reads": {func(r *Reader, w *Writer) { time.Sleep(time.Minute) }, func(err error) bool {
			e, ok := errors.AsType[net.Error](err)
			return ok && e.Timeout()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, c.serve, func(conn *Conn) {
				start := time.Now()
				if _, err := conn.Describe(); !c.check(err) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took > WriteTime {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// TestStop: the end of the context ends a wait, and is the error.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := NewConn(ctx, ours)
		defer c.Close()
		if _, err := c.Transcript(nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestParseURL(t *testing.T) {
	for text, want := range map[string]string{
		"tcp://127.0.0.1:10300": "127.0.0.1:10300", "tcp://[::1]:10300": "[::1]:10300", "tcp://stt.local:1": "stt.local:1",
		"127.0.0.1:10300": "", "http://a:1": "", "tcp://a": "", "tcp://:1": "", "tcp://a:1/x": "", "tcp://u@a:1": "", "tcp://a:1?x": "", "": "", "tcp://%": "",
	} {
		if got, err := ParseURL(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
