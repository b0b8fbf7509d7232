//go:build cgo

package sim_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"orac/appliance"
	"orac/appliance/audio/wav"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/models"
	"orac/models/modelstest"
)

// spoken is an example sound that make deps has made.
func spoken(t testing.TB, name string) []int16 {
	t.Helper()
	b, err := os.ReadFile("../.orac/sounds/" + name + ".wav")
	if err != nil {
		t.Fatalf("%v: run make deps", err)
	}
	pcm, _, err := wav.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

// TestSpeechInVirtualTime runs the whole graph with real inference on a spoken command, twice.
func TestSpeechInVirtualTime(t *testing.T) {
	inference, err := appliance.OpenInference(context.Background(), models.Store{Dir: modelstest.Dir(t)}, "")
	if err != nil {
		t.Fatal(err)
	}
	run := func() (Result, []string, *World) {
		var lines []string
		w := world(t, spoken(t, "hey_jarvis_twice"))
		w.Inference = inference
		w.Trace = func(r rt.Record) { lines = append(lines, fmt.Sprintf("%v %s %s %v", r.At, r.Task, r.What, r.Args)) }
		return w.Run(time.Minute), lines, w
	}
	a, first, w := run()
	b, second, _ := run()
	if a.Hash != b.Hash || !slices.Equal(first, second) {
		t.Errorf("two runs differ:\n%v\n%v", first, second)
	}
	var woke []int64
	for _, e := range a.Events {
		if e, ok := e.Body.(event.Wake); ok {
			woke = append(woke, e.Hop)
		}
	}
	// orac detect hears the same file at 3.12 s and 9.20 s: at the end of the hops 38 and 114.
	if want := []int64{38, 114}; !slices.Equal(woke, want) {
		t.Errorf("woke at the hops %v, want %v", woke, want)
	}
	if len(w.STT.Heard) != 2 {
		t.Errorf("the server heard %+v", w.STT.Heard)
	}
}
