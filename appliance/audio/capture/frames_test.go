package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/runbook/testkit"
)

func TestFramesRoundTrip(t *testing.T) {
	var b bytes.Buffer
	w := newFrameWriter(&b)
	sent := hop{seq: 7, dropped: 3}
	for i := range sent.pcm {
		sent.pcm[i] = int16(i*51 - 32768)
	}
	testkit.Must(t, w.JSON(workers.KindHello, hello{Device: fakeDevice, Rate: audio.Rate, Channels: 2}))
	testkit.Must(t, w.hop(&sent))
	testkit.Must(t, w.Bye())

	r := reader(&b)
	kind, payload, err := r.Next()
	var h hello
	if err != nil || kind != workers.KindHello || child.ParseJSON(payload, &h) != nil || h.Device.ID != "mic" || h.Channels != 2 {
		t.Errorf("hello became %c %+v (%v)", kind, h, err)
	}
	kind, payload, err = r.Next()
	testkit.Must(t, err)
	var got hop
	parseHop(payload, &got)
	if kind != kindHop || got != sent {
		t.Error("the hop changed")
	}
	if kind, _, err = r.Next(); kind != workers.KindBye || err != nil {
		t.Errorf("bye became %c (%v)", kind, err)
	}
	if _, _, err = r.Next(); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	var b bytes.Buffer
	w := newFrameWriter(&b)
	_ = w.JSON(workers.KindHello, hello{Device: fakeDevice, Rate: audio.Rate})
	_ = w.hop(&hop{seq: 1})
	_ = w.JSON(workers.KindError, workers.Failure{Code: "gone", Message: "m"})
	_ = w.JSON(workers.KindDevices, Listing{Devices: []Device{fakeDevice}})
	_ = w.Bye()
	f.Add(b.Bytes())
	f.Add([]byte("orcH\xff\xff\xff\xff"))
	f.Add([]byte("orcP\x10\x0a\x00\x00"))
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := reader(bytes.NewReader(in))
		total := 0
		for {
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
			switch kind {
			case kindHop:
				var h hop
				parseHop(payload, &h)
			case workers.KindHello:
				_ = child.ParseJSON(payload, &hello{})
			case workers.KindDevices:
				_ = child.ParseJSON(payload, &Listing{})
			case workers.KindError:
				if workers.ParseFailure(library.Microphones, payload) == nil {
					t.Error("a failure without an error")
				}
			}
		}
	})
}

func TestRing(t *testing.T) {
	r := newRing(2, nil)
	frame := make([]byte, 4*160) // 10 ms of two channels: 300 and 100
	for i := range 160 {
		copy(frame[4*i:], []byte{0x2c, 1, 100, 0})
	}
	hopTime := func() {
		for range 8 {
			r.write(frame)
		}
	}
	if n := testing.AllocsPerRun(10, hopTime); n != 0 {
		t.Errorf("the callback allocates %g times a hop", n)
	}
	for range 100 {
		hopTime()
	}
	// 111 hops were written and none was read: 31 are there, the others were dropped.
	for want := uint64(0); want < 31; want++ {
		h := r.read()
		if h == nil || h.seq != want || h.dropped != 0 || h.pcm[0] != 200 || h.pcm[audio.HopSamples-1] != 200 {
			t.Fatalf("hop %d is not there as it was", want)
		}
		r.release()
	}
	if r.read() != nil {
		t.Error("there is more than was kept")
	}
	hopTime()
	if h := r.read(); h == nil || h.seq != 111 || h.dropped != 80 {
		t.Errorf("after 80 drops the next hop is %+v", h)
	}
}

// TestRingTakesTheChannelsThatAreNamed and nothing of the others.
func TestRingTakesTheChannelsThatAreNamed(t *testing.T) {
	var frame []byte
	for c := range 6 {
		frame = binary.LittleEndian.AppendUint16(frame, uint16(int16(-100*(c+1))))
	}
	for _, c := range []struct {
		mixed []int
		want  int16
	}{{[]int{0}, -100}, {[]int{5}, -600}, {[]int{1, 3}, -300}, {nil, -350}} {
		r := newRing(6, c.mixed)
		r.write(bytes.Repeat(frame, audio.HopSamples))
		if h := r.read(); h == nil || h.pcm[0] != c.want || h.pcm[audio.HopSamples-1] != c.want {
			t.Errorf("channels %v give %v, not %d", c.mixed, h.pcm[0], c.want)
		}
	}
}

// TestChannelsAreTakenAsTheyAre or not at all.
func TestChannelsAreTakenAsTheyAre(t *testing.T) {
	for _, c := range []struct {
		backend      string
		channels     int
		mixed        []int
		has          int
		want, remedy string
	}{
		{"alsa", 1, []int{0}, 6, "", ""},
		{"alsa", 6, []int{5}, 6, "", ""},
		{"pulse", 1, []int{1}, 2, "", ""},
		{"alsa", 1, []int{6}, 6, "there is no channel 6", "counted from 0"},
		{"alsa", 8, []int{0}, 6, "has 6 channels, not 8", "remove channels"},
		{"pulse", 6, []int{0}, 6, "PulseAudio would mix them", `backend = "alsa"`},
	} {
		r := newRing(c.channels, c.mixed)
		err := r.fit(c.backend, c.has)
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.remedy)) {
			t.Errorf("%+v: %v", c, err)
		}
		if err == nil && r.channels != c.has {
			t.Errorf("%+v: frames of %d channels", c, r.channels)
		}
	}
}

func TestWorkerArguments(t *testing.T) {
	for _, o := range []options{
		{Options: workers.Options{List: true}, channels: 1},
		{Options: workers.Options{Look: 500 * time.Millisecond}, channels: 1},
		{Options: workers.Options{Selector: Selector{Match: "-x=\" y"}, Backend: "pulse"}, channels: 2},
		{channels: 6, channel: []int{0}},
		{channels: 1, channel: []int{5, 0, 31}},
		{Options: workers.Options{Selector: Selector{Identity: "a b", ID: "c"}, Backend: "alsa"}, channels: 32},
	} {
		if got, err := parseOptions(o.args(), io.Discard); err != nil || !reflect.DeepEqual(got, o) {
			t.Errorf("%+v became %+v (%v)", o, got, err)
		}
	}
	for _, bad := range [][]string{{"--channels=0"}, {"--channels=33"}, {"--channel=32"}, {"--channel=-1"}, {"--channel=0,"}, {"--channel="}, {"more"}, {"--nothing"}, {"--look=1ms"}, {"--look=-1s"}} {
		var stderr strings.Builder
		if code := WorkerMain(bad, strings.NewReader(""), io.Discard, &stderr); code != workers.UsageError || stderr.Len() == 0 {
			t.Errorf("%q gives %d and says %q", bad, code, stderr.String())
		}
	}
}
