package engine

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"orac/appliance/child"
	"orac/runbook/testkit"
)

func TestFramesCarryJobsAndAnswers(t *testing.T) {
	r := &child.Reader{R: bytes.NewReader(append(jobFrame(7, []int16{1, -2, 32767}), cancelFrame(7)...)), Protocol: toWorker}
	kind, payload, err := r.Next()
	testkit.Must(t, err)
	number, pcm, err := parseJob(payload)
	if kind != kindJob || err != nil || number != 7 || len(pcm) != 3 || pcm[1] != -2 || pcm[2] != 32767 {
		t.Errorf("a job of another number or sound: %c %d %v %v", kind, number, pcm, err)
	}
	if kind, _, err = r.Next(); kind != kindCancel || err != nil {
		t.Errorf("no cancel: %c %v", kind, err)
	}
	long := answer{Job: 1, Text: clip(strings.Repeat("\x01", 1<<20)), Confidence: 1} // six bytes each in JSON
	_, payload, err = (&child.Reader{R: bytes.NewReader(jsonFrame(kindAnswer, long)), Protocol: fromWorker}).Next()
	var a answer
	if err != nil || child.ParseJSON(payload, &a) != nil || a != long {
		t.Errorf("the longest answer is not what was sent: %d bytes of text, %v", len(a.Text), err)
	}
}

func TestFramesOfTheOtherSideAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		side  child.Protocol
		bytes string
	}{
		"a length of 4 GiB":        {fromWorker, "oreA\xff\xff\xff\xff"},
		"more sound than a job":    {toWorker, "oreJ\x00\x00\xff\x00"},
		"a job to the parent":      {fromWorker, string(jobFrame(1, nil))},
		"an answer to the worker":  {toWorker, string(jsonFrame(kindAnswer, answer{Job: 1, Text: "x"}))},
		"half a number":            {toWorker, "oreC\x04\x00\x00\x00abcd"},
		"an unknown kind":          {fromWorker, "oreZ\x02\x00\x00\x00{}"},
		"a library that prints":    {fromWorker, "Warning: libfoo is old\n"},
		"the end within a payload": {fromWorker, "oreA\x20\x00\x00\x00{}"},
		"the end within a header":  {fromWorker, "oreA"},
	} {
		_, _, err := (&child.Reader{R: strings.NewReader(c.bytes), Protocol: c.side}).Next()
		if !errors.Is(err, child.ErrGarbage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnswersOfNoSenseAreRefused(t *testing.T) {
	for name, a := range map[string]answer{
		"neither text nor reason": {Job: 1},
		"a confidence of 2":       {Text: "x", Confidence: 2},
	} {
		if _, err := a.result(); !errors.Is(err, child.ErrGarbage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := answer{Text: "a\x1b[2Jb", Confidence: 0.5}.result()
	if err != nil || r.Text != "a [2Jb" || r.Silence {
		t.Errorf("a text with an escape is %+v, %v", r, err)
	}
	if r, err := (answer{Nothing: "noise"}).result(); err != nil || !r.Silence || r.Nothing != "noise" {
		t.Errorf("nothing understood is %+v, %v", r, err)
	}
}

// FuzzFromWorker: whatever a worker writes, its parent reads frames of bounded size, or says that it is garbage.
func FuzzFromWorker(f *testing.F) {
	f.Add(append(jsonFrame(kindReady, ready{"m"}), jsonFrame(kindAnswer, answer{Job: 1, Text: "x"})...))
	f.Add(jsonFrame(kindError, failure{"m"}))
	f.Add([]byte("oreA\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		drain(t, in, fromWorker, func(kind byte, payload []byte) {
			var a answer
			if child.ParseJSON(payload, &a) != nil {
				return
			}
			if r, err := a.result(); err == nil && (r.Text == "") != (r.Nothing != "") {
				t.Errorf("%+v has both a text and a reason for none, or neither", r)
			}
		})
	})
}

// FuzzToWorker: the same of what a parent writes.
func FuzzToWorker(f *testing.F) {
	f.Add(append(jobFrame(1, []int16{1, 2}), cancelFrame(1)...))
	f.Add([]byte("oreJ\x0b\x00\x00\x00elevenbytes"))
	f.Fuzz(func(t *testing.T, in []byte) {
		drain(t, in, toWorker, func(kind byte, payload []byte) {
			if kind == kindJob {
				if _, pcm, err := parseJob(payload); err == nil && len(pcm) > maxSamples {
					t.Errorf("%d samples", len(pcm))
				}
			}
		})
	})
}

func drain(t *testing.T, in []byte, p child.Protocol, each func(kind byte, payload []byte)) {
	r := child.Reader{R: bytes.NewReader(in), Protocol: p}
	for total := 0; ; {
		kind, payload, err := r.Next()
		if err != nil {
			if err != io.EOF && !errors.Is(err, child.ErrGarbage) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		if total += 8 + len(payload); total > len(in) {
			t.Fatalf("%d bytes of frames out of %d", total, len(in))
		}
		each(kind, payload)
	}
}
