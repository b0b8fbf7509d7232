package tally

import (
	"fmt"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/runbook"
	"orac/runbook/scenario"
)

// spoken is what becomes of what the appliance says, and of the commands that go to Home Assistant.
type spoken struct {
	SoundsHeard, SoundsFailed, SoundsEnded        int
	ChimeAfter, BargeInAfter                      time.Duration // at the longest
	HomeAsked, HomeAnswered, HomeHanded, HomeLost int           // commands

	serves  map[string]bool          // satellites that Home Assistant serves
	awoke   map[string]time.Duration // the last wake beside a speaker, by its name
	errands map[string]*errand       // by the ID of the wake
	chased  []*errand                // those of which something is still to be expected, in order
	did     map[string]bool          // texts that Home Assistant acted on
	loud    []*Stretch               // when wake words did not count, because the appliance spoke
}

// errand is a command that goes to Home Assistant, or would.
type errand struct {
	wake, listener string
	woke           time.Duration
	asked          time.Duration // when Home Assistant was; 0: it was not
	text           string        // that Home Assistant understood
	acted          bool          // Home Assistant did what was said
	said           bool          // it answered
	ends           int           // how often it was said to be over
	handed         time.Duration // when it was left to another service; 0: it was not
	recorded       bool
	judged         bool
}

const (
	// chimeMost is how late a chime may be and still belong to the wake before it.
	chimeMost = 5 * time.Second
	// staleAfter is how long after its wake word a command may still go to Home Assistant: whoever spoke waits no longer.
	staleAfter = 3500 * time.Millisecond
	// handTime is how long a command that is left to another service may take until it is recorded.
	handTime = 5 * time.Second
	// errandTime is longer than any phase of a run takes in which something is missing.
	errandTime = 95 * time.Second
	// chimed is what a player calls the sound that follows a wake word.
	chimed = "the wake chime"
)

// speaks handles an event that is about what the appliance says, or about Home Assistant.
func (a *Tally) speaks(at time.Duration, e event.Event) {
	switch b := e.Body.(type) {
	case event.Wake:
		a.errands[b.ID] = &errand{wake: b.ID, listener: b.Listener, woke: at}
		a.chased = append(a.chased, a.errands[b.ID])
		if l, ok := a.world.Runbook().Listener(runbook.Address("listener." + b.Listener)); ok && l.Speaker != "" {
			a.awoke[l.Speaker.Name()] = at
		}
	case event.SoundPlayed:
		a.played(at, b)
	case event.RecordingStarted:
		if x := a.errands[b.Utterance]; x != nil {
			x.recorded = true
			a.both(at, x)
		}
	case event.HomeArrived:
		a.serves[b.Satellite] = true
	case event.HomeLeft:
		delete(a.serves, b.Satellite)
	case event.HomeAsked:
		a.asks(at, b)
	case event.HomeHeard:
		if x := a.errands[b.Wake]; x != nil {
			if x.text = b.Text; a.did[b.Text] {
				x.acted = true
				a.both(at, x)
			}
		}
	case event.HomeSaid:
		if x := a.errands[b.Wake]; x != nil {
			x.said = true
		}
	case event.HomeOver:
		a.over(at, b)
	}
}

// played notes the end of a sound.
func (a *Tally) played(at time.Duration, b event.SoundPlayed) {
	since := func(t time.Duration) (time.Duration, bool) {
		woke, known := a.awoke[b.Speaker]
		return t - woke, known && t >= woke && t-woke < chimeMost
	}
	switch b.Cause {
	case "done":
		a.SoundsHeard++
		began := at - time.Duration(b.Seconds*float64(time.Second))
		if after, ok := since(began); ok && b.What == chimed {
			a.ChimeAfter = max(a.ChimeAfter, after)
		}
	case "failed", "late":
		a.SoundsFailed++
	case "barge-in":
		a.SoundsEnded++
		if after, ok := since(at); ok && b.Seconds > 0 {
			a.BargeInAfter = max(a.BargeInAfter, after)
		}
	default:
		a.SoundsEnded++
	}
}

// asks notes that Home Assistant is asked.
func (a *Tally) asks(at time.Duration, b event.HomeAsked) {
	x := a.errands[b.Wake]
	if x == nil {
		return // the conversation goes on
	}
	a.HomeAsked++
	if x.asked > 0 {
		a.judge.Break(at, "once", fmt.Sprintf("Home Assistant is asked twice for the command of %s", b.Wake))
	}
	if x.asked = at; at-x.woke > staleAfter+a.Late {
		a.judge.Break(at, "late", fmt.Sprintf("Home Assistant is asked for the command of %s %v after its wake word", b.Wake, (at-x.woke).Round(time.Millisecond)))
	}
}

// over notes that a command is said to be over at Home Assistant.
func (a *Tally) over(at time.Duration, b event.HomeOver) {
	x := a.errands[b.Wake]
	if x == nil {
		return
	}
	switch {
	case b.Handed:
		a.HomeHanded++
		x.handed = at
	case b.Lost:
		a.HomeLost++
	case b.Cause == "":
		a.HomeAnswered++
	}
	if x.ends++; x.ends > 1 {
		a.judge.Break(at, "once", fmt.Sprintf("the command of %s is said to be over at Home Assistant a second time", b.Wake))
	}
}

// HomeActs notes that Home Assistant does what it understood.
func (a *Tally) HomeActs(at time.Duration, text string) {
	a.did[text] = true
	for _, x := range a.chased {
		if x.text == text {
			x.acted = true
			a.both(at, x)
		}
	}
}

// both: what Home Assistant does, nobody else may.
func (a *Tally) both(at time.Duration, x *errand) {
	if x.acted && x.recorded {
		a.judge.Break(at, "twice", fmt.Sprintf("Home Assistant does what %s asks, and another service has the command, too", x.wake))
	}
}

// chase judges the errands of which nothing more can be expected.
func (a *Tally) chase(now time.Duration) {
	l := a.world.Life()
	a.chased = slices.DeleteFunc(a.chased, func(x *errand) bool {
		over := a.judges(now, x, l)
		if over {
			delete(a.errands, x.wake)
		}
		return over
	})
}

// judges judges an errand, and tells whether nothing more can be expected of it.
func (a *Tally) judges(now time.Duration, x *errand, l Life) bool {
	switch {
	case l.Booted > x.woke || !l.Up: // nobody is left who knows of it
		return now > x.woke+errandTime
	case x.handed > 0 && now > x.handed+handTime && !x.judged:
		if x.judged = true; !x.recorded && !a.recording(x) && !a.Troubled(x.woke-time.Second, x.handed+handTime) {
			a.judge.Break(now, "lost", fmt.Sprintf("the command of %s was left to another service, and nobody recorded it", x.wake))
		}
	case x.asked > 0 && x.ends == 0 && !x.said && now > x.asked+errandTime:
		if !a.Troubled(x.woke, x.asked+errandTime) {
			a.judge.Break(now, "lost", fmt.Sprintf("Home Assistant was asked for the command of %s, and what came of it was never said", x.wake))
		}
		return true
	}
	return now > x.woke+10*errandTime
}

// recording tells whether something else was recorded for the listener when a command came: that is a part of it.
func (a *Tally) recording(x *errand) bool {
	return slices.ContainsFunc(a.order, func(id string) bool {
		f := a.utterances[id]
		return f.Listener == x.listener && f.Began > 0 && f.Began <= x.handed && (f.Ended == 0 || f.Ended >= x.woke)
	})
}

// Loud notes that wake words do not count from one time to another, because the appliance itself speaks.
func (a *Tally) Loud(from, to time.Duration) {
	if n := len(a.loud); n > 0 && a.loud[n-1].To >= from {
		a.loud[n-1].To = max(a.loud[n-1].To, to)
		return
	}
	a.loud = append(a.loud, &Stretch{from, to})
}

// speaking tells whether the appliance itself spoke while a sound was heard.
func (a *Tally) speaking(s *Sound) bool {
	for _, x := range slices.Backward(a.loud) {
		if x.To < s.At {
			return false
		}
		if x.From < s.Until {
			return true
		}
	}
	return false
}

// addTo adds what expressions see of this.
func (s *spoken) addTo(to *scenario.State) {
	to.SoundsHeard, to.SoundsFailed, to.SoundsEnded = s.SoundsHeard, s.SoundsFailed, s.SoundsEnded
	to.HomeServes = len(s.serves)
	to.ChimeAfter, to.BargeInAfter = s.ChimeAfter.Seconds(), s.BargeInAfter.Seconds()
	to.HomeAsked, to.HomeAnswered, to.HomeHanded, to.HomeLost = s.HomeAsked, s.HomeAnswered, s.HomeHanded, s.HomeLost
}
