package virtual

import (
	"fmt"
	"testing"
	"time"

	"orac/appliance/rt"
)

// TestCloseEndsEveryWait closes worlds whose tasks stand in every kind of wait, with deferred functions that go on asking for
// things: each is unwound once, nobody learns of it, and nothing is left.
func TestCloseEndsEveryWait(t *testing.T) {
	for seed := range uint64(30) {
		d := New(seed, time.Unix(0, 0), nil)
		empty, full := rt.NewMailbox[int]("empty", 1), rt.NewMailbox[int]("full", 1)
		patient := rt.NewPatientMailbox[int]("patient", 1)
		disk := NewDisk(1 << 20)
		disk.Slow = func(string, string) time.Duration { return time.Hour }
		unwound, told, lateStarted := map[string]int{}, 0, false
		waits := map[string]func(*rt.Task){
			"sleep":  func(k *rt.Task) { _ = k.Sleep(time.Hour) },
			"recv":   func(k *rt.Task) { _, _ = empty.Recv(k, rt.Never) },
			"send":   func(k *rt.Task) { _ = full.Send(k, 1) },
			"push":   func(k *rt.Task) { patient.Push(k, 1) },
			"select": func(k *rt.Task) { _, _ = rt.Select(k, rt.Never, empty, k.Go("child", sleeps)) },
			"wait":   func(k *rt.Task) { _ = k.Wait(k.Go("child", sleeps), rt.Never) },
			"disk":   func(k *rt.Task) { _, _ = disk.Create(k, "a") },
		}
		rt.New(d, "root", func(k *rt.Task) error {
			full.Push(k, 0)
			patient.Push(k, 0)
			for name, wait := range waits {
				k.Go(name, func(k *rt.Task) error {
					defer func() {
						unwound[name]++
						empty.TrySend(k, 1) // wakes nobody any more
						full.Close(k)
						k.Go("late", func(*rt.Task) error { lateStarted = true; return nil })
						_ = k.Sleep(time.Hour) // does not return either
						t.Errorf("%s: a wait in a deferred function has returned", name)
					}()
					wait(k)
					told++
					return nil
				})
			}
			return k.Sleep(time.Hour)
		})
		d.Run(rt.Instant(time.Minute))
		if alive := d.Tasks(); alive != len(waits)+4 { // the root, two children, and the medium of the disk
			t.Errorf("%d tasks are alive", alive)
		}
		d.Close()
		if told > 0 || lateStarted || d.Tasks() != 0 {
			t.Errorf("seed %d: %d waits have returned, a task was started: %v, %d tasks are left", seed, told, lateStarted, d.Tasks())
		}
		for name := range waits {
			if unwound[name] != 1 {
				t.Errorf("seed %d: %s was unwound %d times", seed, name, unwound[name])
			}
		}
	}
}

func sleeps(k *rt.Task) error { return k.Sleep(time.Hour) }

// TestTasksAreCounted: tasks that end are counted no more, also when their owner has given them up.
func TestTasksAreCounted(t *testing.T) {
	d := New(1, time.Unix(0, 0), nil)
	var counts []int
	rt.New(d, "root", func(k *rt.Task) error {
		for i := range 200 {
			c := k.Supervise(fmt.Sprint("node", i), 1, sleeps)
			_ = k.Sleep(time.Second)
			counts = append(counts, d.Tasks())
			k.Abandon(c)
			_ = k.Sleep(time.Second)
		}
		return nil
	})
	d.Run(rt.Never)
	for i, n := range counts {
		if n != 2 {
			t.Fatalf("%d tasks at turn %d, want 2", n, i)
		}
	}
	if d.Tasks() != 0 {
		t.Errorf("%d tasks are left", d.Tasks())
	}
}
