package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/chaos"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

// victim stands in for orac: it ticks, uses its disk, and has a child that stands in for the capture process. What it sees it
// tells on standard error.
func victim(state string) {
	worker := exec.Command("/proc/self/exe", "capture-worker", "--match=USB", "--channels=1")
	worker.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := worker.StdoutPipe()
	if err == nil {
		err = worker.Start()
	}
	tell := func(what, text string) { fmt.Fprintln(os.Stderr, what, text) }
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
		err = tells(ctx, a, 0, 10*time.Second, "disk ")
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
	o := occurrence{Fault: f, Name: "fault." + string(f.Kind) + ".test"}
	schedule.Aim(&o, w.book.rb)
	if err := w.supported(o); err != nil {
		t.Skipf("it cannot be made here: %v", err)
	}
	mk, _ := MakerOf(f.Kind) // it is supported
	b, err := mk.prepare(w, o)
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
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil || time.Now().After(until) {
			return err
		}
	}
}

// disk awaits that the victim finds its disk in a state.
func disk(t *testing.T, a *chaos.Appliance, text string) func() error {
	return func() error {
		return tells(t.Context(), a, a.Mark(), time.Second, "disk "+text)
	}
}

// tells awaits that the victim tells something.
func tells(ctx context.Context, a *chaos.Appliance, mark int, most time.Duration, what string) error {
	_, _, err := chaos.Next(ctx, a, mark, most, func(said chaos.Stderr) bool { return strings.HasPrefix(said.Text, what) })
	return err
}
