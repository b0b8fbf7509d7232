package node

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
)

// process is a model of an engine's process.
type process struct {
	says     string
	takes    time.Duration // a job
	loads    time.Duration
	fails    error // of a job; the process ends
	refuses  error // of a job; the process goes on
	hangs    bool
	unloads  error // of loading
	resident int64
	grows    int64 // to that, in a job

	killed, cancelled, closed bool
	jobs                      int
}

func (p *process) wait(t *rt.Task, d time.Duration) error {
	for until := t.Now().Add(d); t.Now() < until; {
		if err := t.Sleep(10 * time.Millisecond); err != nil {
			return err
		}
		if p.killed {
			return errors.New("killed")
		}
		if p.cancelled {
			p.cancelled = false
			return errors.New("cancelled")
		}
	}
	return nil
}

func (p *process) Load(t *rt.Task) error { return errors.Join(p.wait(t, p.loads), p.unloads) }

func (p *process) Transcribe(t *rt.Task, job EngineJob) (stt.Result, error) {
	p.jobs++
	p.resident = max(p.resident, p.grows)
	takes := p.takes
	if p.hangs {
		takes = time.Hour
	}
	if err := p.wait(t, takes); err != nil {
		return stt.Result{}, err
	}
	if p.fails != nil {
		p.killed = true
	}
	return stt.Result{Text: p.says}, errors.Join(p.fails, p.refuses)
}

func (p *process) Cancel()                  { p.cancelled = true }
func (p *process) Kill()                    { p.killed = true }
func (p *process) Alive() bool              { return !p.killed }
func (p *process) Resident() (int64, error) { return p.resident, nil }
func (p *process) Close(*rt.Task)           { p.killed, p.closed = true, true }

// bench is an engine whose processes are those of a list; the last one is used again and again.
type bench struct {
	*Engine
	events  *rt.Mailbox[event.Event]
	list    []process
	started []*process
	node    *rt.Task
}

func newBench(list ...process) *bench {
	b := &bench{events: rt.NewMailbox[event.Event]("events", 100), list: list}
	b.Engine = &Engine{
		Name: "engine.e", STT: "e", Config: rt.NewCell(b.config("m")),
		Jobs: rt.NewMailbox[EngineJob]("jobs", 4), Asked: rt.NewMailbox[EngineJob]("asked", 2), Glimpses: rt.NewMailbox[EngineJob]("glimpses", 1),
		Wakes: rt.NewMailbox[Wake]("wakes", 4), Events: rt.NewOut[event.Event](),
	}
	b.Events = rt.NewOut(b.events)
	return b
}

// config are the settings for a model.
func (b *bench) config(model string) EngineConfig {
	return EngineConfig{Model: model, Idle: time.Minute, MaxMemory: 100, Start: func(*rt.Task) (EngineProcess, error) {
		p := b.list[min(len(b.started), len(b.list)-1)]
		b.started = append(b.started, &p)
		return &p, nil
	}}
}

// run runs the engine in virtual time, and f beside it.
func (b *bench) run(t *testing.T, f func(*rt.Task, *EngineClient)) {
	t.Helper()
	d := virtual.New(1, time.Unix(1.7e9, 0), nil)
	defer d.Close()
	root := rt.New(d, "test", func(k *rt.Task) error {
		node := k.Shield("engine", b.Run)
		b.node = node
		f(k, &EngineClient{STT: "e", Jobs: b.Jobs, Glimpses: b.Glimpses})
		node.Stop()
		if err := k.Wait(node, k.Now().Add(5*time.Second)); !errors.Is(err, rt.ErrStopped) {
			t.Errorf("the engine ended with %v", err)
		}
		return nil
	})
	d.Run(rt.Instant(24 * time.Hour))
	if !root.Done() || root.Err() != nil {
		t.Errorf("the test has not ended: %v", root.Err())
	}
	for i, p := range b.started {
		if !p.closed {
			t.Errorf("process %d was not closed", i)
		}
	}
}

// states are those that the engine has told of.
func (b *bench) states(t *rt.Task) (list []string) {
	for e, ok := b.events.TryRecv(t); ok; e, ok = b.events.TryRecv(t) {
		list = append(list, e.Body.(event.Engine).State)
	}
	return list
}

func (b *bench) told(t *testing.T, k *rt.Task, want ...string) {
	t.Helper()
	if got := b.states(k); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the engine was %q, want %q", got, want)
	}
}

// well is a process that works.
var well = process{says: "Hey Jarvis, stop", takes: 300 * time.Millisecond, loads: time.Second}

var said = stt.Utterance{ID: "u", WakeWord: "hey jarvis"}

func kindOf(err error) stt.Kind {
	e, _ := errors.AsType[*stt.Error](err)
	if e == nil {
		return 0
	}
	return e.Kind
}

func TestAWakeWordLoadsTheModelAndAnIdleOneIsLetGo(t *testing.T) {
	b := newBench(well)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		b.Wakes.Push(k, Wake{})
		_ = k.Sleep(3 * time.Second)
		b.told(t, k, "loading", "ready")
		began := k.Now()
		r, err := c.Transcribe(k, said, make([]int16, audio.Rate))
		if took := k.Now().Sub(began); err != nil || r.Text != "stop" || took > 500*time.Millisecond {
			t.Errorf("%+v, %v after %v", r, err, took)
		}
		_ = k.Sleep(58 * time.Second)
		if s := b.Shown(); s.State != EngineReady {
			t.Errorf("it is %s too early", s.State)
		}
		_ = k.Sleep(4 * time.Second)
		b.told(t, k, "let go")
		if s := b.Shown(); s.State != EngineLetGo || s.Resident != 0 {
			t.Errorf("it is %+v", s)
		}
		if r, err := c.Transcribe(k, said, make([]int16, audio.Rate)); err != nil || r.Text != "stop" || len(b.started) != 2 {
			t.Errorf("asked again: %+v, %v", r, err)
		}
	})
}

func TestAnEngineThatFailsIsReplacedAndItsJobFails(t *testing.T) {
	for name, c := range map[string]struct {
		bad    process
		kind   stt.Kind
		within time.Duration
	}{
		"it dies":           {process{fails: errors.New("a signal ended it"), loads: time.Second}, stt.Engine, 2 * time.Second},
		"it hangs":          {process{hangs: true, loads: time.Second}, stt.Engine, 4500 * time.Millisecond},
		"it takes memory":   {process{takes: 2 * time.Second, grows: 101, loads: 50 * time.Millisecond}, stt.Engine, time.Second},
		"it stays large":    {process{loads: 200 * time.Millisecond, resident: 101}, stt.Unreachable, time.Second},
		"it never loads":    {process{loads: time.Hour}, stt.Unreachable, 31 * time.Second},
		"it cannot load":    {process{unloads: errors.New("damaged")}, stt.Unreachable, time.Second},
		"loading is greedy": {process{loads: time.Minute, resident: 201}, stt.Unreachable, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(c.bad, well)
			b.run(t, func(k *rt.Task, client *EngineClient) {
				began := k.Now()
				_, err := client.Transcribe(k, said, make([]int16, audio.Rate))
				if took := k.Now().Sub(began); kindOf(err) != c.kind || took > c.within {
					t.Errorf("%v after %v", err, took)
				}
				_ = k.Sleep(3 * time.Second) // nobody asks, and it is ready all the same
				if s := b.Shown(); s.State != EngineReady {
					t.Errorf("it is %+v", s)
				}
				if r, err := client.Transcribe(k, said, make([]int16, audio.Rate)); err != nil || r.Text != "stop" {
					t.Errorf("the next job: %+v, %v", r, err)
				}
			})
		})
	}
}

func TestAnEngineThatFailsAgainAndAgainIsStartedSeldom(t *testing.T) {
	b := newBench(process{unloads: errors.New("damaged")})
	b.run(t, func(k *rt.Task, c *EngineClient) {
		b.Wakes.Push(k, Wake{})
		_ = k.Sleep(10 * time.Minute)
		if n := len(b.started); n < 15 || n > 30 {
			t.Errorf("it was started %d times in ten minutes", n)
		}
	})
}

func TestAnEngineThatDiesWhileItIsIdleIsReplaced(t *testing.T) {
	b := newBench(well)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		b.Wakes.Push(k, Wake{})
		_ = k.Sleep(2 * time.Second)
		b.started[0].Kill()
		_ = k.Sleep(3 * time.Second)
		b.told(t, k, "loading", "ready", "failed", "loading", "ready")
	})
}

func TestAJobThatIsRefusedHarmsNobody(t *testing.T) {
	bad := well
	bad.refuses = &stt.Error{Kind: stt.Refused, Cause: errors.New("too long")}
	b := newBench(bad)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		for range 3 {
			if _, err := c.Transcribe(k, said, make([]int16, audio.Rate)); kindOf(err) != stt.Refused {
				t.Errorf("%v", err)
			}
		}
		b.told(t, k, "loading", "ready")
	})
}

// TestDeliveriesGoFirst: jobs from elsewhere wait for those of deliveries, and are refused with a time when too many wait.
func TestDeliveriesGoFirst(t *testing.T) {
	slow := well
	slow.takes = 2 * time.Second
	b := newBench(slow)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		var order []string
		ask := func(name string, f func(*rt.Task) error) *rt.Task {
			task := k.Go(name, func(k *rt.Task) error {
				err := f(k)
				order = append(order, name)
				return err
			})
			_ = k.Sleep(50 * time.Millisecond)
			return task
		}
		elsewhere := func(k *rt.Task) error {
			_, err := AskEngine(k, "e", b.Asked, said, make([]int16, audio.Rate))
			return err
		}
		tasks := []*rt.Task{ask("first", elsewhere), ask("second", elsewhere), ask("third", elsewhere)}
		full := ask("full", elsewhere)
		gone := ask("own", func(k *rt.Task) error { _, err := c.Transcribe(k, said, make([]int16, audio.Rate)); return err })
		tasks[2].Stop()
		for _, task := range append(tasks, full, gone) {
			_ = k.Wait(task, k.Now().Add(time.Minute))
		}
		if fmt.Sprint(order) != "[full third first own second]" {
			t.Errorf("the order is %q", order)
		}
		e, _ := errors.AsType[*stt.Error](full.Err())
		if e == nil || e.Kind != stt.Busy || e.RetryAfter <= 0 {
			t.Errorf("too many: %v", full.Err())
		}
		if n := b.started[0].jobs; n != 3 {
			t.Errorf("%d jobs were done; the one that was taken back costs nothing", n)
		}
	})
}

// speak sends sound as a recording does, hop by hop.
func speak(k *rt.Task, to *rt.Mailbox[stt.Chunk], length time.Duration) error {
	for range length / audio.HopTime {
		if err := k.Sleep(audio.HopTime); err != nil {
			return err
		}
		to.Push(k, stt.Chunk{N: audio.HopSamples})
	}
	to.Close(k)
	return nil
}

func TestPartialResultsComeWhileThePersonSpeaks(t *testing.T) {
	for name, c := range map[string]struct {
		takes  time.Duration
		loads  time.Duration
		jobs   [2]int        // least and most
		answer time.Duration // after the end
	}{
		"a fast engine":         {100 * time.Millisecond, 500 * time.Millisecond, [2]int{4, 5}, 300 * time.Millisecond},
		"a slow one":            {1500 * time.Millisecond, 500 * time.Millisecond, [2]int{2, 3}, 1800 * time.Millisecond},
		"one that loads slowly": {100 * time.Millisecond, 4 * time.Second, [2]int{1, 2}, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(process{says: "A Jarvis. Stop", takes: c.takes, loads: c.loads})
			b.run(t, func(k *rt.Task, client *EngineClient) {
				b.Wakes.Push(k, Wake{})
				var partial []string
				u := said
				u.Partial = func(_ *rt.Task, text string) { partial = append(partial, text) }
				chunks := rt.NewMailbox[stt.Chunk]("chunks", 188)
				k.Go("speech", func(k *rt.Task) error { return speak(k, chunks, 5*time.Second) })
				r, err := client.Stream(k, u, chunks)
				if took := k.Now().Sub(rt.Instant(5 * time.Second)); err != nil || r.Text != "Stop" || took > c.answer {
					t.Errorf("%+v, %v, %v after the end", r, err, took)
				}
				if n := b.started[0].jobs; n < c.jobs[0] || n > c.jobs[1] {
					t.Errorf("%d jobs", n)
				}
				if len(partial) > 1 || len(partial) == 1 && partial[0] != "Stop" {
					t.Errorf("the partial results are %q: the same one is told once", partial)
				}
			})
		})
	}
}

func TestTheWakeWordAloneIsNothing(t *testing.T) {
	alone := well
	alone.says = "Hey Jarvis."
	b := newBench(alone)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		r, err := c.Transcribe(k, said, make([]int16, audio.Rate))
		if err != nil || r.Text != "" || !r.Silence || r.Nothing == "" {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// TestAModelThatHasBeenLoadedIsGivenLessTime: a process that hangs while it loads is found soon, once it is known how long that takes.
func TestAModelThatHasBeenLoadedIsGivenLessTime(t *testing.T) {
	b := newBench(well, process{loads: time.Hour}, well)
	b.run(t, func(k *rt.Task, client *EngineClient) {
		if _, err := client.Transcribe(k, said, make([]int16, audio.Rate)); err != nil {
			t.Fatal(err)
		}
		b.started[0].Kill()
		began := k.Now()
		_, err := client.Transcribe(k, said, make([]int16, audio.Rate))
		if took := k.Now().Sub(began); kindOf(err) != stt.Unreachable || took > 6*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		if r, err := client.Transcribe(k, said, make([]int16, audio.Rate)); err != nil || r.Text != "stop" {
			t.Errorf("the next job: %+v, %v", r, err)
		}
	})
}

// TestAnEngineThatHasFailedOnceIsLetGoAsAnyOther: it is started again at once, and ended when nobody needed it, for good.
func TestAnEngineThatHasFailedOnceIsLetGoAsAnyOther(t *testing.T) {
	b := newBench(process{unloads: errors.New("the disk was busy")}, well)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		b.Wakes.Push(k, Wake{})
		_ = k.Sleep(10 * time.Minute)
		b.told(t, k, "loading", "failed", "loading", "ready", "let go")
		if s := b.Shown(); s.State != EngineLetGo {
			t.Errorf("it is %+v", s)
		}
	})
}

// TestAnEngineThatIsStoppedWhileItLoadsIsBusy: whoever asked asks again, and holds nothing against the recording.
func TestAnEngineThatIsStoppedWhileItLoadsIsBusy(t *testing.T) {
	for name, p := range map[string]process{"it loads": {loads: time.Minute}, "it works": {loads: time.Second, takes: time.Minute}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(p)
			b.run(t, func(k *rt.Task, c *EngineClient) {
				task := k.Go("job", func(k *rt.Task) error {
					_, err := c.Transcribe(k, said, make([]int16, 10*audio.Rate))
					return err
				})
				_ = k.Sleep(3 * time.Second)
				b.node.Stop()
				if err := k.Wait(task, k.Now().Add(2*time.Second)); kindOf(err) != stt.Busy {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// TestWhoeverAsksNoMoreLeavesNoJob: what a task that has ended was waiting for, and its partial results, are not worked on.
func TestWhoeverAsksNoMoreLeavesNoJob(t *testing.T) {
	slow := well
	slow.takes = time.Second
	b := newBench(slow)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		first := k.Go("first", func(k *rt.Task) error { _, err := c.Transcribe(k, said, make([]int16, audio.Rate)); return err })
		_ = k.Sleep(1500 * time.Millisecond)
		u := said
		u.Partial = func(*rt.Task, string) {}
		chunks := rt.NewMailbox[stt.Chunk]("chunks", 188)
		streaming := k.Go("streaming", func(k *rt.Task) error { _, err := c.Stream(k, u, chunks); return err })
		k.Go("speech", func(k *rt.Task) error { return speak(k, chunks, 800*time.Millisecond) })
		waiting := k.Go("waiting", func(k *rt.Task) error { _, err := c.Transcribe(k, said, make([]int16, audio.Rate)); return err })
		_ = k.Sleep(100 * time.Millisecond)
		streaming.Stop()
		waiting.Stop()
		_ = k.Wait(first, k.Now().Add(time.Minute))
		_ = k.Sleep(10 * time.Second)
		if n := b.started[0].jobs; n != 1 {
			t.Errorf("%d jobs were done for one that somebody waited for", n)
		}
	})
}

// change gives the engine other settings, as an apply does.
func (b *bench) change(model string) { b.Update(&Engine{Config: rt.NewCell(b.config(model))}) }

// TestAnotherModelIsLoadedBesideTheOneThatWorks: nobody waits for it, whether the one before is loaded or was let go.
func TestAnotherModelIsLoadedBesideTheOneThatWorks(t *testing.T) {
	other := well
	other.says, other.loads = "other", 3*time.Second
	b := newBench(well, other)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		ask := func(want string) {
			t.Helper()
			began := k.Now()
			r, err := c.Transcribe(k, said, make([]int16, audio.Rate))
			if took := k.Now().Sub(began); err != nil || r.Text != want || took > 500*time.Millisecond {
				t.Errorf("%+v, %v after %v, want %q", r, err, took, want)
			}
		}
		b.Wakes.Push(k, Wake{})
		_ = k.Sleep(2 * time.Second)
		ask("stop")
		b.change("other")
		for range 5 { // also where there is never a pause
			ask("stop")
		}
		_ = k.Sleep(4 * time.Second)
		if s := b.Status(); s.Model != "other" || s.State != string(EngineReady) || !b.started[0].closed {
			t.Errorf("it is %+v", s)
		}
		ask("other")
		b.told(t, k, "loading", "ready", "loading", "ready")
		_ = k.Sleep(2 * time.Minute)
		b.told(t, k, "let go")
		b.change("third")
		_ = k.Sleep(5 * time.Second)
		ask("other")
		b.told(t, k, "loading", "ready")
	})
}

// TestAModelThatCannotTakeThePlaceOfAnotherLeavesItThere: the engine tells what is wrong, and goes on, also when the change is taken back.
func TestAModelThatCannotTakeThePlaceOfAnotherLeavesItThere(t *testing.T) {
	for name, bad := range map[string]process{
		"damaged":   {unloads: errors.New("damaged"), loads: time.Second},
		"too large": {loads: 2 * time.Second, resident: 201},
		"large":     {loads: 2 * time.Second, resident: 101},
		"hanging":   {loads: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(well, bad)
			b.run(t, func(k *rt.Task, c *EngineClient) {
				b.Wakes.Push(k, Wake{})
				_ = k.Sleep(2 * time.Second)
				b.change("bad")
				_ = k.Sleep(32 * time.Second)
				if n := b.Trouble(); n == "" || b.Status().Model != "m" {
					t.Errorf("trouble %q, %+v", n, b.Status())
				}
				if r, err := c.Transcribe(k, said, make([]int16, audio.Rate)); err != nil || r.Text != "stop" {
					t.Errorf("%+v, %v", r, err)
				}
				if b.Trouble() == "" {
					t.Error("its trouble is forgotten")
				}
				b.change("m")
				_ = k.Sleep(2 * time.Second)
				if s := b.Status(); b.Trouble() != "" || s.Model != "m" || s.State != string(EngineReady) || b.started[0].closed {
					t.Errorf("taken back: trouble %q, %+v", b.Trouble(), s)
				}
				for i, p := range b.started[1:] {
					if !p.closed {
						t.Errorf("process %d is left", i+1)
					}
				}
			})
		})
	}
}

// limit allows the engine other memory, as an apply does.
func (b *bench) limit(most int64) {
	c := b.config("m")
	c.MaxMemory = most
	b.Update(&Engine{Config: rt.NewCell(c)})
}

// TestALowerLimitOfMemoryEndsNoProcessThatWorks: one that has more is replaced by one that was loaded beside it. If that has too much as
// well, the first goes on, and the engine tells. A higher limit is for the process that runs.
func TestALowerLimitOfMemoryEndsNoProcessThatWorks(t *testing.T) {
	large, small, later := well, well, well
	large.says, large.resident, later.says = "large", 90, "later"
	small.says, small.resident = "small", 40
	b := newBench(large, large, small, later)
	b.run(t, func(k *rt.Task, c *EngineClient) {
		ask := func(want string) {
			t.Helper()
			if r, err := c.Transcribe(k, said, make([]int16, audio.Rate)); err != nil || r.Text != want {
				t.Errorf("%+v, %v, want %q", r, err, want)
			}
		}
		ask("large")
		b.limit(95)
		_ = k.Sleep(3 * time.Second)
		b.told(t, k, "loading", "ready") // it fits
		b.limit(80)                      // twice as much while it is loaded, and no longer
		for range 4 {
			ask("large")
		}
		_ = k.Sleep(3 * time.Second)
		if b.Trouble() == "" || b.started[0].closed || !b.started[1].closed {
			t.Errorf("trouble %q, %+v", b.Trouble(), b.Status())
		}
		b.told(t, k, "loading", "failed")
		ask("large")
		b.limit(100)
		_ = k.Sleep(3 * time.Second)
		b.told(t, k, "ready")
		b.limit(45)
		for range 4 {
			ask("large")
		}
		_ = k.Sleep(3 * time.Second)
		b.told(t, k, "loading", "ready")
		ask("small")
		if s := b.Status(); b.Trouble() != "" || s.Resident != 40 || s.Most != 45 || !b.started[0].closed {
			t.Errorf("trouble %q, %+v", b.Trouble(), s)
		}
		b.started[2].resident = 46
		_ = k.Sleep(3 * time.Second)
		b.told(t, k, "failed", "loading", "ready") // the limit under which it was started
		ask("later")
		b.limit(60)
		_ = k.Sleep(2 * time.Second)
		b.started[3].resident = 55
		_ = k.Sleep(2 * time.Second)
		b.told(t, k)
		ask("later")
	})
}
