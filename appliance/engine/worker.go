package engine

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"orac/appliance/child"
	"orac/models/moonshine"
)

// Command is the word on the command line that makes the program an engine's worker.
const Command = "stt-worker"

const usageError = 64

// model is a loaded engine: see package moonshine.
type model interface {
	Transcribe(pcm []int16, stop func() bool) (moonshine.Transcript, error)
}

// loader loads a model of the catalogue from the store in a folder.
type loader func(dir, name string) (model, error)

// WorkerMain is the program of the child process: "orac stt-worker". It loads a model, and then answers jobs until stdin ends. The
// caller must end the process at once with the code that it returns: the engine may still be at work.
func WorkerMain(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	confine()
	return serve(args, stdin, stdout, stderr, load)
}

// confine gives way to whoever hears: this process gets the processor after others, is ended first when memory runs out, and leaves no
// core. All of it is best effort.
func confine() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 5)
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
}

func serve(args []string, stdin io.Reader, stdout, stderr io.Writer, load loader) int {
	f := flag.NewFlagSet(Command, flag.ContinueOnError)
	f.SetOutput(stderr)
	name := f.String("model", "", "load this `model` of the catalogue")
	dir := f.String("models", "", "from the store in this `folder`")
	if err := f.Parse(args); err != nil || f.NArg() > 0 || *name == "" || *dir == "" {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		fmt.Fprintln(stderr, Command+": give --model and --models, and nothing else")
		return usageError
	}
	w := &worker{out: stdout, jobs: make(chan job, 1)}
	ended := make(chan error, 2)
	go func() { ended <- w.read(stdin) }()
	go func() { ended <- w.work(*dir, *name, load) }()
	err := <-ended
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, Command+":", err)
	return 1
}

// worker is the state of WorkerMain. Only work writes to out.
type worker struct {
	out       io.Writer
	jobs      chan job
	cancelled atomic.Uint64 // the highest number of a job that nobody waits for
	pending   atomic.Int32  // jobs that were read and not answered
}

type job struct {
	number uint64
	pcm    []int16
}

// read takes jobs until stdin ends.
func (w *worker) read(stdin io.Reader) error {
	frames := child.Reader{Protocol: toWorker, R: stdin}
	last := uint64(0)
	for {
		kind, payload, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if kind == kindCancel {
			number := binary.LittleEndian.Uint64(payload)
			if number > last {
				return fmt.Errorf("%w: job %d is cancelled before it came", child.ErrGarbage, number)
			}
			w.cancelled.Store(number)
			continue
		}
		number, pcm, err := parseJob(payload)
		if err != nil {
			return err
		}
		if number <= last {
			return fmt.Errorf("%w: job %d after job %d", child.ErrGarbage, number, last)
		}
		if last = number; w.pending.Add(1) > 1 {
			return fmt.Errorf("%w: a job before the last was answered", child.ErrGarbage)
		}
		w.jobs <- job{number, pcm}
	}
}

// work loads the model and does the jobs.
func (w *worker) work(dir, name string, load loader) error {
	m, err := load(dir, name)
	if err != nil {
		_, werr := w.out.Write(jsonFrame(kindError, failure{child.Plain(err.Error())}))
		return errors.Join(err, werr)
	}
	if _, err := w.out.Write(jsonFrame(kindReady, ready{name})); err != nil {
		return err
	}
	for j := range w.jobs {
		a := do(m, j, func() bool { return w.cancelled.Load() >= j.number })
		w.pending.Add(-1)
		if _, err := w.out.Write(jsonFrame(kindAnswer, a)); err != nil {
			return err
		}
	}
	return nil
}

// do does one job. An engine that fails on one sound may do well with the next.
func do(m model, j job, stop func() bool) answer {
	a := answer{Job: j.number}
	t, err := m.Transcribe(j.pcm, stop)
	switch {
	case errors.Is(err, moonshine.ErrStopped):
		a.Cancelled = true
	case err != nil:
		a.Error, a.Refused = child.Plain(err.Error()), errors.Is(err, moonshine.ErrTooLong)
	default:
		a.Text, a.Confidence, a.Nothing = clip(t.Text), t.Confidence, string(t.Nothing)
		if a.Text == "" && a.Nothing == "" {
			a.Nothing = string(moonshine.Wordless)
		}
	}
	return a
}

// maxText bounds a text in a frame, in bytes. Nobody says so much in half a minute.
const maxText = 8 << 10

func clip(text string) string { return text[:min(len(text), maxText)] }
