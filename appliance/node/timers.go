package node

import (
	"cmp"
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

const (
	mostTimers = 50
	mostTimer  = 7 * 24 * time.Hour
	// maxTimers bounds the file of all timers, in bytes.
	maxTimers = 64 << 10
)

// timer is a timer that runs, or that is paused.
type timer struct {
	ID      string        `json:"id"` // of the change that started it
	Name    string        `json:"name"`
	For     time.Duration `json:"for_ns"`
	Ends    time.Time     `json:"ends"`                // by the wall clock, for a restart: while ORAC runs, due counts
	Paused  time.Duration `json:"paused_ns,omitempty"` // what is left of one that is paused; 0: it runs
	Changed string        `json:"changed,omitempty"`   // ID of its last change, which a repeated request does not make again

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
	fs     rt.FS
	dir    string
	list   []timer    // by when they are due
	unread error      // why the disk does not return the file: nothing is written over it
	retry  rt.Instant // when to ask again
}

// running counts those that are not paused.
func (x *timers) running() (n int) {
	for _, one := range x.list {
		if one.Paused == 0 {
			n++
		}
	}
	return n
}

const timersFile = "timers.json"

func (x *timers) open(t *rt.Task, fsys rt.FS, dir string) {
	x.fs, x.dir = fsys, dir
	x.read(t)
}

// read reads the file. One that makes no sense is set aside.
func (x *timers) read(t *rt.Task) {
	text, err := x.fs.ReadFile(t, x.dir+"/"+timersFile, maxTimers)
	if x.unread = nil; rt.Transient(err) {
		x.unread, x.retry = err, t.Now().Add(diskRetry)
		return
	}
	var list []timer
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			_ = x.fs.Rename(t, x.dir+"/"+timersFile, x.dir+"/damaged/"+timersFile)
		}
		return
	}
	for _, one := range list[:min(len(list), mostTimers)] {
		if one.For <= 0 {
			continue
		}
		one.until(t, one.kept(t.Wall()))
		x.list = append(x.list, one)
	}
	x.sort()
}

// ready tells why the timers are not known; nil if they are.
func (x *timers) ready(t *rt.Task) error {
	if x.unread != nil && t.Now() >= x.retry {
		x.read(t)
	}
	if x.unread != nil {
		return fmt.Errorf("the disk does not return the timers: %w", x.unread)
	}
	return nil
}

// until sets when it is due. One that is paused is not.
func (x *timer) until(t *rt.Task, left time.Duration) {
	if x.due = t.Now().Add(left); x.Paused != 0 {
		x.due = rt.Never
	}
}

// left is how much of it is left.
func (x timer) left(now rt.Instant) time.Duration {
	if x.Paused != 0 {
		return x.Paused
	}
	return x.due.Sub(now)
}

// kept is how much is left of one that was written down; 0 or less: it has ended meanwhile. A clock that was set back since does not
// make it longer than it was.
func (x timer) kept(wall time.Time) time.Duration {
	if x.Paused != 0 {
		return x.Paused
	}
	return min(x.Ends.Sub(wall), x.For, mostTimer)
}

func (x *timers) sort() {
	slices.SortStableFunc(x.list, func(a, b timer) int { return cmp.Compare(a.due, b.due) })
}

// put replaces the list, on the disk first. It is the caller's own copy.
func (x *timers) put(t *rt.Task, list []timer) error {
	for i := range list { // by the clock as it is now
		list[i].Ends = t.Wall().Add(list[i].left(t.Now()))
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if len(text) > maxTimers { // it could not be read again
		return errors.New("the timers have too much text to be kept")
	}
	if err := rt.WriteFile(t, x.fs, x.dir, timersFile, text); err != nil {
		return fmt.Errorf("it cannot be kept: %w", err)
	}
	x.list = list
	x.sort()
	return nil
}

// timerChange is a change that somebody asked for.
type timerChange struct {
	ID     string
	Intent string
	Which  whichTimer
	All    bool // of those that are meant
	By     time.Duration
}

// whichTimer is how people say which timer they mean.
type whichTimer struct {
	Name string        // "": any
	Of   time.Duration // what it was set to; 0: any
}

// words name it: " for tea", " of 5 minutes".
func (w whichTimer) words() (text string) {
	if w.Name != "" {
		text = " for " + w.Name
	}
	if w.Of > 0 {
		text += " of " + act.DurationInWords(w.Of)
	}
	return text
}

// timersChanged is what came of a change.
type timersChanged struct {
	Said   string
	Timer  *timer  // that was started
	Before []timer // those that were changed, as they were
	After  []timer // and as they are
}

// change makes a change, once: when it is asked for again it is done already.
func (x *timers) change(t *rt.Task, c timerChange) (timersChanged, error) {
	if err := x.ready(t); err != nil {
		return timersChanged{}, err
	}
	now, wall := t.Now(), t.Wall()
	if (c.Intent == "timer_start" || c.Intent == "timer_add" || c.Intent == "timer_take") && c.By <= 0 {
		return timersChanged{}, errors.New("nobody said how long")
	}
	list := slices.Clone(x.list)
	if c.Intent == "timer_start" {
		one := timer{ID: c.ID, Name: c.Which.Name, For: c.By, Ends: wall.Add(c.By)}
		switch {
		case slices.ContainsFunc(list, func(o timer) bool { return o.ID == c.ID }):
			return timersChanged{Timer: &one, After: []timer{one}}, nil
		case c.By > mostTimer:
			return timersChanged{}, fmt.Errorf("a timer runs at most %s", act.DurationInWords(mostTimer))
		case len(list) >= mostTimers:
			return timersChanged{}, fmt.Errorf("%d timers run already", mostTimers)
		}
		one.until(t, c.By)
		return timersChanged{Timer: &one, After: []timer{one}}, x.put(t, append(list, one))
	}
	meant := x.meant(c.Which)
	switch {
	case len(meant) == 0:
		return timersChanged{}, errors.New(strings.TrimSuffix(noTimer(c.Which), "."))
	case len(meant) > 1 && !c.All:
		return timersChanged{}, fmt.Errorf("%d timers%s run: %s", len(meant), c.Which.words(), apart(meant))
	}
	var done timersChanged
	for _, one := range meant {
		at := slices.IndexFunc(list, func(o timer) bool { return o.ID == one.ID })
		if one.Changed == c.ID {
			done.Said = upper(one.state(now)) + "."
			continue
		}
		left := one.left(now)
		one.Ends = wall.Add(left)
		was := one
		one.Changed = c.ID
		switch c.Intent {
		case "timer_cancel":
			list = slices.Delete(list, at, at+1)
			done.Before = append(done.Before, was)
			continue
		case "timer_add":
			left += c.By
			one.For += c.By
		case "timer_take":
			if left -= c.By; left <= 0 {
				return timersChanged{}, fmt.Errorf("%s has only %s left", one.words(), act.DurationInWords(was.left(now)))
			}
		case "timer_pause":
			if one.Paused == 0 {
				one.Paused = max(1, left)
			}
		case "timer_resume":
			one.Paused = 0
		}
		if left > mostTimer {
			return timersChanged{}, fmt.Errorf("a timer runs at most %s", act.DurationInWords(mostTimer))
		}
		if one.Paused != 0 {
			one.Paused = max(1, left)
		}
		one.Ends = wall.Add(left)
		one.until(t, left)
		list[at] = one
		done.Before, done.After, done.Said = append(done.Before, was), append(done.After, one), upper(one.state(now))+"."
	}
	if len(done.Before) == 0 {
		return done, nil
	}
	return done, x.put(t, list)
}

// state says how it is.
func (x timer) state(now rt.Instant) string {
	how := " has "
	if x.Paused != 0 {
		how = " is paused with "
	}
	return x.words() + how + act.DurationInWords(x.left(now)) + " left"
}

// data is what the journal keeps of a change, so that it can be taken back.
func (c timersChanged) data() map[string]any {
	text := func(list []timer) string {
		out, err := json.Marshal(list)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		return string(out)
	}
	d := map[string]any{"before": text(c.Before), "after": text(c.After)}
	if c.Timer != nil {
		d["seconds"], d["name"] = c.Timer.For.Seconds(), c.Timer.Name
	}
	return d
}

// restore takes a change back.
func (x *timers) restore(t *rt.Task, data map[string]any) error {
	read := func(name string) (list []timer) {
		text, _ := data[name].(string)
		if len(text) > maxTimers || json.Unmarshal([]byte(text), &list) != nil {
			return nil
		}
		return list
	}
	if err := x.ready(t); err != nil {
		return err
	}
	before, after := read("before"), read("after")
	list := slices.Clone(x.list)
	for _, one := range after {
		at := slices.IndexFunc(list, func(o timer) bool { return o.ID == one.ID })
		if at < 0 {
			return errors.New("the timer has ended already")
		}
		list = slices.Delete(list, at, at+1)
	}
	for _, one := range before {
		left := one.kept(t.Wall())
		if left <= 0 {
			return errors.New("the timer would have ended meanwhile")
		}
		one.until(t, left)
		list = append(list, one)
	}
	if len(list) > mostTimers {
		return fmt.Errorf("%d timers run already", mostTimers)
	}
	return x.put(t, list)
}

// apart is how one of several timers can be named, when they are not told apart yet.
func apart(list []timer) string {
	for _, one := range list[1:] {
		if one.For != list[0].For || !strings.EqualFold(one.Name, list[0].Name) {
			return "say which"
		}
	}
	return "say all of them"
}

// left says how long the timers that are meant still run.
func (x *timers) left(which whichTimer, now rt.Instant) string {
	list := x.meant(which)
	if len(list) == 0 {
		return noTimer(which)
	}
	var parts []string
	for _, one := range list {
		parts = append(parts, one.state(now))
	}
	return upper(act.Listed(parts, "and") + ".")
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func noTimer(which whichTimer) string { return "No timer" + which.words() + " is running." }

// meant are the timers that somebody may mean.
func (x *timers) meant(which whichTimer) (list []timer) {
	for _, one := range x.list {
		if (which.Name == "" || strings.EqualFold(one.Name, which.Name)) && (which.Of == 0 || one.For == which.Of) {
			list = append(list, one)
		}
	}
	return list
}

// next is when the next one ends, or when to ask the disk again.
func (x *timers) next() rt.Instant {
	switch {
	case x.unread != nil:
		return x.retry
	case len(x.list) == 0:
		return rt.Never
	}
	return x.list[0].due
}

// ring tells which timers have ended.
func (n *Topic) ring(t *rt.Task) {
	_ = n.timers.ready(t) // whoever asks for a timer is told
	for len(n.timers.list) > 0 && n.timers.list[0].due <= t.Now() {
		one := n.timers.list[0]
		rest := slices.Clone(n.timers.list[1:])
		if n.timers.put(t, rest) != nil { // if the disk refuses, it is told again after a restart
			n.timers.list = rest
		}
		late := max(0, t.Now().Sub(one.due).Seconds())
		if late < 1 {
			late = 0
		}
		t.Trace("timer ended")
		say(t, n.Events, n.Name, event.TimerEnded{Topic: n.Topic, Name: one.Name, Seconds: one.For.Seconds(), Late: late})
	}
}
