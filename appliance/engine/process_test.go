package engine

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/memory"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt"
	"orac/models/moonshine"
	"orac/runbook/testkit"
)

// fake is a model that understands how much sound it got.
type fake struct{ how string }

func (f fake) Transcribe(pcm []int16, stop func() bool) (moonshine.Transcript, error) {
	switch f.how {
	case "crashes":
		os.Exit(3)
	case "waits":
		for !stop() {
			runtime.Gosched()
		}
		return moonshine.Transcript{}, moonshine.ErrStopped
	case "prints":
		_, _ = os.Stdout.WriteString("a library says hello\n")
	case "fails":
		return moonshine.Transcript{}, errors.New("the decoder does not like it")
	case "hears nothing":
		return moonshine.Transcript{Nothing: moonshine.Noise}, nil
	}
	return moonshine.Transcript{Text: "one two", Confidence: 0.5}, nil
}

// writers are workers that write what they should not, by themselves.
var writers = map[string]func(){
	"writes a gigabyte": func() {
		_, _ = os.Stdout.WriteString("oreA\x00\x00\x00\x40")
		for zeros := make([]byte, 1<<20); ; {
			if _, err := os.Stdout.Write(zeros); err != nil {
				os.Exit(1)
			}
		}
	},
	"answers without end": func() {
		_, _ = os.Stdout.Write(jsonFrame(kindReady, ready{"m"}))
		for {
			if _, err := os.Stdout.Write(jsonFrame(kindAnswer, answer{Job: 1, Text: "x"})); err != nil {
				os.Exit(1)
			}
		}
	},
	"is ready twice": func() {
		_, _ = os.Stdout.Write(append(jsonFrame(kindReady, ready{"m"}), jsonFrame(kindReady, ready{"m"})...))
		select {}
	},
	"talks a lot": func() {
		_, _ = os.Stderr.WriteString(strings.Repeat("\x1b[31mno \n", 1<<17))
		os.Exit(4)
	},
	"fails with many words": func() {
		_, _ = os.Stdout.Write(jsonFrame(kindError, failure{strings.Repeat("no\n", 10000)}))
		os.Exit(1)
	},
}

// TestMain is also the worker of these tests: "worker HOW --model=… --models=…".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "worker" {
		how := os.Args[2]
		if writes := writers[how]; writes != nil {
			writes()
		}
		load := func(string, string) (model, error) {
			switch how {
			case "cannot load":
				return nil, errors.New("the file is damaged")
			case "loads for ever":
				select {}
			}
			return fake{how}, nil
		}
		os.Exit(serve(os.Args[3:], os.Stdin, os.Stdout, os.Stderr, load))
	}
	os.Exit(m.Run())
}

// with runs f with a worker.
func with(t *testing.T, how string, f func(*rt.Task, *Process)) {
	t.Helper()
	testkit.Must(t, live.New(nil).Run(context.Background(), "test", func(k *rt.Task) error {
		p, err := Start(k, Spec{Model: "m", Models: t.TempDir(), Worker: []string{os.Args[0], "worker", how}})
		if err != nil {
			return err
		}
		f(k, p)
		p.Close(k)
		if p.Alive() {
			t.Error("it is still alive")
		}
		if err := syscall.Kill(p.PID(), 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("its process is left: %v", err)
		}
		return nil
	}))
}

func TestAWorkerUnderstands(t *testing.T) {
	with(t, "well", func(k *rt.Task, p *Process) {
		testkit.Must(t, p.Load(k))
		for range 3 {
			r, err := p.Transcribe(k, make([]int16, 15*16000)) // more than a pipe holds
			if err != nil || r.Text != "one two" || r.Confidence != 0.5 || r.Duration != 15*time.Second || r.Language != "en" {
				t.Errorf("%+v, %v", r, err)
			}
		}
		resident, err := p.Resident()
		if err != nil || resident < 1<<20 {
			t.Errorf("%d bytes, %v", resident, err)
		}
		family, err := memory.Family()
		testkit.Must(t, err)
		for _, m := range family {
			if m.PID == p.PID() {
				t.Error("it counts as the appliance's own memory")
			}
		}
		if _, err := p.Transcribe(k, make([]int16, maxSamples+1)); kindOf(err) != stt.Refused {
			t.Errorf("too much sound: %v", err)
		}
	})
}

func kindOf(err error) stt.Kind {
	e, _ := errors.AsType[*stt.Error](err)
	if e == nil {
		return 0
	}
	return e.Kind
}

func TestAWorkerThatDoesNotUnderstand(t *testing.T) {
	for how, want := range map[string]string{
		"crashes": "exit status 3",
		"prints":  "malformed frames",
		"fails":   "does not like it",
	} {
		with(t, how, func(k *rt.Task, p *Process) {
			testkit.Must(t, p.Load(k))
			_, err := p.Transcribe(k, make([]int16, 1600))
			if err == nil || !strings.Contains(err.Error(), want) || (how == "fails") != (kindOf(err) == stt.Engine) || p.Alive() != (how == "fails") {
				t.Errorf("a worker that %s: %v, alive %v", how, err, p.Alive())
			}
		})
	}
	with(t, "hears nothing", func(k *rt.Task, p *Process) {
		testkit.Must(t, p.Load(k))
		r, err := p.Transcribe(k, make([]int16, 1600))
		if err != nil || !r.Silence || r.Nothing != string(moonshine.Noise) {
			t.Errorf("%+v, %v", r, err)
		}
	})
	with(t, "cannot load", func(k *rt.Task, p *Process) {
		if err := p.Load(k); err == nil || !strings.Contains(err.Error(), "the file is damaged") {
			t.Errorf("%v", err)
		}
	})
}

// TestWhatHangsIsKilled: a worker that loads for ever, one that is stopped, and one that was told to cancel.
func TestWhatHangsIsKilled(t *testing.T) {
	with(t, "loads for ever", func(k *rt.Task, p *Process) {
		task := k.Go("load", p.Load)
		p.Kill()
		if err := k.Wait(task, k.Now().Add(5*time.Second)); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("%v", err)
		}
	})
	with(t, "waits", func(k *rt.Task, p *Process) {
		testkit.Must(t, p.Load(k))
		for number := range uint64(2) {
			task := k.Go("job", func(k *rt.Task) error { _, err := p.Transcribe(k, make([]int16, 160000)); return err })
			for p.sent.Load() != number+1 {
				runtime.Gosched()
			}
			p.Cancel()
			if err := k.Wait(task, k.Now().Add(5*time.Second)); !errors.Is(err, ErrCancelled) || !p.Alive() {
				t.Errorf("cancelled: %v", err)
			}
		}
		p.Signal(syscall.SIGSTOP)
		task := k.Go("job", func(k *rt.Task) error { _, err := p.Transcribe(k, make([]int16, 15*16000)); return err })
		for p.last.Load() != 3 {
			runtime.Gosched()
		}
		p.Cancel() // it does not even read
		if err := k.Wait(task, k.Now().Add(5*time.Second)); err == nil || p.Alive() {
			t.Errorf("stopped: %v", err)
		}
	})
}

// TestWhatAWorkerWritesIsBounded: whatever it writes, its parent holds little of it, says in a few plain words what was wrong, and has
// no more to do with it.
func TestWhatAWorkerWritesIsBounded(t *testing.T) {
	for how, want := range map[string]string{
		"writes a gigabyte":     "malformed frames: a frame 'A' of 1073741824 bytes",
		"answers without end":   "malformed frames: an answer to",
		"is ready twice":        "malformed frames: a frame 'R' was not expected here",
		"talks a lot":           "exit status 4; its last words: [31mno",
		"fails with many words": "no no no",
	} {
		with(t, how, func(k *rt.Task, p *Process) {
			err := p.Load(k)
			for tries := 0; err == nil && tries < 3; tries++ { // the first answer may look like one
				_, err = p.Transcribe(k, make([]int16, 1600))
			}
			if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("a worker that %s: %v", how, err)
			}
		})
	}
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.Sys > 200<<20 {
		t.Errorf("the parent took %d MiB", m.Sys>>20)
	}
}

// TestAWorkerHasNoSecrets: it is given what libraries take, and nothing that this process was given.
func TestAWorkerHasNoSecrets(t *testing.T) {
	t.Setenv("ORAC_TOKEN", "canary")
	t.Setenv("LD_LIBRARY_PATH", "/lib")
	list := strings.Join(environment(), "\n")
	if strings.Contains(list, "canary") || !strings.Contains(list, "LD_LIBRARY_PATH=/lib") || !strings.Contains(list, "GOMAXPROCS=1") {
		t.Errorf("its environment is\n%s", list)
	}
}

// TestWhatAWorkerRefuses: it ends with an error, whatever its parent writes.
func TestWhatAWorkerRefuses(t *testing.T) {
	load := func(string, string) (model, error) { return fake{"well"}, nil }
	args := []string{"--model=m", "--models=d"}
	for name, in := range map[string]string{
		"nonsense":                 "hello worker",
		"the same number again":    string(jobFrame(2, nil)) + string(jobFrame(2, nil)),
		"a cancel before its job":  string(cancelFrame(1)),
		"half a sample":            "oreJ\x09\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07",
		"the end in a job's sound": string(jobFrame(1, make([]int16, 100)))[:50],
	} {
		var out, errs strings.Builder
		if code := serve(args, strings.NewReader(in), &out, &errs, load); code != 1 || !strings.Contains(errs.String(), "malformed") {
			t.Errorf("%s: %d, %s", name, code, errs.String())
		}
	}
	for _, bad := range [][]string{nil, {"--model=m"}, {"--models=d"}, {"--model=m", "--models=d", "x"}, {"--what"}} {
		var errs strings.Builder
		if code := serve(bad, strings.NewReader(""), &errs, &errs, load); code != usageError || errs.Len() == 0 {
			t.Errorf("%q: %d", bad, code)
		}
	}
	var errs strings.Builder
	if code := serve(args, strings.NewReader(""), &strings.Builder{}, &errs, load); code != 0 {
		t.Errorf("a parent that has ended: %d, %s", code, errs.String())
	}
}
