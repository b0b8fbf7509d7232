package console

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/memory"
	"orac/appliance/status"
	"orac/web/api"
)

// sample is how much the appliance takes, at a moment.
type sample struct {
	At       time.Time
	Memory   int64   // bytes, of the daemon and its children
	CPU      float64 // percent of one core, since the sample before; the same processes
	DiskFree int64   // bytes that the state directory can still take
	Spooled  int64   // bytes
	Waiting  int     // utterances
}

// samples are the last of them, the oldest first.
type samples struct {
	mu   sync.Mutex // guards ring
	ring []sample
}

func newSamples() *samples { return &samples{} }

func (s *samples) list() []sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ring)
}

func (s *samples) add(one sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ring) == sampleRoom {
		s.ring = slices.Delete(s.ring, 0, sampleRoom/8)
	}
	s.ring = append(s.ring, one)
}

// measured is what is asked for samples.
type measured interface{ Status() status.Status }

var _ measured = api.App(nil)

// run measures until ctx ends.
func (s *samples) run(ctx context.Context, app measured, dir string) {
	early := time.NewTicker(time.Second)
	defer early.Stop()
	for app.Status().Memory.Resident == 0 { // it is not known in the first seconds
		select {
		case <-ctx.Done():
			return
		case <-early.C:
		}
	}
	early.Stop()
	clock := time.NewTicker(sampleEvery)
	defer clock.Stop()
	used, at := cpuTime(), time.Now()
	for {
		now, state := time.Now(), app.Status()
		total := cpuTime()
		one := sample{At: now, Memory: state.Memory.Resident, Spooled: state.Spool.DiskBytes, Waiting: state.Spool.Waiting}
		if wall := now.Sub(at); wall > time.Second && total > used {
			one.CPU = 100 * float64(total-used) / float64(wall)
		}
		used, at = total, now
		var disk unix.Statfs_t
		if dir != "" && unix.Statfs(dir, &disk) == nil {
			one.DiskFree = int64(disk.Bavail) * disk.Bsize
		}
		s.add(one)
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// cpuTime is what this process and all that descend from it have used. A child that has ended is counted by nobody: then the sum
// falls, and the next sample says nothing.
func cpuTime() (sum time.Duration) {
	family, err := memory.Family()
	if err != nil {
		return 0
	}
	for _, p := range family {
		if t, err := p.Times(); err == nil {
			sum += time.Duration((t.User + t.System) * float64(time.Second))
		}
	}
	return sum
}

// writeJSON answers a page's script.
func writeJSON(call *api.Call, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w := call.Streaming()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // a browser that goes needs nothing
	return nil
}
