package sim

import (
	"cmp"
	"fmt"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/stt"
	"orac/runbook"
	"orac/sim/trial/proof"
	"orac/sim/trial/tally"
)

// claim is what an utterance must be, worked out from what its microphone delivered and from the runbook: its sound, its
// services, and the data that go with it.
type claim struct {
	device *microphone
	wake   int64 // the hop that woke, numbered as in heard; -1 while unknown
	from   int64 // the first hop of the recording
	rules  proof.Rules
	word   event.Wake
	wakeAt time.Time // the time in the event
	endAt  time.Time
	late   bool // something kept nodes from running during the recording: hops may be missing

	sound []given // the hops that it must hold, from its first on; may be more than were recorded
	n     int     // how many of them were recorded; 0 while unknown
	least int     // hops that must remain of a recording that was cut off
	torn  bool    // the power failed before its sound was durable: any of it may be missing
}

// claimed notes a wake: it must name a hop that its device has delivered and that the appliance may already
// know.
func (a *account) claimed(at time.Duration, wall time.Time, w event.Wake) {
	c := a.claim(a.Of(w.ID))
	c.word, c.wakeAt, c.wake = w, wall, -1
	if c.device = a.m.mics[w.Device]; c.device == nil {
		return
	}
	hop, base, ok := c.device.heard.called(w.Hop)
	if !ok {
		a.m.judge.Break(at, "sound", fmt.Sprintf("%s woke %s by hop %d, and its device has given no such hop", w.Model, w.Listener, w.Hop))
		return
	}
	if since := at - c.device.heard.at(hop); since > 0 && !a.m.starved(at-since, at) {
		a.m.judge.Break(at, "sound", fmt.Sprintf("%s woke %s by a hop that it had been given %v before", w.Model, w.Listener, since))
	}
	c.wake, c.from = hop, base
	if m, ok := a.m.Runbook().Model(runbook.Address("model." + w.Model)); ok && (m.Topic != w.Topic || m.WakeWord != w.WakeWord) && a.m.applying == 0 {
		a.m.judge.Break(at, "labels", fmt.Sprintf("%s woke %s with the word %q and the topic %q; the runbook says %q and %q", w.Model, w.Listener, w.WakeWord, w.Topic, m.WakeWord, m.Topic))
	}
}

// claim returns what an utterance must be.
func (a *account) claim(f *tally.Fate) *claim {
	if a.claims[f] == nil {
		a.claims[f] = &claim{wake: -1}
	}
	return a.claims[f]
}

// settle works out where a recording begins: a pre-roll before its wake word, or later if the sound broke off, a mute ended or the
// previous recording ended after that.
func (a *account) settle(f *tally.Fate) *claim {
	c := a.claim(f)
	if c.wake < 0 || c.sound != nil {
		return c
	}
	c.from = c.device.heard.unmuted(max(c.wake-c.rules.PreRoll()+1, c.from), c.wake)
	if last, ok := a.ends[f.Listener]; ok && last.device == c.device && last.boot == a.m.boots {
		c.from = max(c.from, last.at)
	}
	if c.from >= c.device.heard.first {
		c.sound = c.device.heard.part(c.from, c.device.heard.end())
	}
	return c
}

// listenerEnd is where the last recording of a listener ended.
type listenerEnd struct {
	device *microphone
	boot   int
	at     int64
}

// recordedAs checks the length and the end of a recording that has ended.
func (a *account) recordedAs(at time.Duration, wall time.Time, id string, f *tally.Fate) {
	c := a.settle(f)
	c.endAt = wall
	if c.sound == nil {
		return
	}
	if c.n = f.Samples / audio.HopSamples; a.m.starved(c.sound[0].at, at) { // its begin and its gaps cannot be predicted
		c.late, c.n = true, 0
		return
	}
	a.ends[f.Listener] = listenerEnd{c.device, a.m.boots, c.from + int64(c.n)}
	if c.n > len(c.sound) || f.Samples%audio.HopSamples != 0 {
		a.m.judge.Break(at, "sound", fmt.Sprintf("%s has %d samples, and its device has given %d since its begin", id, f.Samples, len(c.sound)*audio.HopSamples))
		c.n = min(c.n, len(c.sound))
		return
	}
	c.sound = c.sound[:c.n]
	pcm := c.device.heard.sound(c.sound)
	wrong := c.rules.Ending(pcm, int(c.wake-c.from+1)*audio.HopSamples, f.Why)
	if at, broken := c.device.heard.breaks(max(c.wake, c.from)+1, c.from+int64(c.n)); broken {
		wrong = fmt.Sprintf("the sound broke off %v after its begin, and it goes on", audio.Time(int(at-c.from)*audio.HopSamples))
	}
	if end := c.from + int64(c.n); f.Why == "device lost" && !c.device.heard.broken(end) {
		wrong = "its device is called lost, and has given sound right after its end"
	}
	if wrong != "" {
		a.m.judge.Break(at, "sound", id+": "+wrong)
	}
}

// cutOff notes that the process ended in the middle of a recording. If it was on disk, the sound so far must survive.
func (a *account) cutOff(f *tally.Fate, kept bool) {
	c := a.settle(f)
	if c.sound == nil {
		return
	}
	c.late = c.late || a.m.starved(c.sound[0].at, a.m.clock)
	if kept && !c.late {
		c.least = len(c.sound) - 1 // the newest hop may have been on its way
	}
}

// salvaged checks what a start has found of a recording.
func (a *account) salvaged(at time.Duration, id string, f *tally.Fate, samples int) {
	if c := a.claims[f]; f.Cut && c != nil && samples < c.least*audio.HopSamples {
		a.m.judge.Break(at, "lost", fmt.Sprintf("of %s only %v are left; %v had come when the process ended", id, audio.Time(samples), audio.Time(c.least*audio.HopSamples)))
	}
	if f.Cut {
		f.Samples = samples
	}
}

// brought checks what a service was given.
func (a *account) brought(at time.Duration, service string, u stt.Utterance, pcm []int16) {
	f := a.Of(u.ID)
	c := a.claims[f]
	if c == nil {
		if u.Wake.Before(a.m.epoch.Add(a.m.booted + a.m.jump)) {
			return // its process ended before it could report anything
		}
		a.m.judge.Break(at, "labels", fmt.Sprintf("%s was given %s, which nobody has recorded", service, u.ID))
		return
	}
	a.proven(at, u.ID+", as it was given to "+service+":", f, pcm)
	switch {
	case c.wakeAt.IsZero() && f.Cut: // the process ended before it could report its wake
	case c.wakeAt.IsZero():
		a.m.judge.Break(at, "labels", fmt.Sprintf("%s was given %s, and nobody has told of its wake word", service, u.ID))
	case u.Topic != c.word.Topic || u.WakeWord != c.word.WakeWord:
		a.m.judge.Break(at, "labels", fmt.Sprintf("%s was given %s with the word %q and the topic %q; it woke with %q and %q", service, u.ID, u.WakeWord, u.Topic, c.word.WakeWord, c.word.Topic))
	case !u.Wake.Equal(c.wakeAt):
		a.m.judge.Break(at, "labels", fmt.Sprintf("%s was given %s as of %v; it woke at %v", service, u.ID, u.Wake.Format(time.RFC3339Nano), c.wakeAt.Format(time.RFC3339Nano)))
	case !f.Cut && u.Cut != "" && (u.Cut != f.Why || whole(f.Why)) || u.Cut == "" && !u.End.IsZero() && (f.Cut && !f.Sealed || f.Why != "" && !whole(f.Why)):
		a.m.judge.Break(at, "labels", fmt.Sprintf("%s was given %s as %q; it ended of: %s", service, u.ID, cmp.Or(u.Cut, "whole"), cmp.Or(f.Why, "the process ended")))
	case !f.Cut && !u.End.IsZero() && !c.endAt.IsZero() && !u.End.Equal(c.endAt):
		a.m.judge.Break(at, "labels", fmt.Sprintf("%s was given %s as ended at %v; it ended at %v", service, u.ID, u.End.Format(time.RFC3339Nano), c.endAt.Format(time.RFC3339Nano)))
	}
}

// understood notes that an engine of the appliance has made a text of an utterance.
func (a *account) understood(at time.Duration, engine, id string, pcm []int16) {
	f := a.Known(id)
	if f == nil { // it is another appliance's
		return
	}
	if a.claims[f] != nil {
		a.proven(at, id+", as it was given to the engine "+engine+":", f, pcm)
	}
	a.Answered(at, engine, id, len(pcm))
}

// whole tells whether a recording with this reason for its end holds all that the person said.
func whole(why string) bool { return why == "silence" || why == "the sound is over" }

// proven checks the sound of an utterance that somebody received or kept.
func (a *account) proven(at time.Duration, what string, f *tally.Fate, pcm []int16) {
	c := a.settle(f)
	if c.sound == nil || c.torn {
		return
	}
	heard := c.device.heard.sound(c.sound)
	differs := ""
	switch {
	case c.late:
		_, differs = proof.Holes(heard, pcm)
	case f.Cut: // it may end anywhere
		differs = proof.Differs(heard[:min(len(heard), len(pcm))], pcm)
	default:
		differs = proof.Differs(heard, pcm)
	}
	if differs != "" {
		a.m.judge.Break(at, "sound", what+" "+differs)
	}
}
