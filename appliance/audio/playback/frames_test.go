package playback

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/appliance/play"
	"orac/runbook/testkit"
)

func TestOptionsRoundTrip(t *testing.T) {
	for _, o := range []options{
		{}, {Options: workers.Options{List: true, Backend: "alsa"}}, {Options: workers.Options{Selector: library.Selector{Match: "USB"}, Look: 2e9}, rest: 1e9},
		{Options: workers.Options{Selector: library.Selector{ID: "hw:1,0"}}},
	} {
		got, err := parseOptions(o.args(), io.Discard)
		if err != nil || !reflect.DeepEqual(got, o) {
			t.Errorf("%+v became %+v: %v", o, got, err)
		}
	}
	for _, args := range [][]string{{"x"}, {"--look=1ms"}, {"--rest=-1s"}, {"--what"}} {
		if _, err := parseOptions(args, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// TestTheRingKeepsTheOrder: whatever the sizes in which the device asks, it gets each sample once, then silence.
func TestTheRingKeepsTheOrder(t *testing.T) {
	r := newRing()
	form := newForm(r, play.Rate, 1)
	var sent bytes.Buffer
	w := newFrameWriter(toWorker, &sent)
	var f play.Frame
	for n := range 3 {
		for i := range f {
			f[i] = int16(n*len(f) + i + 1)
		}
		testkit.Must(t, w.frame(&f))
	}
	frames := child.Reader{Protocol: toWorker, R: &sent}
	for range 3 {
		_, payload, err := frames.Next()
		testkit.Must(t, err)
		if !r.put(payload) {
			t.Fatal("there is no room")
		}
	}
	next := int16(1)
	for _, size := range []int{1, 441, 960, 100, 1378, 1000} {
		out := make([]byte, 2*size)
		form.fill(out)
		for i := range size {
			got := int16(uint16(out[2*i]) | uint16(out[2*i+1])<<8)
			want := next
			if next > 3*play.FrameSamples {
				want = 0
			}
			if got != want {
				t.Fatalf("sample %d is %d", next, got)
			}
			next++
		}
	}
	if !r.empty() || r.tail.Load() != 3 {
		t.Errorf("%d frames were taken", r.tail.Load())
	}
	for n := 0; r.put(make([]byte, frameSize)); n++ {
		if n > len(r.slots) {
			t.Fatal("it takes any number of frames")
		}
	}
}

func FuzzFromWorker(f *testing.F) {
	var b bytes.Buffer
	w := newFrameWriter(fromWorker, &b)
	_ = w.JSON(workers.KindHello, hello{Rate: play.Rate, Channels: 1})
	_ = w.taken(3)
	_ = w.Bye()
	f.Add(b.Bytes())
	f.Add([]byte("orpE\x02\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		frames := child.Reader{Protocol: fromWorker, R: bytes.NewReader(text)}
		for {
			kind, payload, err := frames.Next()
			if err != nil {
				return
			}
			if kind == workers.KindError {
				if err := workers.ParseFailure(library.Speakers, payload); err == nil || strings.ContainsAny(err.Error(), "\n\x1b") {
					t.Errorf("%q became %v", payload, err)
				}
			}
			if kind == kindTaken && len(payload) != takenSize {
				t.Errorf("%d bytes", len(payload))
			}
		}
	})
}
