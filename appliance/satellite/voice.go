package satellite

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"orac/appliance/rt"
)

// Phase is what a Voice is about.
type Phase string

// The phases.
const (
	Away       Phase = "away"       // Home Assistant is not there
	Ready      Phase = "ready"      // for a wake word
	Asking     Phase = "asking"     // Home Assistant has not answered yet; sound is kept for it
	Listening  Phase = "listening"  // sound goes to Home Assistant
	Thinking   Phase = "thinking"   // no more sound is wanted
	Speaking   Phase = "speaking"   // the answer is heard
	Announcing Phase = "announcing" // something else is heard
	Pausing    Phase = "pausing"    // before the conversation goes on
	Failed     Phase = "failed"     // the end of a run that failed is waited for
)

// The limits of the phases. Home Assistant itself has none for some of them.
const (
	acceptTime   = 5 * time.Second   // for its answer to Start
	sttTime      = 20 * time.Second  // until it has understood
	answerTime   = 60 * time.Second  // from then on until there is an answer
	soundTime    = 300 * time.Second // for an answer or an announcement to be heard
	endTime      = 5 * time.Second   // for the end of a run that has nothing left to do
	pauseTime    = 500 * time.Millisecond
	owedTime     = 10 * time.Second // for its answer to a Start that was given up; until then that may be taken for the answer to the next
	mostOwed     = 8
	longestWords = 2000 // bytes of a text that is passed on
)

// Voice is the conversation of a satellite. It has one owner. The zero value is one to whom nobody listens.
type Voice struct {
	// OneWay: the protocol has no answer to a Start, no end of a run, and no way to take one back. Home Assistant begins a run or does
	// not, and then goes on with what it has heard, also when its connection ends.
	OneWay bool

	phase  Phase
	due    rt.Instant
	here   bool         // Home Assistant wants to serve
	paused bool         // it does not want to, and does not want others to
	owed   []rt.Instant // Starts that it has not answered: when each is given up
	ring   ringing
	run    run
	show   show
	ids    int
}

// run is one question and its answer.
type run struct {
	wake         string // the wake that began it; "" if the conversation went on
	begun        bool   // Home Assistant has begun it
	open         bool   // sound is taken
	heard        bool   // it has been understood
	url          string // of an answer that comes while it is spoken
	spoke        bool   // the answer is, or was, played
	over         bool   // Home Assistant has ended it
	conversation string
	goesOn       bool // another question is expected
	unheard      bool // the answer was not heard to its end
}

// show is a series of sounds that are heard.
type show struct {
	playing string   // ID of the sound
	rest    []string // what follows it
	ask     bool     // a conversation follows
	ok      bool
}

// Phase returns what it is about.
func (v *Voice) Phase() Phase {
	if v.phase == "" {
		return Away
	}
	return v.phase
}

// Due is when it wants a Tick.
func (v *Voice) Due() rt.Instant {
	at := v.ring.due()
	switch v.Phase() {
	case Away, Ready:
		return at
	}
	return min(at, v.due)
}

// Here tells whether Home Assistant serves.
func (v *Voice) Here() bool { return v.here }

// Wake is the wake that began the run; "" if there is no run, or the conversation went on.
func (v *Voice) Wake() string { return v.run.wake }

// Paused tells whether Home Assistant has paused the satellite.
func (v *Voice) Paused() bool { return v.paused }

// Deaf tells whether a wake word belongs to what is being said already.
func (v *Voice) Deaf() bool {
	switch v.Phase() {
	case Asking, Listening:
		return true
	case Thinking: // an answer that may never come keeps nobody from asking again
		return !v.OneWay || !v.run.heard
	}
	return false
}

// Busy tells whether a run or an announcement is under way.
func (v *Voice) Busy() bool { p := v.Phase(); return p != Away && p != Ready }

// Step returns what is to be done, in order.
func (v *Voice) Step(now rt.Instant, in In) (do []Do) {
	for len(v.owed) > 0 && now >= v.owed[0] { // it never answers this one
		v.owed = v.owed[1:]
	}
	switch in := in.(type) {
	case Arrived:
		do = v.arrived()
	case Left:
		do = v.left()
	case Pause:
		do = v.left()
		v.paused = true
	case Woken:
		do = v.woken(now, in)
	case Accepted:
		do = v.accepted(now, in)
	case Event:
		do = v.event(now, in)
	case Announce:
		do = v.announce(now, in)
	case Sounding:
		do = v.sounding(now, in)
	case Timer:
		do = v.ring.timer(now, in)
	case Ended:
		do = v.ended(now, in)
	case Stop:
		do = v.stop()
	case Muted:
		do = v.muted()
	case SoundLost:
		if v.run.open {
			do = append(v.close(), EndSound{})
			v.to(Thinking, now.Add(sttTime))
		}
	case Tick:
		do = v.tick(now)
	}
	return do
}

// to goes to a phase, which ends at a time at the latest.
func (v *Voice) to(p Phase, due rt.Instant) { v.phase, v.due = p, due }

// rest goes to where a Voice is that has nothing to do.
func (v *Voice) rest() {
	v.run, v.show = run{}, show{}
	if v.to(Away, rt.Never); v.here {
		v.phase = Ready
	}
}

func (v *Voice) arrived() (do []Do) {
	do = v.dropped("Home Assistant has begun anew")
	v.here, v.paused, v.owed = true, false, nil
	v.rest()
	return do
}

func (v *Voice) left() (do []Do) {
	v.here, v.owed = false, nil
	switch v.Phase() {
	case Speaking: // what is being said is said to its end, if its sound still comes
		v.run.over, v.run.goesOn = true, false
		return nil
	case Announcing:
		v.show.ask = false
		return nil
	}
	do = v.dropped("Home Assistant went away")
	v.rest()
	return do
}

// dropped gives up what is under way, without a word to Home Assistant, which knows nothing of it any more. A command of which Home
// Assistant has not had the end is left to others, unless it may act on the beginning.
func (v *Voice) dropped(why string) (do []Do) {
	r := v.run
	switch v.Phase() {
	case Asking, Listening, Thinking:
		hand := r.open && r.wake != "" && !(v.OneWay && r.begun)
		do = append(v.close(), Over{Wake: r.wake, Why: why, Lost: !hand, Handed: hand})
		if hand {
			return append(do, Hand{Wake: r.wake, Why: why})
		}
		return do
	case Speaking, Announcing:
		return v.silence()
	}
	return nil
}

func (v *Voice) silence() (do []Do) {
	if v.show.playing != "" {
		do = []Do{Silence{v.show.playing}}
	}
	v.show.playing, v.show.rest = "", nil
	return do
}

// close ends the sound of a run.
func (v *Voice) close() (do []Do) {
	if v.run.open {
		v.run.open = false
		do = []Do{Close{}}
	}
	return do
}

func (v *Voice) woken(now rt.Instant, w Woken) (do []Do) {
	if do := v.ring.stop(); do != nil { // the wake word is the nearest button
		return do
	}
	if v.Deaf() {
		return nil // it belongs to the command
	}
	switch v.Phase() {
	case Away:
		return v.notThere(w.Wake)
	case Thinking:
		do = []Do{Over{Wake: v.run.wake, Why: "somebody spoke again before there was an answer"}}
	case Speaking, Announcing: // whoever speaks now does not want to hear the rest
		if do = append(v.silence(), Finished{}); !v.here {
			v.rest()
			return append(do, v.notThere(w.Wake)...)
		}
	}
	return append(do, v.start(now, w.Wake, w.Phrase)...)
}

// notThere leaves a wake to others, unless Home Assistant wants none to be answered.
func (v *Voice) notThere(wake string) []Do {
	if v.paused {
		return []Do{Over{Wake: wake, Why: "Home Assistant has muted the satellite"}}
	}
	const why = "Home Assistant is not there"
	return []Do{Over{Wake: wake, Why: why, Handed: true}, Hand{Wake: wake, Why: why}}
}

// start asks for a run.
func (v *Voice) start(now rt.Instant, wake, phrase string) []Do {
	conversation := v.run.conversation
	v.run, v.show = run{wake: wake, open: true}, show{}
	if len(v.owed) == mostOwed {
		v.owed = v.owed[1:]
	}
	if !v.OneWay {
		v.owed = append(slices.Clip(v.owed), now.Add(owedTime))
	}
	v.to(Asking, now.Add(acceptTime))
	return []Do{Start{Phrase: phrase, Conversation: conversation}, Open{}, Chime{ChimeWake}}
}

func (v *Voice) accepted(now rt.Instant, a Accepted) []Do {
	if len(v.owed) > 0 {
		v.owed = v.owed[1:]
	}
	switch {
	case v.Phase() != Asking || len(v.owed) > 0: // of a run that was given up
		return nil
	case a.Failed:
		return v.lose("Home Assistant cannot start its assistant", false)
	}
	v.to(Listening, now.Add(sttTime))
	return []Do{Stream{}}
}

// lose ends a run that failed. A command that Home Assistant has not heard is left to others. tell: Home Assistant is told that the run is
// not wanted any more.
func (v *Voice) lose(why string, tell bool) (do []Do) {
	r, asking := v.run, v.Phase() == Asking
	if tell {
		do = append(do, Abort{})
	}
	hand := asking && r.wake != "" // no sound was sent
	do = append(append(do, v.close()...), Over{Wake: r.wake, Why: why, Lost: !hand, Handed: hand})
	v.rest()
	if hand {
		do = append(do, Hand{Wake: r.wake, Why: why})
	}
	return do
}

func (v *Voice) stop() (do []Do) {
	do = v.ring.stop()
	switch p := v.Phase(); {
	case p == Speaking, p == Announcing: // whoever stops it may have silenced it already, and nothing else ends it then
		do = append(append(do, v.silence()...), Finished{})
	case do != nil: // that was what could be heard
		return do
	case p == Asking, p == Listening, p == Thinking:
		do = append(append([]Do{Abort{}}, v.close()...), Over{Wake: v.run.wake, Why: "somebody stopped it", Lost: true})
	}
	v.rest()
	return do
}

func (v *Voice) muted() []Do {
	v.show.ask, v.run.goesOn = false, false
	switch v.Phase() {
	case Asking, Listening:
		do := append(append([]Do{Abort{}}, v.close()...), Over{Wake: v.run.wake, Why: "the listener was muted", Lost: true})
		v.rest()
		return do
	case Pausing:
		v.rest()
	}
	return nil
}

// tick does what is due.
func (v *Voice) tick(now rt.Instant) (do []Do) {
	do = v.ring.tick(now)
	if !v.Busy() || now < v.due {
		return do
	}
	switch v.Phase() {
	case Asking:
		do = append(do, v.lose(fmt.Sprintf("Home Assistant did not answer within %v", acceptTime), true)...)
	case Listening:
		do = append(do, v.lose(fmt.Sprintf("Home Assistant did not understand anything within %v", sttTime), true)...)
	case Thinking:
		if v.OneWay && v.run.heard { // it has nothing to say, perhaps
			return append(do, v.finish(now)...)
		}
		do = append(do, v.lose("Home Assistant did not end what it had begun", true)...)
	case Speaking:
		if v.show.playing == "" { // only the end of the run is missing
			return append(do, v.finish(now)...)
		}
		do = append(append(do, v.silence()...), Finished{})
		v.run.unheard = true
		do = append(do, v.finish(now)...)
	case Announcing:
		do = append(append(do, v.silence()...), Finished{})
		v.rest()
	case Pausing:
		do = append(do, v.start(now, "", "")...)
	case Failed:
		v.rest()
	}
	return do
}

func (v *Voice) id() string {
	v.ids++
	return "home-assistant-" + strconv.Itoa(v.ids)
}
