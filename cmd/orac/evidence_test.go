package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"orac/appliance/status"
	"orac/appliance/stt/stttest"
)

// TestWhatWasKnownBeforeTheCaptureProcessWasKilled: the incident of a capture process that hangs has its cause, the last hops, the
// state of the process and our own stacks, what was done, and its end.
func TestWhatWasKnownBeforeTheCaptureProcessWasKilled(t *testing.T) {
	audio, _ := microphone(t)
	server := stttest.Start(t)
	d := start(t, t.TempDir(), kitchenRunbook(server.URL()), audio.Env())
	d.kind("device_opened")
	d.kind("listening")
	sendTo(t, child(t, d.cmd.Process.Pid), syscall.SIGSTOP)
	d.kind("device_lost")
	d.kind("device_opened")
	var list []status.Incident
	for len(list) == 0 || list[0].Recovered.IsZero() { // the end is noted when sound has come
		out, code := d.ask("incidents", "--json")
		if code != 0 {
			t.Fatalf("orac incidents: exit %d: %s", code, out)
		}
		list = nil
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
	}
	d.stop()
	if len(list) != 1 {
		t.Fatalf("incidents: %+v", list)
	}
	i := list[0]
	if i.Component != "source.usb" || !strings.Contains(i.Cause, "no sound for 2s") && !strings.Contains(i.Cause, "the last sound came 2") || i.Duration <= 0 || !i.Recovered.After(i.Detected) {
		t.Errorf("%+v", i)
	}
	for _, part := range []string{"last hops (number, age, RMS, peak):\n", "== child process", "T (stopped)", "== goroutines", "appliance/node.(*Source)"} {
		if !strings.Contains(i.Evidence, part) {
			t.Errorf("the evidence has no %q:\n%s", part, i.Evidence)
		}
	}
	if all := strings.Join(i.Actions, "\n"); !strings.Contains(all, "tried again now") || !strings.Contains(all, "opened testmic") {
		t.Errorf("what was done: %q", i.Actions)
	}
}
