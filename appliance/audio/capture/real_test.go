package capture

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/pulsetest"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
)

// asWorker makes the test binary be the worker.
const asWorker = "ORAC_TEST_CAPTURE_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		os.Exit(WorkerMain(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	code := m.Run()
	if code == 0 {
		code = checkLeaks()
	}
	os.Exit(code)
}

// checkLeaks finds goroutines of this package that outlived the tests.
func checkLeaks() int {
	deadline := time.Now().Add(5 * time.Second)
	for {
		buf := make([]byte, 1<<20)
		stacks := string(buf[:runtime.Stack(buf, true)])
		left := 0
		for _, g := range strings.Split(stacks, "\n\n")[1:] {
			if strings.Contains(g, "orac/") || strings.Contains(g, "os/exec") {
				left++
			}
		}
		if left == 0 {
			return 0
		}
		if time.Now().After(deadline) {
			println(left, "goroutines are left:\n", stacks)
			return 1
		}
		runtime.Gosched()
	}
}

// world is a server with one microphone, "USB Test Microphone".
func world(t *testing.T) (*pulsetest.Server, *pulsetest.Mic) {
	t.Helper()
	s, err := pulsetest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, plug(t, s, "alsa_input.usb-Test_Microphone_0001-00.mono", "USB Test Microphone")
}

func plug(t *testing.T, s *pulsetest.Server, name, title string) *pulsetest.Mic {
	t.Helper()
	m, err := s.Plug(name, title)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func spec(t testing.TB, s *pulsetest.Server, sel Selector) Spec {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Selector: sel, Worker: []string{self}, Env: append(s.Env(), asWorker+"=1"), StartTimeout: 5 * time.Second}
}

// live runs f as a task, which has a minute.
func inRealTime(t testing.TB, f func(*rt.Task) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := live.New(nil).Run(ctx, "test", f); err != nil {
		t.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, task *rt.Task, src *Source) *stream {
	t.Helper()
	st, err := src.Open(task)
	must(t, err)
	return st.(*stream)
}

func within(task *rt.Task, d time.Duration) rt.Instant { return task.Now().Add(d) }

func tone(hz float64, d time.Duration) []int16 {
	pcm := make([]int16, int(d*audio.Rate/time.Second))
	for i := range pcm {
		pcm[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/audio.Rate))
	}
	return pcm
}

// hearTone reads until a hop that is loud throughout, and gives its level and how much of it is the tone of hz.
func hearTone(t testing.TB, task *rt.Task, st audio.Stream, hz float64) (rms, part float64) {
	t.Helper()
	until := within(task, 10*time.Second)
	var pcm [audio.HopSamples]int16
	full := 0
	for {
		if err := st.Read(task, &pcm, until); err != nil {
			t.Fatalf("waiting for the tone: %v", err)
		}
		if audio.RMS(pcm[:]) < 5000 {
			full = 0
			continue
		}
		if full++; full < 2 { // the first may hold the beginning only
			continue
		}
		var s, c, all float64
		for i, v := range pcm {
			a := 2 * math.Pi * hz * float64(i) / audio.Rate
			s += float64(v) * math.Sin(a)
			c += float64(v) * math.Cos(a)
			all += float64(v) * float64(v)
		}
		return float64(audio.RMS(pcm[:])), 2 * (s*s + c*c) / float64(len(pcm)) / all
	}
}

func checkTone(t testing.TB, task *rt.Task, st audio.Stream, m *pulsetest.Mic) {
	t.Helper()
	m.Play(tone(440, 2*time.Second))
	rms, part := hearTone(t, task, st, 440)
	if want := 10000 / math.Sqrt2; math.Abs(rms-want) > want/20 {
		t.Errorf("the tone arrives with a level of %.0f, not %.0f", rms, want)
	}
	if part < 0.99 {
		t.Errorf("%.3f of what arrives is the tone", part)
	}
}

func TestListFindsTheMicrophone(t *testing.T) {
	s, _ := world(t)
	_, err := s.Control("load-module", "module-null-sink", "sink_name=speaker")
	must(t, err)
	inRealTime(t, func(task *rt.Task) error {
		l, err := List(task, spec(t, s, Selector{}))
		if err != nil {
			return err
		}
		t.Logf("%+v", l)
		if len(l.Devices) != 2 {
			t.Fatalf("found %v", l)
		}
		mic, monitor := l.Devices[0], l.Devices[1]
		if mic.Name != "USB Test Microphone" || mic.Identity != "alsa_input.usb-Test_Microphone_0001-00.mono" ||
			mic.Backend != "pulse" || mic.Monitor || mic.Channels != 1 || len(mic.Rates) != 1 || mic.Rates[0] != 16000 {
			t.Errorf("the microphone is listed as %+v", mic)
		}
		if monitor.ID != "speaker.monitor" || !monitor.Monitor {
			t.Errorf("the monitor is listed as %+v", monitor)
		}
		return nil
	})
}

func TestCaptureHearsTheTone(t *testing.T) {
	s, m := world(t)
	inRealTime(t, func(task *rt.Task) error {
		start := time.Now()
		st := open(t, task, New(spec(t, s, Selector{Match: "usb test"})))
		t.Logf("open took %s", time.Since(start))
		defer st.Close(task)
		checkTone(t, task, st, m)
		return nil
	})
}

func TestKilledWorker(t *testing.T) {
	s, m := world(t)
	inRealTime(t, func(task *rt.Task) error {
		src := New(spec(t, s, Selector{}))
		var pcm [audio.HopSamples]int16
		for range 5 {
			st := open(t, task, src)
			must(t, st.Read(task, &pcm, within(task, time.Second)))
			must(t, st.cmd.Process.Kill())
			killed := time.Now()
			var err error
			for err == nil {
				err = st.Read(task, &pcm, within(task, time.Second))
			}
			if !strings.Contains(err.Error(), "signal: killed") || !strings.Contains(err.Error(), "USB Test Microphone") {
				t.Errorf("the stream died with %v", err)
			}
			noticed := time.Since(killed)
			st.Close(task)
			again := open(t, task, src)
			must(t, again.Read(task, &pcm, within(task, time.Second)))
			t.Logf("noticed after %s, first new hop after %s", noticed, time.Since(killed))
			again.Close(task)
		}
		st := open(t, task, src)
		defer st.Close(task)
		checkTone(t, task, st, m)
		return nil
	})
}

var _ = errors.Is
