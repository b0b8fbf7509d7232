package node

import (
	"math"
	"time"

	"orac/appliance/audio"
	"orac/appliance/entity"
	"orac/appliance/event"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/satellite"
)

// due is when there is something to do without anything having happened.
func (n *ESPHome) due(now rt.Instant) rt.Instant {
	at := min(n.voice.Due(), now.Add(lookAgain)) // for changed settings
	if !n.keyRead && n.Config.Get().Face.AcceptKey {
		at = min(at, n.keyDue)
	}
	if n.Ring != nil && n.mic.hops == nil {
		at = min(at, n.level)
	}
	return at
}

func (n *ESPHome) tick(t *rt.Task) {
	n.readKey(t)
	if t.Now() >= n.voice.Due() {
		n.step(t, satellite.Tick{})
	}
	if n.Ring != nil && n.mic.hops == nil && t.Now() >= n.level {
		if !n.mic.open(t, n.Ring, newest, false) {
			n.level = t.Now().Add(levelEvery)
		}
	}
}

// woken takes a wake word.
func (n *ESPHome) woken(t *rt.Task, w Wake) {
	n.read(event.Wake{Listener: n.Listener, Model: w.Model, WakeWord: w.WakeWord})
	if n.muted(t) {
		return
	}
	if !n.voice.Deaf() { // a wake word within a command belongs to it
		n.speaker.cue(t, Cue{Hush: true})
	}
	if t.Wall().Sub(w.At) > staleWake { // whoever spoke waits no longer
		n.over(t, satellite.Over{Wake: w.ID, Why: "the wake word was heard too long ago", Handed: true})
		n.hand(t, w)
		return
	}
	if !n.voice.Deaf() {
		n.wake = w
	}
	n.step(t, satellite.Woken{Wake: w.ID, Phrase: entity.Phrase(w.WakeWord, w.Model)})
}

func (n *ESPHome) muted(t *rt.Task) bool {
	return n.Listener != "" && n.Mutes.Get().Deaf(n.Listener, t.Now())
}

// step has the voice take what happened, and does what follows.
func (n *ESPHome) step(t *rt.Task, in satellite.In) {
	for _, d := range n.voice.Step(t.Now(), in) {
		n.do(t, d)
	}
}

func (n *ESPHome) do(t *rt.Task, d satellite.Do) {
	switch d := d.(type) {
	case satellite.Start:
		n.Door.Do(d)
		t.Trace("asked")
		say(t, n.Events, n.Name, event.HomeAsked{Satellite: n.Satellite, Wake: n.wakeOf(d)})
	case satellite.Abort, satellite.EndSound, satellite.Finished:
		n.Door.Do(d)
	case satellite.Open:
		from := int64(newest)
		if n.asking() {
			from = n.wake.Seq + 1 - int64(n.Config.Get().PreRoll/audio.HopTime)
		}
		if n.Ring == nil || !n.mic.open(t, n.Ring, from, true) { // the device is being opened again
			n.step(t, satellite.SoundLost{})
		}
	case satellite.Stream:
		for _, hop := range n.mic.stream() {
			n.Door.Sound(hop.PCM[:])
		}
	case satellite.Close:
		n.mic.close(t)
	case satellite.Chime:
		n.chime(t, Chime(d.Name), n.voice.Wake())
	case satellite.Play:
		p := play.Answer
		if d.Aloud {
			p = play.Announcement
		}
		if !n.speaker.play(t, d.ID, p, n.source(d.ID, d.URL), n.voice.Wake()) { // what cannot be heard is over at once
			n.sounds.silenced(t, d.ID)
			n.ended.Push(t, satellite.Ended{ID: d.ID})
		}
	case satellite.Silence:
		if d.ID == satellite.ChimeTimer {
			n.speaker.cue(t, Cue{Hush: true})
			return
		}
		n.sounds.silenced(t, d.ID)
		n.speaker.silence(t, d.ID, play.Barged)
	case satellite.Hand:
		n.hand(t, n.wake)
	case satellite.Heard:
		heard := event.HomeHeard{Satellite: n.Satellite, Wake: d.Wake, Text: d.Text}
		n.read(heard)
		n.chime(t, DoneChime, d.Wake)
		say(t, n.Events, n.Name, heard)
	case satellite.Said:
		n.said = d.Text
		say(t, n.Events, n.Name, event.HomeSaid{Satellite: n.Satellite, Wake: d.Wake, Text: d.Text})
	case satellite.Over:
		n.over(t, d)
	}
}

// asking tells whether the run that begins was begun by the last wake word.
func (n *ESPHome) asking() bool { return n.wake.ID != "" && n.voice.Wake() == n.wake.ID }

// wakeOf is the wake that a run begins with; "" if the conversation goes on.
func (n *ESPHome) wakeOf(satellite.Start) string {
	if n.asking() {
		return n.wake.ID
	}
	return ""
}

// over tells how a run has ended. What is left to others is lost if there are none.
func (n *ESPHome) over(t *rt.Task, o satellite.Over) {
	if o.Handed && !n.Config.Get().Others {
		o.Handed, o.Lost = false, true
	}
	t.Trace("over")
	say(t, n.Events, n.Name, event.HomeOver{Satellite: n.Satellite, Wake: o.Wake, Cause: o.Why, Lost: o.Lost, Handed: o.Handed})
	if o.Lost {
		n.chime(t, ErrorChime, o.Wake)
	}
}

// hand leaves a wake to others. Whoever spoke hears that somebody listens, once.
func (n *ESPHome) hand(t *rt.Task, w Wake) {
	n.Wakes.Push(t, w)
	if n.Config.Get().Others && n.heard != w.ID && t.Wall().Sub(w.At) <= staleWake {
		n.speaker.cue(t, Cue{Chime: WakeChime, Of: w.ID})
	}
}

// chime lets people hear a chime of the listener.
func (n *ESPHome) chime(t *rt.Task, which Chime, of string) {
	if which == WakeChime {
		n.heard = of
	}
	n.speaker.cue(t, Cue{Chime: which, Of: of})
}

// played takes what became of a sound.
func (n *ESPHome) played(t *rt.Task, x play.Told) {
	id, ended, heard := n.speaker.over(x)
	switch {
	case !ended:
	case id == n.song:
		n.song = ""
	default: // of no concern to the voice, unless it is its own
		n.step(t, satellite.Ended{ID: id, OK: heard})
	}
}

// hop takes a hop of the microphone.
func (n *ESPHome) hop(t *rt.Task) {
	hop, ok := n.mic.hops.TryRecv(t)
	switch {
	case !ok: // the sound is over
		n.mic.close(t)
		n.level = t.Now().Add(levelEvery)
		n.step(t, satellite.SoundLost{})
		return
	case n.muted(t):
		n.step(t, satellite.Muted{})
	case hop.Reset && n.mic.got && n.mic.run:
		n.step(t, satellite.SoundLost{})
	case n.mic.take(hop):
		n.Door.Sound(hop.PCM[:])
	}
	if n.mic.got = true; t.Now() >= n.level {
		n.level = t.Now().Add(levelEvery)
		n.Door.Show(entity.Level(hop.RMS))
	}
	if !n.mic.run {
		n.mic.close(t)
	}
}

// newest asks a ring for what is heard from now on.
const newest = math.MaxInt64

// mostKept is how much sound is kept until Home Assistant has answered: longer than that may take.
const mostKept = int(9 * time.Second / audio.HopTime)

// mic is the sound of the microphone, while it is taken.
type mic struct {
	hops *rt.Mailbox[*audio.Hop] // nil: it is not taken
	run  bool                    // for Home Assistant; otherwise only to see how loud it is
	got  bool                    // some of it
	live bool                    // it is sent as it comes
	kept []*audio.Hop
}

// open takes sound from a hop on; false: nobody gives any now.
func (m *mic) open(t *rt.Task, ring *rt.Mailbox[Follow], from int64, run bool) bool {
	m.close(t)
	hops := rt.NewMailbox[*audio.Hop]("sound for a satellite", mostKept)
	if !ring.TrySend(t, Follow{From: from, To: hops}) {
		return false
	}
	*m = mic{hops: hops, run: run}
	return true
}

// take keeps a hop, or says that it is to be sent.
func (m *mic) take(hop *audio.Hop) (send bool) {
	if !m.run || m.live {
		return m.live
	}
	if len(m.kept) == mostKept {
		m.kept = m.kept[1:]
	}
	m.kept = append(m.kept, hop)
	return false
}

// stream returns what was kept. From now on hops are sent as they come.
func (m *mic) stream() (kept []*audio.Hop) {
	kept, m.kept, m.live = m.kept, nil, true
	return kept
}

func (m *mic) close(t *rt.Task) {
	if m.hops != nil {
		m.hops.Close(t)
	}
	*m = mic{}
}
