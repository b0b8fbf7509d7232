package provenclock

import (
	"syscall"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// process runs a clock on a disk for a while, from a wall time on, and gives the age at its end, which it checks to have grown
// as the process ran.
func process(t *testing.T, d *virtual.Disk, wall time.Time, proven bool, runs time.Duration, meanwhile func(*rt.Task, *virtual.Driver)) (age time.Duration, jumps []Jump) {
	t.Helper()
	driver := virtual.New(1, wall, nil)
	c := New(d, func(time.Time) bool { return proven })
	c.Jumped = func(_ *rt.Task, j Jump) { jumps = append(jumps, j) }
	rt.New(driver, "orac", func(k *rt.Task) error {
		if _, ok := c.Age(k); ok {
			t.Error("the age is known before the mark was read")
		}
		task := k.Go("clock", c.Run)
		_ = k.Sleep(10 * time.Second)
		if meanwhile != nil {
			meanwhile(k, driver)
		}
		_ = k.Sleep(runs - 10*time.Second)
		var ok bool
		var p Point
		if p, ok = c.Age(k); !ok {
			t.Error("the age is not known")
		}
		age = p.Age
		task.Stop()
		return k.Outlast(task, k.Now().Add(time.Second))
	})
	driver.Run(rt.Instant(runs + time.Minute))
	return age, jumps
}

// TestTheClockGoesOn from one process to the next, by what each has run; a jump is told, and changes nothing.
func TestTheClockGoesOn(t *testing.T) {
	d := virtual.NewDisk(1 << 30)
	want := time.Duration(0)
	for n, wall := range []time.Time{epoch, epoch.AddDate(43, 0, 0), time.Unix(0, 0)} {
		age, jumps := process(t, d, wall, false, 25*time.Minute+30*time.Second, nil)
		if want += 25*time.Minute + 30*time.Second; age != want {
			t.Errorf("process %d: the age is %v, want %v", n, age, want)
		}
		if (len(jumps) == 1) != (n > 0) {
			t.Errorf("process %d: %+v are told", n, jumps)
		}
	}
	age, jumps := process(t, d, time.Unix(2000, 0), false, 15*time.Minute, func(_ *rt.Task, v *virtual.Driver) { v.JumpWall(400 * 24 * time.Hour) })
	if want += 15 * time.Minute; age != want || len(jumps) != 1 || jumps[0].Start || jumps[0].By < 399*24*time.Hour {
		t.Errorf("the age is %v, want %v; told: %+v", age, want, jumps)
	}
}

// TestADiskThatGivesNoMark: the age is not known as long as the disk refuses; a damaged mark begins at 0.
func TestADiskThatGivesNoMark(t *testing.T) {
	d := virtual.NewDisk(1 << 30)
	first, _ := process(t, d, epoch, false, time.Hour, nil)
	refuses := true
	d.Fail = func(op, name string) error {
		if refuses && op == "read" {
			return syscall.EIO
		}
		return nil
	}
	driver := virtual.New(1, epoch, nil)
	c := New(d, nil)
	rt.New(driver, "orac", func(k *rt.Task) error {
		k.Go("clock", c.Run)
		_ = k.Sleep(time.Minute)
		if _, ok := c.Elapsed(k); ok {
			t.Error("the age is known of a mark that was not read")
		}
		refuses = false
		_ = k.Sleep(openEvery)
		if age, ok := c.Elapsed(k); !ok || age < first || age > first+openEvery {
			t.Errorf("the age is %v, %v; it was %v", age, ok, first)
		}
		return nil
	})
	driver.Run(rt.Instant(2 * time.Minute))
	driver = virtual.New(1, epoch, nil)
	rt.New(driver, "damage", func(k *rt.Task) error {
		return rt.WriteFile(k, d, Dir, File, []byte("\x00\x00\x00"))
	})
	driver.Run(rt.Instant(time.Minute))
	if age, _ := process(t, d, epoch, false, time.Hour, nil); age != time.Hour {
		t.Errorf("of a damaged mark the age is %v", age)
	}
}

// TestWhatTheDiskDoesNotTake: a process without a proven clock gives up the time off before it. Until that is on the disk the age is
// not known: the next process would find the time off, and age by it what this one has noted.
func TestWhatTheDiskDoesNotTake(t *testing.T) {
	d := virtual.NewDisk(1 << 30)
	process(t, d, epoch, true, time.Hour, nil)
	refuses := true
	d.Fail = func(op, name string) error {
		if refuses && op == "create" {
			return syscall.ENOSPC
		}
		return nil
	}
	driver := virtual.New(1, epoch, nil) // its clock stood
	c := New(d, nil)
	rt.New(driver, "orac", func(k *rt.Task) error {
		k.Go("clock", c.Run)
		for _, s := range []struct {
			after   time.Duration
			refuses bool
			want    bool
		}{{settleAfter - time.Second, true, false}, {time.Minute, true, false}, {time.Hour, true, false}, {lookEvery + time.Second, false, true}, {time.Hour, true, true}} {
			refuses = s.refuses
			_ = k.Sleep(s.after)
			if _, ok := c.Age(k); ok != s.want {
				t.Errorf("%v later, the disk refuses %v: the age is known: %v", s.after, s.refuses, ok)
			}
		}
		return nil
	})
	driver.Run(rt.Instant(5 * time.Hour))
	refuses = false
	before, _ := process(t, d, epoch.AddDate(1, 0, 0), true, time.Hour, nil)
	if before > 4*time.Hour {
		t.Errorf("the age is %v: time was found that was given up", before)
	}
}

// TestTheAgeOfAMachineThatSlept is not known until the next look has judged it.
func TestTheAgeOfAMachineThatSlept(t *testing.T) {
	driver := virtual.New(1, epoch, nil)
	c := New(virtual.NewDisk(1<<30), func(time.Time) bool { return true })
	rt.New(driver, "orac", func(k *rt.Task) error {
		k.Go("clock", c.Run)
		_ = k.Sleep(time.Second)
		if _, ok := c.Age(k); !ok {
			t.Error("the age is not known though the clock is proven")
		}
		driver.JumpWall(time.Hour)
		if _, ok := c.Age(k); ok {
			t.Error("the age is known of a machine that slept")
		}
		_ = k.Sleep(lookEvery)
		if p, ok := c.Age(k); !ok || p.Age > 2*lookEvery || p.Born != p.Age {
			t.Errorf("after the look it is %v, %v", p, ok)
		}
		return nil
	})
	driver.Run(rt.Instant(time.Hour))
}
