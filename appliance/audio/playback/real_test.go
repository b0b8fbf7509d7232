package playback

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/audio/library"
	"orac/appliance/audio/pulsetest"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/runbook/testkit"
)

// asWorker makes the test binary be the worker, or a bad one.
const asWorker = "ORAC_TEST_PLAYBACK_WORKER"

func TestMain(m *testing.M) {
	if name := os.Getenv(asWorker); name != "" {
		if fake := fakes[name]; fake != nil {
			fake(newFrameWriter(fromWorker, os.Stdout))
			os.Exit(0)
		}
		os.Exit(WorkerMain(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// fakes are workers that do not do what a worker does.
var fakes = map[string]func(*frameWriter){
	"garbage": func(w *frameWriter) { _, _ = w.W.Write([]byte("what is this?")) },
	"silent":  func(*frameWriter) { select {} },
	"ends":    func(*frameWriter) {},
	"formless": func(w *frameWriter) {
		_ = w.JSON(workers.KindHello, hello{Device: library.Device{Backend: "pulse", ID: "room", Name: "Room", Identity: "room"}})
		select {}
	},
	"another": func(w *frameWriter) {
		_ = w.JSON(workers.KindHello, hello{library.Device{Backend: "pulse", ID: "x", Name: "X", Identity: "x"}, play.Rate, 2})
		select {}
	},
	"backwards": func(w *frameWriter) {
		_ = w.JSON(workers.KindHello, hello{library.Device{Backend: "pulse", ID: "room", Name: "Room", Identity: "room"}, play.Rate, 2})
		_ = w.taken(2)
		_ = w.taken(1)
		select {}
	},
	"deaf": func(w *frameWriter) {
		_ = w.JSON(workers.KindHello, hello{library.Device{Backend: "pulse", ID: "room", Name: "Room", Identity: "room"}, play.Rate, 2})
		select {}
	},
}

func inRealTime(t testing.TB, f func(*rt.Task) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := live.New(nil).Run(ctx, "test", f); err != nil {
		t.Fatal(err)
	}
}

func spec(t testing.TB, env []string, sel library.Selector, worker string) Spec {
	t.Helper()
	self, err := os.Executable()
	testkit.Must(t, err)
	return Spec{Selector: sel, Worker: []string{self}, Env: append(env, asWorker+"="+worker), StartTimeout: 5 * time.Second}
}

func TestBadWorkers(t *testing.T) {
	for worker, want := range map[string]string{
		"garbage": "malformed frames", "silent": "did not open within", "ends": "ended", "another": "wrong speaker", "formless": "0 samples a second",
	} {
		inRealTime(t, func(task *rt.Task) error {
			s := spec(t, nil, library.Selector{Identity: "room"}, worker)
			if worker == "silent" {
				s.StartTimeout = 300 * time.Millisecond
			}
			if _, err := New(s).Open(task); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", worker, err)
			}
			return nil
		})
	}
	inRealTime(t, func(task *rt.Task) error {
		o, err := New(spec(t, nil, library.Selector{Identity: "room"}, "backwards")).Open(task)
		testkit.Must(t, err)
		for err = nil; err == nil; {
			_, err = o.Played().Recv(task, task.Now().Add(5*time.Second))
		}
		if !errors.Is(err, rt.ErrClosed) || !errors.Is(o.Err(), child.ErrGarbage) {
			t.Errorf("%v: %v", err, o.Err())
		}
		o.Close(task)
		o, err = New(spec(t, nil, library.Selector{Identity: "room"}, "deaf")).Open(task)
		testkit.Must(t, err)
		for err = nil; err == nil; { // its pipe fills: a write never waits long
			err = o.Write(task, &play.Frame{})
		}
		began := task.Now()
		o.Close(task)
		if took := task.Now().Sub(began); took > time.Second {
			t.Errorf("closing it took %v", took)
		}
		return nil
	})
}

// say writes frames as a player does, and returns when all were taken.
func say(t testing.TB, task *rt.Task, o play.Output, frames, taken int, frame func(int) *play.Frame) error {
	t.Helper()
	sent, had := 0, uint64(taken)
	for had < uint64(taken+frames) {
		for ; sent < frames && uint64(sent)-(had-uint64(taken)) < play.Lead; sent++ {
			if err := o.Write(task, frame(sent)); err != nil {
				return err
			}
		}
		n, err := o.Played().Recv(task, task.Now().Add(3*time.Second))
		if errors.Is(err, rt.ErrClosed) {
			return o.Err()
		}
		if err != nil {
			return err
		}
		had = n
	}
	return nil
}

// counted is a frame whose samples count from 1, so that what is heard tells what is missing.
func counted(frame int) *play.Frame {
	var f play.Frame
	for i := range f {
		f[i] = int16(frame*len(f) + i + 1)
	}
	return &f
}

// TestPlaysAtARealServer: what is written is heard, whole and once; after a rest, too; and a speaker that is unplugged is lost.
func TestPlaysAtARealServer(t *testing.T) {
	s, err := pulsetest.Start()
	testkit.Must(t, err)
	defer s.Close()
	sink, err := s.PlugSink("room", "Room Speaker")
	testkit.Must(t, err)
	_, err = s.PlugSink("hall", "Hall Speaker")
	testkit.Must(t, err)
	inRealTime(t, func(task *rt.Task) error {
		l, err := List(task, spec(t, s.Env(), library.Selector{}, "1"))
		testkit.Must(t, err)
		if len(l.Devices) != 2 || l.Devices[0].Identity != "room" && l.Devices[1].Identity != "room" {
			t.Errorf("there is %+v", l)
		}
		for _, c := range []struct {
			sel  library.Selector
			is   error
			want string
		}{
			{library.Selector{Match: "Jabra"}, library.Speakers.NotFound, "Room Speaker"},
			{library.Selector{Match: "speaker"}, library.Speakers.Ambiguous, "set identity"},
		} {
			if _, err := New(spec(t, s.Env(), c.sel, "1")).Open(task); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: %v", c.sel, err)
			}
		}
		rec, err := sink.Record()
		testkit.Must(t, err)
		defer rec.End()
		for rec.Len() == 0 {
			_ = task.Sleep(10 * time.Millisecond)
		}
		sp := spec(t, s.Env(), library.Selector{Match: "room"}, "1")
		sp.Rest = 200 * time.Millisecond
		o, err := New(sp).Open(task)
		testkit.Must(t, err)
		for round := range 3 {
			from, asked := rec.Len(), time.Now()
			testkit.Must(t, say(t, task, o, 25, round*25, counted))
			_ = task.Sleep(600 * time.Millisecond) // and it rests
			first, got := heard(rec.Sound()[from:])
			if want := 25 * play.FrameSamples; len(got) != want || !inOrder(got) {
				t.Errorf("round %d: %d samples of %d were heard, or in another order", round, len(got), want)
			}
			if late := rec.At(from + first).Sub(asked); late > 150*time.Millisecond {
				t.Errorf("round %d: it was heard after %v", round, late)
			} else {
				t.Logf("round %d: heard after %v", round, late)
			}
		}
		testkit.Must(t, sink.Unload())
		_, err = o.Played().Recv(task, task.Now().Add(5*time.Second))
		if !errors.Is(err, rt.ErrClosed) || !errors.Is(o.Err(), library.Speakers.Gone) {
			t.Errorf("unplugged: %v, %v", err, o.Err())
		}
		o.Close(task)
		testkit.Must(t, sink.Load())
		o, err = New(sp).Open(task)
		testkit.Must(t, err)
		testkit.Must(t, syscall.Kill(o.(*output).PID(), syscall.SIGKILL))
		if err := say(t, task, o, 25, 0, counted); err == nil {
			t.Error("a worker that was killed plays on")
		}
		o.Close(task)
		return nil
	})
}

// heard returns the place of the first sample that is no silence, and all of these samples. A busy machine leaves gaps between them.
func heard(pcm []int16) (first int, list []int16) {
	first = -1
	for i, s := range pcm {
		if s != 0 {
			if list = append(list, s); first < 0 {
				first = i
			}
		}
	}
	return max(first, 0), list
}

func inOrder(pcm []int16) bool {
	ok := true
	for i, s := range pcm {
		if i > 0 && s != pcm[i-1]+1 || i == 0 && s != 1 {
			ok = false
		}
	}
	return ok
}

// TestPlaysAsTheDeviceWants: at a stereo sink of another rate, both channels have the sound, undistorted, and above what the device can play there
// is nothing.
func TestPlaysAsTheDeviceWants(t *testing.T) {
	s, err := pulsetest.Start()
	testkit.Must(t, err)
	defer s.Close()
	for name, of := range map[string]struct{ rate, channels, right int }{"cd": {44100, 2, 1}, "dat": {96000, 2, 1}, "phone": {22050, 2, 1}, "cinema": {44100, 6, 3}} {
		rate := of.rate
		sink, err := s.PlugSinkOf(name, "Speaker "+name, pulsetest.Form{Rate: rate, Channels: of.channels})
		testkit.Must(t, err)
		inRealTime(t, func(task *rt.Task) error {
			rec, err := sink.Record()
			testkit.Must(t, err)
			defer rec.End()
			for rec.Len() == 0 {
				_ = task.Sleep(10 * time.Millisecond)
			}
			o, err := New(spec(t, s.Env(), library.Selector{Identity: name}, "1")).Open(task)
			testkit.Must(t, err)
			defer o.Close(task)
			const kept, gone = 997.0, 16000.0 // Hz; the phone cannot play the second
			testkit.Must(t, say(t, task, o, 50, 0, func(n int) *play.Frame {
				var f play.Frame
				for i := range f {
					at := 2 * math.Pi * float64(n*len(f)+i) / play.Rate
					f[i] = int16(math.Round(8000*math.Sin(kept*at) + 8000*math.Sin(gone*at)))
				}
				return &f
			}))
			_ = task.Sleep(400 * time.Millisecond)
			var left, right []float64
			sound := rec.Sound()
			for i := 0; i+of.channels <= len(sound); i += of.channels {
				left, right = append(left, float64(sound[i])), append(right, float64(sound[i+of.right]))
			}
			if !slices.Equal(left, right) {
				t.Errorf("%s: the channels differ", name)
			}
			first := slices.IndexFunc(left, func(v float64) bool { return math.Abs(v) > 4000 })
			if first < 0 || first+rate*7/8 > len(left) {
				t.Fatalf("%s: nothing was heard", name)
			}
			tones := []float64{kept}
			if gone < float64(rate)/2 {
				tones = append(tones, gone)
			}
			var noises []float64
			for at := first + rate/16; at+rate/16 < first+rate*7/8; at += rate / 16 {
				levels, rest := taken(left[at:at+rate/16], rate, tones...)
				for _, level := range levels {
					rest = max(rest, math.Abs(level-8000)/100) // 0.1 dB, as bad as -40 dB of anything else
				}
				noises = append(noises, 20*math.Log10(rest/8000))
			}
			slices.Sort(noises)
			if noise := noises[1]; noise > -75 { // distortion is in all of them; a busy machine leaves gaps in some
				t.Errorf("%s: what is beside the tones, or missing of them, is at %.1f dB", name, noise)
			} else {
				t.Logf("%s: what is beside the tones, or missing of them, is at %.1f dB", name, noise)
			}
			return nil
		})
	}
}
