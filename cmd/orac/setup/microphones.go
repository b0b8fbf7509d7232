package setup

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/capture"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
)

const (
	relist     = 2 * time.Second  // between two looks at what is plugged in
	patience   = 10 * time.Second // for a microphone's first sound
	mostMeters = 8                // microphones that are shown: one digit chooses each, and also "later"
)

// List returns the microphones of this machine, without monitors of loudspeakers, and its notes about the search.
func List(ctx context.Context) (list []capture.Device, notes []string, err error) {
	var found capture.Listing
	err = live.New(nil).Run(ctx, "microphones", func(t *rt.Task) (err error) {
		found, err = capture.List(t, capture.Spec{})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	list = slices.DeleteFunc(found.Devices, func(d capture.Device) bool { return d.Monitor })
	slices.SortStableFunc(list, func(a, b capture.Device) int { return boolRank(b.Default) - boolRank(a.Default) })
	return list, found.Notes, nil
}

// open listens to a microphone until ctx ends or the microphone is lost, and passes every hop on.
func open(ctx context.Context, m Microphone, hear func(pcm *[audio.HopSamples]int16) error) error {
	return live.New(nil).Run(ctx, "microphone", func(t *rt.Task) error {
		source := capture.New(capture.Spec{Selector: capture.Selector{Identity: m.Identity}, Backend: m.Backend, StartTimeout: patience})
		stream, err := source.Open(t)
		if err != nil {
			return err
		}
		defer stream.Close(t)
		var pcm [audio.HopSamples]int16
		for {
			if err := stream.Read(t, &pcm, t.Now().Add(patience)); err != nil {
				return err
			}
			if err := hear(&pcm); err != nil {
				return err
			}
		}
	})
}

// meter is a microphone with its current level.
type meter struct {
	capture.Device
	level float64 // 0 to 1
	db    float64 // below full scale; 0 before the first sound
	heard bool
	err   error
	live  bool // it is being listened to
}

// board holds the microphones that are plugged in, each with its level. It listens to them until close.
type board struct {
	ctx     context.Context
	stop    context.CancelFunc
	workers sync.WaitGroup
	changed chan struct{} // there is something new to show; at most one is pending

	mu     sync.Mutex // guards the fields below
	meters []*meter
	looked bool // the first search is over
	why    []string
	err    error
}

// newBoard looks repeatedly at what is plugged in.
func newBoard(ctx context.Context) *board {
	b := &board{changed: make(chan struct{}, 1)}
	b.ctx, b.stop = context.WithCancel(ctx)
	b.workers.Go(b.watch)
	return b
}

// close releases all microphones; after it returns, others can open them.
func (b *board) close() {
	b.stop()
	b.workers.Wait()
}

func (b *board) tell() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

func (b *board) watch() {
	every := time.NewTicker(relist)
	defer every.Stop()
	for {
		list, notes, err := List(b.ctx)
		if b.ctx.Err() != nil {
			return
		}
		b.update(list, notes, err)
		b.tell()
		select {
		case <-every.C:
		case <-b.ctx.Done():
			return
		}
	}
}

// update applies a new list: microphones that stay keep their level; new and lost ones are opened.
func (b *board) update(list []capture.Device, notes []string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looked, b.why, b.err = true, notes, err
	if err != nil {
		return
	}
	var next []*meter
	for _, d := range list[:min(len(list), mostMeters)] {
		m := &meter{Device: d}
		if i := slices.IndexFunc(b.meters, func(m *meter) bool { return m.Backend == d.Backend && m.Identity == d.Identity }); i >= 0 {
			m = b.meters[i]
		}
		if !m.live {
			m.live = true
			b.workers.Go(func() { b.listen(m) })
		}
		next = append(next, m)
	}
	b.meters = next
}

func (b *board) listen(m *meter) {
	err := open(b.ctx, Microphone{m.Device}, func(pcm *[audio.HopSamples]int16) error {
		level, db := levelOf(pcm)
		b.mu.Lock()
		m.level, m.db, m.heard, m.err = level, db, true, nil
		b.mu.Unlock()
		b.tell()
		return nil
	})
	b.mu.Lock()
	m.live, m.heard, m.err = false, false, err
	b.mu.Unlock()
	b.tell()
}

// shown returns a copy of the meters to show.
func (b *board) shown() (list []meter, looked bool, notes []string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.meters {
		list = append(list, *m)
	}
	return list, b.looked, b.why, b.err
}

// floor is the level at which the bar is empty, in decibels relative to full scale; a quiet room has about
// -60.
const floor = -60

// levelOf returns the level of a hop, from 0 to 1 for a bar, and in decibels.
func levelOf(pcm *[audio.HopSamples]int16) (level, db float64) {
	rms := float64(audio.RMS(pcm[:])) / 32768
	db = max(20*math.Log10(max(rms, 1e-5)), -100)
	return max(0, min(1, (db-floor)/-floor)), db
}

// says returns the level in words.
func (m meter) says() string {
	switch {
	case m.err != nil:
		return "cannot be opened: " + m.err.Error()
	case !m.heard:
		return "opening"
	case m.db <= -99:
		return "silent"
	}
	return fmt.Sprintf("%.0f dB", m.db)
}
