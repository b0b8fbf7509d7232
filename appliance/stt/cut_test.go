package stt

import (
	"testing"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
)

// TestAServiceCanLearnThatARecordingWasCutOff: in the header of a request and in the environment of a command. Whole recordings
// say nothing of it, and nothing else of a request changes.
func TestAServiceCanLearnThatARecordingWasCutOff(t *testing.T) {
	for _, why := range []string{"", "stopped", "device lost"} {
		u := said
		u.Cut = why
		s := stttest.Start(t)
		o := newOrac(t, OracConfig{URL: s.URL()})
		if _, err := do(t, func(task *rt.Task) (Result, error) { return o.Transcribe(task, u, voice(3000)) }); err != nil {
			t.Fatal(err)
		}
		h := one(t, s)
		values, sent := h.Header["X-Recording-Cut"]
		if sent != (why != "") || sent && values[0] != why || h.Complaint != "" {
			t.Errorf("%q: the header is %q, %v; the service says %q", why, values, sent, h.Complaint)
		}
		x := sh(t, `echo "${ORAC_CUT-whole}"`, 0)
		r, err := do(t, func(task *rt.Task) (Result, error) { return x.Transcribe(task, u, voice(3000)) })
		want := why
		if want == "" {
			want = "whole"
		}
		if err != nil || r.Text != want {
			t.Errorf("%q: the command says %q, %v", why, r.Text, err)
		}
	}
}
