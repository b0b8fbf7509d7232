package node

import (
	"fmt"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/rt"
)

// own does what needs no backend: timers, the time, the date. i is the number of the command in its text.
func (n *Topic) own(t *rt.Task, j *deed, i int, c act.Command) act.Outcome {
	call := act.Call{Intent: c.Intent, Service: "orac." + c.Intent, Asks: true}
	now := t.Wall()
	fail := func(why string) act.Outcome {
		return act.Outcome{Call: call, Verdict: act.Failed, Reason: why, Answered: now}
	}
	switch c.Intent {
	case "time":
		return stamped(call, now, "It is "+act.TimeInWords(now)+".")
	case "date":
		return stamped(call, now, "Today is "+act.DateInWords(now)+".")
	case "timer_left":
		if err := n.timers.ready(t); err != nil {
			return fail(err.Error())
		}
		return stamped(call, now, n.timers.left(whichOf(c), t.Now()))
	case "timer_start", "timer_cancel", "timer_add", "timer_take", "timer_pause", "timer_resume":
		call.Asks = false
		done, err := n.timers.change(t, ownTimer(c, fmt.Sprintf("%s.%d", j.ID, i)))
		if err != nil {
			return fail(err.Error())
		}
		call.Data = done.data()
		return stamped(call, now, done.Said)
	}
	return fail(fmt.Sprintf("%s is not something that ORAC does by itself", c.Intent))
}

// ownTimer is the change of timers that a command asks for. id is the change's own.
func ownTimer(c act.Command, id string) timerChange {
	d, _ := slotDuration(c, "duration")
	return timerChange{ID: id, Intent: c.Intent, Which: whichOf(c), All: slotText(c, "which") == "all", By: d}
}

// whichOf is the timer that a command names.
func whichOf(c act.Command) whichTimer {
	of, _ := slotDuration(c, "of")
	return whichTimer{Name: slotText(c, "name"), Of: of}
}

// unown takes back what was done here.
func (n *Topic) unown(t *rt.Task, j *deed, o act.Outcome) (act.Outcome, bool) {
	if !strings.HasPrefix(o.Call.Intent, "timer_") || o.Call.Asks || !o.Verdict.Good() {
		return act.Outcome{}, false
	}
	call := act.Call{Intent: o.Call.Intent, Service: "orac.timer_restore"}
	if j.DryRun {
		return act.Outcome{Call: call, Verdict: act.NotTried, Reason: "a dry run"}, true
	}
	if err := n.timers.restore(t, o.Call.Data); err != nil {
		return act.Outcome{Call: call, Verdict: act.Failed, Reason: err.Error()}, true
	}
	return stamped(call, t.Wall(), ""), true
}

func slotText(c act.Command, name string) string {
	for _, s := range c.Slots {
		if s.Name == name {
			return s.Value.Text
		}
	}
	return ""
}

// slotDuration is a slot in seconds.
func slotDuration(c act.Command, name string) (time.Duration, bool) {
	for _, s := range c.Slots {
		if s.Name == name && s.Value.Number != nil && *s.Value.Number < 1e7 {
			return time.Duration(*s.Value.Number * float64(time.Second)), true
		}
	}
	return 0, false
}
