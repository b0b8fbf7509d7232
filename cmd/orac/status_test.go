package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"

	"orac/appliance/status"
	"orac/web/control"
)

// TestWatchGoesOnUntilItIsStopped: a frame a second, and an end by Ctrl-C is no error.
func TestWatchGoesOnUntilItIsStopped(t *testing.T) {
	dir := t.TempDir()
	l, err := control.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	served, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- control.Serve(served, l, &model{texts: []string{""}}, slog.New(slog.DiscardHandler)) }()
	for _, flag := range []string{"--watch", "--json"} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &stopper{after: 2, stop: cancel}
		var complaints bytes.Buffer
		code := Run(ctx, []string{"status", "--state-dir", dir, "--watch", flag}, strings.NewReader(""), out, &complaints)
		cancel()
		if code != exitFine || complaints.Len() > 0 {
			t.Errorf("%s: exit %d, %s", flag, code, &complaints)
		}
		if n := strings.Count(out.String(), "source.usb"); n != 2 {
			t.Errorf("%s: the node is shown %d times in two frames:\n%s", flag, n, out.String())
		}
		if flag == "--json" {
			var s status.Status
			for d := json.NewDecoder(&out.Buffer); ; {
				if err := d.Decode(&s); err == io.EOF {
					break
				} else if err != nil || s.Appliance != "model" {
					t.Fatalf("%+v, %v", s, err)
				}
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// stopper is a stream that calls stop at its n-th write.
type stopper struct {
	bytes.Buffer
	after int
	stop  func()
}

func (s *stopper) Write(p []byte) (int, error) {
	if s.after--; s.after == 0 {
		s.stop()
	}
	return s.Buffer.Write(p)
}
