package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"orac/appliance/amount"
	"orac/cmd/orac/screen"
	"orac/sim"
)

// How often the progress of a simulation is shown: as a moving line on a terminal, otherwise as separate lines.
const (
	moveEvery = 200 * time.Millisecond
	lineEvery = 5 * time.Second
	tellEvery = 500 * time.Millisecond // to a program
)

// progress holds how far a simulation has come.
type progress struct {
	mu   sync.Mutex // guards everything that follows
	last sim.Progress
	any  bool
}

func (p *progress) set(now sim.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.any || now.Done >= p.last.Done && now.Share >= p.last.Share { // runs end on several goroutines; the line never moves back
		p.last, p.any = now, true
	}
}

func (p *progress) get() (sim.Progress, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, p.any
}

// watch shows progress until done is closed.
func (p *progress) watch(s *screen.Screen, done <-chan struct{}) {
	every := lineEvery
	if s.Moves() {
		every = moveEvery
	}
	clock := time.NewTicker(every)
	defer clock.Stop()
	began := time.Now()
	for {
		select {
		case <-done:
			s.Still()
			return
		case now := <-clock.C:
			if state, any := p.get(); any && s.Moves() {
				s.Move(progressLine(s, state, now.Sub(began)))
			} else if any {
				fmt.Fprintln(s, progressText(state, now.Sub(began)))
			}
		}
	}
}

// told is the progress in the form that a program reads.
type told struct {
	Scenario string  `json:"scenario"`
	Seed     uint64  `json:"seed"`
	Done     int     `json:"done"`
	Of       int     `json:"of"`
	Share    float64 `json:"share"` // of the work, 0 to 1
	Virtual  float64 `json:"virtual_seconds"`
	Wall     float64 `json:"wall_seconds"`
	Broken   int     `json:"broken"`
}

// tell writes progress for a program until done is closed, and once more at the end. The reader may leave.
func (p *progress) tell(w io.Writer, done <-chan struct{}) {
	clock := time.NewTicker(tellEvery)
	defer clock.Stop()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		case <-clock.C:
		}
		if s, any := p.get(); any {
			line, _ := json.Marshal(told{s.Scenario, s.Seed, s.Done, s.Of, s.Share, s.Virtual.Seconds(), s.Wall.Seconds(), s.Breaks}) // numbers and text: it cannot fail
			_, _ = w.Write(append(line, '\n'))                                                                                        // the reader may have left
		}
	}
}

// progressText returns the line without its bar.
func progressText(p sim.Progress, wall time.Duration) string {
	parts := []string{fmt.Sprintf("%d of %s", p.Done, plural(p.Of, "run", "runs"))}
	if p.Virtual > 0 {
		parts = append(parts, amount.Span(p.Virtual)+" simulated")
		if wall > 0 {
			parts = append(parts, fmt.Sprintf("%.0f times real time", p.Virtual.Seconds()/wall.Seconds()))
		}
	}
	if share := max(p.Share, float64(p.Done)/float64(max(p.Of, 1))); share > 0 && p.Done < p.Of && wall >= time.Second {
		parts = append(parts, "about "+amount.Span(time.Duration(float64(wall)*(1-share)/share).Round(time.Second))+" to go")
	}
	if p.Breaks > 0 {
		parts = append(parts, fmt.Sprintf("%d broken", p.Breaks))
	}
	if p.Scenario != "" {
		parts = append(parts, fmt.Sprintf("%s, seed %d", screen.Clean(p.Scenario), p.Seed))
	}
	return strings.Join(parts, " · ")
}

// progressLine returns the moving line.
func progressLine(s *screen.Screen, p sim.Progress, wall time.Duration) string {
	share := 0.0
	if p.Of > 0 {
		share = max(p.Share, float64(p.Done)/float64(p.Of))
	}
	full, empty := screen.Bar(share, 12)
	if p.Breaks > 0 {
		full = s.Bad(full)
	}
	return full + s.Faint(empty) + " " + progressText(p, wall)
}
