package runbook_test

import (
	"os"
	"path/filepath"
	"testing"

	"orac/runbook"
	"orac/runbook/runbooktest"
)

func TestLookups(t *testing.T) {
	src, err := os.ReadFile("testdata/good/whole.hcl")
	if err != nil {
		t.Fatal(err)
	}
	rb, ds := runbook.Parse(src, "dir/whole.hcl", runbooktest.World())
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	if m, ok := rb.Microphone("device.microphone.usb"); !ok || m.Channels != 2 {
		t.Errorf("microphone: %+v, %v", m, ok)
	}
	if w, ok := rb.WAV("device.wav.demo"); !ok || w.Path != filepath.Join("dir", "sounds/demo.wav") {
		t.Errorf("wav: %+v, %v", w, ok)
	}
	if m, ok := rb.Model("model.hey_jarvis"); !ok || m.Patience != 3 {
		t.Errorf("model: %+v, %v", m, ok)
	}
	if l, ok := rb.Listener("listener.kitchen"); !ok || len(l.Deliver) != 2 {
		t.Errorf("listener: %+v, %v", l, ok)
	}
	if s, ok := rb.STT("stt.cli"); !ok || s.Protocol != "exec" {
		t.Errorf("stt: %+v, %v", s, ok)
	}
	if w, ok := rb.Webhook("webhook.light"); !ok || len(w.Headers) != 2 {
		t.Errorf("webhook: %+v, %v", w, ok)
	}
	if h, ok := rb.Heartbeat("heartbeat.own"); !ok || rb.HeartbeatURL(h) != "http://stt.test:7272" {
		t.Errorf("heartbeat: %+v, %v", h, ok)
	}
	if got := rb.HeartbeatURL(runbook.Heartbeat{STT: "stt.whisper"}); got != "https://stt.test" {
		t.Errorf("the address of a heartbeat that names an stt is %q", got)
	}
	if b, ok := rb.Block("listener.kitchen.record"); !ok || b.Attrs["grace"].Value.AsString() != "0s" || b.Attrs["grace"].Range.Start.Line != 54 {
		t.Errorf("record: %+v, %v", b, ok)
	}
	for _, a := range []runbook.Address{"device.microphone.usb", "device.wav.demo"} {
		if d, ok := rb.Device(a); !ok || d == nil {
			t.Errorf("%s is not found", a)
		}
	}
	if _, ok := rb.Device("device.wav.none"); ok {
		t.Error("a device that is not there is found")
	}
	if _, ok := rb.Block("model.none"); ok {
		t.Error("a block that is not there is found")
	}
	if got := rb.Resolve("/abs"); got != "/abs" {
		t.Errorf("an absolute path becomes %q", got)
	}
	if a := runbook.Address("device.wav.demo"); a.Type() != "device" || a.Name() != "demo" || runbook.Address("watchdog").Name() != "" {
		t.Error("an address is taken apart wrongly")
	}
}
