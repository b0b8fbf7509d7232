// Package samples measures what the appliance uses of the machine, over the last hours.
//
// Guarantees:
//
//   - A sample every ten seconds, for the last 12 hours, in a few hundred kilobytes of memory and the same on disk.
//   - Samples survive a restart; a power failure loses only the last minute. They are written once a minute, by one small write,
//     to spare SD cards.
//   - Whatever is in the file, its readable part is shown; a torn, damaged or foreign file loses its samples and affects nothing
//     else. If the disk refuses a write, that is logged once, tried again with the next minute, and affects nothing else.
//   - Results are in the order of time, whatever the clock has done: samples that a wrong clock has put into the future are left
//     out.
package samples

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/memory"
	"orac/appliance/status"
)

// Every is the time between two samples, and Room is how many are kept: 12 hours.
const (
	Every = 10 * time.Second
	Room  = 12 * 360

	batch = 6 // samples written at once
)

// Sample is what the appliance uses at one moment.
type Sample struct {
	At       time.Time
	Memory   int64   // bytes, of the daemon and its children
	CPU      float64 // percent of one core since the previous sample, for the same processes; below 0: unknown
	DiskFree int64   // bytes free for the state directory
	Spooled  int64   // bytes
	Waiting  int     // utterances
}

// Options say what is measured and where it is kept.
type Options struct {
	Dir string       // the state directory, which keeps the samples and whose disk is measured; empty: neither
	Log *slog.Logger // nil: none
}

// Samples holds the latest samples. Its methods are safe for concurrent use.
type Samples struct {
	o Options

	mu   sync.Mutex // guards ring
	ring []Sample   // in the order in which they were taken

	file    *file
	unsaved []Sample // used only by the goroutine that measures, like file
	refused bool     // the last write failed
}

// New returns Samples with those kept before.
func New(o Options) *Samples {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Samples{o: o}
	if o.Dir != "" {
		s.file = &file{dir: o.Dir}
		s.ring = s.file.read()
	}
	return s
}

// Between returns the samples from one moment to another, both included, oldest first.
func (s *Samples) Between(from, to time.Time) []Sample {
	s.mu.Lock()
	list := slices.Clone(s.ring)
	s.mu.Unlock()
	return inOrder(list, from, to, time.Now())
}

// inOrder sorts samples by time. Of several at the same moment, the one taken last counts; samples from the future were taken
// while the clock was wrong, and are left out.
func inOrder(list []Sample, from, to, now time.Time) []Sample {
	list = slices.DeleteFunc(list, func(one Sample) bool { return one.At.Before(from) || one.At.After(to) || one.At.After(now.Add(Every)) })
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b Sample) int { return cmp.Compare(a.At.Unix(), b.At.Unix()) })
	return slices.CompactFunc(list, func(a, b Sample) bool { return a.At.Unix() == b.At.Unix() })
}

func (s *Samples) add(one Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ring) >= Room {
		s.ring = slices.Delete(s.ring, 0, len(s.ring)-Room+Room/8)
	}
	s.ring = append(s.ring, one)
}

// Measured is where samples come from.
type Measured interface{ Status() status.Status }

// Run measures until ctx ends, and stores the samples.
func (s *Samples) Run(ctx context.Context, app Measured) {
	defer s.save()
	early := time.NewTicker(time.Second)
	defer early.Stop()
	for app.Status().Memory.Resident == 0 { // unknown in the first seconds
		select {
		case <-ctx.Done():
			return
		case <-early.C:
		}
	}
	early.Stop()
	clock := time.NewTicker(Every)
	defer clock.Stop()
	used, at := cpuTime(), time.Now()
	for {
		now, state, total := time.Now(), app.Status(), cpuTime()
		one := Sample{At: now.Round(0), Memory: state.Memory.Resident, CPU: -1, Spooled: state.Spool.DiskBytes, Waiting: state.Spool.Waiting}
		if wall := now.Sub(at); wall > time.Second && total >= used {
			one.CPU = 100 * float64(total-used) / float64(wall)
		}
		used, at = total, now
		var disk unix.Statfs_t
		if s.o.Dir != "" && unix.Statfs(s.o.Dir, &disk) == nil {
			one.DiskFree = int64(disk.Bavail) * disk.Bsize
		}
		s.add(one)
		if s.unsaved = append(s.unsaved, one); len(s.unsaved)%batch == 0 {
			s.save()
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// save writes the samples that are not stored yet. If the disk refuses them, they wait for as long
// as they would be shown.
func (s *Samples) save() {
	if s.file == nil || len(s.unsaved) == 0 {
		s.unsaved = nil
		return
	}
	err := s.file.append(s.unsaved)
	if err != nil {
		if !s.refused {
			s.o.Log.Warn("cannot save the system's samples: a restart would lose them", "cause", err)
		}
		s.refused = true
		if over := len(s.unsaved) - Room; over > 0 {
			s.unsaved = slices.Delete(s.unsaved, 0, over)
		}
		return
	}
	s.unsaved, s.refused = s.unsaved[:0], false
}

// cpuTime is the CPU time of this process and all its descendants. A child that has ended is no longer counted: the sum then
// falls, and the next sample is unknown.
func cpuTime() (sum time.Duration) {
	family, err := memory.Family()
	if err != nil {
		return 0
	}
	for _, p := range family {
		sum += p.CPU
	}
	return sum
}
