package play

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/chaos"
	"orac/chaos/process"
	"orac/runbook"
	"orac/runbook/scenario"
)

// victim stands in for orac: it ticks, uses its disk, and has a child that stands in for the capture process. What it sees it
// tells as events, as orac run --json does.
func victim(state string) {
	worker := exec.Command("/proc/self/exe", "capture-worker", "--match=USB", "--channels=1")
	worker.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := worker.StdoutPipe()
	if err == nil {
		err = worker.Start()
	}
	say := json.NewEncoder(os.Stdout)
	tell := func(kind, text string) { _ = say.Encode(map[string]string{"kind": kind, "text": text}) }
	if err != nil {
		tell("failed", err.Error())
		return
	}
	go func() { _ = worker.Wait() }()
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := out.Read(buf)
			if err != nil {
				return
			}
			tell("piped", fmt.Sprint(n))
		}
	}()
	for n := 0; ; n++ {
		began := time.Now()
		f, err := os.OpenFile(filepath.Join(state, "file"), os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = f.Write(make([]byte, 4096))
			err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
		}
		text := "fine"
		var number syscall.Errno
		if errors.As(err, &number) {
			text = fmt.Sprint(int(number))
		}
		if took := time.Since(began); took > 100*time.Millisecond {
			text = "slow"
		}
		tell("disk", text)
		time.Sleep(20 * time.Millisecond)
	}
}

func init() {
	if len(os.Args) > 1 && os.Args[1] == "run" {
		victim(filepath.Dir(os.Getenv("ORAC_STATE_DIR")))
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == "capture-worker" {
		time.Sleep(time.Hour)
	}
}

// world makes the world of the kitchen with a victim in it.
func world(t *testing.T) (*World, *chaos.Appliance) {
	t.Helper()
	w, a, err := newWorld(t.Context(), parse(t, kitchen, ""), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		root := w.root
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(root); !os.IsNotExist(err) {
			t.Errorf("the folder of the run is left: %v", err)
		}
		if mounts, err := os.ReadFile("/proc/self/mounts"); err != nil || strings.Contains(string(mounts), root) {
			t.Errorf("a file system is left: %v", err)
		}
	})
	return w, a
}

func newWorld(ctx context.Context, sc *scenario.Scenario, temp string) (*World, *chaos.Appliance, error) {
	o, err := Options{Temp: temp, Seed: 1}.complete()
	if err != nil {
		return nil, nil, err
	}
	w, err := build(ctx, sc, o)
	if err != nil {
		return nil, nil, err
	}
	w.again = func() error { _, err := w.Start(ctx); return err }
	a, err := w.Start(ctx)
	if err == nil {
		_, err = a.Kind(ctx, 0, 10*time.Second, "disk")
	}
	for until := time.Now().Add(5 * time.Second); err == nil; time.Sleep(10 * time.Millisecond) {
		if _, none := a.Worker(); none == nil {
			return w, a, nil
		} else if time.Now().After(until) {
			err = none
		}
	}
	return nil, nil, errors.Join(err, w.Close())
}

// fault prepares a fault of a kind.
func fault(t *testing.T, w *World, f scenario.Fault) *broken {
	t.Helper()
	o := occurrence{Fault: f, name: "fault." + string(f.Kind) + ".test"}
	aim(&o, w.book.rb)
	if err := w.supported(o); err != nil {
		t.Skipf("it cannot be made here: %v", err)
	}
	b, err := kindOf(f.Kind).prepare(w, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// during makes a fault, looks at what is so meanwhile, takes it back twice, and looks at what is so then.
func during(t *testing.T, w *World, f scenario.Fault, meanwhile, afterwards func() error) {
	t.Helper()
	b := fault(t, w, f)
	entry, err := w.journal.Begin("test", time.Minute, b.steps...)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.apply(); err != nil {
		t.Errorf("apply: %v", err)
	}
	if err := eventually(meanwhile); err != nil {
		t.Errorf("meanwhile: %v", err)
	}
	for range 2 {
		if b.undo != nil {
			if err := b.undo(); err != nil {
				t.Errorf("undo: %v", err)
			}
		}
		if err := entry.Undo(); err != nil {
			t.Errorf("undo: %v", err)
		}
	}
	if err := eventually(afterwards); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func eventually(f func() error) (err error) {
	for range 250 {
		if err = f(); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// disk awaits that the victim finds its disk in a state.
func disk(t *testing.T, a *chaos.Appliance, text string) func() error {
	return func() error {
		mark := a.Mark()
		_, err := a.Await(t.Context(), mark, time.Second, "disk "+text, func(e chaos.Event) bool { return e.Kind == "disk" && e.Text == text })
		return err
	}
}

func TestDiskFaults(t *testing.T) {
	w, a := world(t)
	fine := disk(t, a, "fine")
	for _, c := range []struct {
		scenario.Fault
		want string
	}{
		{scenario.Fault{Kind: scenario.DiskFull}, fmt.Sprint(int(syscall.ENOSPC))},
		{scenario.Fault{Kind: scenario.DiskError}, fmt.Sprint(int(syscall.EIO))},
		{scenario.Fault{Kind: scenario.DiskReadOnly}, fmt.Sprint(int(syscall.EROFS))},
		{scenario.Fault{Kind: scenario.DiskSlow, Delay: 200 * time.Millisecond}, "slow"},
	} {
		t.Run(string(c.Kind), func(t *testing.T) { during(t, w, c.Fault, disk(t, a, c.want), fine) })
	}
}

func TestProcessFaults(t *testing.T) {
	w, a := world(t)
	still := func() error {
		mark := a.Mark()
		time.Sleep(300 * time.Millisecond)
		if n := len(a.Since(mark)); n > 1 {
			return fmt.Errorf("it said %d things in 300 ms", n)
		}
		return nil
	}
	t.Run("cpu_starve", func(t *testing.T) { during(t, w, scenario.Fault{Kind: scenario.CPUStarve}, still, disk(t, a, "fine")) })
	t.Run("memory_rise", func(t *testing.T) {
		before, err := a.Usage()
		if err != nil {
			t.Fatal(err)
		}
		grown := func() error {
			u, err := a.Usage()
			if err == nil && u.Resident-before.Resident < 60<<20 {
				err = fmt.Errorf("it has grown by %d bytes", u.Resident-before.Resident)
			}
			return err
		}
		during(t, w, scenario.Fault{Kind: scenario.MemoryRise, Size: 64 << 20}, grown, disk(t, a, "fine"))
		if _, err := rise(w, occurrence{Fault: scenario.Fault{Size: 100 << 30}}); err == nil {
			t.Error("100 GiB were to be taken of the machine")
		}
	})
	t.Run("memory_leak", func(t *testing.T) {
		before, err := a.Usage()
		if err != nil {
			t.Fatal(err)
		}
		grown := func() error {
			u, err := a.Usage()
			if err == nil && u.Resident-before.Resident < 15<<20 {
				err = fmt.Errorf("it has grown by %d bytes", u.Resident-before.Resident)
			}
			return err
		}
		during(t, w, scenario.Fault{Kind: scenario.MemoryLeak, Size: 600 << 20}, grown, disk(t, a, "fine"))
	})
	t.Run("worker_trash", func(t *testing.T) {
		mark := a.Mark()
		b := fault(t, w, scenario.Fault{Kind: scenario.WorkerTrash})
		if err := b.apply(); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Kind(t.Context(), mark, 5*time.Second, "piped"); err != nil {
			t.Error(err)
		}
	})
	t.Run("worker_stop", func(t *testing.T) {
		p, err := a.Worker()
		if err != nil {
			t.Fatal(err)
		}
		stopped := func() error {
			if !p.Stopped() {
				return errors.New("it runs")
			}
			return nil
		}
		// At the end of the run it is not left behind.
		during(t, w, scenario.Fault{Kind: scenario.WorkerStop}, stopped, func() error {
			if p.Alive() {
				return errors.New("it is left")
			}
			return nil
		})
		if _, err := kindOf(scenario.WorkerKill).prepare(w, occurrence{Fault: scenario.Fault{Kind: scenario.WorkerKill, Target: "usb"}}); !errors.Is(err, chaos.ErrNoWorker) {
			t.Errorf("without a capture process: %v", err)
		}
	})
	t.Run("descriptors", func(t *testing.T) {
		during(t, w, scenario.Fault{Kind: scenario.Descriptors}, disk(t, a, fmt.Sprint(int(syscall.EMFILE))), disk(t, a, "fine"))
	})
	t.Run("kill", func(t *testing.T) {
		down := func() error {
			if _, err := w.Running(); !errors.Is(err, errDown) {
				return fmt.Errorf("it runs: %v", err)
			}
			return nil
		}
		during(t, w, scenario.Fault{Kind: scenario.Kill}, down, func() error { _, err := w.Running(); return err })
		if w.booted() != 2 {
			t.Errorf("it was started %d times", w.booted())
		}
	})
	t.Run("out_of_memory", func(t *testing.T) {
		was, err := w.Running()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := was.Kind(t.Context(), 0, 5*time.Second, "disk"); err != nil {
			t.Fatal(err)
		}
		during(t, w, scenario.Fault{Kind: scenario.OutOfMemory}, func() error {
			e := was.Last(1)[0]
			if e.Kind != "ended" || !strings.Contains(e.Text, "killed") {
				return fmt.Errorf("%v", e)
			}
			return nil
		}, func() error { _, err := w.Running(); return err })
		if w.booted() != 3 {
			t.Errorf("it was started %d times", w.booted())
		}
	})
}

func TestAudioFaults(t *testing.T) {
	w, _ := world(t)
	mic := w.mics["usb"].mic
	index := func() (string, error) {
		w.pulse.Lock()
		defer w.pulse.Unlock()
		return mic.Index()
	}
	was, err := index()
	if err != nil {
		t.Fatal(err)
	}
	gone := func() error {
		if i, err := index(); err == nil {
			return fmt.Errorf("it is there, with index %s", i)
		}
		return nil
	}
	back := func() error { _, err := index(); return err }
	t.Run("unplug", func(t *testing.T) {
		during(t, w, scenario.Fault{Kind: scenario.Unplug, Other: true}, func() error {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			if _, err := w.other.Index(); err != nil {
				return err
			}
			if _, err := mic.Index(); err == nil {
				return errors.New("it is there")
			}
			return nil
		}, func() error {
			is, err := index()
			if err == nil && is == was {
				err = fmt.Errorf("it has the index %s as before", is)
			}
			return err
		})
	})
	t.Run("suspended", func(t *testing.T) {
		state := func(want string) func() error {
			return func() error {
				w.pulse.Lock()
				defer w.pulse.Unlock()
				list, err := w.audio.Control("list", "short", "sources")
				if err == nil && !strings.Contains(list, want) {
					err = fmt.Errorf("no source is %s:\n%s", want, list)
				}
				return err
			}
		}
		during(t, w, scenario.Fault{Kind: scenario.Suspended}, state("SUSPENDED"), back)
	})
	t.Run("audio_down", func(t *testing.T) { during(t, w, scenario.Fault{Kind: scenario.AudioDown}, gone, back) })
	t.Run("open_hangs", func(t *testing.T) {
		p, err := process.Of(w.audio.PID())
		if err != nil {
			t.Fatal(err)
		}
		during(t, w, scenario.Fault{Kind: scenario.OpenHangs}, func() error {
			if !p.Stopped() {
				return errors.New("the audio server runs")
			}
			return nil
		}, back)
	})
}

func TestServiceFaults(t *testing.T) {
	w, _ := world(t)
	ask := func(s *service, path string) func() (int, time.Duration, error) {
		return func() (int, time.Duration, error) {
			client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			began := time.Now()
			resp, err := client.Post("http://"+s.proxy.Address()+path, "application/json", strings.NewReader("{}"))
			if err != nil {
				return 0, time.Since(began), err
			}
			return resp.StatusCode, time.Since(began), resp.Body.Close()
		}
	}
	webhook := ask(w.services["webhook.light"], "/webhook")
	heartbeat := ask(w.services["heartbeat.whisper"], "/stt/v1/heartbeat")
	stt := ask(w.services["stt.whisper"], "/stt/v1/stream/general")
	code := func(f func() (int, time.Duration, error), want int) func() error {
		return func() error {
			if got, _, err := f(); got != want {
				return fmt.Errorf("%d, %v; want %d", got, err, want)
			}
			return nil
		}
	}
	const noFile = http.StatusUnprocessableEntity // what a server that is well says of these requests
	during(t, w, scenario.Fault{Kind: scenario.WebhookDown}, code(webhook, 0), code(webhook, http.StatusOK))
	during(t, w, scenario.Fault{Kind: scenario.WebhookSlow, Delay: 300 * time.Millisecond}, func() error {
		if got, took, err := webhook(); err != nil || got != http.StatusOK || took < 300*time.Millisecond {
			return fmt.Errorf("%d after %v, %v", got, took, err)
		}
		return nil
	}, code(webhook, http.StatusOK))
	during(t, w, scenario.Fault{Kind: scenario.HeartbeatDown}, code(heartbeat, 0), code(heartbeat, noFile))
	during(t, w, scenario.Fault{Kind: scenario.STTDown}, code(stt, 0), code(stt, noFile))
	during(t, w, scenario.Fault{Kind: scenario.STTCut}, code(stt, 0), code(stt, noFile))
	during(t, w, scenario.Fault{Kind: scenario.STTUnauthorized}, code(stt, http.StatusUnauthorized), code(stt, noFile))
	// Of two at once the one that is left still holds when the other is over.
	lies, refuses := fault(t, w, scenario.Fault{Kind: scenario.STTLies}), fault(t, w, scenario.Fault{Kind: scenario.STTUnauthorized})
	if err := errors.Join(refuses.apply(), lies.apply(), lies.undo()); err != nil {
		t.Fatal(err)
	}
	if err := code(stt, http.StatusUnauthorized)(); err != nil {
		t.Errorf("after the other: %v", err)
	}
	if err := refuses.undo(); err != nil {
		t.Fatal(err)
	}
	if err := code(stt, noFile)(); err != nil {
		t.Error(err)
	}
	if err := w.supported(occurrence{Fault: scenario.Fault{Kind: scenario.STTDown, Target: "local"}}); err == nil {
		t.Error("a program was to refuse connections")
	}
	if err := w.supported(occurrence{Fault: scenario.Fault{Kind: scenario.STTDown, Target: "../../etc"}}); err == nil {
		t.Error("a service that is not there was to break")
	}
}

// TestTheNetworkIsTakenAway: what listens in a network of its own is reached from there alone, and not while its link is down.
func TestTheNetworkIsTakenAway(t *testing.T) {
	if err := separable(); err != nil {
		t.Skip(err)
	}
	w, err := build(t.Context(), parse(t, kitchen, "fault \"net_down\" \"x\" {\n  at = \"1s\"\n}\n"), Options{Binary: "/proc/self/exe", Tools: "/proc/self/exe", Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	address := w.services["stt.whisper"].proxy.Address()
	dial := func() error {
		return w.network.within(func() error {
			c, err := net.DialTimeout("tcp4", address, time.Second)
			if err != nil {
				return err
			}
			return c.Close()
		})
	}
	if err := dial(); err != nil {
		t.Errorf("from inside: %v", err)
	}
	if c, err := net.DialTimeout("tcp4", address, time.Second); err == nil {
		t.Errorf("from outside: %v", c.Close())
	}
	during(t, w, scenario.Fault{Kind: scenario.NetDown}, func() error {
		if dial() == nil {
			return errors.New("it is reached")
		}
		return nil
	}, dial)
}

// buildAndWait makes a world, breaks it in every way that could be left behind, says what there is, and waits to be killed.
func buildAndWait(temp string) int {
	fail := func(err error) int { fmt.Println("failed:", err); return 1 }
	dir, err := os.MkdirTemp(temp, "scenario-")
	if err != nil {
		return fail(err)
	}
	text := "scenario \"test\" {\n  text = <<-EOT\n" + strings.ReplaceAll(kitchen, "$${", "$$${") + "EOT\n  for = \"10m\"\n  backends = [\"chaos\"]\n}\nexpect \"nothing\" {\n  holds = lost == 0\n}\n"
	sc, problems := scenario.Parse([]byte(text), filepath.Join(dir, "test.hcl"), runbook.Options{})
	if problems.HasErrors() {
		return fail(problems.Err())
	}
	w, a, err := newWorld(context.Background(), sc, temp)
	if err != nil {
		return fail(err)
	}
	worker, err := a.Worker()
	if err != nil {
		return fail(err)
	}
	for _, k := range []scenario.Kind{scenario.DiskFull, scenario.WorkerStop, scenario.DiskError, scenario.CPUStarve, scenario.OpenHangs} {
		o := occurrence{Fault: scenario.Fault{Kind: k}, name: string(k)}
		aim(&o, w.book.rb)
		if w.supported(o) != nil {
			continue
		}
		b, err := kindOf(k).prepare(w, o)
		if err != nil {
			return fail(err)
		}
		if _, err := w.journal.Begin(o.name, time.Minute, b.steps...); err != nil {
			return fail(err)
		}
		if err := b.apply(); err != nil {
			return fail(err)
		}
		for _, s := range b.steps {
			if s.Path != "" {
				fmt.Println("path", s.Path)
			}
		}
	}
	for _, pid := range []int{a.PID(), worker.PID, w.audio.PID(), w.services["stt.whisper"].server.Process().PID} {
		p, err := process.Of(pid)
		if err != nil {
			return fail(err)
		}
		fmt.Println("process", p.PID, p.Start)
	}
	fmt.Println("path", w.root)
	fmt.Println("ready")
	select {}
}

// TestKillingTheRunnerUndoesEverything: after kill -9 no process, no mount, no folder and no control group is left.
func TestKillingTheRunnerUndoesEverything(t *testing.T) {
	temp := t.TempDir()
	cmd := exec.Command("/proc/self/exe", "build-a-world", temp)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var processes []process.Process
	var paths []string
	ready := false
	for lines := bufio.NewScanner(out); !ready && lines.Scan(); {
		var p process.Process
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "process":
			if _, err := fmt.Sscan(rest, &p.PID, &p.Start); err != nil {
				t.Fatal(err)
			}
			processes = append(processes, p)
		case "path":
			paths = append(paths, rest)
		case "ready":
			ready = true
		default:
			t.Fatal(lines.Text())
		}
	}
	if len(processes) != 4 || len(paths) < 2 {
		t.Fatalf("%d processes and %d paths", len(processes), len(paths))
	}
	for _, p := range processes {
		if !p.Alive() {
			t.Errorf("process %d is gone before", p.PID)
		}
	}
	if err := cmd.Process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	err = eventually(func() error {
		for _, p := range processes {
			if p.Alive() {
				return fmt.Errorf("process %d is left", p.PID)
			}
		}
		for _, path := range paths {
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				return fmt.Errorf("%s is left", path)
			}
		}
		mounts, err := os.ReadFile("/proc/self/mounts")
		if strings.Contains(string(mounts), temp) {
			err = errors.New("a file system is left")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
