package play

import (
	"strings"
	"time"

	"orac/chaos"
)

// told are the kinds of events that appear on the timeline, with their texts. They never contain what was spoken.
var told = map[string]func(chaos.Event) string{
	"listening":         func(chaos.Event) string { return "" },
	"device_opened":     func(e chaos.Event) string { return e.Identity },
	"device_lost":       func(e chaos.Event) string { return e.Cause },
	"wake":              func(e chaos.Event) string { return e.Model },
	"recording_started": func(chaos.Event) string { return "" },
	"recording_ended":   func(e chaos.Event) string { return e.Why },
	"spooled":           func(e chaos.Event) string { return e.Where },
	"salvaged":          func(e chaos.Event) string { return e.Why },
	"dropped":           func(e chaos.Event) string { return e.Cause },
	"delivery_failed":   func(e chaos.Event) string { return e.Cause },
	"delivery_repeated": func(e chaos.Event) string { return e.Cause },
	"delivered":         func(e chaos.Event) string { return e.Outcome },
	"stt_health":        func(e chaos.Event) string { return map[bool]string{true: "well", false: "not well"}[e.OK] },
	"streaming":         func(e chaos.Event) string { return map[bool]string{true: "on", false: "off"}[e.On] },
	"heartbeat":         func(e chaos.Event) string { return e.Cause },
	"webhook_failed":    func(e chaos.Event) string { return e.Cause },
	"webhook_aside":     func(e chaos.Event) string { return e.Cause },
	"webhook_dropped":   func(e chaos.Event) string { return e.Cause },
	"overrun":           func(chaos.Event) string { return "" },
	"node_failed":       func(e chaos.Event) string { return e.Cause },
	"node_leaked":       func(chaos.Event) string { return "" },
	"store_failed":      func(e chaos.Event) string { return e.Cause },
	"store_back":        func(chaos.Event) string { return "" },
	"clock_jumped":      func(chaos.Event) string { return "" },
}

// take handles an event of the appliance, or a line that it prints. The caller holds mu.
func (r *run) take(a *chaos.Appliance, e chaos.Event) {
	at := max(0, e.Seen.Sub(r.began))
	r.account.event(at, e)
	if say, ok := told[e.Kind]; ok {
		r.event(e.Kind, e.Node, say(e))
	}
	switch e.Kind {
	case "device_lost", "node_failed", "node_leaked", "store_failed", "delivery_failed", "webhook_failed", "webhook_aside":
		r.judge.Noticed(at, e.Node)
	case "stt_health":
		if !e.OK {
			r.judge.Noticed(at, "stt."+e.STT)
		}
	case "heartbeat":
		if !e.OK {
			r.judge.Noticed(at, e.Node)
		}
	case "spooled":
		if e.Where == "memory" {
			r.judge.Noticed(at, "spool")
		}
	case "stderr":
		r.lastWords = e.Text
		if strings.Contains(e.Text, "starting again") {
			r.reexecs++
			r.account.killed()
			r.stoppedAt, r.bootedAt, r.image = at, at, e.Seen
			r.judge.Noticed(at, "process")
			r.event("replaced", "process", "the process replaces itself")
		}
	case "ended":
		r.ended(a, at, e.Text)
	}
}

// ended notes that the process has ended. If that was not intended, the appliance is started again, as a service
// manager would do.
func (r *run) ended(a *chaos.Appliance, at time.Duration, how string) {
	if r.bootedAt > at {
		return // a new process is running already
	}
	r.up, r.stoppedAt = false, at
	r.account.killed()
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
