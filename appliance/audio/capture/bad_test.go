package capture

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/appliance/rt"
	"orac/runbook/testkit"
)

// fakes are workers that speak the protocol and still are wrong; the test binary runs them by name.
var fakes = map[string]func(*frameWriter){
	"wrong": func(f *frameWriter) {
		_ = f.JSON(workers.KindHello, hello{Device: Device{Backend: "pulse", ID: "other", Name: "Other", Identity: "other"}, Rate: audio.Rate})
		_, _ = io.Copy(io.Discard, os.Stdin)
	},
	"rate": func(f *frameWriter) {
		_ = f.JSON(workers.KindHello, hello{Device: fakeDevice, Rate: 44100})
		_, _ = io.Copy(io.Discard, os.Stdin)
	},
	"mute": func(f *frameWriter) {
		_ = f.JSON(workers.KindHello, hello{Device: fakeDevice, Rate: audio.Rate})
		_, _ = io.Copy(io.Discard, os.Stdin)
	},
	"hasty": func(f *frameWriter) { _ = f.hop(&hop{}) },
	"twice": func(f *frameWriter) {
		_ = f.JSON(workers.KindHello, hello{Device: fakeDevice, Rate: audio.Rate})
		_ = f.JSON(workers.KindHello, hello{Device: fakeDevice, Rate: audio.Rate})
	},
	"flood": func(f *frameWriter) {
		_ = f.JSON(workers.KindHello, hello{Device: fakeDevice, Rate: audio.Rate})
		for h := (hop{}); f.hop(&h) == nil; h.seq++ {
		}
	},
	"odd numbers": func(f *frameWriter) {
		_ = f.JSON(workers.KindHello, hello{Device: fakeDevice, Rate: audio.Rate})
		for _, seq := range []uint64{5, 3, 1<<64 - 1, 0} {
			_ = f.hop(&hop{seq: seq})
		}
		_ = f.Bye()
	},
}

var fakeDevice = Device{Backend: "pulse", ID: "mic", Name: "Mic", Identity: "mic"}

// fake is a source whose worker is one of fakes, or else a shell script.
func fake(t testing.TB, worker string) *Source {
	t.Helper()
	s := Spec{Selector: Selector{Identity: "mic"}, StartTimeout: 5 * time.Second}
	if fakes[worker] != nil {
		self, err := os.Executable()
		testkit.Must(t, err)
		s.Worker, s.Env = []string{self}, []string{asWorker + "=" + worker}
	} else {
		s.Worker = []string{"/bin/sh", "-c", worker}
	}
	return New(s)
}

func TestBadWorkersFailClearly(t *testing.T) {
	for _, c := range []struct {
		worker string
		is     error
		want   string
	}{
		{"echo hello there, general", child.ErrGarbage, `"hello th"`},
		{"yes", child.ErrGarbage, "malformed"},
		{"printf 'orcX\\0\\0\\0\\0'", child.ErrGarbage, "'X'"},
		{"printf 'orcH\\377\\377\\377\\377'", child.ErrGarbage, "4294967295 bytes"},
		{"printf 'orcP\\1\\0\\0\\0x'", child.ErrGarbage, "'P' of 1 bytes"},
		{"printf 'orcH\\1\\0\\0\\0{'", child.ErrGarbage, "JSON"},
		{"printf 'orcE\\17\\0\\0\\0{\"message\":\"\"}x'", child.ErrGarbage, "invalid character"},
		{"printf orc", child.ErrGarbage, "in the middle"},
		{"printf 'orcH\\5\\0\\0\\0{'", child.ErrGarbage, "in the middle"},
		{"echo cannot open /dev/snd >&2; exit 3", nil, "exit status 3; its last words: cannot open /dev/snd"},
		{"echo audio library: Loading symbol x >&2; echo no sound card >&2; exit 4", nil, "exit status 4; its last words: no sound card"},
		{"kill -SEGV $$", nil, "a signal ended the capture worker: segmentation fault"},
		{"echo Attempting to initialize >&2; kill -KILL $$", nil, "a signal ended the capture worker: killed"},
		{"exit 0", nil, "exit status 0"},
		{"wrong", ErrWrongSource, `"Other" (pulse, other)`},
		{"rate", nil, "44100 samples a second"},
		{"hasty", child.ErrGarbage, "'P' was not expected here"},
		{"twice", child.ErrGarbage, "'H' was not expected here"},
	} {
		t.Run(c.worker, func(t *testing.T) {
			inRealTime(t, func(task *rt.Task) error {
				st, err := fake(t, c.worker).Open(task)
				if err == nil {
					var pcm [audio.HopSamples]int16
					err = st.Read(task, &pcm, within(task, time.Second))
					st.Close(task)
				}
				if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v", err)
				}
				return nil
			})
		})
	}
}

func TestWithoutAnAudioServerItIsSaid(t *testing.T) {
	self, err := os.Executable()
	testkit.Must(t, err)
	src := New(Spec{
		Selector: Selector{Match: "Blue Yeti"}, Worker: []string{self}, StartTimeout: 10 * time.Second,
		Env: []string{asWorker + "=1", "PULSE_SERVER=unix:/nowhere/native", "XDG_RUNTIME_DIR=/nowhere"},
	})
	inRealTime(t, func(task *rt.Task) error {
		st, err := src.Open(task)
		if err == nil {
			st.Close(task)
			t.Fatal("it was opened")
		}
		if !strings.Contains(err.Error(), "PulseAudio does not answer") || !strings.Contains(err.Error(), "PULSE_SERVER") {
			t.Errorf("got %v", err)
		}
		if strings.Count(err.Error(), "Blue Yeti") != 1 {
			t.Errorf("the selector is not said once: %v", err)
		}
		return nil
	})
}

func TestWorkersThatSayNothing(t *testing.T) {
	for _, worker := range []string{
		"exec sleep 1000",
		"sleep 1000 & sleep 1000",                // its own child has the pipes too
		"trap '' TERM HUP INT; sleep 1000",       // ignores what can be ignored
		"yes noise >&2",                          // floods standard error
		"exec 1>&-; exec sleep 1000",             // closes standard output and stays
		"setsid sleep 3 & exec sleep 1000",       // one leaves the process group
		"printf orcH; exec sleep 1000",           // stops in a frame
		"mute",                                   // opens the device and hears nothing
		"kill -STOP $$",                          // frozen
		"exec 0<&-; exec sleep 1000 2>/dev/null", // does not look at standard input
	} {
		t.Run(worker, func(t *testing.T) {
			inRealTime(t, func(task *rt.Task) error {
				src := fake(t, worker)
				src.spec.StartTimeout = 200 * time.Millisecond
				start := time.Now()
				if _, err := src.Open(task); err == nil {
					t.Error("it was opened")
				} else if !errors.Is(err, rt.ErrTimeout) && !strings.Contains(err.Error(), "a signal ended the capture worker: killed") {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took > 200*time.Millisecond+closeAsked+workers.CloseForced+late {
					t.Errorf("Open took %s", took)
				}
				return nil
			})
		})
	}
}

func TestMissingWorkerProgram(t *testing.T) {
	inRealTime(t, func(task *rt.Task) error {
		src := New(Spec{Worker: []string{"/no/such/program"}})
		if _, err := src.Open(task); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/no/such/program") {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

// A worker that is faster than the reader fills no memory: the oldest hops go, and are counted.
func TestFloodIsCounted(t *testing.T) {
	inRealTime(t, func(task *rt.Task) error {
		st := open(t, task, fake(t, "flood"))
		var pcm [audio.HopSamples]int16
		until := within(task, 10*time.Second)
		for st.hops.Stats().Dropped == 0 {
			if task.Now() > until {
				t.Fatal("the flood does not overflow")
			}
			runtime.Gosched()
		}
		read := uint64(0)
		for ; read < 1000; read++ {
			if err := st.Read(task, &pcm, until); err != nil {
				return err
			}
		}
		if st.Lost() == 0 {
			t.Error("nothing is counted as lost")
		}
		if st.next != read+st.Lost() {
			t.Errorf("of %d hops %d were read and %d lost", st.next, read, st.Lost())
		}
		closeBounded(t, task, st)
		return nil
	})
}

// Numbers that jump back or around harm nothing.
func TestOddNumbers(t *testing.T) {
	inRealTime(t, func(task *rt.Task) error {
		st := open(t, task, fake(t, "odd numbers"))
		defer st.Close(task)
		var pcm [audio.HopSamples]int16
		for range 4 {
			testkit.Must(t, st.Read(task, &pcm, within(task, time.Second)))
		}
		if err := st.Read(task, &pcm, within(task, 10*time.Second)); err == nil || !strings.Contains(err.Error(), "exit status 0") {
			t.Errorf("after its end: %v", err)
		}
		return nil
	})
}
