package sttserver

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/stt/stttest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "server" {
		os.Exit(Main(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// say streams an utterance and gives whether it was answered.
func say(t *testing.T, p *Process, wake string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+p.Address()+"/stt/v1/ws/stream/general", nil)
	if err != nil {
		return false
	}
	defer c.CloseNow()
	for _, m := range []string{`{"type":"config","wake_word_time":"` + wake + `"}`} {
		if err := c.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Write(ctx, websocket.MessageBinary, make([]byte, 2560)); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(ctx, websocket.MessageText, []byte(`{"type":"end"}`)); err != nil {
		t.Fatal(err)
	}
	_, _, err = c.Read(ctx)
	return err == nil
}

func TestTheRecordAndTheBehaviour(t *testing.T) {
	p, err := Start("/proc/self/exe", "server")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	const wake = "2026-01-17T09:00:00.123456"
	if !say(t, p, wake) {
		t.Error("the first is not answered")
	}
	if err := p.Set(map[stttest.Endpoint]Behaviour{stttest.WS: {Do: stttest.Status, Code: http.StatusUnauthorized}}); err != nil {
		t.Fatal(err)
	}
	if say(t, p, wake) {
		t.Error("the second is answered")
	}
	const late = 150 * time.Millisecond
	if err := p.Set(map[stttest.Endpoint]Behaviour{stttest.WS: {Wait: late}}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if !say(t, p, wake) || time.Since(began) < late {
		t.Errorf("the third was answered after %v", time.Since(began))
	}
	heard, _, err := p.Heard()
	for range 200 { // who has the answer may be faster than who writes down that it went out
		if err != nil || len(heard) == 3 && !heard[2].Answered.IsZero() {
			break
		}
		time.Sleep(10 * time.Millisecond)
		heard, _, err = p.Heard()
	}
	if err != nil || len(heard) != 3 {
		t.Fatalf("%d were heard, %v", len(heard), err)
	}
	for i, answered := range []bool{true, false, true} {
		h := heard[i]
		if h.Answered.IsZero() == answered || answered && (h.Samples != 1280 || h.Wake != wake || !h.Whole) {
			t.Errorf("%d: %+v", i+1, h)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if p.Process().Alive() {
		t.Error("it is still there")
	}
	if _, _, err := p.Heard(); err == nil {
		t.Error("no error after its end")
	}
}
