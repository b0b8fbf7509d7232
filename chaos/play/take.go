package play

import (
	"strings"
	"time"

	"orac/appliance/event"
	"orac/chaos"
	"orac/sim/trial/report"
)

// take handles an event of the appliance, or a line that it prints. The caller holds mu.
func (r *run) take(a *chaos.Appliance, e chaos.Event) {
	at := max(0, e.Seen.Sub(r.began))
	switch b := e.Body.(type) {
	case chaos.Stderr:
		r.lastWords = b.Text
		if strings.Contains(b.Text, "starting again") {
			r.reexecs++
			r.account.Killed(at, false)
			r.stoppedAt, r.bootedAt, r.image = at, at, e.Seen
			r.judge.Noticed(at, "process")
			r.event("replaced", "process", "the process replaces itself")
		}
	case chaos.Ended:
		r.ended(a, at, b.How)
	default:
		r.account.event(at, e.Event)
		if b, ok := e.Body.(event.SoundPlayed); ok {
			r.played(e.At, b)
		}
		if acted, ok := e.Body.(event.Acted); ok {
			r.reported(acted)
		}
		if shown, ok := report.Of(r.clock(), e.Event); ok {
			r.draw(shown)
		}
		if about := e.Complaint(); about != "" {
			r.judge.Noticed(at, about)
		}
	}
}

// ended notes that the process has ended. If that was not intended, the appliance is started again, as a service
// manager would do.
func (r *run) ended(a *chaos.Appliance, at time.Duration, how string) {
	if r.bootedAt > at {
		return // a new process is running already
	}
	r.up, r.stoppedAt = false, at
	r.account.Killed(at, false)
	r.judge.Noticed(at, "process")
	r.event("end", "process", how)
	if r.w.life.Err() != nil || r.w.wanted(a) {
		return
	}
	if r.giveUp != nil && r.clock() < r.sc.Head.For {
		r.judge.Break(at, "runs", "the appliance ended by itself: "+how+": "+r.lastWords)
		r.ears.Go(r.revive)
	}
}

const (
	// reviveAfter is how long a service manager waits before it starts the appliance again.
	reviveAfter = time.Second
	// mostRevived limits how often that is done in one run.
	mostRevived = 20
)

func (r *run) revive() {
	if !r.sleep(r.w.life, r.clock()+reviveAfter) || r.clock() >= r.sc.Head.For {
		return
	}
	if r.w.booted() > mostRevived {
		return // safety/runs reports why it ended
	}
	if err := r.boot(); err != nil {
		r.mu.Lock()
		r.die(err)
		r.mu.Unlock()
	}
}
