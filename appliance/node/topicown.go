package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// own does what needs no backend: timers, the time, the date. i is the number of the command in its text.
func (n *Topic) own(t *rt.Task, j *deed, i int, c act.Command) act.Outcome {
	call := act.Call{Intent: c.Intent, Service: "orac." + c.Intent, Asks: true}
	now := t.Wall()
	name := slotText(c, "name")
	fail := func(why string) act.Outcome {
		return act.Outcome{Call: call, Verdict: act.Failed, Reason: why, Answered: now}
	}
	switch c.Intent {
	case "time":
		return stamped(call, now, "It is "+act.TimeInWords(now)+".")
	case "date":
		return stamped(call, now, "Today is "+act.DateInWords(now)+".")
	case "timer_left":
		list := n.timers.named(name)
		if len(list) == 0 {
			return stamped(call, now, noTimer(name))
		}
		var parts []string
		for _, x := range list {
			parts = append(parts, x.words()+" has "+act.DurationInWords(x.Ends.Sub(now))+" left")
		}
		text := strings.Join(parts, ", and ")
		return stamped(call, now, strings.ToUpper(text[:1])+text[1:]+".")
	case "timer_start":
		d, ok := slotDuration(c, "duration")
		call.Asks, call.Data = false, map[string]any{"seconds": d.Seconds(), "name": name}
		switch {
		case !ok || d <= 0:
			return fail("nobody said how long")
		case d > mostTimer:
			return fail("a timer runs at most " + act.DurationInWords(mostTimer))
		case len(n.timers.list) >= mostTimers:
			return fail(fmt.Sprintf("%d timers run already", mostTimers))
		}
		x := timer{ID: fmt.Sprintf("%s.%d", j.ID, i), Name: name, For: d, Ends: now.Add(d)}
		if err := n.timers.add(t, x); err != nil {
			return fail("it cannot be kept: " + err.Error())
		}
		return stamped(call, now, "")
	case "timer_cancel":
		call.Asks = false
		list := n.timers.named(name)
		if len(list) == 0 {
			return fail(strings.TrimSuffix(noTimer(name), "."))
		}
		if len(list) > 1 && name == "" {
			return fail(fmt.Sprintf("%d timers run: say which", len(list)))
		}
		for _, x := range list {
			if err := n.timers.remove(t, x.ID); err != nil {
				return fail("it cannot be kept: " + err.Error())
			}
		}
		return stamped(call, now, "")
	}
	return fail(fmt.Sprintf("%s is not something that ORAC does by itself", c.Intent))
}

// unown takes back what was done here.
func (n *Topic) unown(t *rt.Task, j *deed, id string, i int, o act.Outcome) (act.Outcome, bool) {
	if o.Call.Intent != "timer_start" || !o.Verdict.Good() {
		return act.Outcome{}, false
	}
	call := act.Call{Intent: "timer_cancel", Service: "orac.timer_cancel"}
	if j.DryRun {
		return act.Outcome{Call: call, Verdict: act.NotTried, Reason: "a dry run"}, true
	}
	if err := n.timers.remove(t, fmt.Sprintf("%s.%d", id, i)); err != nil {
		return act.Outcome{Call: call, Verdict: act.Failed, Reason: err.Error()}, true
	}
	return stamped(call, t.Wall(), ""), true
}

func noTimer(name string) string {
	if name != "" {
		return "No timer for " + name + " is running."
	}
	return "No timer is running."
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

const (
	mostTimers = 50
	mostTimer  = 7 * 24 * time.Hour
	// maxTimers is more than the file of all timers, in bytes.
	maxTimers = 64 << 10
)

// timer is a timer that runs.
type timer struct {
	ID   string        `json:"id"`
	Name string        `json:"name"`
	For  time.Duration `json:"for_ns"`
	Ends time.Time     `json:"ends"`

	due rt.Instant
}

// words is what people call it.
func (x timer) words() string {
	if x.Name != "" {
		return "the timer for " + x.Name
	}
	return "the timer of " + act.DurationInWords(x.For)
}

// timers are those of a topic. They last over a restart: one that ended meanwhile is told late.
type timers struct {
	fs   rt.FS
	dir  string
	list []timer // by their ends
}

const timersFile = "timers.json"

func (x *timers) open(t *rt.Task, fsys rt.FS, dir string) {
	x.fs, x.dir = fsys, dir
	text, err := fsys.ReadFile(t, dir+"/"+timersFile, maxTimers)
	if err != nil {
		return
	}
	var list []timer
	if json.Unmarshal(text, &list) != nil {
		_ = fsys.Rename(t, dir+"/"+timersFile, dir+"/damaged/"+timersFile)
		return
	}
	now := t.Wall()
	for _, one := range list[:min(len(list), mostTimers)] {
		if left := one.Ends.Sub(now); one.For > 0 && left <= one.For {
			one.due = t.Now().Add(max(0, left))
			x.list = append(x.list, one)
		}
	}
	x.sort()
}

func (x *timers) sort() {
	slices.SortStableFunc(x.list, func(a, b timer) int { return int(min(1, max(-1, a.due-b.due))) })
}

func (x *timers) save(t *rt.Task) error {
	text, err := json.Marshal(x.list)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return rt.WriteFile(t, x.fs, x.dir, timersFile, text)
}

// add starts a timer, once.
func (x *timers) add(t *rt.Task, one timer) error {
	if slices.ContainsFunc(x.list, func(o timer) bool { return o.ID == one.ID }) {
		return nil
	}
	before := slices.Clone(x.list)
	one.due = t.Now().Add(one.For)
	x.list = append(x.list, one)
	x.sort()
	err := x.save(t)
	if err != nil {
		x.list = before
	}
	return err
}

func (x *timers) remove(t *rt.Task, id string) error {
	before := slices.Clone(x.list)
	x.list = slices.DeleteFunc(x.list, func(o timer) bool { return o.ID == id })
	if len(x.list) == len(before) {
		return errors.New("the timer has ended already")
	}
	err := x.save(t)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		x.list = before
	}
	return err
}

// named are the timers of a name; all if it is "".
func (x *timers) named(name string) (list []timer) {
	for _, one := range x.list {
		if name == "" || strings.EqualFold(one.Name, name) {
			list = append(list, one)
		}
	}
	return list
}

// next is when the next one ends.
func (x *timers) next() rt.Instant {
	if len(x.list) == 0 {
		return rt.Never
	}
	return x.list[0].due
}

// ring tells which timers have ended.
func (n *Topic) ring(t *rt.Task) {
	for len(n.timers.list) > 0 && n.timers.list[0].due <= t.Now() {
		one := n.timers.list[0]
		n.timers.list = n.timers.list[1:]
		_ = n.timers.save(t) // if the disk refuses, it is told again after a restart
		late := max(0, t.Wall().Sub(one.Ends).Seconds())
		if late < 1 {
			late = 0
		}
		t.Trace("timer ended")
		say(t, n.Events, n.Name, event.TimerEnded{Topic: n.Topic, Name: one.Name, Seconds: one.For.Seconds(), Late: late})
	}
}
