package capture

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/library"
	"orac/appliance/audio/pulsetest"
	"orac/appliance/audio/workers"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/runbook/testkit"
)

// asWorker makes the test binary be the worker.
const asWorker = "ORAC_TEST_CAPTURE_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		if fake := fakes[os.Getenv(asWorker)]; fake != nil {
			fake(newFrameWriter(os.Stdout))
			os.Exit(0)
		}
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

func open(t testing.TB, task *rt.Task, src *Source) *stream {
	t.Helper()
	st, err := src.Open(task)
	testkit.Must(t, err)
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
	testkit.Must(t, err)
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
			testkit.Must(t, st.Read(task, &pcm, within(task, time.Second)))
			st.Signal(syscall.SIGKILL)
			killed := time.Now()
			var err error
			for err == nil {
				err = st.Read(task, &pcm, within(task, time.Second))
			}
			if !strings.Contains(err.Error(), "a signal ended the capture worker: killed") || !strings.Contains(err.Error(), "USB Test Microphone") {
				t.Errorf("the stream died with %v", err)
			}
			noticed := time.Since(killed)
			st.Close(task)
			again := open(t, task, src)
			testkit.Must(t, again.Read(task, &pcm, within(task, time.Second)))
			t.Logf("noticed after %s, first new hop after %s", noticed, time.Since(killed))
			again.Close(task)
		}
		st := open(t, task, src)
		defer st.Close(task)
		checkTone(t, task, st, m)
		return nil
	})
}

// readUntilSilence reads until Read gives no hop for a second, and gives what it says then.
func readUntilSilence(t testing.TB, task *rt.Task, st *stream) error {
	t.Helper()
	var pcm [audio.HopSamples]int16
	until := within(task, 20*time.Second)
	for task.Now() < until {
		if err := st.Read(task, &pcm, within(task, time.Second)); err != nil {
			return err
		}
	}
	t.Fatal("sound goes on")
	return nil
}

// late is what a busy machine may add to a bound. Without its bound the call would never return.
const late = 10 * time.Second

// closeBounded closes the stream and checks that this returns, whatever the worker does, and that the worker ends.
func closeBounded(t testing.TB, task *rt.Task, st *stream) {
	t.Helper()
	start := time.Now()
	st.Close(task)
	if took := time.Since(start); took > closeAsked+workers.CloseForced+late {
		t.Errorf("Close took %s", took)
	}
	if err := task.Wait(st.task, task.Now().Add(late)); errors.Is(err, rt.ErrTimeout) {
		t.Error("after Close the worker is still there")
	}
}

func TestFrozenWorker(t *testing.T) {
	s, _ := world(t)
	inRealTime(t, func(task *rt.Task) error {
		st := open(t, task, New(spec(t, s, Selector{})))
		st.Signal(syscall.SIGSTOP)
		if err := readUntilSilence(t, task, st); !errors.Is(err, rt.ErrTimeout) {
			t.Errorf("reading from a frozen worker: %v", err)
		}
		closeBounded(t, task, st)
		return nil
	})
}

func TestFrozenServer(t *testing.T) {
	s, m := world(t)
	inRealTime(t, func(task *rt.Task) error {
		src := New(spec(t, s, Selector{Match: "test"}))
		st := open(t, task, src)
		testkit.Must(t, s.Stop())
		if err := readUntilSilence(t, task, st); !errors.Is(err, rt.ErrTimeout) {
			t.Errorf("reading with a frozen server: %v", err)
		}
		closeBounded(t, task, st)

		hasty := *src
		hasty.spec.StartTimeout = 300 * time.Millisecond
		start := time.Now()
		_, err := hasty.Open(task)
		if !errors.Is(err, rt.ErrTimeout) || !strings.Contains(err.Error(), "hangs") {
			t.Errorf("opening with a frozen server: %v", err)
		}
		if _, err := List(task, hasty.spec); !errors.Is(err, rt.ErrTimeout) {
			t.Errorf("listing with a frozen server: %v", err)
		}
		if took := time.Since(start); took > 2*time.Second+late {
			t.Errorf("a frozen server held Open and List for %s", took)
		}

		testkit.Must(t, s.Cont())
		thawed := time.Now()
		st = open(t, task, src)
		defer st.Close(task)
		t.Logf("open took %s", time.Since(thawed))
		checkTone(t, task, st, m)
		return nil
	})
}

func TestKilledServer(t *testing.T) {
	s, m := world(t)
	inRealTime(t, func(task *rt.Task) error {
		src := New(spec(t, s, Selector{}))
		st := open(t, task, src)
		testkit.Must(t, s.Kill())
		err := readUntilSilence(t, task, st)
		t.Logf("died with: %v", err)
		closeBounded(t, task, st)
		if _, err := src.Open(task); err == nil || !strings.Contains(err.Error(), "PulseAudio does not answer") {
			t.Errorf("opening without a server: %v", err)
		}
		testkit.Must(t, s.Restart())
		st = open(t, task, src)
		defer st.Close(task)
		checkTone(t, task, st, m)
		return nil
	})
}

func TestUnpluggedAndPluggedInAgain(t *testing.T) {
	for name, sel := range map[string]Selector{
		"default":  {},
		"match":    {Match: "usb"},
		"identity": {Identity: "alsa_input.usb-Test_Microphone_0001-00.mono"},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := world(t)
			other := plug(t, s, "alsa_input.pci-0000.analog", "Built-in Analog Stereo")
			before, err := m.Index()
			testkit.Must(t, err)
			_, err = s.Control("set-default-source", m.Name)
			testkit.Must(t, err)
			inRealTime(t, func(task *rt.Task) error {
				src := New(spec(t, s, sel))
				st := open(t, task, src)
				testkit.Must(t, m.Unload())
				unplugged := time.Now()
				err := readUntilSilence(t, task, st)
				t.Logf("after %s: %v", time.Since(unplugged), err)
				if !errors.Is(err, rt.ErrTimeout) && !errors.Is(err, ErrGone) {
					t.Errorf("reading from an unplugged microphone: %v", err)
				}
				closeBounded(t, task, st)

				other.Play(tone(440, time.Second))
				if _, err := src.Open(task); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "Built-in Analog Stereo") {
					t.Errorf("opening an unplugged microphone: %v", err)
				}

				testkit.Must(t, m.Load())
				after, err := m.Index()
				testkit.Must(t, err)
				if before == after {
					t.Errorf("the index is still %s: nothing is proved", after)
				}
				st = open(t, task, src)
				defer st.Close(task)
				checkTone(t, task, st, m)
				return nil
			})
		})
	}
}

// A server that wants to move the stream to another source may not.
func TestStreamDoesNotMove(t *testing.T) {
	s, m := world(t)
	plug(t, s, "other", "Other")
	inRealTime(t, func(task *rt.Task) error {
		st := open(t, task, New(spec(t, s, Selector{Match: "USB"})))
		defer st.Close(task)
		streams, err := s.Control("list", "short", "source-outputs")
		testkit.Must(t, err)
		if _, err := s.Control("move-source-output", strings.Fields(streams)[0], "other"); err == nil {
			t.Error("the server moved the stream")
		}
		checkTone(t, task, st, m)
		return nil
	})
}

func TestSelectionErrors(t *testing.T) {
	s, _ := world(t)
	plug(t, s, "alsa_input.usb-second", "USB Second")
	_, err := s.Control("load-module", "module-null-sink", "sink_name=speaker")
	testkit.Must(t, err)
	inRealTime(t, func(task *rt.Task) error {
		for _, c := range []struct {
			sel  Selector
			is   error
			want string
		}{
			{Selector{Match: "usb"}, ErrAmbiguous, "USB Second"},
			{Selector{Match: "Jabra"}, ErrNotFound, "orac devices"},
			{Selector{Match: "monitor of"}, ErrNotFound, "monitor of an output"},
			{Selector{ID: "nothing"}, ErrNotFound, "USB Test Microphone"},
		} {
			start := time.Now()
			_, err := New(spec(t, s, c.sel)).Open(task)
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.sel.Words(library.Microphones), err)
			}
			t.Logf("%s: %v", time.Since(start), err)
		}
		st := open(t, task, New(spec(t, s, Selector{Identity: "speaker.monitor"})))
		st.Close(task)
		return nil
	})
}

func TestStoppedOwnerLeavesNoWorker(t *testing.T) {
	s, _ := world(t)
	var left *stream
	inRealTime(t, func(task *rt.Task) error {
		child := task.Go("owner", func(task *rt.Task) error {
			left = open(t, task, New(spec(t, s, Selector{})))
			return nil // without Close, as after a panic
		})
		return task.Wait(child, rt.Never)
	})
	if err := syscall.Kill(left.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the worker is still there (%v)", err)
	}
}
