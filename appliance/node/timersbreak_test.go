package node_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// again stops a house, waits, and starts it on the same disk.
func (h house) again(k *rt.Task, d *virtual.Disk, off time.Duration) house {
	h.task.Stop()
	_ = k.Outlast(h.task, k.Now().Add(time.Minute))
	_ = k.Sleep(off)
	h = houseOn(k, d, newLamps())
	_ = k.Sleep(5 * time.Second)
	return h
}

// says asks, and compares what is said.
func (h house) says(t *testing.T, k *rt.Task, id, text, want string) {
	t.Helper()
	if a := h.ask(t, k, id, text); !strings.EqualFold(a.Speech, want) {
		t.Errorf("%s: %q, want %q", text, a.Speech, want)
	}
}

// rung are the timers that ended, and how late.
func (h house) rung(k *rt.Task) (list []string) {
	for e, ok := h.events.TryRecv(k); ok; e, ok = h.events.TryRecv(k) {
		if b, is := e.Body.(event.TimerEnded); is {
			list = append(list, fmt.Sprintf("%s %.0f", b.Name, b.Late))
		}
	}
	return list
}

// TestTimersAndAClockThatIsSet: a timer runs by the clock that nobody sets. One that a start finds with a clock that was set back ends
// after its own time at the latest, and is not lost.
func TestTimersAndAClockThatIsSet(t *testing.T) {
	for _, jump := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		world := virtual.New(1, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), nil)
		root := rt.New(world, "test", func(k *rt.Task) error {
			d := virtual.NewDisk(1 << 24)
			h := houseOn(k, d, newLamps())
			_ = k.Sleep(5 * time.Second)
			h.says(t, k, "1", "set a tea timer for 10 minutes", "The timer for tea is set to 10 minutes.")
			world.JumpWall(jump)
			h.says(t, k, "2", "how long left", "The timer for tea has 10 minutes left.")
			h.says(t, k, "3", "add 2 minutes to the tea timer", "The timer for tea has 12 minutes left.")
			h.says(t, k, "4", "undo", "Sorry. It is as it was before.")
			h.says(t, k, "5", "pause the tea timer", "The timer for tea is paused with 10 minutes left.")
			h.says(t, k, "6", "resume the tea timer", "The timer for tea has 10 minutes left.")
			if jump < 0 {
				world.JumpWall(jump)
				h = h.again(k, d, 0)
				h.says(t, k, "7", "how long left", "The timer for tea has 9 minutes and 55 seconds left.")
			}
			_ = k.Sleep(10*time.Minute + time.Second)
			if got := h.rung(k); len(got) != 1 || got[0] != "tea 0" {
				t.Errorf("jump %v: rung: %q", jump, got)
			}
			h.task.Stop()
			return nil
		})
		world.Run(rt.Instant(time.Hour))
		world.Close()
		if err := root.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTwoChangesOfATimerAreTakenBack, the newest first.
func TestTwoChangesOfATimerAreTakenBack(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		h := houseOn(k, virtual.NewDisk(1<<24), newLamps())
		_ = k.Sleep(5 * time.Second)
		h.ask(t, k, "1", "set a tea timer for 3 minutes and cancel the tea timer")
		h.says(t, k, "2", "undo", "Sorry. It is as it was before.")
		h.says(t, k, "3", "how long left", "No timer is running.")
		h.ask(t, k, "4", "set a tea timer for 3 minutes")
		h.ask(t, k, "5", "add 2 minutes to the tea timer and pause the tea timer")
		h.says(t, k, "6", "undo", "Sorry. It is as it was before.")
		h.says(t, k, "7", "how long left", "The timer for tea has 3 minutes left.")
		h.task.Stop()
	})
}

// TestTimersOnABadDisk: a disk that does not return the timers at the start loses none of them, and what is written can be read again.
func TestTimersOnABadDisk(t *testing.T) {
	inHouse(t, 1, func(k *rt.Task) {
		d := virtual.NewDisk(1 << 24)
		h := houseOn(k, d, newLamps())
		_ = k.Sleep(5 * time.Second)
		h.ask(t, k, "1", "set a tea timer for 30 minutes")
		mend := d.Break("read", "acts/general/timers.json", syscall.EIO)
		h = h.again(k, d, 0)
		if a := h.ask(t, k, "2", "set a timer for 10 minutes"); a.Verified {
			t.Error("a timer was written over those that the disk did not return")
		}
		if a := h.ask(t, k, "3", "how long left"); a.Verified {
			t.Errorf("nobody knows which timers run: %q", a.Speech)
		}
		mend()
		_ = k.Sleep(time.Minute)
		h.says(t, k, "4", "how long left", "The timer for tea has 28 minutes and 55 seconds left.")
		long, kept := strings.Repeat("x", 1800), 0
		for i := range 49 {
			if a := h.ask(t, k, fmt.Sprint("long ", i), fmt.Sprintf("set a %s timer for 1 hour", long)); a.Verified {
				kept++
			}
		}
		if kept < 20 {
			t.Errorf("only %d timers were set", kept)
		}
		h = h.again(k, d, 0)
		if a := h.ask(t, k, "5", "how long left"); !strings.HasPrefix(a.Speech, "The timer for tea") {
			t.Errorf("after a restart: %.100q", a.Speech)
		}
		h.task.Stop()
	})
}
