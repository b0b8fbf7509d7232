package engine

import (
	"context"
	"errors"
	"os"
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
			time.Sleep(time.Millisecond)
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

// TestMain is also the worker of these tests: "worker HOW --model=… --models=…".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "worker" {
		how := os.Args[2]
		load := func(string, string) (model, error) {
			switch how {
			case "cannot load":
				return nil, errors.New("the file is damaged")
			case "loads for ever":
				time.Sleep(time.Hour)
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
				_ = k.Sleep(time.Millisecond)
			}
			p.Cancel()
			if err := k.Wait(task, k.Now().Add(5*time.Second)); !errors.Is(err, ErrCancelled) || !p.Alive() {
				t.Errorf("cancelled: %v", err)
			}
		}
		p.Signal(syscall.SIGSTOP)
		task := k.Go("job", func(k *rt.Task) error { _, err := p.Transcribe(k, make([]int16, 15*16000)); return err })
		_ = k.Sleep(20 * time.Millisecond)
		p.Cancel() // it does not even read
		if err := k.Wait(task, k.Now().Add(5*time.Second)); err == nil || p.Alive() {
			t.Errorf("stopped: %v", err)
		}
	})
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
