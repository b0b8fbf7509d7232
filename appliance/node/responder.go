package node

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"orac/appliance/act"
	"orac/appliance/event"
	"orac/appliance/play"
	"orac/appliance/rt"
)

// Chime is a sound that tells people what ORAC does.
type Chime string

// The chimes.
const (
	WakeChime  Chime = "wake"  // a wake word was heard: speak
	DoneChime  Chime = "done"  // the command was heard to its end
	ErrorChime Chime = "error" // nothing comes of it
	TimerChime Chime = "timer" // a timer has ended
	MuteChime  Chime = "mute"  // the listener is muted, or listens again
)

const (
	ringEvery   = 2 * time.Second  // how often a timer rings
	ringFor     = 60 * time.Second // unless somebody says the wake word
	ringPatient = 5 * time.Second  // how long a ring waits for its turn
)

// Cue asks the responder of a listener to let people hear something, or to be quiet. Who speaks for Home Assistant sends it.
type Cue struct {
	Hush  bool   // first: what is being said to the listener ends, and what rings
	Chime Chime  // "": none
	Of    string // the ID of the command
}

// Responder lets whoever speaks to a listener hear what becomes of it: chimes, spoken answers, timers. A wake word ends what is being said
// to its listener. Where Home Assistant has the wake words first, its satellite sends cues instead. It asks a Player, and nothing waits for
// it.
type Responder struct {
	Name     string // address of the node
	Listener string
	Config   *rt.Cell[ResponderConfig]
	Wakes    *rt.Mailbox[Wake]
	Cues     *rt.Mailbox[Cue]
	News     *rt.Mailbox[event.Event]
	Out      *rt.Out[PlayAsk]
	Sound    *rt.Cell[Switched] // whether a sound follows a wake word

	asked uint64     // sounds so far
	rings rt.Instant // when the timer rings next; rt.Never: none does
	until rt.Instant // when it has rung long enough
	rang  string     // the last ring
}

// ResponderConfig are the settings of a Responder.
type ResponderConfig struct {
	Chimes map[Chime][]play.Frame // those that are declared
	Voice  string                 // the tts block that speaks; "" for none
	Topic  string                 // that acts on what is said; "" for none
	Silent bool                   // no sound follows a wake word, unless somebody switches it on
}

// Update implements Updater.
func (n *Responder) Update(fresh Node) {
	f := fresh.(*Responder)
	n.Config.Take(f.Config)
	n.Out.To(f.Out)
}

// Run implements Node.
func (n *Responder) Run(t *rt.Task) error {
	n.rings = rt.Never
	for {
		which, err := rt.Select(t, n.rings, n.Wakes, n.News, n.Cues)
		switch {
		case errors.Is(err, rt.ErrTimeout):
			n.ring(t)
		case err != nil:
			return err
		case which == 0:
			w, ok := n.Wakes.TryRecv(t)
			if !ok {
				return nil
			}
			n.cue(t, Cue{Hush: true, Chime: WakeChime, Of: w.ID})
		case which == 2:
			if c, ok := n.Cues.TryRecv(t); ok {
				n.cue(t, c)
			}
		default:
			e, ok := n.News.TryRecv(t)
			if !ok {
				return nil
			}
			n.happened(t, e.Body)
		}
	}
}

// cue ends what is being said, and plays a chime: for a wake word, that it listens.
func (n *Responder) cue(t *rt.Task, c Cue) {
	if c.Hush {
		n.rings = rt.Never
		n.Out.Push(t, StopPlay{Priority: play.Answer, Cause: play.Barged})
		if n.rang != "" {
			n.Out.Push(t, StopPlay{ID: n.rang})
			n.rang = ""
		}
	}
	switch {
	case c.Chime == WakeChime && !n.Sound.Get().Or(!n.Config.Get().Silent):
	case c.Chime == TimerChime:
		n.rang = n.chime(t, c.Chime, c.Of, ringPatient)
	case c.Chime != "":
		n.chime(t, c.Chime, c.Of, 0)
	}
}

// happened lets people hear what concerns them.
func (n *Responder) happened(t *rt.Task, body event.Body) {
	c := n.Config.Get()
	switch b := body.(type) {
	case event.RecordingEnded:
		if b.Listener == n.Listener {
			n.chime(t, DoneChime, b.Utterance, 0)
		}
	case event.Delivered:
		if b.Of.Listener == n.Listener && b.Outcome == "failed" {
			n.chime(t, ErrorChime, b.Utterance, 0)
		}
	case event.Dropped:
		if b.Of.Listener == n.Listener && !b.Muted {
			n.chime(t, ErrorChime, b.Utterance, 0)
		}
	case event.Acted:
		if b.From == event.ListenerPrefix+n.Listener {
			n.answer(t, c, b)
		}
	case event.TimerEnded:
		if c.Topic == "" || b.Topic != c.Topic {
			return
		}
		n.until = t.Now().Add(ringFor)
		what := "The timer"
		if b.Name != "" {
			what += " for " + b.Name
		}
		if b.Late > 0 {
			what += " ended " + act.DurationInWords(time.Duration(b.Late*float64(time.Second))) + " ago."
		} else {
			what += " has ended."
		}
		n.ring(t)
		n.speak(t, c, play.Announcement, "", what)
	case event.Muted:
		if !b.Start && (b.Listener == "" || b.Listener == n.Listener) {
			n.chime(t, MuteChime, "", 0)
		}
	case event.Unmuted:
		if b.Listener == "" || b.Listener == n.Listener {
			n.chime(t, MuteChime, "", 0)
		}
	}
}

// answer says what came of a command; without a voice, that nothing did.
func (n *Responder) answer(t *rt.Task, c ResponderConfig, b event.Acted) {
	if b.Speech != "" && c.Voice != "" {
		n.speak(t, c, play.Answer, cmp.Or(b.Trace, b.Request), b.Speech)
		return
	}
	if b.Result != "done" && b.Result != "unproven" {
		n.chime(t, ErrorChime, cmp.Or(b.Trace, b.Request), 0)
	}
}

// ring rings once, and again later.
func (n *Responder) ring(t *rt.Task) {
	if t.Now() >= n.until {
		n.rings = rt.Never
		return
	}
	n.rings = t.Now().Add(ringEvery)
	n.rang = n.chime(t, TimerChime, "", ringPatient)
}

// chime plays a chime, if it is declared, and returns its ID. of is the ID of the command; "" for none.
func (n *Responder) chime(t *rt.Task, which Chime, of string, patience time.Duration) (id string) {
	frames := n.Config.Get().Chimes[which]
	if len(frames) == 0 {
		return ""
	}
	id = n.id(string(which), of)
	n.play(t, play.Request{
		ID: id, Of: of, Priority: play.Chime, Source: play.Source{Frames: frames}, What: "the " + string(which) + " chime", Patience: patience,
	})
	return id
}

// speak says a text, if there is a voice.
func (n *Responder) speak(t *rt.Task, c ResponderConfig, p play.Priority, of, text string) {
	if c.Voice == "" {
		return
	}
	if len(text) > play.MostText {
		text = text[:play.MostText]
	}
	n.play(t, play.Request{ID: n.id("say", of), Of: of, Priority: p, Source: play.Source{Say: &play.Say{Voice: c.Voice, Text: text}}, What: "an " + p.String()})
}

// id tells sounds apart, also those of two listeners with one speaker.
func (n *Responder) id(what, of string) string {
	n.asked++
	return fmt.Sprintf("%s %s %s %d", n.Listener, what, of, n.asked)
}

func (n *Responder) play(t *rt.Task, r play.Request) { n.Out.Push(t, Play{Request: r}) }
