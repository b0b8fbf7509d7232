package tally

import (
	"fmt"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/runbook"
)

// Sound is a sound that a device hears.
type Sound struct {
	Model  string        // whose wake word it says; "" if it is not known
	At     time.Duration // when it is heard …
	Until  time.Duration // … and ends; 0: it has not begun
	Wakes  bool          // it must wake the appliance
	Speaks bool          // a command follows the wake word

	Heard  bool // it has woken a model
	judged bool
}

// device is what a device hears.
type device struct {
	name   string
	sounds []*Sound // in the order in which they begin
	next   int      // the first that has not been judged
}

// Plays notes a sound that a device will hear. They are noted in the order in which they begin.
func (a *Tally) Plays(name string, s *Sound) {
	d := a.device(name)
	if d == nil {
		d = &device{name: name}
		a.devices = append(a.devices, d)
	}
	d.sounds = append(d.sounds, s)
}

func (a *Tally) device(name string) *device {
	if i := slices.IndexFunc(a.devices, func(d *device) bool { return d.name == name }); i >= 0 {
		return a.devices[i]
	}
	return nil
}

const (
	// maskedHops is how many hops a head is masked after a break: its window must hold only real sound.
	maskedHops = 15
	// wakeLate is how long after the end of its sound a wake word may still wake.
	wakeLate = 1500 * time.Millisecond
)

// wake matches a wake with the sound that caused it.
func (a *Tally) wake(at time.Duration, w event.Wake) {
	a.Wakes++
	key := w.Device + " " + w.Listener + " " + w.Model
	if m, ok := a.world.Runbook().Model(runbook.Address("model." + w.Model)); ok {
		if last, known := a.woke[key]; known && at-last < m.Cooldown-audio.HopTime-a.Late && last > a.world.Life().Booted {
			a.judge.Break(at, "cooldown", fmt.Sprintf("%s woke %v after it last did; its cooldown is %v", w.Model, (at-last).Round(time.Millisecond), m.Cooldown))
		}
	}
	a.woke[key] = at
	_, known := a.Opened[w.Device]
	if heard := w.Hop - a.first[w.Device] + 1; known && heard < maskedHops { // in hops: a device may give the first ones at once
		a.judge.Break(at, "masked", fmt.Sprintf("%s woke %d hops after its device was opened: its window was not full", w.Model, heard))
	}
	s := a.saying(w, at)
	if s == nil {
		a.FalseWakes++
		a.world.Mark("world", "false_wake", "nobody had said "+w.Model)
		return
	}
	s.Heard = true
	a.spoke[w.ID] = s.Speaks && a.couldHear(w.Device, s)
}

// saying finds the sound that caused a wake, among those that have woken nothing yet; nil if there is none.
func (a *Tally) saying(w event.Wake, at time.Duration) *Sound {
	d := a.device(w.Device)
	if d == nil {
		return nil
	}
	find := func(list []*Sound, heard func(*Sound) bool) *Sound {
		i := slices.IndexFunc(list, func(s *Sound) bool {
			return s.Until > 0 && s.At <= at && s.Wakes && (s.Model == w.Model || s.Model == "") && !s.Heard && heard(s)
		})
		if i < 0 {
			return nil
		}
		return list[i]
	}
	if s := find(d.sounds[d.next:], func(s *Sound) bool { return at <= s.Until+wakeLate }); s != nil {
		return s
	}
	if since, ok := a.heldUp(at); ok { // a node that could not run reports its wake later
		return find(d.sounds, func(s *Sound) bool { return s.Until >= since })
	}
	return nil
}

// Sweep judges the sounds that can no longer wake anything.
func (a *Tally) Sweep(now time.Duration) {
	a.chase(now)
	for _, d := range a.devices {
		for _, s := range d.sounds[d.next:] {
			if s.At > now {
				break
			}
			if s.judged || s.Until == 0 || now <= s.Until+2*wakeLate {
				continue
			}
			s.judged = true
			if !s.Wakes {
				continue
			}
			a.Spoken++
			if !s.Heard && a.couldHear(d.name, s) {
				a.Missed++
				a.world.Mark("world", "missed", fmt.Sprintf("%s was said at %v, and nothing woke", s.Model, s.At.Round(time.Millisecond)))
			}
		}
		for d.next < len(d.sounds) && d.sounds[d.next].judged {
			d.next++
		}
	}
}

// couldHear tells whether nothing prevented the appliance from hearing a sound.
func (a *Tally) couldHear(device string, s *Sound) bool {
	l := a.world.Life()
	return l.Up && l.Booted+5*time.Second <= s.At && a.Opened[device]+2*time.Second <= s.At && !a.Troubled(s.At-3*time.Second, s.Until+wakeLate) && !a.speaking(s)
}

// Stretch is a stretch of time; To is 0 while it lasts.
type Stretch struct{ From, To time.Duration }

// Trouble notes that sound is disturbed from a time on. The caller sets the end of what it returns.
func (a *Tally) Trouble(from time.Duration) *Stretch {
	s := &Stretch{From: from}
	a.trouble = append(a.trouble, s)
	return s
}

// Calm tells whether sound was never disturbed.
func (a *Tally) Calm() bool { return len(a.trouble) == 0 }

// Troubled tells whether sound was disturbed within a period, or shortly before it.
func (a *Tally) Troubled(from, to time.Duration) bool {
	return slices.ContainsFunc(a.trouble, func(s *Stretch) bool { return s.From < to && (s.To == 0 || s.To+2*time.Second > from) })
}

// heldUp returns the start of a disturbance that lasted until just before a time: nodes may not have run since.
func (a *Tally) heldUp(at time.Duration) (since time.Duration, ok bool) {
	for _, s := range a.trouble {
		if s.From < at && (s.To == 0 || s.To+time.Second >= at) {
			return s.From, true
		}
	}
	return 0, false
}

// Alone tells whether the fault that is made now is the only one, now and for a while before: whatever happens to the appliance is
// then its effect.
func (a *Tally) Alone(now time.Duration) bool {
	l := a.world.Life()
	calm := func(s *Stretch) bool { return now-s.From <= a.Late || s.To != 0 && s.To+Longest < now }
	return l.Faults <= 1 && (l.DiskBad == 0 || now-l.DiskBad > Longest) && !slices.ContainsFunc(a.trouble, func(s *Stretch) bool { return !calm(s) })
}
